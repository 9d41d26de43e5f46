//! How many Sentinels there are, how many must agree, and on what.

use super::Report;
use super::view::{View, belongs, replace};
use crate::deployment::{Form, Host, Node};
use crate::place::Place;
use std::collections::BTreeMap;

/// Sentinels that watch one master, by the line of one of them.
fn groups<'d>(view: &View<'d>) -> Vec<(String, Vec<&'d Node>)> {
    let mut groups: Vec<(String, Vec<&Node>)> = Vec::new();
    for (_, monitor) in view.monitors() {
        let watchers = view.watchers(&monitor);
        let known =
            groups.iter().any(|(_, nodes)| nodes.iter().any(|node| watchers.iter().any(|w| std::ptr::eq(*w, *node))));
        if !known {
            groups.push((monitor.name.to_owned(), watchers));
        }
    }
    groups
}

/// Where the number of Sentinels is said.
fn count_place<'d>(view: &View<'d>, nodes: &[&'d Node]) -> Place {
    let first = nodes.first().and_then(|node| node.count.clone());
    let last = nodes.last().map(|node| node.place.clone());
    let monitor = nodes.first().and_then(|node| node.conf.monitors().first().map(|monitor| monitor.line.place.clone()));
    let place = first.or(if view.is(Form::Hosts) { monitor } else { last });
    place.unwrap_or_else(|| Place::start_of(&view.deployment.source))
}

pub(super) fn count_one(view: &View<'_>, report: &mut Report<'_>) {
    for (_, nodes) in groups(view).into_iter().filter(|(_, nodes)| view.is_whole() && nodes.len() == 1) {
        let why = "there is one Sentinel only: when it is gone, or cut off, nobody fails over";
        report.at(&count_place(view, &nodes), why, "run three Sentinels on three machines, with quorum 2");
    }
}

pub(super) fn count_two(view: &View<'_>, report: &mut Report<'_>) {
    for (name, nodes) in groups(view).into_iter().filter(|(_, nodes)| view.is_whole() && nodes.len() == 2) {
        let why = format!(
            "two Sentinels watch `{name}`: an election needs both of them whatever the quorum, so losing the machine of one ends \
             all failovers"
        );
        let fix = "run a third Sentinel on another machine, with quorum 2; it needs no Redis beside it";
        report.at(&count_place(view, &nodes), why, fix);
    }
}

pub(super) fn count_even(view: &View<'_>, report: &mut Report<'_>) {
    for (name, nodes) in groups(view) {
        let count = nodes.len();
        if !view.is_whole() || count < 4 || count % 2 == 1 {
            continue;
        }
        let why = format!(
            "{count} Sentinels watch `{name}`: {} must elect a leader, so half of them cannot, and no more may fail than with \
             {} Sentinels",
            count / 2 + 1,
            count - 1
        );
        report.at(&count_place(view, &nodes), why, format!("run {} Sentinels, or {}", count - 1, count + 1));
    }
}

pub(super) fn one(view: &View<'_>, report: &mut Report<'_>) {
    for (_, monitor) in view.monitors().into_iter().filter(|(_, monitor)| monitor.quorum() == Some(1)) {
        let why = format!(
            "with quorum 1 a single Sentinel that cannot reach `{}` declares it down for all, and starts to fail over a healthy \
             master",
            monitor.name
        );
        let finding = report.at(&monitor.line.place, why, "quorum 2 with three Sentinels, 3 with five");
        if finding.edits.is_empty() {
            finding.edits = replace(monitor.line, with_quorum(&monitor, 2));
        }
    }
}

fn with_quorum(monitor: &crate::conf::Monitor<'_>, quorum: usize) -> String {
    format!("sentinel monitor {} {} {} {quorum}", monitor.name, monitor.host, monitor.port)
}

pub(super) fn exceeds(view: &View<'_>, report: &mut Report<'_>) {
    if !view.is_whole() {
        return;
    }
    for (_, monitor) in view.monitors() {
        let count = view.watchers(&monitor).len();
        let Some(quorum) = monitor.quorum().filter(|quorum| *quorum as usize > count) else { continue };
        let majority = count / 2 + 1;
        let why = format!(
            "quorum {quorum} with {count} Sentinel{}: so many can never agree that `{}` is down, and nothing is ever failed over",
            if count == 1 { "" } else { "s" },
            monitor.name
        );
        let finding = report.at(&monitor.line.place, why, format!("quorum {majority}, the majority of {count}"));
        if finding.edits.is_empty() {
            finding.edits = replace(monitor.line, with_quorum(&monitor, majority));
        }
    }
}

