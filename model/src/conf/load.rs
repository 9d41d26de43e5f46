//! Reading a whole configuration (`loadServerConfig`): its lines from first to last, other files where they are included,
//! and what can only be said at the end.

use super::acl::{self, Commands};
use super::check::check;
use super::directives::{self, Kind, RETIRED};
use super::machine::Machine;
use super::redis::{Mode, Reader};
use super::settings::Settings;
use super::split::{self, Line, as_c_strings};
use super::{ConfError, LIMIT, Resolve, error_at, trouble};
use crate::Ip;
use std::collections::{BTreeMap, BTreeSet};

/// Includes within includes at which we take it that real Redis has used up its stack; it takes some thousands.
const DEEPEST: usize = 300;
/// Once the same file was entered so often on one way, nothing new will be said before the stack is used up.
const ROUNDS: usize = 8;

/// What there is around the configuration.
pub(super) enum Around<'m> {
    /// Names of hosts only: other files cannot be included, and whatever else is needed is there.
    Names(Resolve<'m>),
    /// A machine.
    Machine(&'m mut dyn Machine),
}

impl Around<'_> {
    /// The address of a host by its name.
    pub(super) fn look_up(&mut self, host: &str) -> Option<Ip> {
        match self {
            Around::Names(resolve) => resolve(host),
            Around::Machine(_) => None,
        }
    }
}

/// A line `user …`: its name and rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UserLine {
    pub(super) name: Vec<u8>,
    pub(super) rules: Vec<Vec<u8>>,
}

/// What was read so far.
pub(super) struct Loader<'m> {
    pub(super) reader: Reader<'m>,
    pub(super) settings: Settings,
    /// Lines `sentinel …`, for later.
    pub(super) queue: Vec<Line>,
    pub(super) users: Vec<UserLine>,
    user_names: BTreeSet<Vec<u8>>,
    /// `loadmodule` paths.
    pub(super) modules: Vec<Vec<u8>>,
    /// The first setting of a module (`name.option`).
    pub(super) module_setting: Option<Line>,
    /// Commands under their present names.
    renamed: BTreeMap<Vec<u8>, &'static str>,
    mode: Mode,
    /// The files being read, and from where, outermost first.
    stack: Vec<(Vec<u8>, Vec<u8>)>,
    /// Bytes read, for a bound on files that include each other.
    read: usize,
    last: Option<Line>,
    /// A line `dir` was read.
    pub(super) names_directory: bool,
}

