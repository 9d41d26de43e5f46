//! Rules about deployments.

use super::{Entry, entry};
use splitbrain_deploy::EXPLAINED;

pub const ENTRIES: &[Entry] = &{
    const NONE: Entry = entry("", "");
    let mut entries = [NONE; EXPLAINED.len()];
    let mut at = 0;
    while at < EXPLAINED.len() {
        entries[at] = entry(EXPLAINED[at].0, EXPLAINED[at].1);
        at += 1;
    }
    entries
};
