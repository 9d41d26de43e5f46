//! What real Redis 7.0.15 would do with a configuration at start, on a machine: the verdict, the values that are in force
//! then, and the file as Sentinel saves it.

mod listen;
mod options;
mod users;

use super::acl::User;
use super::load::{Around, Loader};
use super::machine::{Machine, Trouble, join};
use super::redis::Mode;
use super::sentinel::Queue;
use super::sentinel::state::{Shown, State};
use super::split::{as_c_strings, shown};
use super::{ConfError, rewrite};
use serde::Serialize;
use std::collections::BTreeMap;

/// Which program is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `redis-server`
    Redis,
    /// `redis-sentinel`
    Sentinel,
}

/// A start: `redis-server FILE OPTION…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The program.
    pub program: Program,
    /// The words behind the program's name. The first, if it does not start with a dash, is the file.
    pub words: Vec<Vec<u8>>,
    /// What comes from the standard input, for the word `-`.
    pub stdin: Vec<u8>,
    /// The id that a Sentinel draws for itself.
    pub myid: String,
}

impl Start {
    /// A program with its file.
    pub fn with_file(program: Program, path: &[u8]) -> Start {
        Start { program, words: vec![path.to_vec()], stdin: Vec::new(), myid: "<MYID>".to_owned() }
    }
}

/// What is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Effective {
    /// CONFIG GET, as far as it differs from the defaults or was named.
    Redis(BTreeMap<String, String>),
    /// What SENTINEL MASTERS and others show.
    Sentinel(Shown),
}

/// A configuration that is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// What is in force.
    pub effective: Effective,
    /// The file as Sentinel saves it at start. A Sentinel that has its id already saves nothing; redis-server never does.
    pub rewritten: Option<Vec<u8>>,
    /// Why Sentinel could not save its file, though it goes on: it will forget all that it learns.
    pub unsaved: Option<Trouble>,
}

/// Starts Redis on paper.
///
/// # Errors
/// What keeps real Redis from running. Ports that are in use, and what is in files of data, certificates and modules,
/// are not looked at.
pub fn start(start: &Start, machine: &mut dyn Machine) -> Result<Accepted, ConfError> {
    let given = options::read(&start.words);
    let mode = match start.program {
        Program::Sentinel => Mode::Sentinel,
        Program::Redis if given.sentinel => Mode::Sentinel,
        Program::Redis => Mode::Redis,
    };
    let directory = machine.directory();
    let path = given.file.map(|path| join(&directory, path));
    let mut loader = Loader::new(mode, Around::Machine(machine));
    loader.settings.put("dir", directory.clone());
    let stdin = if given.stdin { as_c_strings(&start.stdin) } else { Vec::new() };
    let appended = [&stdin[..], b"\n", &given.options].concat();
    match (&path, given.file) {
        (Some(path), _) => loader.file(path, path, &appended)?,
        (None, _) => loader.load(&appended)?,
    }
    let sentinel = match mode {
        Mode::Sentinel => {
            let lines = std::mem::take(&mut loader.queue);
            Some(Queue::apply(&mut loader.reader, lines)?.state)
        }
        Mode::Redis => None,
    };
    if sentinel.is_some() {
        writable(&mut loader, path.as_deref())?;
    }
    limit_clients(&mut loader)?;
    listen::check(&mut loader)?;
    if mode == Mode::Redis {
        listen::modules(&mut loader)?;
        loader.module_settings()?;
    }
    let users = users::load(&mut loader, mode)?;
    if mode == Mode::Redis {
        listen::append_only(&mut loader)?;
    }
    let Some(state) = sentinel else {
        let mut values = loader.settings.effective();
        hide_directory(&mut values, &directory, &loader);
        return Ok(Accepted { effective: Effective::Redis(values), rewritten: None, unsaved: None });
    };
    let rewritten = rewritten(&mut loader, path.as_deref(), &state, &users, &start.myid)?;
    let port = u16::try_from(loader.settings.number("port")).unwrap_or(u16::MAX);
    let (rewritten, unsaved) = match (rewritten, replaceable(&mut loader, path.as_deref())) {
        (Some(_), Err(why)) => (None, Some(why)),
        (rewritten, _) => (rewritten, None),
    };
    Ok(Accepted { effective: Effective::Sentinel(state.shown(port)), rewritten, unsaved })
}

fn replaceable(loader: &mut Loader<'_>, path: Option<&[u8]>) -> Result<(), Trouble> {
    match (machine(loader), path) {
        (Some(machine), Some(path)) => machine.replace(path),
        _ => Ok(()),
    }
}

/// The directory is no setting while Redis stays where it was started.
fn hide_directory(values: &mut BTreeMap<String, String>, from: &[u8], loader: &Loader<'_>) {
    if loader.settings.get("dir") == join(from, b"") && !loader.names_directory {
        values.remove("dir");
    }
}

fn machine<'a>(loader: &'a mut Loader<'_>) -> Option<&'a mut dyn Machine> {
    match &mut loader.reader.around {
        Around::Machine(machine) => Some(&mut **machine),
        Around::Names(_) => None,
    }
}

/// `sentinelCheckConfigFile`
fn writable(loader: &mut Loader<'_>, path: Option<&[u8]>) -> Result<(), ConfError> {
    let Some(path) = path else {
        let message = "Sentinel needs config file on disk to save state. Exiting...";
        return Err(super::trouble(message));
    };
    let Some(machine) = machine(loader) else { return Ok(()) };
    machine.writable(path).map_err(|why| {
        let path = shown(path);
        ConfError::of_machine(format!("Sentinel config file {path} is not writable: {why}. Exiting..."))
    })
}

/// `adjustOpenFilesLimit`: each client needs a file, and Redis 32 for itself; the limit is tried in steps of 16.
fn limit_clients(loader: &mut Loader<'_>) -> Result<(), ConfError> {
    const OWN: i64 = 32;
    let wanted = loader.settings.number("maxclients") + OWN;
    let Some(machine) = machine(loader) else { return Ok(()) };
    let limit = i64::try_from(machine.open_files()).unwrap_or(i64::MAX);
    if wanted <= limit {
        return Ok(());
    }
    let granted = wanted - (wanted - limit + 15) / 16 * 16;
    if granted <= OWN {
        let message = format!(
            "Your current 'ulimit -n' of {limit} is not enough for the server to start. Please increase your open \
             file limit to at least {wanted}. Exiting."
        );
        return Err(ConfError::of_machine(message));
    }
    loader.settings.put("maxclients", (granted - OWN).to_string());
    Ok(())
}

/// A Sentinel that has no id yet draws one and saves its file.
fn rewritten(
    loader: &mut Loader<'_>,
    path: Option<&[u8]>,
    state: &State,
    users: &BTreeMap<Vec<u8>, User>,
    myid: &str,
) -> Result<Option<Vec<u8>>, ConfError> {
    let (None, Some(path)) = (&state.myid, path) else { return Ok(None) };
    let Some(machine) = machine(loader) else { return Ok(None) };
    let file = machine.read(path).unwrap_or_default();
    rewrite::sentinel(&file, &loader.settings, users, state, myid.as_bytes()).map(Some).map_err(|_| ConfError::crash())
}

#[cfg(test)]
mod tests;