pub(super) fn differs(view: &View<'_>, report: &mut Report<'_>) {
    for (name, nodes) in groups(view) {
        let mut quorums: BTreeMap<u32, usize> = BTreeMap::new();
        let lines = || {
            nodes.iter().flat_map(|node| node.conf.monitors()).filter(|monitor| {
                monitor.name == name
                    || view.watchers(monitor).iter().any(|node| nodes.iter().any(|n| std::ptr::eq(*n, *node)))
            })
        };
        // Several masters may have several quorums: only lines about one and the same master are compared.
        let of_one: Vec<_> =
            lines().filter(|monitor| monitor.name == name || nodes.len() > 1 && single(&nodes)).collect();
        for quorum in of_one.iter().filter_map(|monitor| monitor.quorum()) {
            *quorums.entry(quorum).or_default() += 1;
        }
        if quorums.len() < 2 {
            continue;
        }
        // Most of them are right; of equally many, the higher.
        let usual = quorums.iter().max_by_key(|(quorum, count)| (**count, **quorum)).map_or(2, |(quorum, _)| *quorum);
        for monitor in of_one.iter().filter(|monitor| monitor.quorum().is_some_and(|quorum| quorum != usual)) {
            let why = format!(
                "this Sentinel has quorum {} for `{}`, others have {usual}: the lowest alone decides when a failover begins",
                monitor.quorum, monitor.name
            );
            let finding = report.at(&monitor.line.place, why, format!("quorum {usual} in every Sentinel"));
            if finding.edits.is_empty() {
                finding.edits = replace(monitor.line, with_quorum(monitor, usual as usize));
            }
        }
    }
}

fn single(nodes: &[&Node]) -> bool {
    nodes.iter().all(|node| node.conf.monitors().len() == 1)
}

pub(super) fn master_name(view: &View<'_>, report: &mut Report<'_>) {
    let mut names: BTreeMap<(&str, &str), BTreeMap<&str, usize>> = BTreeMap::new();
    for (_, monitor) in view.monitors() {
        *names.entry((monitor.host, monitor.port)).or_default().entry(monitor.name).or_default() += 1;
    }
    for (node, monitor) in view.monitors() {
        let of_address = &names[&(monitor.host, monitor.port)];
        // One Sentinel may watch one address under several names; several Sentinels should use one.
        let own =
            node.conf.monitors().iter().filter(|own| own.host == monitor.host && own.port == monitor.port).count();
        let first = view.monitors().into_iter().find(|(_, m)| m.host == monitor.host && m.port == monitor.port);
        let first = first.map_or("", |(_, monitor)| monitor.name);
        let usual =
            of_address.iter().max_by_key(|(name, count)| (**count, **name == first)).map_or("", |(name, _)| *name);
        if of_address.len() > 1 && own == 1 && monitor.name != usual {
            let why = format!(
                "this Sentinel calls the master `{}`, others call it `{usual}`: under different names they do not count each other",
                monitor.name
            );
            report.at(&monitor.line.place, why, format!("`{usual}` in every line of this file"));
        }
    }
    let known: Vec<&str> = view.monitors().iter().map(|(_, monitor)| monitor.name).collect();
    for client in &view.deployment.clients {
        let Some((name, place)) = &client.master else { continue };
        if !known.is_empty() && view.is_whole() && !known.contains(&&**name) {
            let why =
                format!("{} asks for the master `{name}`, which no Sentinel watches: it is told nothing", client.name);
            report.at(place, why, format!("`{}`, as the Sentinels call it", known[0]));
        }
    }
}

pub(super) fn colocated(view: &View<'_>, report: &mut Report<'_>) {
    for (_, monitor) in view.monitors() {
        let Some(Node { host: Host::Named(host), .. }) = view.master(&monitor) else { continue };
        let watchers = view.watchers(&monitor);
        let on_host = |node: &&&Node| matches!(&node.host, Host::Named(name) if name == host);
        let here: Vec<&&Node> = watchers.iter().filter(on_host).collect();
        let all_here = view.deployment.nodes.iter().all(|node| matches!(&node.host, Host::Named(name) if name == host));
        let left = watchers.len() - here.len();
        if all_here || watchers.len() < 3 || here.len() < 2 || left > watchers.len() / 2 {
            continue;
        }
        // The one that was added: it cannot have the usual port.
        let Some(last) = here.iter().max_by_key(|node| node.conf.ports(26379).0) else { continue };
        let why = format!(
            "{} of {} Sentinels are on {host} with the master: when that machine fails, {left} {} no majority",
            here.len(),
            watchers.len(),
            if left == 1 { "is" } else { "are" }
        );
        report.at(belongs(last, &["port"]), why, "one Sentinel per machine, on at least three machines");
    }
}
