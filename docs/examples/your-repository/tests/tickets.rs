use splitbrain_hosted::net::TcpStream;
use splitbrain_hosted::{Cluster, Role, task, time};
use std::io;
use std::time::Duration;
use tokio::io::BufStream;

async fn once(cluster: &Cluster) -> io::Result<u64> {
    let mut redis = BufStream::new(TcpStream::connect(cluster.master()).await?);
    tickets::take(&mut redis).await
}

/// A ticket from the master; asks again if there is none within half a second.
async fn ticket(cluster: &Cluster) -> u64 {
    loop {
        match time::timeout(Duration::from_millis(500), once(cluster)).await {
            Ok(Ok(number)) => return number,
            _ => time::sleep(Duration::from_millis(100)).await,
        }
    }
}

#[splitbrain_hosted::test(seeds = 20)]
async fn there_are_tickets_again_after_a_failover(cluster: Cluster) {
    assert_eq!(ticket(&cluster).await, 1);
    let _ = cluster.kill(Role::Master);
    assert!(ticket(&cluster).await > 1);
    assert!(cluster.elapsed() < Duration::from_secs(15));
}

#[splitbrain_hosted::test(seeds = 20)]
#[should_panic(expected = "(20 seeds in all): assertion `left == right` failed: a ticket was taken by nobody")]
async fn no_ticket_is_left_out_while_the_master_stands_still(cluster: Cluster) {
    assert_eq!(ticket(&cluster).await, 1);
    let still = cluster.pause(Role::Master);
    task::spawn(async {
        time::sleep(Duration::from_secs(2)).await;
        still.heal();
    });
    assert_eq!(ticket(&cluster).await, 2, "a ticket was taken by nobody");
}
