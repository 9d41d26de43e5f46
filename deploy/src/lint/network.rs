//! Who reaches whom: addresses, ports, names, TLS.

use super::Report;
use super::view::{View, add, belongs, replace};
use crate::clients::is_loopback;
use crate::deployment::{Form, Host, Kind, Node, Seen};
use crate::finding::Severity;

/// Whether all nodes are on one machine and share its network, so that the loopback is a way between them.
fn share_loopback(view: &View<'_>) -> bool {
    let mut nodes = view.deployment.nodes.iter();
    let Some(first) = nodes.next() else { return false };
    let Host::Named(name) = &first.host else { return false };
    let same = |node: &Node| node.address.host_network && matches!(&node.host, Host::Named(other) if other == name);
    same(first) && nodes.all(same) && view.deployment.nodes.len() > 1
}

pub(super) fn monitor_loopback(view: &View<'_>, report: &mut Report<'_>) {
    if share_loopback(view) {
        return;
    }
    for (_, monitor) in view.monitors().into_iter().filter(|(_, monitor)| is_loopback(monitor.host)) {
        let several = view.watchers(&monitor).len() > 1 || monitor.quorum().is_some_and(|quorum| quorum > 1);
        let severity = if several || !view.is(Form::Hosts) { Severity::Error } else { Severity::Advice };
        let why = format!(
            "this Sentinel watches {}, the server beside itself: Sentinels on different machines watch different servers and never \
             meet, and clients are told {0}",
            monitor.host
        );
        report.with(
            severity,
            &monitor.line.place,
            why,
            "the address of the first master, as others reach it, on all machines",
        );
    }
}

pub(super) fn bind_loopback(view: &View<'_>, report: &mut Report<'_>) {
    if share_loopback(view) {
        return;
    }
    for node in &view.deployment.nodes {
        let Some(line) = node.conf.last("bind") else { continue };
        let words: Vec<&str> = line.args().iter().flat_map(|word| word.split_whitespace()).collect();
        let local = |word: &&str| is_loopback(word.trim_start_matches('-'));
        if words.is_empty() || !words.iter().all(local) {
            continue;
        }
        let what = if node.kind == Kind::Sentinel { "other Sentinels and clients" } else { "replicas and Sentinels" };
        let why = format!("it listens on the loopback alone, so {what} on other machines cannot connect");
        let own = node.address.names.iter().find(|name| name.parse::<std::net::Ipv4Addr>().is_ok());
        // One file of many may be for a machine that is all there is.
        let severity = if view.is_whole() { Severity::Error } else { Severity::Advice };
        let finding = report.with(severity, &line.place, why, "bind the machine's own address, and 127.0.0.1");
        if let Some(own) = own {
            finding.edits = replace(line, format!("bind {own} 127.0.0.1"));
        }
    }
}

pub(super) fn protected_mode(view: &View<'_>, report: &mut Report<'_>) {
    if share_loopback(view) {
        return;
    }
    for node in &view.deployment.nodes {
        let default = node.kind == Kind::Redis && !node.program.protected_off;
        let on = node.conf.is_yes("protected-mode").unwrap_or(default);
        let open = node.conf.value("requirepass").is_none_or(str::is_empty)
            && node.conf.last("user").is_none()
            && node.conf.value("aclfile").is_none_or(str::is_empty);
        if !(on && open) {
            continue;
        }
        let line = node.conf.last("protected-mode");
        let place = line.map_or_else(|| belongs(node, &["bind", "port"]), |line| &line.place);
        let why = "no password and protected mode is on: every connection from another machine is answered with DENIED and closed";
        let fix = "set requirepass (with masterauth, auth-pass), or `protected-mode no` on a closed network";
        let severity = if view.is_whole() { Severity::Error } else { Severity::Advice };
        report.with(severity, place, why, fix);
    }
}

