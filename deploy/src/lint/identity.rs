//! Who a Sentinel is: its id, and the file that keeps it.

use super::Report;
use super::view::{View, delete};
use crate::deployment::{Form, Storage};

pub(super) fn same_id(view: &View<'_>, report: &mut Report<'_>) {
    let id =
        |node: &crate::deployment::Node| node.conf.sentinel("myid").last().and_then(|line| line.words.get(2).cloned());
    for (index, node) in view.sentinels.iter().enumerate() {
        let (Some(own), Some(line)) = (id(node), node.conf.sentinel("myid").last()) else { continue };
        let twin =
            view.sentinels.iter().enumerate().find(|(other, twin)| *other != index && id(twin).as_ref() == Some(&own));
        // What a script sets for each pod is known for one of them only.
        let Some((_, twin)) = twin.filter(|(_, twin)| !twin.config.asks && twin.place.file != node.place.file) else {
            continue;
        };
        let why = format!("{} has the same id: each takes the other for itself, so they never count as two", twin.name);
        report.at(&line.place, why, "no `sentinel myid` line before the first start: each makes its own").edits =
            delete(line);
    }
}

pub(super) fn shared_file(view: &View<'_>, report: &mut Report<'_>) {
    if !view.is(Form::Compose) {
        return;
    }
    for (index, node) in view.sentinels.iter().enumerate() {
        let writes = node.config.lies_on == Storage::Durable && node.config.volume.is_some();
        let twin = view.sentinels.iter().enumerate().find(|(other, twin)| {
            *other != index && twin.config.volume == node.config.volume && twin.config.lies_on == Storage::Durable
        });
        let Some((_, twin)) = twin.filter(|_| writes) else { continue };
        let why = format!(
            "{} writes the same file: they overwrite each other, and once restarted have one id, so that they never count as two",
            twin.name
        );
        report.at(&node.config.place, why, "a volume of its own for each Sentinel");
    }
}
