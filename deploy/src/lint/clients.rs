//! What clients connect to.

use super::Report;
use super::view::{View, names};
use crate::deployment::{Node, Target};
use crate::finding::Severity;

pub(super) fn fixed_master(view: &View<'_>, report: &mut Report<'_>) {
    if view.sentinels.is_empty() || view.redis.len() < 2 {
        return;
    }
    for client in &view.deployment.clients {
        let Target::Redis(host) = &client.target else { continue };
        let fix = "give the client the Sentinels and the name of the master, or a proxy that follows the role";
        if let Some(node) = view.redis.iter().find(|node| node.answers_to(host)) {
            let why = format!(
                "{} connects to {} whatever it is: after a failover that is a replica, or nothing",
                client.name, node.name
            );
            report.at(&client.place, why, fix);
            continue;
        }
        let service = view.deployment.services.iter().find(|service| names(&service.name, host));
        let Some(service) = service else { continue };
        let nodes = service.selects.iter().filter_map(|index| view.deployment.nodes.get(*index));
        let servers: Vec<&Node> = nodes.filter(|node| !node.is_sentinel()).collect();
        if servers.is_empty() {
            continue;
        }
        let why = if servers.len() == 1 {
            format!(
                "the service {} always means {}: after a failover {} reaches the old master",
                service.name, servers[0].name, client.name
            )
        } else {
            format!(
                "the service {} means masters and replicas alike: writes of {} meet replicas, which refuse them",
                service.name, client.name
            )
        };
        report.at(&client.place, why, fix);
    }
    // A service that means one server is an invitation, even if nobody is seen to follow it.
    let used = |name: &str| {
        view.deployment.clients.iter().any(|client| matches!(&client.target, Target::Redis(host) if names(name, host)))
    };
    for service in view.deployment.services.iter().filter(|service| !service.headless && !used(&service.name)) {
        let nodes = service.selects.iter().filter_map(|index| view.deployment.nodes.get(*index));
        let nodes: Vec<&Node> = nodes.collect();
        if let [node] = nodes[..]
            && !node.is_sentinel()
            && node.conf.replicaof().is_none()
        {
            let why = format!(
                "the service {} always means {}: whoever uses it reaches the old master after a failover",
                service.name, node.name
            );
            report.with(Severity::Advice, &service.place, why, "let clients ask the Sentinels");
        }
    }
}
