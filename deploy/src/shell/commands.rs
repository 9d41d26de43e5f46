//! The commands that start scripts use, on the files of a container. Everything else succeeds and says nothing.

use super::run::{Done, Exec, Shell, append};
use super::text::{echo, field, matches, printf, substitute};
use crate::container::Text;
use crate::place::Traced;

impl Shell<'_, '_> {
    /// Executes one command with its arguments.
    pub(super) fn command(&mut self, argv: Vec<Traced>, input: Traced, background: bool) -> Done {
        let Some(first) = argv.first() else { return Done::quiet(true) };
        let name = first.text().rsplit('/').next().unwrap_or("").to_owned();
        let args = &argv[1..];
        let texts: Vec<&str> = args.iter().map(Traced::text).collect();
        if let Some(body) = self.functions.get(&name).cloned() {
            let before = std::mem::replace(&mut self.args, args.to_vec());
            let done = self.list(&body, &input);
            self.args = before;
            return done;
        }
        match &*name {
            // What does nothing but start the rest.
            "exec"
            | "gosu"
            | "su-exec"
            | "tini"
            | "dumb-init"
            | "nohup"
            | "env"
            | "sudo"
            | "command"
            | "time"
            | "setpriv"
            | "timeout"
            | "nice"
            | "docker-entrypoint.sh"
            | "entrypoint.sh"
            | "runuser"
            | "chroot"
                if self.view.read(first.text()).is_none() =>
            {
                let user = usize::from(matches!(&*name, "gosu" | "su-exec"));
                let rest = self.start_of_rest(&name, args, user);
                if rest.is_empty() { Done::quiet(true) } else { self.command(rest, input, background) }
            }
            "redis-server" | "redis-sentinel" | "valkey-server" | "valkey-sentinel" | "keydb-server" => {
                if !texts.iter().any(|text| matches!(*text, "--version" | "-v" | "--help" | "-h")) {
                    let daemonizes = texts.windows(2).any(|pair| pair[0] == "--daemonize" && pair[1] == "yes");
                    let background = background || daemonizes;
                    self.run.execs.push(Exec { argv, background });
                    self.ended = !background;
                }
                Done::quiet(true)
            }
            "sh" | "bash" | "ash" | "dash" | "zsh" => self.sub_shell(args, &input),
            "." | "source" => match texts.first().and_then(|path| self.view.read(path)).cloned() {
                Some(file) => self.script(&file.text),
                None => Done::quiet(true),
            },
            "eval" => {
                let mut script = Traced::default();
                for arg in args {
                    append(&mut script, arg);
                    script.push(" ", None);
                }
                self.script(&script)
            }
            "redis-cli" | "valkey-cli" => self.redis_cli(args),
            // What the images of Bitnami bring along.
            "retry_while" => match args.first().cloned() {
                Some(script) => self.script(&script),
                None => Done::quiet(false),
            },
            "is_boolean_yes" => {
                let word = texts.first().map_or_else(String::new, |text| text.to_ascii_lowercase());
                Done::quiet(matches!(&*word, "1" | "yes" | "true"))
            }
            "replace_in_file" => self.replace_in_file(args),
            "openssl" => Done { ok: true, out: Traced::at_no(&format!("SHA1(stdin)= {}\n", some_id(input.text()))) },
            "exit" | "return" => {
                // The end of a function is taken for the end of the script only if nothing called it.
                self.ended = name == "exit" || self.args.is_empty();
                Done::quiet(texts.first().is_none_or(|code| *code == "0"))
            }
            "false" => Done::quiet(false),
            "[" | "test" => {
                let upto = if name == "[" { args.len().saturating_sub(1) } else { args.len() };
                Done::quiet(self.test(&args[..upto]))
            }
            "export" | "local" | "declare" | "readonly" | "typeset" => {
                for arg in args {
                    if let Some(at) = arg.text().find('=') {
                        let value = arg.slice(at + 1, arg.text().len());
                        self.env.insert(arg.text()[..at].to_owned(), value);
                    }
                }
                Done::quiet(true)
            }
            "unset" => {
                texts.iter().for_each(|name| drop(self.env.remove(*name)));
                Done::quiet(true)
            }
            "shift" => {
                if !self.args.is_empty() {
                    self.args.remove(0);
                }
                Done::quiet(true)
            }
            "set" => {
                if let Some(at) = texts.iter().position(|text| *text == "--") {
                    self.args = args[at + 1..].to_vec();
                }
                Done::quiet(true)
            }
            "echo" => echo(args),
            "printf" => printf(args),
            "hostname" => {
                // The address of a container is not known; it stands for itself.
                let address = texts.first().is_some_and(|flag| flag.eq_ignore_ascii_case("-i"));
                let text = format!("{}{}\n", self.hostname, if address { "-ip" } else { "" });
                Done { ok: true, out: Traced::at_no(&text) }
            }
            "cat" => self.cat(args, input),
            "tee" => {
                let append = texts.contains(&"-a");
                for path in texts.iter().filter(|text| !text.starts_with('-')) {
                    self.save(path, input.clone(), append);
                }
                Done { ok: true, out: input }
            }
            "cp" | "mv" | "install" | "ln" => self.copy(&name, &texts),
            "rm" => {
                texts.iter().filter(|text| !text.starts_with('-')).for_each(|path| self.view.remove(path));
                Done::quiet(true)
            }
            "touch" => {
                for path in texts.iter().filter(|text| !text.starts_with('-')) {
                    if self.view.read(path).is_none() {
                        self.view.write(path, Text::default());
                    }
                }
                Done::quiet(true)
            }
            "chmod" => self.chmod(&texts),
            "sed" => self.sed(args, input),
            "envsubst" => Done { ok: true, out: self.envsubst(&input) },
            "head" | "sort" | "uniq" | "xargs" | "tail" => {
                let mut out = input;
                if name == "head"
                    && let Some(end) = out.text().find('\n')
                {
                    out = out.slice(0, end + 1);
                }
                Done { ok: true, out }
            }
            "grep" | "egrep" => self.grep(&texts, &input),
            "awk" | "cut" => Done { ok: true, out: field(&name, &texts, &input) },
            "tr" | "sha1sum" | "md5sum" | "base64" => Done { ok: true, out: input },
            "basename" => {
                let text = texts.first().map_or("", |path| path.rsplit('/').next().unwrap_or(""));
                Done { ok: true, out: Traced::at_no(&format!("{text}\n")) }
            }
            "dirname" => {
                let text = texts.first().map_or_else(String::new, |path| crate::files::folder(path));
                Done { ok: true, out: Traced::at_no(&format!("{text}\n")) }
            }
            _ => match self.view.read(first.text()).cloned() {
                // A script of the deployment.
                Some(file) if first.text().contains('/') => {
                    let before = std::mem::replace(&mut self.args, args.to_vec());
                    let done = self.script(&file.text);
                    self.args = before;
                    done
                }
                _ => Done::quiet(true),
            },
        }
    }

