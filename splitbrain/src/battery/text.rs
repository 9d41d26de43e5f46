//! A cluster and a failure as a scenario file that anyone can run, read and change.

use super::cluster::{Back, Cluster, Names};
use super::drills;
use super::failures::Failure;
use std::fmt::Write;

/// Longest time that a cluster is given to recover, in seconds.
pub const LONGEST: u64 = 300;

/// The name of a host in scenario files.
pub fn host(cluster: &Cluster, name: &str) -> String {
    let place = cluster.hosts().iter().position(|host| *host == name).unwrap_or(0);
    format!("host-{}", place + 1)
}

/// A client library that gives up after two seconds, so that what is seen is what the servers do: others wait for a dead
/// machine for up to a quarter of an hour.
fn client(cluster: &Cluster, failure: &Failure) -> String {
    let server = if cluster.fixed_clients { "server = \"redis-1\"\n" } else { "" };
    let workload = match failure.name == drills::MEMORY.name {
        true => format!("{{ set = 40, keys = {} }}", drills::KEYS),
        false => "{ sadd = 10 }".to_owned(),
    };
    format!("profile = \"jedis\"\n{server}workload = {workload}\n\n")
}

/// The steps, after those that let each Sentinel do what its own file says.
fn prepared(cluster: &Cluster, mut steps: Vec<String>) -> Vec<String> {
    let mut own = Vec::new();
    for (number, its) in (1..).zip(&cluster.sentinels) {
        for (option, value) in &its.own {
            let command = format!("SET {} {option} {value}", cluster.master);
            own.push(format!(
                "at = \"0s\"\nsentinel-command = {{ at = \"sentinel-{number}\", command = \"{command}\" }}"
            ));
        }
    }
    if let (false, Some(first)) = (own.is_empty(), steps.first_mut()) {
        *first = first.replacen("at = \"0s\"", "then-after = \"2s\"", 1);
        if !steps.iter().any(|step| step.contains("origin = true")) {
            steps[0].push_str("\norigin = true");
        }
    }
    own.into_iter().chain(steps).collect()
}

/// The scenario file.
pub fn scenario(cluster: &Cluster, failure: &Failure) -> String {
    let mut text = format!("title = \"{}\"\nwhy = \"{}\"\n\n", failure.title, failure.why);
    head(cluster, &mut text);
    let client = client(cluster, failure);
    let _ = write!(text, "[[clients]]\nname = \"app\"\ncount = 2\n{client}");
    if failure.near {
        let _ = write!(text, "[[clients]]\nname = \"near\"\n{client}");
    }
    for step in prepared(cluster, failure.steps(cluster)) {
        let _ = write!(text, "[[faults]]\n{step}\n");
    }
    let _ = write!(text, "\n[run]\nseeds = 20\nstable-for = \"15s\"\nheal = \"{}s\"\n", heal(cluster));
    text.push_str(EXPECT);
    text
}

/// Seconds after the last step: what the protocol may take, but not more than five minutes.
fn heal(cluster: &Cluster) -> u64 {
    let watch = &cluster.watch;
    let protocol = watch.down_after_ms.saturating_add(watch.failover_timeout_ms.saturating_mul(2)) / 1000;
    protocol.saturating_add(90).min(LONGEST)
}

/// Only whether it recovers is demanded: everything else is counted.
const EXPECT: &str = "
[expect]
converges-after-heal = \"holds\"
clients-recover = { at-most = \"12s\" }
split-brain = \"any\"
lost-write = \"any\"
linearizable = \"any\"
stale-read = \"any\"
no-false-failover = \"any\"
config-agreement = \"holds-beside-hazards\"
";

fn head(cluster: &Cluster, text: &mut String) {
    let _ = writeln!(text, "[cluster]");
    let _ = writeln!(text, "replicas = {}", cluster.servers.len() - 1);
    let _ = writeln!(text, "sentinels = {}", cluster.sentinels.len());
    let mut hosts = Vec::new();
    for its in cluster.hosts() {
        let all: Vec<String> = cluster.on_host(its).0.iter().map(|name| format!("\"{name}\"")).collect();
        hosts.push(format!("{} = [{}]", host(cluster, its), all.join(", ")));
    }
    let _ = writeln!(text, "hosts = {{ {} }}", hosts.join(", "));
    match cluster.names {
        Names::Addresses => {}
        Names::Lasting => text.push_str("hostnames = true\n"),
        Names::Vanishing => text.push_str("hostnames = true\nnames-vanish = true\n"),
    }
    let watch = &cluster.watch;
    let _ = write!(
        text,
        "\n[sentinel]\nquorum = {}\nallow-impossible = true\ndown-after-milliseconds = {}\nfailover-timeout = {}\n\
         parallel-syncs = {}\n",
        watch.quorum, watch.down_after_ms, watch.failover_timeout_ms, watch.parallel_syncs
    );
    for (key, value) in &watch.others {
        let _ = writeln!(text, "{key} = {value}");
    }
    settings(cluster, text);
    text.push('\n');
}

/// What all servers have in common, and what single ones have.
fn settings(cluster: &Cluster, text: &mut String) {
    let [first, others @ ..] = &cluster.servers[..] else { return };
    let common = |pair: &&(String, String)| others.iter().all(|other| other.settings.contains(pair));
    let _ = writeln!(text, "\n[redis]");
    for (key, value) in first.settings.iter().filter(common) {
        let _ = writeln!(text, "{key} = {value}");
    }
    for (i, its) in cluster.servers.iter().enumerate() {
        let own: Vec<_> = its.settings.iter().filter(|pair| !common(pair) || !first.settings.contains(pair)).collect();
        if !own.is_empty() {
            let _ = writeln!(text, "[redis.redis-{}]", i + 1);
        }
        for (key, value) in own {
            let _ = writeln!(text, "{key} = {value}");
        }
    }
}

/// The steps that bring the processes of a host back, if anything does: so long after the step before. Data are those of
/// servers, ids those of Sentinels; a host that gets another address is started as a whole, with its data.
pub fn back(of: &[String], back: Back) -> Vec<String> {
    let Some(after) = back.after_ms else { return Vec::new() };
    let (sentinels, servers): (Vec<&String>, Vec<&String>) = of.iter().partition(|name| name.starts_with("sentinel-"));
    let config = if back.as_first { ", config = \"deleted\"" } else { "" };
    let other_id = if back.other_id && !back.as_first && !sentinels.is_empty() { ", identity = \"new\"" } else { "" };
    let empty = if back.empty && !servers.is_empty() { ", data = \"deleted\"" } else { "" };
    let parts = match back.moved {
        true if servers.is_empty() => vec![(sentinels, format!("{config}{other_id}, address = \"new\""))],
        true if sentinels.is_empty() => vec![(servers, format!("{config}{empty}, address = \"new\""))],
        true => vec![(of.iter().collect(), format!("{config}, address = \"new\""))],
        false => vec![(servers, format!("{config}{empty}")), (sentinels, format!("{config}{other_id}"))],
    };
    let mut steps = Vec::new();
    for (names, how) in parts.into_iter().filter(|(names, _)| !names.is_empty()) {
        let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        let names = if let [one] = &names[..] { one.clone() } else { format!("[{}]", names.join(", ")) };
        let target = if how.is_empty() { names } else { format!("{{ of = {names}{how} }}") };
        let after = if steps.is_empty() { after } else { 0 };
        steps.push(format!("then-after = \"{after}ms\"\nrestart = {target}"));
    }
    steps
}
