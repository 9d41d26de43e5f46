//! What keeps a process from starting: what Redis refuses to read, and files that are not there.

use super::Report;
use super::view::{View, add, replace};
use crate::boot::UNKNOWN;
use crate::conf::{Conf, Line};
use crate::deployment::{Form, Kind, ScriptFile};
use crate::finding::{Finding, Severity};
use crate::hosts;
use splitbrain_model::conf;

/// Errors of one file that are told.
const MOST: usize = 10;

pub(super) fn refused(view: &View<'_>, report: &mut Report<'_>) {
    for node in &view.deployment.nodes {
        judge(&node.conf, node.kind, report);
    }
}

/// A file that belongs to no deployment: only whether it can be read.
pub(super) fn loose(file: &hosts::File, findings: &mut Vec<Finding>) {
    let rule = |id: &str| super::RULES.iter().find(|rule| rule.id == id);
    let mut with = |id: &str, check: &dyn Fn(&mut Report<'_>)| {
        if let Some(rule) = rule(id) {
            check(&mut Report { rule, findings });
        }
    };
    with("start-refused", &|report| judge(&file.conf, file.kind, report));
    with("inline-comment", &|report| comments(&file.conf, report));
    with("hostname-without-resolve", &|report| hostnames(&file.conf, report));
}

fn judge(conf: &Conf, kind: Kind, report: &mut Report<'_>) {
    // What other rules tell is mended first, so that everything else comes to light.
    let mut lines: Vec<String> = conf.lines.iter().map(mended).collect();
    if kind == Kind::Sentinel {
        lines.push("sentinel resolve-hostnames yes".to_owned());
    }
    for _ in 0..MOST {
        let text = lines.join("\n");
        let mut nowhere = |_: &str| None;
        let result = match kind {
            Kind::Sentinel => conf::sentinel_conf(&text, &mut nowhere).map(|_| ()),
            Kind::Redis => conf::redis_conf(&text, &mut nowhere).map(|_| ()),
        };
        let Err(error) = result else { return };
        let index = usize::try_from(error.line).unwrap_or(0).saturating_sub(1);
        let Some(line) = conf.lines.get(index) else { return };
        if lines[index].is_empty() {
            return;
        }
        let guessed = line.words.iter().any(|word| is_variable(word) || word.contains(UNKNOWN));
        // `No such master` follows from a `monitor` line that is told already.
        let follows = error.message.starts_with("No such master")
            && lines.iter().zip(&conf.lines).any(|(now, line)| {
                now.is_empty() && line.words.get(1).is_some_and(|word| word.eq_ignore_ascii_case("monitor"))
            });
        if !guessed && !follows {
            let who = if kind == Kind::Sentinel { "redis-sentinel" } else { "redis-server" };
            let why = format!("{who} refuses to start: {} (`{}`)", error.message, short(line.text.trim()));
            let fix = if error.expected.is_empty() {
                "remove the line, or give it what it takes".to_owned()
            } else {
                error.expected
            };
            report.at(&line.place, why, fix);
        }
        lines[index].clear();
    }
}

