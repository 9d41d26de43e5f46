//! redis-rs' own Sentinel client in the simulation.

use redis::AsyncCommands;
use redis::sentinel::{SentinelClient, SentinelServerType};
use splitbrain_hosted::{Cluster, Role, time};
use std::time::Duration;

fn client(cluster: &Cluster) -> SentinelClient {
    let sentinels: Vec<String> = cluster.sentinels().iter().map(|addr| format!("redis://{addr}/")).collect();
    SentinelClient::build(sentinels, cluster.master_name(), None, SentinelServerType::Master).unwrap()
}

#[splitbrain_hosted::test(seeds = 100)]
async fn the_sentinel_client_of_redis_rs_finds_the_new_master(cluster: Cluster) {
    let mut client = client(&cluster);
    let mut connection = client.get_async_connection().await.unwrap();
    let (mut done, mut failed) = (0, 0);
    for n in 0..400u32 {
        if n == 50 {
            let _ = cluster.kill(Role::Master);
        }
        match connection.set::<_, _, ()>("x0", n).await {
            Ok(()) => done += 1,
            Err(_) => {
                failed += 1;
                if let Ok(renewed) = client.get_async_connection().await {
                    connection = renewed;
                }
            }
        }
        time::sleep(Duration::from_millis(50)).await;
    }
    assert!(done > 200, "{done} writes were acknowledged, {failed} were not");
    assert_eq!(connection.get::<_, u32>("x0").await.unwrap(), 399);
    assert!(cluster.unknown_commands().is_empty(), "{:?}", cluster.unknown_commands());
}
