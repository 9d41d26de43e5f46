//! `rename-command` (Sentinel spec 11.1): what a command is called at a master, its replicas and its Sentinels
//! (`sentinelInstanceMapCommand`). Whether it is called so there, the servers decide.

use super::Sentinel;
use super::instance::Master;
use crate::Request;

impl Sentinel {
    /// The command as it has to be sent to instances of a master.
    pub(super) fn mapped(&self, m: usize, request: Request) -> Request {
        mapped(&self.masters[m], request)
    }
}

pub(super) fn mapped(master: &Master, request: Request) -> Request {
    if master.renamed.is_empty() {
        return request;
    }
    let command = request.command_name();
    match master.renamed.iter().find(|(known, _)| known == command) {
        Some((_, name)) => Request::Renamed(name.clone(), Box::new(request)),
        None => request,
    }
}
