//! redis-rs' own Sentinel client in the simulation: it asks the Sentinels, checks the role of the server that they name, and
//! opens its connections, timeouts and tasks with what it takes for tokio.

use redis::aio::MultiplexedConnection;
use redis::sentinel::{SentinelClient, SentinelServerType};
use redis::{AsyncCommands, RedisResult};
use splitbrain_hosted::{Cluster, Role, Scenario, time};
use std::path::Path;
use std::time::Duration;

/// `master-killed` of the catalogue with its clients and expectations, and the test as one more client. It kills the master
/// two to four seconds after the test began.
fn master_killed() -> Scenario {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/classic/master-killed.toml");
    let mut scenario = Scenario::load(&file).expect("the catalogue is sound");
    scenario.apps.push("app".to_owned());
    scenario
}

fn client(cluster: &Cluster, server: SentinelServerType) -> SentinelClient {
    let sentinels: Vec<String> = cluster.sentinels().iter().map(|addr| format!("redis://{addr}/")).collect();
    SentinelClient::build(sentinels, cluster.master_name(), None, server).expect("addresses of Sentinels")
}

/// An application that asks the Sentinels again after every error, as the documentation of redis-rs has it.
struct App {
    client: SentinelClient,
    connection: Option<MultiplexedConnection>,
}

impl App {
    async fn set(&mut self, key: &str, value: u32) -> RedisResult<()> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.client.get_async_connection().await?,
        };
        let () = connection.set(key, value).await?;
        self.connection = Some(connection);
        Ok(())
    }
}

#[splitbrain_hosted::test(seeds = 100, scenario = master_killed())]
async fn the_sentinel_client_of_redis_rs_rides_through_a_failover(cluster: Cluster) {
    let mut app = App { client: client(&cluster, SentinelServerType::Master), connection: None };
    let old = cluster.master();
    let (mut last, mut failed, mut gap, mut acknowledged) = (None, 0, Duration::ZERO, cluster.elapsed());
    for n in 0..400 {
        match app.set("app", n).await {
            Ok(()) => {
                gap = gap.max(cluster.elapsed() - acknowledged);
                (last, acknowledged) = (Some(n), cluster.elapsed());
            }
            Err(_) => failed += 1,
        }
        time::sleep(Duration::from_millis(50)).await;
    }
    assert_ne!(cluster.master(), old);
    assert!(failed > 0, "the outage was not noticed");
    // Sentinels need five seconds to believe it, and an election.
    assert!(gap > Duration::from_secs(5) && gap < Duration::from_secs(9), "no write for {gap:?}");
    assert_eq!(last, Some(399));
    let mut replica = client(&cluster, SentinelServerType::Replica).get_async_connection().await.unwrap();
    assert_eq!(replica.get::<_, u32>("app").await.unwrap(), 399);
    assert_eq!(cluster.unknown_commands(), [""; 0]);
}

/// redis-rs asks three Sentinels at once, but takes their answers in the order in which they are listed. So the first one, if
/// its host is gone, costs the whole connection timeout of a second, though another has answered long before.
#[splitbrain_hosted::test(seeds = 20)]
async fn a_first_sentinel_that_is_cut_off_costs_its_connection_timeout(cluster: Cluster) {
    let mut client = client(&cluster, SentinelServerType::Master);
    let cut = cluster.isolate(Role::named("sentinel-1"));
    let killed = cluster.kill(Role::named("sentinel-2"));
    let began = cluster.elapsed();
    let mut connection = client.get_async_connection().await.unwrap();
    let took = cluster.elapsed() - began;
    assert!(took > Duration::from_secs(1) && took < Duration::from_millis(1100), "{took:?}");
    let () = connection.set("app", 1).await.unwrap();
    killed.heal();
    cut.heal();
}