    /// What `exec`, `gosu USER`, `timeout 5`, `env A=b` and the like start.
    fn start_of_rest(&mut self, name: &str, args: &[Traced], user: usize) -> Vec<Traced> {
        let mut at = user;
        while let Some(arg) = args.get(at) {
            let text = arg.text();
            let number = name == "timeout" && text.starts_with(|c: char| c.is_ascii_digit());
            let sets = name == "env" && text.contains('=') && !text.starts_with('-');
            if sets && let Some((key, value)) = text.split_once('=') {
                self.env.insert(key.to_owned(), Traced::at_no(value));
            }
            if !(text.starts_with('-') || number || sets) {
                break;
            }
            at += 1;
        }
        let rest = args.get(at..).unwrap_or_default().to_vec();
        // `docker-entrypoint.sh sentinel.conf` and `docker-entrypoint.sh --port 1` mean redis-server.
        let image = name.ends_with("entrypoint.sh");
        let given = if image { args } else { &rest };
        if image && given.first().is_some_and(|arg| arg.text().starts_with('-') || arg.text().ends_with(".conf")) {
            let mut argv = vec![Traced::default()];
            argv[0].push("redis-server", given[0].start());
            argv.extend(given.iter().cloned());
            return argv;
        }
        rest
    }

    fn sub_shell(&mut self, args: &[Traced], input: &Traced) -> Done {
        let mut at = 0;
        let mut is_text = false;
        while let Some(arg) = args.get(at) {
            let flags = arg.text();
            if !(flags.starts_with('-') || flags.starts_with('+')) || flags == "-" {
                break;
            }
            is_text |= flags.starts_with('-') && !flags.starts_with("--") && flags.contains('c');
            at += 1 + usize::from(matches!(flags, "-o" | "-O"));
        }
        let Some(first) = args.get(at) else { return self.script(input) };
        let script =
            if is_text { Some(first.clone()) } else { self.view.read(first.text()).map(|file| file.text.clone()) };
        let Some(script) = script else {
            // A script that is in the image, or nowhere.
            self.run.unclear = true;
            return Done::quiet(true);
        };
        let rest = args[at + 1..].to_vec();
        if let Some(name) = if is_text { rest.first() } else { Some(first) } {
            self.env.insert("0".to_owned(), name.clone());
        }
        let rest = if is_text { rest.get(1..).unwrap_or_default().to_vec() } else { rest };
        let before = std::mem::replace(&mut self.args, rest);
        let done = self.script(&script);
        self.args = before;
        done
    }

