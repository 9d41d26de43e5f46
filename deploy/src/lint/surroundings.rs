//! Machines, restarts, and what a platform should be told.

use super::Report;
use super::view::View;
use crate::deployment::{Form, Host, Kind, Node, Restart, Seen};
use crate::finding::Severity;

pub(super) fn anti_affinity(view: &View<'_>, report: &mut Report<'_>) {
    for nodes in [&view.sentinels, &view.redis].into_iter().filter(|nodes| nodes.len() > 1) {
        for node in nodes {
            let severity = match node.host {
                Host::Any => Severity::Danger,
                Host::Preferred => Severity::Advice,
                _ => continue,
            };
            let what = if node.kind == Kind::Sentinel { "Sentinels" } else { "servers" };
            let why = match severity {
                Severity::Danger => {
                    format!("nothing keeps these {what} on different machines: one machine may take all of them along")
                }
                _ => format!("these {what} are on different machines only if there is room"),
            };
            let fix = "required podAntiAffinity on kubernetes.io/hostname, and a spread over zones";
            report.with(severity, &node.place, why, fix);
        }
    }
}

pub(super) fn single_host(view: &View<'_>, report: &mut Report<'_>) {
    let mut hosts: Vec<&str> = Vec::new();
    for node in &view.deployment.nodes {
        let Host::Named(name) = &node.host else { return };
        if !hosts.contains(&&**name) {
            hosts.push(name);
        }
    }
    if let (Some(node), 1, false) = (view.deployment.nodes.first(), hosts.len(), view.sentinels.is_empty())
        && view.deployment.nodes.len() > 2
    {
        let why = "all processes run on one machine: no failover helps when that fails";
        report.at(&node.place, why, "three machines, or call it a setup for development");
    }
}

/// One remark of a kind, at the first place.
fn first(view: &View<'_>, report: &mut Report<'_>, what: Seen, why: impl Fn(&str) -> String, fix: &str) {
    if let Some(remark) = view.deployment.remarks.iter().find(|remark| remark.what == what) {
        report.at(&remark.place, why(&remark.name), fix);
    }
}

pub(super) fn restart_policy(view: &View<'_>, report: &mut Report<'_>) {
    let never = |node: &&Node| view.is(Form::Compose) && node.restart == Restart::Never;
    if let Some(node) = view.deployment.nodes.iter().find(never).filter(|_| !view.sentinels.is_empty()) {
        let why = "nothing starts it again when it has died: a failover replaces a master once, a dead Sentinel never";
        report.at(&node.place, why, "restart: unless-stopped");
    }
}

pub(super) fn depends_on(view: &View<'_>, report: &mut Report<'_>) {
    let why = |_: &str| "depends_on waits for the start of a container, not until Redis in it answers".to_owned();
    first(view, report, Seen::DependsOnStart, why, "condition: service_healthy, with a healthcheck");
}

pub(super) fn names_after_stop(view: &View<'_>, report: &mut Report<'_>) {
    if !view.is(Form::Compose) {
        return;
    }
    for (node, monitor) in view.monitors() {
        let by_name = monitor.host.parse::<std::net::IpAddr>().is_err() && node.conf.sentinel_yes("resolve-hostnames");
        if by_name && view.master(&monitor).is_some_and(|master| !master.address.ip_stable) {
            let why = "the name of a stopped container does not resolve: Sentinel stands still while it looks the dead master up";
            report.at(&monitor.line.place, why, "fixed addresses, or a name that resolves while the container is down");
            return;
        }
    }
}

pub(super) fn probes(view: &View<'_>, report: &mut Report<'_>) {
    let why = |name: &str| {
        format!("{name} has no probes: traffic reaches it before it answers, and a hung process is not restarted")
    };
    first(view, report, Seen::NoProbes, why, "a readinessProbe with redis-cli ping");
}

pub(super) fn limits(view: &View<'_>, report: &mut Report<'_>) {
    let why = |name: &str| format!("{name} has no limit of memory: under pressure the node kills what it likes");
    first(view, report, Seen::NoLimits, why, "resources with requests and limits, above maxmemory");
}

pub(super) fn budget(view: &View<'_>, report: &mut Report<'_>) {
    let why = |name: &str| format!("{name} has no PodDisruptionBudget: a drain may evict its pods together");
    first(view, report, Seen::NoBudget, why, "a PodDisruptionBudget with maxUnavailable: 1");
}

pub(super) fn secret(view: &View<'_>, report: &mut Report<'_>) {
    let why = |name: &str| format!("the Secret `{name}` is not among these manifests");
    first(view, report, Seen::UndefinedSecret, why, "create it before the pods");
}

pub(super) fn service_account(view: &View<'_>, report: &mut Report<'_>) {
    let why =
        |name: &str| format!("the ServiceAccount `{name}` is not among these manifests: without it no pod is created");
    first(view, report, Seen::UndefinedServiceAccount, why, "define it, or leave serviceAccountName out");
}

pub(super) fn cluster(view: &View<'_>, report: &mut Report<'_>) {
    let why = |name: &str| {
        format!("{name} runs Redis Cluster, which fails over by itself and is not modelled: nothing is said about it")
    };
    first(view, report, Seen::Cluster, why, "nothing to change");
}
