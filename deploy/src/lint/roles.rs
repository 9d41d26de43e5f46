//! What servers are and become: roles, priorities, limits.

use super::Report;
use super::view::{View, belongs, bytes, replace};
use crate::deployment::{ComesBack, Form, Node};

pub(super) fn hardcoded(view: &View<'_>, report: &mut Report<'_>) {
    if view.sentinels.is_empty() || view.redis.len() < 2 {
        return;
    }
    let fixed = |node: &&&Node| matches!(node.comes_back, ComesBack::AsFirst(_));
    let replicas: Vec<&&Node> = view.replicas.iter().filter(fixed).collect();
    let nodes = if replicas.is_empty() { view.masters.iter().filter(fixed).collect() } else { replicas };
    for node in nodes {
        let ComesBack::AsFirst(place) = &node.comes_back else { continue };
        let why = if node.conf.replicaof().is_some() {
            "it is a replica of the first master whenever it is started: promoted and then restarted, it follows the node that \
             follows it, and nobody takes writes; and the old master comes back as a master, whose writes are lost"
        } else {
            "it is a master whenever it is started: restarted after a failover it takes writes beside the new master, which are lost"
        };
        let fix = "let the start ask the Sentinels for the master, or keep redis.conf on a volume that CONFIG REWRITE can write, and \
                   name the master there alone";
        report.at(place, why, fix);
    }
}

pub(super) fn priority_zero(view: &View<'_>, report: &mut Report<'_>) {
    let zero = |node: &&&Node| node.conf.number("replica-priority") == Some(0);
    if view.replicas.is_empty() || !view.is_whole() || !view.replicas.iter().all(|node| zero(&node)) {
        return;
    }
    for node in &view.replicas {
        let Some(line) = node.conf.last("replica-priority") else { continue };
        let why =
            "every replica has priority 0, so none may ever be promoted: after the death of the master there is none";
        report.at(&line.place, why, "the default of 100 on replicas that may take over").edits =
            replace(line, "replica-priority 100");
    }
}

pub(super) fn maxmemory(view: &View<'_>, report: &mut Report<'_>) {
    let limit = |node: &Node| bytes(node.conf.value("maxmemory").unwrap_or("0"));
    for master in &view.masters {
        let Some(of_master) = limit(master) else { continue };
        for node in view.replicas_of(master) {
            let Some(own) = limit(node).filter(|own| *own != of_master) else { continue };
            let line = node.conf.last("maxmemory").or_else(|| master.conf.last("maxmemory"));
            let Some(line) = line else { continue };
            let why = if own != 0 && (of_master == 0 || own < of_master) {
                "the replica has less memory than the master: it keeps everything as a replica, and evicts or refuses writes the \
                 moment it is promoted"
            } else {
                "master and replica have different maxmemory: a promotion changes how much fits"
            };
            let finding = report.at(&line.place, why, "the same maxmemory and policy on all nodes");
            if let Some(right) = master.conf.value("maxmemory").filter(|_| node.conf.last("maxmemory").is_some()) {
                finding.edits = replace(line, format!("maxmemory {right}"));
            }
        }
    }
}

pub(super) fn min_replicas(view: &View<'_>, report: &mut Report<'_>) {
    if view.sentinels.is_empty() || view.replicas.is_empty() || !view.is_whole() {
        return;
    }
    for node in &view.redis {
        if node.conf.number("min-replicas-to-write").unwrap_or(0) != 0 {
            continue;
        }
        let line = node.conf.last("min-replicas-to-write");
        let command = node.conf.directives().find(|line| line.option);
        let beside =
            || command.map_or_else(|| belongs(node, &["replicaof", "masterauth", "port", "bind"]), |line| &line.place);
        let place = line.map_or_else(beside, |line| &line.place);
        let why = "min-replicas-to-write is 0: as a master that is cut off from everybody it goes on acknowledging writes, which are \
                   thrown away when it comes back";
        let fix = "min-replicas-to-write 1 and min-replicas-max-lag 10 on every node; that narrows the loss to the lag";
        let finding = report.at(place, why, fix);
        if let Some(line) = line {
            finding.edits = replace(line, "min-replicas-to-write 1");
        }
    }
}

pub(super) fn max_lag(view: &View<'_>, report: &mut Report<'_>) {
    for node in &view.redis {
        let Some(line) = node.conf.last("min-replicas-max-lag").filter(|line| line.value() == "0") else { continue };
        if node.conf.number("min-replicas-to-write").unwrap_or(0) == 0
            || view.is(Form::ChartValues) && view.redis.is_empty()
        {
            continue;
        }
        let why = "min-replicas-max-lag 0 switches the check of min-replicas-to-write off: writes are taken with no replica at all";
        report.at(&line.place, why, "min-replicas-max-lag 10").edits = replace(line, "min-replicas-max-lag 10");
    }
}