    /// `replace_in_file FILE ^#*\s*KEY\ .* TEXT`: lines that begin with the key.
    fn replace_in_file(&mut self, args: &[Traced]) -> Done {
        let [path, pattern, text, ..] = args else { return Done::quiet(false) };
        let Some(mut file) = self.view.read(path.text()).cloned() else { return Done::quiet(false) };
        let key = pattern.text().trim_start_matches("^#*\\s*").trim_end_matches(".*").trim();
        let mut new = Traced::default();
        for line in file.text.lines() {
            let own = line.text().trim_start_matches(['#', ' ', '\t']);
            let is_it = own.strip_prefix(key).is_some_and(|rest| rest.starts_with([' ', '\t']));
            new.append(if is_it { text } else { &line });
            new.push("\n", None);
        }
        file.text = new;
        Done::quiet(self.view.write(path.text(), file))
    }

    /// Sentinels answer only once there are any.
    fn redis_cli(&mut self, args: &[Traced]) -> Done {
        let asks = |arg: &Traced| {
            let text = arg.text().to_ascii_lowercase();
            text.contains("get-master-addr-by-name") || text == "masters" || text == "master"
        };
        let Some(arg) = args.iter().find(|arg| asks(arg)) else {
            let ping = args.iter().any(|arg| arg.text().eq_ignore_ascii_case("ping"));
            return Done { ok: true, out: Traced::at_no(if ping { "PONG\n" } else { "" }) };
        };
        self.asked += 1;
        if let Some(place) = arg.start() {
            self.run.asks.get_or_insert_with(|| place.clone());
        }
        match &self.master {
            Some(master) => Done { ok: true, out: Traced::at_no(&format!("{master}\n6379\n")) },
            None => Done::quiet(false),
        }
    }

    fn cat(&mut self, args: &[Traced], input: Traced) -> Done {
        let mut out = Traced::default();
        let mut ok = true;
        let files: Vec<&str> = args.iter().map(Traced::text).filter(|text| !text.starts_with('-')).collect();
        if files.is_empty() {
            return Done { ok, out: input };
        }
        for path in files {
            match self.view.read(path) {
                Some(file) => append(&mut out, &file.text),
                None => ok = false,
            }
        }
        Done { ok, out }
    }

