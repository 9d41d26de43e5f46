//! Passwords, and commands under other names.

use super::Report;
use super::view::{View, add, delete, replace};
use crate::boot::UNKNOWN;
use crate::conf::Conf;
use crate::deployment::Node;

/// The password that a server asks for.
fn password(conf: &Conf) -> Option<&str> {
    conf.value("requirepass").filter(|text| !text.is_empty())
}

/// Whether the user that nobody names has to say a password.
fn asks(conf: &Conf) -> bool {
    let default =
        conf.lines.iter().rfind(|line| !line.words.is_empty() && line.words[0] == "user" && line.value() == "default");
    let closed = default.is_some_and(|line| {
        let has = |wanted: &str| line.words.iter().any(|word| word.eq_ignore_ascii_case(wanted));
        !has("nopass") && (has("off") || line.words.iter().any(|word| word.starts_with(['>', '#'])))
    });
    password(conf).is_some() || closed
}

/// Whether users are defined, so that a password alone says little.
fn has_users(conf: &Conf) -> bool {
    conf.last("user").is_some() || conf.value("aclfile").is_some_and(|file| !file.is_empty())
}

fn is_known(text: &str) -> bool {
    !text.contains(UNKNOWN)
}

pub(super) fn auth_pass_missing(view: &View<'_>, report: &mut Report<'_>) {
    for (node, monitor) in view.monitors() {
        let server = view.master(&monitor).filter(|master| asks(&master.conf));
        let any = || view.redis.iter().find(|server| asks(&server.conf)).copied();
        let server = server.or_else(|| any().filter(|_| view.masters.len() <= 1));
        let Some(server) = server else { continue };
        if node.conf.of_master("auth-pass", monitor.name).is_some() {
            continue;
        }
        let why = format!(
            "{} asks for a password that this Sentinel is not given: its PING is refused, so it takes the healthy master for down \
             and learns neither replicas nor other Sentinels",
            server.name
        );
        let fix = format!("sentinel auth-pass {} <password>", monitor.name);
        let known = password(&server.conf).filter(|password| is_known(password));
        let edits = known.map(|password| add(monitor.line, format!("sentinel auth-pass {} {password}", monitor.name)));
        report.at(&monitor.line.place, why, fix).edits = edits.unwrap_or_default();
    }
}

pub(super) fn masterauth_missing(view: &View<'_>, report: &mut Report<'_>) {
    if view.sentinels.is_empty() && view.replicas.is_empty() {
        return;
    }
    for node in &view.masters {
        let (Some(line), None) = (node.conf.last("requirepass"), node.conf.value("masterauth")) else { continue };
        if password(&node.conf).is_none()
            || has_users(&node.conf)
            || (view.redis.len() < 2 && view.sentinels.is_empty())
        {
            continue;
        }
        let why = "the first master has no masterauth: after a failover it comes back as a replica, cannot authenticate to the new \
                   master and never synchronises";
        let finding = report.at(&line.place, why, "the same masterauth on every node, the master included");
        if is_known(line.value()) {
            finding.edits = add(line, format!("masterauth {}", line.value()));
        }
    }
}

pub(super) fn masterauth_missing_on_replica(view: &View<'_>, report: &mut Report<'_>) {
    for node in &view.replicas {
        let Some((host, port, line)) = node.conf.replicaof() else { continue };
        let asked = view.server(host, port).filter(|master| password(&master.conf).is_some());
        if asked.is_some() && node.conf.value("masterauth").is_none() {
            let why = "the master asks for a password that this replica is not given: it never synchronises";
            report.at(&line.place, why, "the same masterauth on every node");
        }
    }
}

pub(super) fn mismatch(view: &View<'_>, report: &mut Report<'_>) {
    let differs = |a: &str, b: &str| is_known(a) && is_known(b) && a != b;
    let why = |what: &str| format!("{what}: the connection is refused with WRONGPASS");
    let fix = "one password for requirepass, masterauth and sentinel auth-pass";
    for node in &view.replicas {
        let Some((host, port, _)) = node.conf.replicaof() else { continue };
        let master = view.server(host, port).or(view.masters.first().copied().filter(|_| view.masters.len() == 1));
        let Some(expected) = master.and_then(|master| password(&master.conf)) else { continue };
        let Some(line) = node.conf.last("masterauth").filter(|line| differs(line.value(), expected)) else { continue };
        let finding = report.at(&line.place, why("masterauth is not the password of the master"), fix);
        finding.edits = replace(line, format!("masterauth {expected}"));
    }
    let Some(master) = view.masters.first().filter(|_| view.masters.len() == 1) else { return other(view, report) };
    if let Some(line) = master.conf.last("masterauth")
        && view.replicas.iter().any(|node| password(&node.conf).is_some())
        && view.replicas.iter().all(|node| password(&node.conf).is_none_or(|password| differs(line.value(), password)))
    {
        report.at(&line.place, why("masterauth of the first master is the password of no other node"), fix);
    }
    if let Some(expected) = password(&master.conf) {
        for node in &view.replicas {
            let Some(line) = node.conf.last("requirepass").filter(|line| differs(line.value(), expected)) else {
                continue;
            };
            let text = "requirepass is not that of the master: Sentinels and clients are refused here, the more so after a promotion";
            report.at(&line.place, text, fix).edits = replace(line, format!("requirepass {expected}"));
        }
    }
    other(view, report);
}