/// The beginning of a line that may be long.
fn short(text: &str) -> String {
    match text.char_indices().nth(120) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A line without what other rules are about.
fn mended(line: &Line) -> String {
    if line.words.is_empty() && line.text.trim().starts_with('#')
        || line.words.first().is_some_and(|word| word == "include")
    {
        return String::new();
    }
    if let Some(at) = trailing_comment(line) {
        return line.words[..at].iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    }
    let guess = |word: &String| if is_variable(word) || word.contains(UNKNOWN) { "7".to_owned() } else { quoted(word) };
    if line.words.iter().any(|word| is_variable(word) || word.contains(UNKNOWN)) {
        return line.words.iter().map(guess).collect::<Vec<_>>().join(" ");
    }
    line.text.clone()
}

fn quoted(word: &str) -> String {
    if word.is_empty() || word.contains([' ', '\t', '"', '\'']) { format!("{word:?}") } else { word.to_owned() }
}

pub(super) fn hostname_without_resolve(view: &View<'_>, report: &mut Report<'_>) {
    for node in &view.sentinels {
        hostnames(&node.conf, report);
    }
}

fn hostnames(its: &Conf, report: &mut Report<'_>) {
    if its.sentinel_yes("resolve-hostnames") {
        return;
    }
    for monitor in its.monitors() {
        // The C library takes `10.1` and `0x7f.0.0.1` for numbers.
        let numbers = monitor.host.parse::<std::net::IpAddr>().is_ok() || conf::ipv4(monitor.host).is_some();
        if numbers || monitor.host.contains(UNKNOWN) || is_variable(monitor.host) || monitor.host.starts_with('#') {
            continue;
        }
        let why = format!(
            "`{}` is a name, and without resolve-hostnames Sentinel exits at the start, whether it resolves or not: Can't resolve \
             instance hostname.",
            monitor.host
        );
        let finding = report.at(&monitor.line.place, why, "sentinel resolve-hostnames yes, or an address in numbers");
        if finding.edits.is_empty() {
            finding.edits = add(monitor.line, "sentinel resolve-hostnames yes");
        }
    }
}

pub(super) fn inline_comment(view: &View<'_>, report: &mut Report<'_>) {
    for node in &view.deployment.nodes {
        comments(&node.conf, report);
    }
}

fn comments(conf: &Conf, report: &mut Report<'_>) {
    for line in &conf.lines {
        let Some(at) = trailing_comment(line) else { continue };
        let why = "there are no comments at the end of a line: the words after the value are more arguments, and the start is refused";
        let finding = report.at(&line.place, why, "the comment on a line of its own");
        finding.edits = replace(line, line.words[..at].iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "));
    }
}

/// The word with which a comment begins after the arguments that the directive takes.
fn trailing_comment(line: &Line) -> Option<usize> {
    let words = &line.words;
    let takes = match words.first().map(String::as_str)? {
        "sentinel" => match &*words.get(1)?.to_ascii_lowercase() {
            "monitor" => 6,
            "rename-command" => 5,
            "resolve-hostnames"
            | "announce-hostnames"
            | "announce-ip"
            | "announce-port"
            | "deny-scripts-reconfig"
            | "sentinel-user"
            | "sentinel-pass"
            | "myid"
            | "current-epoch" => 3,
            _ => 4,
        },
        "rename-command" => 3,
        "user" => return None,
        _ => 2,
    };
    (takes..words.len()).find(|at| words[*at].starts_with('#') && !line.option)
}

/// A word that is a variable of a shell, or holds one in braces.
fn is_variable(word: &str) -> bool {
    let name = |text: &str| {
        !text.is_empty()
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !text.starts_with(|c: char| c.is_ascii_digit())
    };
    let plain = word.strip_prefix('$').is_some_and(name);
    let braced = word.find("${").is_some_and(|at| {
        let rest = &word[at + 2..];
        rest.find('}').is_some_and(|end| name(rest[..end].split(':').next().unwrap_or("")))
    });
    plain || braced
}

pub(super) fn env_not_expanded(view: &View<'_>, report: &mut Report<'_>) {
    for node in &view.deployment.nodes {
        for line in node.conf.directives() {
            let Some(word) = line.words.iter().skip(1).find(|word| is_variable(word)) else { continue };
            let secret = ["requirepass", "masterauth", "auth-pass", "sentinel-pass"];
            let is_secret = line.words.iter().take(2).any(|word| secret.contains(&&*word.to_ascii_lowercase()));
            let what = if is_secret {
                "the password is these characters"
            } else {
                "the start is refused, or means something else"
            };
            let why = format!("Redis and Sentinel do not replace variables in their configuration: {what} (`{word}`)");
            let fix = "render the file before the start (envsubst, an init container), or give the value on the command line through a shell";
            report.at(&line.place, why, fix);
        }
    }
}

pub(super) fn script_not_executable(view: &View<'_>, report: &mut Report<'_>) {
    for node in &view.sentinels {
        for what in ["notification-script", "client-reconfig-script"] {
            for line in node.conf.sentinel(what) {
                let Some(path) = line.words.get(3) else { continue };
                let (severity, why) = match node.scripts.get(path) {
                    Some(ScriptFile::Missing) => {
                        (Severity::Error, format!("{path} is not there: Sentinel refuses to start"))
                    }
                    Some(ScriptFile::NotExecutable(_)) => {
                        (Severity::Error, format!("{path} has no execute bit: Sentinel refuses to start"))
                    }
                    Some(ScriptFile::Unseen) if path.contains("path/to/") => (
                        Severity::Error,
                        format!("{path} is the path of an example: Sentinel refuses to start without the script"),
                    ),
                    Some(ScriptFile::Unseen) if view.is(Form::Hosts) => {
                        let why = format!(
                            "{path} cannot be seen from here: without it, or its execute bit, Sentinel refuses to start"
                        );
                        (Severity::Advice, why)
                    }
                    _ => continue,
                };
                let fix = "install the script with mode 0755 (ConfigMap: defaultMode 0755) where its interpreter is";
                report.with(severity, &line.place, why, fix);
            }
        }
    }
}

pub(super) fn script_interpreter(view: &View<'_>, report: &mut Report<'_>) {
    for node in &view.sentinels {
        for what in ["notification-script", "client-reconfig-script"] {
            for line in node.conf.sentinel(what) {
                let Some(path) = line.words.get(3) else { continue };
                if let Some(ScriptFile::Runs(false) | ScriptFile::NotExecutable(false)) = node.scripts.get(path) {
                    let image = node.program.image.as_deref().unwrap_or("this image");
                    let why = format!("{path} asks for bash, which {image} does not have: no call of it ever succeeds");
                    report.at(&line.place, why, "#!/bin/sh and what it knows, or an image with bash");
                }
            }
        }
    }
}

pub(super) fn file_missing(view: &View<'_>, report: &mut Report<'_>) {
    for missing in &view.deployment.missing {
        let path = &missing.path;
        match &missing.stand_in {
            Some(other) => {
                let why = format!("{path} is not there; judged with {other} in its place");
                report.with(Severity::Advice, &missing.place, why, format!("copy {other} to {path}"));
            }
            None => {
                let why =
                    format!("{path} is not there: Docker makes an empty folder of that name, and the start fails");
                report.at(&missing.place, why, "put the file there");
            }
        }
    }
}