    fn copy(&mut self, name: &str, texts: &[&str]) -> Done {
        let flags: String =
            texts.iter().filter(|text| text.starts_with('-')).map(|text| text.trim_start_matches('-')).collect();
        let keeps = name == "cp" && flags.contains('n') && !flags.contains("no-");
        let mut paths: Vec<&str> = texts.iter().copied().filter(|text| !text.starts_with('-')).collect();
        if name == "install" {
            paths.retain(|text| !text.chars().all(|c| c.is_ascii_digit()) && !matches!(*text, "redis"));
        }
        let Some(to) = paths.pop() else { return Done::quiet(false) };
        let mut ok = !paths.is_empty();
        for from in paths {
            let mut pairs: Vec<(String, String)> = Vec::new();
            let whole = from.strip_suffix("/*").or_else(|| from.strip_suffix("/."));
            let folder =
                whole.or_else(|| (self.view.read(from).is_none() && self.view.is_folder(from)).then_some(from));
            match folder {
                Some(folder) => {
                    for name in self.view.list(folder) {
                        pairs.push((format!("{folder}/{name}"), format!("{to}/{name}")));
                    }
                }
                None if from.contains('*') => {
                    let parent = crate::files::folder(from);
                    let pattern = from.rsplit('/').next().unwrap_or("").to_owned();
                    for name in self.view.list(&parent).into_iter().filter(|name| matches(&pattern, name)) {
                        pairs.push((format!("{parent}/{name}"), format!("{to}/{name}")));
                    }
                }
                None => {
                    let name = from.rsplit('/').next().unwrap_or("");
                    let into = to.ends_with('/') || (self.view.read(to).is_none() && self.view.is_folder(to));
                    let target = if into { format!("{}/{name}", to.trim_end_matches('/')) } else { to.to_owned() };
                    pairs.push((from.to_owned(), target));
                }
            }
            for (from, to) in pairs {
                let Some(mut file) = self.view.read(&from).cloned() else {
                    ok = false;
                    continue;
                };
                if keeps && self.view.read(&to).is_some() {
                    continue;
                }
                file.executable |= name == "install";
                ok &= self.view.write(&to, file);
                if name == "mv" {
                    self.view.remove(&from);
                }
            }
        }
        Done::quiet(ok)
    }

    fn chmod(&mut self, texts: &[&str]) -> Done {
        let mut paths = texts.iter().copied().filter(|text| !text.starts_with("-R"));
        let Some(mode) = paths.next() else { return Done::quiet(false) };
        let octal = u32::from_str_radix(mode, 8).ok();
        let executable =
            octal.map_or(mode.contains("+x") || mode.contains("+rx") || mode.contains("rwx"), |m| m & 0o111 != 0);
        if octal.is_none() && !executable {
            return Done::quiet(true);
        }
        for path in paths {
            if let Some(mut file) = self.view.read(path).cloned() {
                file.executable = executable;
                self.view.write(path, file);
            }
        }
        Done::quiet(true)
    }

    fn sed(&mut self, args: &[Traced], input: Traced) -> Done {
        let mut scripts: Vec<String> = Vec::new();
        let mut files = Vec::new();
        let mut in_place = false;
        let mut at = 0;
        while let Some(arg) = args.get(at) {
            let text = arg.text();
            if text.starts_with("-i") || text == "--in-place" {
                in_place = true;
            } else if text == "-e" {
                at += 1;
                scripts.extend(args.get(at).map(|arg| arg.text().to_owned()));
            } else if text.starts_with('-') {
            } else if scripts.is_empty() {
                scripts.push(text.to_owned());
            } else {
                files.push(text.to_owned());
            }
            at += 1;
        }
        let change = |text: &Traced| scripts.iter().fold(text.clone(), |text, script| substitute(&text, script));
        if files.is_empty() {
            return Done { ok: true, out: change(&input) };
        }
        let mut out = Traced::default();
        for path in files {
            let Some(file) = self.view.read(&path).cloned() else { continue };
            let changed = change(&file.text);
            if in_place {
                self.view.write(&path, Text { text: changed, ..file });
            } else {
                append(&mut out, &changed);
            }
        }
        Done { ok: true, out }
    }

