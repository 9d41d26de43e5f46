//! Every rule that failures can show is shown by a small cluster with that one defect, and by none without it.

use splitbrain::battery::cluster::{Back, Cluster, Names, Sentinel, Server, Watch};
use splitbrain::battery::demonstrate::{demonstrate, rules, tried};
use splitbrain::battery::failures::Failure;
use splitbrain::battery::{Player, Row};

/// Three servers and three Sentinels on three machines, with nothing wrong.
fn sound() -> Cluster {
    let back = Back::as_it_was(1_000);
    let settings =
        [("save", "\"\""), ("appendonly", "true"), ("requirepass", "\"secret\""), ("masterauth", "\"secret\"")];
    let more = [("min-replicas-to-write", "1"), ("min-replicas-max-lag", "10")];
    let settings = settings.iter().chain(&more).map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let settings: Vec<(String, String)> = settings.collect();
    let server = |place| Server {
        name: format!("server {place}"),
        host: format!("server {place}"),
        machine: format!("machine {place}"),
        loose: false,
        settings: settings.clone(),
        memory: (64 << 20, "allkeys-lru".to_owned()),
        died: back,
        replaced: back,
    };
    let sentinel = |place| Sentinel {
        name: format!("Sentinel {place}"),
        host: format!("Sentinel {place}"),
        machine: format!("machine {place}"),
        loose: false,
        own: Vec::new(),
        died: back,
        replaced: back,
    };
    Cluster {
        master: "mymaster".to_owned(),
        servers: (1..=3).map(server).collect(),
        sentinels: (1..=3).map(sentinel).collect(),
        watch: Watch {
            quorum: 2,
            down_after_ms: 2_000,
            failover_timeout_ms: 20_000,
            parallel_syncs: 1,
            others: vec![("auth-pass".to_owned(), "\"secret\"".to_owned())],
        },
        names: Names::Addresses,
        fixed_clients: false,
        assumed: Vec::new(),
    }
}

fn on_one_machine(cluster: &mut Cluster) {
    cluster.servers.iter_mut().for_each(|its| "machine".clone_into(&mut its.machine));
    cluster.sentinels.iter_mut().for_each(|its| "machine".clone_into(&mut its.machine));
}

/// Sentinels that start with the file of the first day under a new id.
fn forget(cluster: &mut Cluster) {
    for its in &mut cluster.sentinels {
        let back = Back { as_first: true, other_id: true, ..its.replaced };
        (its.died, its.replaced) = (back, back);
    }
}

fn without_persistence(server: &mut Server) {
    server.set("appendonly", "false");
    (server.died.empty, server.replaced.empty) = (true, true);
}

/// Puts the defect of a rule into a cluster.
fn spoil(rule: &str, its: &mut Cluster) {
    match rule {
        "sentinel-count-two" => its.sentinels.truncate(2),
        "sentinel-count-one" => its.sentinels.truncate(1),
        "sentinel-count-even" => {
            let fourth = Sentinel { name: "Sentinel 4".into(), host: "Sentinel 4".into(), ..its.sentinels[0].clone() };
            its.sentinels.push(fourth);
        }
        "sentinel-colocated-with-master-majority" => {
            its.sentinels.iter_mut().take(2).for_each(|its| "machine 1".clone_into(&mut its.machine));
        }
        "single-host" => on_one_machine(its),
        "no-anti-affinity" => {
            its.servers.iter_mut().for_each(|its| its.loose = true);
            its.sentinels.iter_mut().for_each(|its| its.loose = true);
        }
        "quorum-exceeds-sentinels" => its.watch.quorum = 4,
        "quorum-one" => its.watch.quorum = 1,
        "quorum-differs" => its.sentinels[1].own.push(("quorum".into(), "1".into())),
        "down-after-too-low" => its.watch.down_after_ms = 200,
        "down-after-too-high" => its.watch.down_after_ms = 120_000,
        "failover-timeout-below-down-after" => its.watch.failover_timeout_ms = 150,
        "min-replicas-unset" => its.set("min-replicas-to-write", "0"),
        "min-replicas-max-lag-zero" => its.set("min-replicas-max-lag", "0"),
        "master-without-persistence-autorestart" => without_persistence(&mut its.servers[0]),
        "replica-without-persistence" => its.servers[1..].iter_mut().for_each(without_persistence),
        "role-hardcoded" => {
            for server in &mut its.servers {
                (server.died.as_first, server.replaced.as_first) = (true, true);
            }
        }
        "masterauth-missing-on-master" => its.servers[0].set("masterauth", "\"\""),
        "masterauth-missing-on-replica" => its.servers[1].set("masterauth", "\"\""),
        "sentinel-auth-pass-missing" => its.watch.others.clear(),
        "password-mismatch" => its.watch.others = vec![("auth-pass".into(), "\"other\"".into())],
        "master-name-mismatch" => its.sentinels.truncate(2),
        "replica-priority-zero-all" => its.set("replica-priority", "0"),
        "sentinel-state-ephemeral" | "sentinel-config-single-file-mount" => forget(its),
        // The clients of the drill are the defect.
        "client-fixed-master" => {}
        "maxmemory-mismatch" => its.servers[1..].iter_mut().for_each(|its| its.memory.0 = 32 << 20),
        other => panic!("no cluster with {other}"),
    }
}

fn shown(rule: &'static str, cluster: &Cluster) -> Option<String> {
    let player = Player::new(0..5, 1);
    let standard = Failure::all(cluster).into_iter().filter(|failure| tried(rule).contains(&failure.name));
    let standard: Vec<Failure> = standard.collect();
    let rows: Vec<Row> = player.play(cluster, &standard, &|| ()).expect("it is played");
    let shown = demonstrate(&player, cluster, &[rule], &rows, Some(&mut Vec::new())).expect("it is played");
    shown.into_iter().next().map(|its| its.told)
}

#[test]
fn every_rule_is_shown_by_a_cluster_with_that_one_defect() {
    let mut missing = Vec::new();
    for rule in rules() {
        let mut cluster = sound();
        spoil(rule, &mut cluster);
        if shown(rule, &cluster).is_none() {
            missing.push(rule);
        }
    }
    assert!(missing.is_empty(), "not shown: {missing:?}");
}

#[test]
fn nothing_is_shown_by_a_cluster_that_is_sound() {
    // Clients of a fixed address are the defect itself, whatever the cluster is like.
    for rule in rules().filter(|rule| *rule != "client-fixed-master") {
        assert_eq!(shown(rule, &sound()), None, "{rule}");
    }
}
