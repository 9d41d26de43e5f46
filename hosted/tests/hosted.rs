//! The world in madsim's hands.

use splitbrain_hosted::net::TcpStream;
use splitbrain_hosted::{Cluster, Role};
#[cfg(madsim)]
use splitbrain_hosted::{Scenario, time};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

async fn ask(stream: &mut TcpStream, words: &[&str]) -> std::io::Result<String> {
    let bulks: String = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
    stream.write_all(format!("*{}\r\n{bulks}", words.len()).as_bytes()).await?;
    let mut buffer = [0; 4096];
    let count = stream.read(&mut buffer).await?;
    Ok(String::from_utf8_lossy(&buffer[..count]).into_owned())
}

#[splitbrain_hosted::test(seeds = 10)]
async fn a_write_goes_to_the_new_master_after_a_failover(cluster: Cluster) {
    let old = cluster.master();
    let mut stream = TcpStream::connect(old).await.unwrap();
    assert_eq!(ask(&mut stream, &["SET", "a", "1"]).await.unwrap(), "+OK\r\n");
    let _ = cluster.kill(Role::Master);
    let began = cluster.elapsed();
    let new = cluster.master_after(old).await;
    assert!(cluster.elapsed() - began < Duration::from_secs(30));
    assert!(ask(&mut stream, &["GET", "a"]).await.map_or(true, |reply| reply.is_empty()));
    let mut stream = TcpStream::connect(new).await.unwrap();
    assert_eq!(ask(&mut stream, &["GET", "a"]).await.unwrap(), "$1\r\n1\r\n");
    assert!(cluster.unknown_commands().is_empty());
}

#[cfg(madsim)]
#[splitbrain_hosted::test(seeds = 3)]
async fn sockets_fail_as_those_of_linux_do(cluster: Cluster) {
    let master = cluster.master();
    let mut stream = TcpStream::connect(master).await.unwrap();
    let replica = cluster.addr("redis-2").unwrap();
    let cut = cluster.isolate(Role::named("redis-2"));
    let hangs = time::timeout(Duration::from_secs(5), TcpStream::connect(replica)).await;
    assert!(hangs.is_err(), "connecting to a cut host hangs");
    cut.heal();
    let fault = cluster.power_loss(Role::Master);
    time::sleep(Duration::from_millis(200)).await;
    fault.heal();
    time::sleep(Duration::from_millis(200)).await;
    let error = ask(&mut stream, &["PING"]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    let _ = cluster.kill(Role::named("redis-3"));
    let began = cluster.elapsed();
    let error = TcpStream::connect(cluster.addr("redis-3").unwrap()).await.map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    assert!(cluster.elapsed() - began < Duration::from_micros(500));
}

#[cfg(madsim)]
fn short_links() -> Scenario {
    let text = r#"
        apps = ["app", "worker"]
        [cluster]
        [network]
        latency = "50us"
        [expect]
        one-leader-per-epoch = "holds"
    "#;
    let source = splitbrain_hosted::splitbrain::scenarios::Source::new("short.toml", text.to_owned());
    Scenario::parse(&source).expect("a sound scenario")
}

#[cfg(madsim)]
#[splitbrain_hosted::test(seeds = 5, scenario = short_links())]
async fn a_round_trip_takes_two_latencies_and_what_the_server_needs_to_wake(cluster: Cluster) {
    let mut stream = TcpStream::connect(cluster.master()).await.unwrap();
    let mut asked = Vec::new();
    for _ in 0..100 {
        let began = cluster.elapsed();
        let _other = TcpStream::connect(cluster.master()).await.unwrap();
        let took = cluster.elapsed() - began;
        assert!((Duration::from_micros(100)..Duration::from_micros(102)).contains(&took), "connecting: {took:?}");
        time::sleep(Duration::from_millis(3)).await;
        let began = cluster.elapsed();
        ask(&mut stream, &["PING"]).await.unwrap();
        asked.push(cluster.elapsed() - began);
    }
    asked.sort();
    assert!(asked[0] > Duration::from_micros(100), "{:?}", asked[0]);
    // 5 to 60 µs in the environment `lan`.
    assert!(asked[90] < Duration::from_micros(165), "{:?}", asked[90]);
}

#[cfg(madsim)]
#[splitbrain_hosted::test(seeds = 3, scenario = short_links())]
async fn an_application_that_is_killed_is_gone_and_comes_back_when_it_is_restarted(cluster: Cluster) {
    use std::sync::atomic::{AtomicU32, Ordering};
    let starts = std::sync::Arc::new(AtomicU32::new(0));
    let writes = std::sync::Arc::new(AtomicU32::new(0));
    let (count, written, master) = (starts.clone(), writes.clone(), cluster.master());
    cluster.start("worker", move || {
        let (count, written) = (count.clone(), written.clone());
        async move {
            count.fetch_add(1, Ordering::Relaxed);
            let mut stream = TcpStream::connect(master).await.unwrap();
            loop {
                ask(&mut stream, &["INCR", "ticks"]).await.unwrap();
                written.fetch_add(1, Ordering::Relaxed);
                time::sleep(Duration::from_millis(10)).await;
            }
        }
    });
    time::sleep(Duration::from_secs(1)).await;
    assert!(writes.load(Ordering::Relaxed) > 50);
    let fault = cluster.kill(Role::named("worker"));
    time::sleep(Duration::from_millis(1)).await;
    let before = writes.load(Ordering::Relaxed);
    time::sleep(Duration::from_secs(1)).await;
    assert_eq!(writes.load(Ordering::Relaxed), before, "the dead write nothing");
    fault.heal();
    time::sleep(Duration::from_secs(1)).await;
    assert_eq!(starts.load(Ordering::Relaxed), 2);
    assert!(writes.load(Ordering::Relaxed) > before + 50);
    let fault = cluster.pause(Role::named("worker"));
    time::sleep(Duration::from_millis(1)).await;
    let before = writes.load(Ordering::Relaxed);
    time::sleep(Duration::from_secs(1)).await;
    assert_eq!(writes.load(Ordering::Relaxed), before, "nor do the stopped");
    fault.heal();
    time::sleep(Duration::from_millis(500)).await;
    assert_eq!(starts.load(Ordering::Relaxed), 2);
    assert!(writes.load(Ordering::Relaxed) > before + 20);
}

#[cfg(madsim)]
#[test]
fn a_test_that_waits_for_ever_ends_at_its_limit_and_says_so() {
    let test = splitbrain_hosted::Hosted::new("waits", 0..1).limit(Duration::from_secs(30));
    let waits = |_: Cluster| async { std::future::pending().await };
    let panic = std::panic::catch_unwind(|| splitbrain_hosted::run(test, waits)).unwrap_err();
    let said = panic.downcast_ref::<String>().map(String::as_str).unwrap_or_default();
    assert!(said.contains("seed 0: the test did not end within 30s"), "{said}");
}

#[cfg(madsim)]
#[test]
fn a_run_without_an_application_has_the_digest_of_one_without_madsim() {
    for name in ["classic/master-killed", "classic/master-isolated", "incidents/dns-outage-outlasts-replicas"] {
        let file = format!("{}/../scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        let scenario = Scenario::load(file.as_ref()).expect("the catalogue is sound");
        for seed in 0..5 {
            let hosted = splitbrain_hosted::run_seed(&scenario, seed).unwrap();
            let flat = splitbrain_hosted::splitbrain::run_seed(&scenario, seed);
            assert_eq!(hosted.digest, flat.digest, "{name}, seed {seed}");
        }
    }
}