    /// `$NAME` and `${NAME}` by their values.
    pub(super) fn envsubst(&self, input: &Traced) -> Traced {
        let text = input.text();
        let mut out = Traced::default();
        let mut at = 0;
        while let Some(found) = text[at..].find('$') {
            let start = at + found;
            out.append_range(input, at, start);
            let rest = &text[start + 1..];
            let braced = rest.starts_with('{');
            let name: String =
                rest[usize::from(braced)..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            let end = start + 1 + name.len() + 2 * usize::from(braced);
            if name.is_empty() || (braced && !text[..end.min(text.len())].ends_with('}')) {
                out.append_range(input, start, start + 1);
                at = start + 1;
                continue;
            }
            let value = self.variable(&name).unwrap_or_default();
            out.push(value.text(), input.place(start));
            at = end;
        }
        out.append_range(input, at, text.len());
        out
    }

    fn grep(&mut self, texts: &[&str], input: &Traced) -> Done {
        let plain: Vec<&str> = texts.iter().copied().filter(|text| !text.starts_with('-')).collect();
        let Some(pattern) = plain.first() else { return Done::quiet(false) };
        let file = plain.get(1).map(|path| self.view.read(path).map(|file| file.text.clone()).unwrap_or_default());
        let input = file.as_ref().unwrap_or(input);
        let inverted = texts.iter().any(|text| text.starts_with('-') && text.contains('v'));
        let bare = pattern.trim_start_matches('^').trim_end_matches('$').replace('\\', "");
        let mut out = Traced::default();
        for line in input.lines() {
            if !line.is_empty() && line.text().contains(&bare) != inverted {
                append(&mut out, &line);
                out.push("\n", None);
            }
        }
        let quiet = texts.iter().any(|text| text.starts_with('-') && !text.starts_with("--") && text.contains('q'));
        let ok = !out.is_empty();
        Done { ok, out: if quiet { Traced::default() } else { out } }
    }

    /// `[ … ]` and `[[ … ]]`.
    pub(super) fn test(&mut self, args: &[Traced]) -> bool {
        let texts: Vec<&str> = args.iter().map(Traced::text).collect();
        for (joint, all) in [("||", false), ("-o", false), ("&&", true), ("-a", true)] {
            if let Some(at) = texts.iter().position(|text| *text == joint)
                && at > 0
                && at + 1 < args.len()
            {
                let (left, right) = (self.test(&args[..at]), self.test(&args[at + 1..]));
                return if all { left && right } else { left || right };
            }
        }
        match texts[..] {
            ["!", ..] => !self.test(&args[1..]),
            ["-n", text] => !text.is_empty(),
            ["-z", text] => text.is_empty(),
            ["-f" | "-e" | "-s" | "-r" | "-w" | "-x", path] => {
                self.view.read(path).is_some() || texts[0] == "-e" && self.view.is_folder(path)
            }
            ["-d", path] => self.view.is_folder(path),
            [left, "=" | "==", right] => matches(right, left),
            [left, "!=", right] => !matches(right, left),
            [left, "=~", pattern] => self.regex(left, pattern),
            [left, compare, right] => {
                let (left, right) = (left.trim().parse::<i64>(), right.trim().parse::<i64>());
                match (left, compare, right) {
                    (Ok(l), "-eq", Ok(r)) => l == r,
                    (Ok(l), "-ne", Ok(r)) => l != r,
                    (Ok(l), "-lt" | "<", Ok(r)) => l < r,
                    (Ok(l), "-le", Ok(r)) => l <= r,
                    (Ok(l), "-gt" | ">", Ok(r)) => l > r,
                    (Ok(l), "-ge", Ok(r)) => l >= r,
                    _ => false,
                }
            }
            [text] => !text.is_empty(),
            _ => false,
        }
    }

    /// The one expression start scripts use: the number at the end of a host's name. Others hold if their letters occur.
    fn regex(&mut self, text: &str, pattern: &str) -> bool {
        let digits = pattern.contains("[0-9]") || pattern.contains("[[:digit:]]");
        if digits && pattern.ends_with('$') {
            let number: String = text.chars().rev().take_while(char::is_ascii_digit).collect();
            let number: String = number.chars().rev().collect();
            let found = !number.is_empty();
            let groups = vec![Traced::at_no(text), Traced::at_no(&number)];
            self.lists.insert("BASH_REMATCH".to_owned(), groups);
            return found;
        }
        let bare: String = pattern.chars().filter(|c| !"^$()*.\\".contains(*c)).collect();
        text.contains(&bare)
    }
}

/// Forty hexadecimal digits that belong to a text, as a digest of it would: which ones does not matter.
fn some_id(text: &str) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut id = String::new();
    while id.len() < 40 {
        for byte in text.bytes().chain([b'.']) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        id.push_str(&format!("{hash:016x}"));
    }
    id.truncate(40);
    id
}
