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

/// `{ of = …, config = "old", identity = "new", data = "deleted", address = "new" }`: `of` and at least one of the others.
pub fn restart(field: &Field<'_>, names: &Names) -> Read<What> {
    let mut table = field.table("`restart`")?;
    let (of, config, identity) = (table.get("of"), table.get("config"), table.get("identity"));
    let (data, address) = (table.get("data"), table.get("address"));
    table.finish(&[])?;
    let Some(of) = of else { return Err(field.error("which process is restarted?").expected("`of`")) };
    // In the order in which they are applied: a configuration file that is put back has an id to be deleted.
    let mut found = Vec::new();
    if let Some(config) = &config {
        found.push(config.word(&[("old", Found::OldConfig), ("deleted", Found::FirstConfig)])?);
    }
    if let Some(identity) = &identity {
        found.push(identity.word(&[("new", Found::NewIdentity)])?);
    }
    if let Some(data) = &data {
        found.push(data.word(&[("deleted", Found::NoData)])?);
    }
    if let Some(address) = &address {
        found.push(address.word(&[("new", Found::NewAddress)])?);
    }
    if found.is_empty() {
        let error = field.error("what does it find when it is restarted?");
        return Err(error.expected("`config`, `identity`, `data` or `address`"));
    }
    let targets = match (identity, data) {
        (Some(identity), Some(_)) => {
            let error = identity.key_error("`identity` is a Sentinel's and `data` a server's");
            return Err(error.help("write two [[faults]]"));
        }
        (Some(_), None) => sentinels(&of, names)?,
        (None, Some(_)) => servers(&of, names)?,
        (None, None) => names.targets(&of, false)?,
    };
    if address.is_some() {
        names.move_together(&targets, &of)?;
    }
    Ok(What::RestartWith(targets, found))
}
