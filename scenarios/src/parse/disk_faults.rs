//! Faults of disks and files: `fsync`, and what a `restart` finds.

use super::faults::{sentinels, servers};
use super::names::Names;
use crate::reader::{Field, Read};
use crate::resolved::{Found, FsyncFault};
use crate::scenario::What;

/// `{ of = …, takes = "200ms..2s" }` or `{ of = …, outcome = "fails" }`, `"lies"`
pub fn fsync(field: &Field<'_>, names: &Names) -> Read<What> {
    let mut table = field.table("`fsync`")?;
    let (of, takes, outcome) = (table.get("of"), table.get("takes"), table.get("outcome"));
    table.finish(&[])?;
    let Some(of) = of else { return Err(field.error("whose fsyncs?").expected("`of`")) };
    let fault = match (takes, outcome) {
        (Some(takes), None) => FsyncFault::Takes(takes.dist()?),
        (None, Some(outcome)) => match outcome.word(&[("fails", true), ("lies", false)])? {
            true => FsyncFault::Fails,
            false => FsyncFault::Lies,
        },
        _ => return Err(field.error("what is wrong with fsync?").expected("either `takes` or `outcome`")),
    };
    Ok(What::Fsync(names.targets(&of, false)?, fault))
}

/// `{ of = "sentinel-1", identity = "new" }`, or `{ of = …, config = "old", data = "deleted" }`
pub fn restart(field: &Field<'_>, names: &Names) -> Read<What> {
    let mut table = field.table("`restart`")?;
    let (of, identity) = (table.get("of"), table.get("identity"));
    let (config, data) = (table.get("config"), table.get("data"));
    table.finish(&[])?;
    if config.is_none() && data.is_none() {
        let (Some(of), Some(identity)) = (of, identity) else {
            let error = field.error("which Sentinel is restarted, and as whom?").expected("`of` and `identity`");
            return Err(error.help("or with which files: `config`, `data`"));
        };
        identity.word(&[("new", ())])?;
        return Ok(What::RestartAnew(sentinels(&of, names)?));
    }
    if let Some(identity) = identity {
        let error = identity.key_error("`identity` goes with no other key but `of`");
        return Err(error.help("a deleted configuration file is a new identity too"));
    }
    let Some(of) = of else { return Err(field.error("which process is restarted?").expected("`of`")) };
    let mut found = Vec::new();
    if let Some(config) = &config {
        found.push(config.word(&[("old", Found::OldConfig), ("deleted", Found::FirstConfig)])?);
    }
    if let Some(data) = &data {
        data.word(&[("deleted", ())])?;
        found.push(Found::NoData);
    }
    let targets = if data.is_some() { servers(&of, names)? } else { names.targets(&of, false)? };
    Ok(What::RestartWith(targets, found))
}
