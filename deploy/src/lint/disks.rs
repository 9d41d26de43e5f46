//! What is written, and whether it is there after a restart.

use super::Report;
use super::view::{View, belongs, persists};
use crate::deployment::{Form, Node, Restart, Storage};
use crate::finding::Severity;

pub(super) fn config_readonly(view: &View<'_>, report: &mut Report<'_>) {
    for node in view.sentinels.iter().filter(|node| node.config.lies_on == Storage::ReadOnly) {
        let path = node.config.path.as_deref().unwrap_or("its configuration");
        let why = format!(
            "{path} cannot be written here, but Sentinel rewrites it at the start already: it refuses to start"
        );
        let fix = "copy the file, if it is not there yet, to a writable volume before the start, and start Sentinel with the copy";
        report.at(&node.config.place, why, fix);
    }
}

pub(super) fn single_file_mount(view: &View<'_>, report: &mut Report<'_>) {
    for node in view.sentinels.iter().filter(|node| node.config.lies_on == Storage::SingleFile) {
        let why = "the configuration is a single mounted file: Sentinel replaces it by a rename, which fails over a mount, so no id, no \
                   epoch, no peer and no new master is ever saved";
        report.at(&node.config.place, why, "mount a folder, or a volume, and put the file into it");
    }
}

pub(super) fn state_ephemeral(view: &View<'_>, report: &mut Report<'_>) {
    for node in &view.sentinels {
        let config = &node.config;
        let skip =
            matches!(config.lies_on, Storage::ReadOnly | Storage::SingleFile | Storage::None) || config.path.is_none();
        let survives = if view.is(Form::Kubernetes) { config.survives_replacement } else { config.survives_restart };
        // An id that the start sets itself, and a master that it asks for: as much as a file would keep but for the votes.
        let told = config.asks && node.conf.sentinel("myid").next().is_some();
        if skip || survives || told {
            continue;
        }
        let address = if node.address.name_stable { "" } else { ", at a new address" };
        let why = format!(
            "the configuration is made anew at each start: a restarted Sentinel has a new id{address}, its old entry stays with the \
             others and raises their majority, and it has forgotten the current master and its votes"
        );
        let fix = "keep sentinel.conf on a volume of its own for each Sentinel, and copy it there only if there is none; announce a \
                   stable name";
        report.at(&config.place, why, fix);
    }
}

/// The line that says that nothing is persisted.
fn line_of(node: &Node) -> &crate::place::Place {
    belongs(node, &["save", "appendonly"])
}

/// Whether a restart finds the data again.
fn keeps(view: &View<'_>, node: &Node) -> bool {
    let kept = if view.is(Form::Kubernetes) { node.data.replacement } else { node.data.restart };
    persists(&node.conf) && kept
}

pub(super) fn empty_master(view: &View<'_>, report: &mut Report<'_>) {
    if view.replicas.is_empty() {
        return;
    }
    for node in view.masters.iter().filter(|node| !keeps(view, node)) {
        let severity = match node.restart {
            Restart::Always | Restart::OnFailure => Severity::Danger,
            Restart::Unknown => Severity::Advice,
            Restart::Never => continue,
        };
        let why = if persists(&node.conf) {
            "the master's data is not on a volume, and it is restarted at once: it comes back empty before it counts as down, and the \
             replicas copy the empty data set"
        } else {
            "the master persists nothing and is restarted at once: it comes back empty before it counts as down, and the replicas copy \
             the empty data set"
        };
        report.with(severity, line_of(node), why, "appendonly yes, on a volume; or no automatic restart");
    }
}

pub(super) fn replica_without_persistence(view: &View<'_>, report: &mut Report<'_>) {
    for node in view.replicas.iter().filter(|node| !persists(&node.conf)) {
        let why = "this replica persists nothing: once promoted, nothing is durable, and its restart falls back to the last full sync, \
                   or to nothing";
        report.at(line_of(node), why, "the same save and appendonly on all nodes");
    }
}