pub(super) fn announce_missing(view: &View<'_>, report: &mut Report<'_>) {
    let mapped = |node: &&&Node, default: u16| {
        let (plain, tls) = node.conf.ports(default);
        let port = |inside: u16| inside == plain || inside == tls;
        !node.address.host_network && node.published.iter().any(|published| port(published.inside))
    };
    let announces = |node: &Node| match node.kind {
        Kind::Sentinel => node.conf.sentinel("announce-ip").next().is_some(),
        Kind::Redis => node.conf.value("replica-announce-ip").is_some(),
    };
    let sentinel = view.sentinels.iter().find(|node| mapped(node, 26379) && !announces(node));
    let redis = view.redis.iter().any(|node| mapped(&node, 6379) && !announces(node));
    let clients = &view.deployment.clients;
    let outside = clients.is_empty() || clients.iter().any(|client| client.outside);
    if let Some(node) = sentinel.filter(|_| redis) {
        let published = node.published.iter().find(|published| published.inside == node.conf.ports(26379).0);
        let place = published.map_or(&node.place, |published| &published.place);
        let why = "ports are mapped, but neither Sentinel nor Redis announces the address outside: who asks from there is told \
                   addresses of containers, which it cannot reach";
        let fix = "sentinel announce-ip and announce-port, replica-announce-ip and replica-announce-port with the outer address and \
                   port; or network_mode: host";
        report.with(if outside { Severity::Error } else { Severity::Advice }, place, why, fix);
    }
    for service in view.deployment.services.iter().filter(|service| service.outside) {
        let nodes = service.selects.iter().filter_map(|index| view.deployment.nodes.get(*index));
        let sentinels: Vec<&Node> = nodes.filter(|node| node.is_sentinel() && !announces(node)).collect();
        if !sentinels.is_empty() && !view.redis.iter().any(|node| announces(node)) {
            let why = format!(
                "the service {} lets programs outside of the cluster ask the Sentinels, which tell addresses of pods",
                service.name
            );
            report.with(Severity::Advice, &service.place, why, "announce addresses that are reached from outside");
        }
    }
}

pub(super) fn tls(view: &View<'_>, report: &mut Report<'_>) {
    let speaks = |node: &Node| node.conf.is_yes("tls-replication").unwrap_or(false);
    for (node, monitor) in view.monitors() {
        let Some(master) = view.master(&monitor) else { continue };
        let (plain, tls) = master.conf.ports(6379);
        let Ok(port) = monitor.port.parse::<u16>() else { continue };
        let wrong = match speaks(node) {
            false => tls != 0 && (port == tls && port != plain || plain == 0),
            true => plain != 0 && port == plain && port != tls || tls == 0,
        };
        if !wrong {
            continue;
        }
        let why = if speaks(node) {
            format!(
                "Sentinel speaks TLS to port {port}, where {} speaks clear text: it takes the master for down",
                master.name
            )
        } else {
            format!(
                "{} speaks TLS only on port {tls}, and this Sentinel connects in clear text: it takes the master for down",
                master.name
            )
        };
        let fix =
            "`tls-replication yes` with certificates in Redis and in Sentinel, and the TLS port in `sentinel monitor`";
        let finding = report.at(&monitor.line.place, why, fix);
        if !speaks(node) && port == tls {
            finding.edits = add(monitor.line, "tls-replication yes");
        }
    }
    for node in &view.replicas {
        let Some((host, port, line)) = node.conf.replicaof() else { continue };
        let Some(master) = view.server(host, port) else { continue };
        let (plain, tls) = master.conf.ports(6379);
        let port = port.parse().unwrap_or(0);
        if tls != 0 && port == tls && port != plain && !speaks(node) {
            let why = format!("{} speaks TLS on port {tls}, and this replica connects in clear text", master.name);
            report.at(&line.place, why, "`tls-replication yes` on every server");
        }
    }
}

pub(super) fn service_undefined(view: &View<'_>, report: &mut Report<'_>) {
    for remark in &view.deployment.remarks {
        let name = &remark.name;
        match remark.what {
            Seen::UndefinedService => {
                let why = format!(
                    "`{name}` is used, but no Service of these manifests gives anything that name: it never resolves"
                );
                report.at(&remark.place, why, "define the (headless) Service, with a selector that fits the pods");
            }
            Seen::UndefinedGoverningService => {
                let why = format!("the Service `{name}` is not defined: the pods get no names of their own");
                report.with(Severity::Advice, &remark.place, why, "define it as a headless Service");
            }
            Seen::UnknownHost => {
                let why = format!("`{name}` is listed, but there are not so many nodes");
                report.with(Severity::Advice, &remark.place, why, "as many hosts as there are nodes");
            }
            _ => {}
        }
    }
}