/// What Sentinels give to servers and to one another.
fn other(view: &View<'_>, report: &mut Report<'_>) {
    let differs = |a: &str, b: &str| is_known(a) && is_known(b) && a != b;
    for (node, monitor) in view.monitors() {
        let Some(expected) = view.master(&monitor).and_then(|master| password(&master.conf)) else { continue };
        let Some(line) = node.conf.of_master("auth-pass", monitor.name) else { continue };
        let user = node.conf.of_master("auth-user", monitor.name).is_some();
        if !user && line.words.get(3).is_some_and(|given| differs(given, expected)) {
            let why = "auth-pass is not the password of the master: its PING is refused, so Sentinel takes the healthy master for down";
            let finding = report.at(&line.place, why, "the password of requirepass");
            finding.edits = replace(line, format!("sentinel auth-pass {} {expected}", monitor.name));
        }
    }
    // Without sentinel-pass, a Sentinel shows others the password that it asks for itself.
    for node in &view.sentinels {
        let line = node.conf.sentinel("sentinel-pass").last();
        let own = node.conf.last("requirepass");
        let shown =
            line.and_then(|line| line.words.get(2)).map(String::as_str).or_else(|| password(&node.conf)).unwrap_or("");
        let asked = view
            .sentinels
            .iter()
            .filter(|other| !std::ptr::eq(**other, *node))
            .filter_map(|other| password(&other.conf));
        let refused = asked.into_iter().any(|asked| differs(shown, asked));
        let place = line.or(own).or_else(|| node.conf.monitors().first().map(|monitor| monitor.line));
        if let Some(place) = place.filter(|_| refused && is_known(shown)) {
            let why = "other Sentinels ask for another password than the one this Sentinel shows them: they cannot agree on anything";
            report.at(&place.place, why, "one requirepass and one sentinel-pass in all Sentinels");
        }
    }
}

/// What Sentinel says to servers. It says SLAVEOF, never REPLICAOF.
const NEEDED: &[&str] =
    &["slaveof", "config", "publish", "subscribe", "ping", "info", "client", "multi", "exec", "auth"];

pub(super) fn renamed(view: &View<'_>, report: &mut Report<'_>) {
    for node in &view.redis {
        for line in node.conf.directives().filter(|line| line.words[0] == "rename-command" && line.words.len() == 3) {
            let command = line.words[1].to_ascii_lowercase();
            let new = &line.words[2];
            if !NEEDED.contains(&&*command) || view.sentinels.is_empty() {
                continue;
            }
            let told = |conf: &Conf| {
                conf.sentinel("rename-command").any(|told| {
                    told.words.get(3).is_some_and(|word| word.eq_ignore_ascii_case(&command))
                        && told.words.get(4).is_some_and(|word| word.eq_ignore_ascii_case(new))
                })
            };
            if !new.is_empty() && view.sentinels.iter().all(|node| told(&node.conf)) {
                continue;
            }
            let upper = command.to_ascii_uppercase();
            let consequence = match &*command {
                "publish" | "subscribe" => "Sentinels never find each other",
                "ping" | "info" | "client" | "auth" => "Sentinel takes the server for down",
                _ => "a promotion is refused as a whole, again and again",
            };
            let why = format!(
                "{upper} is {} here, and Sentinel does not know: {consequence}",
                if new.is_empty() { "disabled" } else { "renamed" }
            );
            let fix = if new.is_empty() {
                format!(
                    "rename it to something, with `sentinel rename-command <master> {upper} <something>`, or leave it"
                )
            } else {
                format!("sentinel rename-command <master> {upper} {new}, in every Sentinel")
            };
            report.at(&line.place, why, fix).edits = delete(line);
        }
    }
}

pub(super) fn none(view: &View<'_>, report: &mut Report<'_>) {
    // With protected mode on they refuse everybody, which is told elsewhere.
    let guarded = |node: &Node| node.conf.is_yes("protected-mode").unwrap_or(!node.program.protected_off);
    let open = |node: &&Node| password(&node.conf).is_none() && !has_users(&node.conf) && !guarded(node);
    if view.sentinels.is_empty() || view.redis.is_empty() || !view.redis.iter().all(open) {
        return;
    }
    let Some(node) = view.redis.first() else { return };
    let why = "no server asks for a password: whoever reaches them can read, write and demote the master";
    report.at(
        &node.place,
        why,
        "requirepass and masterauth on every server, auth-pass in every Sentinel, or a closed network",
    );
}