impl<'m> Loader<'m> {
    pub(super) fn new(mode: Mode, around: Around<'m>) -> Loader<'m> {
        let commands = Commands::of(mode);
        let mut settings = Settings::default();
        if mode == Mode::Sentinel {
            settings.put("port", "26379");
            settings.put("protected-mode", "no");
        }
        Loader {
            reader: Reader::new(around),
            settings,
            queue: Vec::new(),
            users: Vec::new(),
            user_names: BTreeSet::new(),
            modules: Vec::new(),
            module_setting: None,
            renamed: commands.names().map(|name| (name.as_bytes().to_vec(), name)).collect(),
            mode,
            stack: Vec::new(),
            read: 0,
            last: None,
            names_directory: false,
        }
    }

    /// A configuration as one text (`loadServerConfigFromString`).
    pub(super) fn load(&mut self, text: &[u8]) -> Result<(), ConfError> {
        for (number, column, raw) in split::lines(text) {
            let shown = || split::shown(raw);
            let Some(mut args) = split::words(raw, column) else {
                return Err(ConfError {
                    expected: "a closing quote followed by a space".to_owned(),
                    quoted: Some(shown()),
                    ..ConfError::new(number, column, &shown(), "Unbalanced quotes in configuration line")
                });
            };
            let Some(first) = args.first_mut() else { continue };
            first.text.make_ascii_lowercase();
            first.bytes.make_ascii_lowercase();
            let line = Line { number, column, text: shown(), args };
            self.line(&line)?;
            self.last = Some(line);
        }
        self.finish()
    }

    /// Another file, or all files that match a pattern.
    pub(super) fn file(&mut self, path: &[u8], shown: &[u8], appended: &[u8]) -> Result<(), ConfError> {
        let Around::Machine(machine) = &mut self.reader.around else { return Ok(()) };
        let from = machine.directory();
        let paths = match path.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[')) {
            true => machine.glob(path),
            false => vec![path.to_vec()],
        };
        let mut text = Vec::new();
        for file in paths {
            let bytes = machine.read(&file).map_err(|why| {
                let shown = split::shown(if file == path { shown } else { &file });
                ConfError::of_machine(format!("Fatal error, can't open config file '{shown}': {why}"))
            })?;
            self.read += bytes.len() + 1;
            if self.read > LIMIT {
                return Err(ConfError::too_large());
            }
            text.extend(as_c_strings(&bytes));
        }
        text.extend(appended);
        let entered = (path.to_vec(), from);
        if self.stack.len() >= DEEPEST || self.stack.iter().filter(|known| **known == entered).count() >= ROUNDS {
            return Err(ConfError::crash());
        }
        self.stack.push(entered);
        let result = self.load(&text);
        self.stack.pop();
        result
    }

    fn line(&mut self, line: &Line) -> Result<(), ConfError> {
        let name = line.name();
        if let Some(directive) = directives::find(name) {
            let checked = check(line, directive.kind)?;
            if directive.kind == Kind::Dir {
                self.enter(line)?;
            }
            self.settings.take(&directive, &checked);
            if !self.reader.apply(directive.written, &checked) {
                self.reader.ignore(line, name);
            }
            return Ok(());
        }
        match (name, line.args.len()) {
            (name, 2) if RETIRED.contains(&name) => self.reader.ignore(line, name),
            ("include", 2) => self.include(line)?,
            ("rename-command", 3) => self.rename_command(line)?,
            ("user", 2..) => {
                self.user(line)?;
                self.reader.ignore(line, name);
            }
            ("loadmodule", 2..) => {
                self.modules.push(line.args[1].bytes.clone());
                self.reader.ignore(line, name);
            }
            (name, 1) if name.contains('.') => {
                return Err(error_at(line, None, "Module config specified without value", ""));
            }
            (name, _) if name.contains('.') => {
                self.module_setting.get_or_insert_with(|| line.clone());
                self.reader.ignore(line, name);
            }
            ("sentinel", 1) => {}
            ("sentinel", _) if self.mode == Mode::Redis => {
                let message = "sentinel directive while not in sentinel mode";
                return Err(error_at(line, None, message, "a directive of redis.conf"));
            }
            ("sentinel", _) => self.queue.push(line.clone()),
            _ => {
                let message = "Bad directive or wrong number of arguments";
                let expected = match self.mode {
                    Mode::Redis => "a directive of redis.conf 7.0",
                    Mode::Sentinel => "`sentinel …` or a directive of redis.conf 7.0",
                };
                return Err(error_at(line, Some(&line.args[0]), message, expected));
            }
        }
        Ok(())
    }

    fn include(&mut self, line: &Line) -> Result<(), ConfError> {
        let path = line.args[1].bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        match &self.reader.around {
            Around::Machine(_) => self.file(path, path, b""),
            Around::Names(_) => {
                let message = "other files cannot be included here";
                let expected = "the lines of that file in place of this one";
                Err(error_at(line, line.args.get(1), message, expected))
            }
        }
    }

    fn enter(&mut self, line: &Line) -> Result<(), ConfError> {
        self.names_directory = true;
        let Around::Machine(machine) = &mut self.reader.around else { return Ok(()) };
        machine.enter(&line.args[1].bytes).map_err(|why| ConfError {
            depends_on_machine: true,
            ..error_at(line, line.args.get(1), &why, "a directory that exists")
        })
    }

    fn rename_command(&mut self, line: &Line) -> Result<(), ConfError> {
        let [_, old, new] = &line.args[..] else { return Ok(()) };
        let Some(command) = self.renamed.remove(&old.bytes.to_ascii_lowercase()) else {
            // A subcommand is found, and then cannot be taken out of the table of commands.
            if let Some((command, sub)) = old.text.to_ascii_lowercase().split_once('|')
                && let Some(command) = self.renamed.get(command.as_bytes())
                && Commands::of(self.mode).knows(format!("{command}|{sub}").as_bytes())
            {
                return Err(ConfError::crash());
            }
            let expected = if self.mode == Mode::Redis { "a command of Redis" } else { "a command of Sentinel" };
            return Err(error_at(line, line.args.get(1), "No such command in rename-command", expected));
        };
        if !new.bytes.is_empty() && self.renamed.insert(new.bytes.to_ascii_lowercase(), command).is_some() {
            return Err(error_at(line, line.args.get(2), "Target command name already exists", "a new name"));
        }
        if self.mode == Mode::Sentinel {
            self.reader.ignore(line, "rename-command");
            return Ok(());
        }
        let renamed = &mut self.reader.conf.renamed;
        renamed.retain(|(known, _)| known != command);
        renamed.push((command.to_owned(), new.text.as_str().into()));
        Ok(())
    }

    fn user(&mut self, line: &Line) -> Result<(), ConfError> {
        let words: Vec<Vec<u8>> = line.args.iter().map(|arg| arg.bytes.clone()).collect();
        let all_channels = self.settings.get("acl-pubsub-default") == b"allchannels";
        let checked = match !self.user_names.insert(words[1].clone()) {
            true => Err((1, acl::Fault::Duplicate)),
            false => acl::check_line(&words, Commands::of(self.mode), all_channels),
        };
        let rules = checked.map_err(|(at, fault)| {
            let blamed = line.args.get(at).map_or("", |arg| arg.text.as_str());
            // Redis has a buffer of 1024 bytes for this message.
            let mut message = format!("Error in user declaration '{blamed}': {}", fault.text());
            while message.len() > 1023 {
                message.pop();
            }
            error_at(line, None, &message, "rules of ACL SETUSER")
        })?;
        self.users.push(UserLine { name: words[1].clone(), rules });
        Ok(())
    }

    /// What is looked at when the end of a file is reached, of an included one too.
    fn finish(&mut self) -> Result<(), ConfError> {
        let log = self.settings.get("logfile");
        if let (Around::Machine(machine), [_, ..]) = (&mut self.reader.around, &log[..]) {
            machine.append(&log).map_err(|why| ConfError::of_machine(format!("Can't open the log file: {why}")))?;
        }
        let clustered = self.settings.is_yes("cluster-enabled");
        if clustered && !self.settings.get("replicaof").is_empty() {
            let message = "replicaof directive not allowed in cluster mode";
            return Err(match &self.last {
                Some(last) => ConfError { quoted: None, ..error_at(last, None, message, "") },
                None => trouble(message),
            });
        }
        let hz = self.settings.number("hz").clamp(1, 500);
        self.settings.put("hz", hz.to_string());
        if let Around::Machine(machine) = &mut self.reader.around {
            self.settings.put("dir", machine.directory());
        }
        Ok(())
    }

    /// Settings of modules without a module (`moduleLoadFromQueue`). Sentinel loads no modules and never looks.
    pub(super) fn module_settings(&self) -> Result<(), ConfError> {
        match &self.module_setting {
            Some(line) if self.mode == Mode::Redis && self.modules.is_empty() => {
                let message =
                    "Module Configuration detected without loadmodule directive or no ApplyConfig call: aborting";
                let expected = "a directive of redis.conf 7.0";
                Err(ConfError { quoted: None, ..error_at(line, Some(&line.args[0]), message, expected) })
            }
            _ => Ok(()),
        }
    }
}
