//! From files to the clusters that are played: one for each master, each Sentinel as its own file says.

use splitbrain::battery::deployment::clusters;
use splitbrain_deploy::{Memory, read};

/// Three hosts with a server of each of two masters and a Sentinel that watches both.
fn hosts() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for host in 1..=3 {
        for port in [6379, 6380] {
            let follows = if host > 1 { format!("replicaof 10.0.0.1 {port}\n") } else { String::new() };
            files.push((format!("h{host}/redis-{port}.conf"), format!("port {port}\nbind 10.0.0.{host}\n{follows}")));
        }
        let quorum = if host == 2 { 1 } else { 2 };
        let text = format!(
            "bind 10.0.0.{host}\nsentinel monitor orders 10.0.0.1 6379 {quorum}\nsentinel monitor carts 10.0.0.1 6380 2\n\
             sentinel down-after-milliseconds carts 9000\n"
        );
        files.push((format!("h{host}/sentinel.conf"), text));
    }
    files
}

#[test]
fn each_master_is_a_cluster_with_its_own_replicas_and_each_sentinel_keeps_its_quorum() {
    let files = hosts();
    let store = Memory::of(files.iter().map(|(name, text)| (&**name, &**text)));
    let reading = read(&store, &[".".to_owned()]);
    let clusters = clusters(&reading.deployments[0]).expect("there are Sentinels");
    let masters: Vec<&str> = clusters.iter().map(|cluster| &*cluster.master).collect();
    assert_eq!(masters, ["orders", "carts"]);
    for (cluster, port) in clusters.iter().zip(["6379", "6380"]) {
        let servers: Vec<&str> = cluster.servers.iter().map(|its| &*its.name).collect();
        assert_eq!(servers, [1, 2, 3].map(|host| format!("h{host}/redis-{port}.conf")));
        assert_eq!(cluster.sentinels.len(), 3);
    }
    assert_eq!((clusters[0].watch.down_after_ms, clusters[1].watch.down_after_ms), (30_000, 9_000));
    let own = |place: usize| clusters[0].sentinels[place].own.clone();
    assert_eq!(own(1), [("quorum".to_owned(), "1".to_owned())]);
    assert!(own(0).is_empty() && own(2).is_empty() && clusters[1].sentinels.iter().all(|its| its.own.is_empty()));
}
