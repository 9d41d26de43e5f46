//! redis-rs, untouched, on sockets of the simulation: its multiplexed connection takes any stream. Finding the master again
//! is left to the application here.

use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, AsyncConnectionConfig, RedisConnectionInfo, RedisError};
use splitbrain_hosted::net::TcpStream;
use splitbrain_hosted::{Cluster, Role, task, time};
use std::net::SocketAddr;
use std::time::Duration;

/// A connection. redis-rs would measure its timeouts with tokio's clock, which does not run here: the callers do.
async fn connect(to: SocketAddr) -> Result<MultiplexedConnection, RedisError> {
    let stream = time::timeout(Duration::from_secs(1), TcpStream::connect(to)).await;
    let stream = stream.map_err(|_| RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut)))??;
    let config = AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
    let made = MultiplexedConnection::new_with_config(&RedisConnectionInfo::default(), stream, config).await?;
    task::spawn(made.1);
    Ok(made.0)
}

/// The master that the first Sentinel to answer names.
async fn discover(cluster: &Cluster) -> Option<SocketAddr> {
    for sentinel in cluster.sentinels() {
        let Ok(mut connection) = connect(sentinel).await else { continue };
        let mut command = redis::cmd("SENTINEL");
        command.arg("get-master-addr-by-name").arg(cluster.master_name());
        let asked = command.query_async::<(String, u16)>(&mut connection);
        if let Ok(Ok((host, port))) = time::timeout(Duration::from_secs(1), asked).await {
            return Some(SocketAddr::from((host.parse::<std::net::Ipv4Addr>().ok()?, port)));
        }
    }
    None
}

#[splitbrain_hosted::test(seeds = 20)]
async fn redis_rs_rides_through_a_failover(cluster: Cluster) {
    let mut connection = connect(cluster.master()).await.unwrap();
    let mut done = 0;
    let mut failed = 0;
    for n in 0..600u32 {
        if n == 50 {
            let _ = cluster.kill(Role::Master);
        }
        let written = time::timeout(Duration::from_secs(1), connection.set::<_, _, ()>("x0", n)).await;
        if matches!(written, Ok(Ok(()))) {
            done += 1;
        } else {
            failed += 1;
            if let Some(master) = discover(&cluster).await
                && let Ok(renewed) = connect(master).await
            {
                connection = renewed;
            }
        }
        time::sleep(Duration::from_millis(50)).await;
    }
    assert!(done > 300, "{done} writes were acknowledged, {failed} were not");
    assert!(failed > 10, "the outage was noticed: {failed}");
    assert_eq!(connection.get::<_, u32>("x0").await.unwrap(), 599);
    assert!(cluster.unknown_commands().is_empty(), "{:?}", cluster.unknown_commands());
}
