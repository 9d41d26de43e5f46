//! A bug that unit tests do not find: an application that keeps its connection as long as nothing goes wrong with it. In a
//! planned failover nothing does: the old master goes on acknowledging writes, for ten seconds, and all of them are thrown
//! away. `docs/hosted.md` shows what the judges say; with `SPLITBRAIN_REGENERATE` in the environment this writes it there.

use futures_util::StreamExt;
use redis::aio::MultiplexedConnection;
use redis::sentinel::{SentinelClient, SentinelServerType};
use redis::{AsyncCommands, RedisResult};
use splitbrain_hosted::splitbrain::{ScenarioBuilder, Toml};
use splitbrain_hosted::{Cluster, Hosted, Role, Scenario, run, task, time};
use std::future::Future;
use std::panic::catch_unwind;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn planned_failover() -> Scenario {
    let scenario = ScenarioBuilder::new("a planned failover costs no more than a tenth of the writes")
        .app("app")
        .sentinel("down-after-milliseconds", 5_000)
        .expect("failover-completes", Toml::raw("{ exactly = 1 }"))
        .expect("lost-write", Toml::raw("{ at-most = \"10%\" }"))
        .expect("split-brain", "any");
    scenario.build().unwrap()
}

fn client(cluster: &Cluster) -> SentinelClient {
    let sentinels: Vec<String> = cluster.sentinels().iter().map(|addr| format!("redis://{addr}/")).collect();
    SentinelClient::build(sentinels, cluster.master_name(), None, SentinelServerType::Master).unwrap()
}

/// Where the master is, as a Sentinel told without being asked.
type News = Arc<Mutex<Option<String>>>;

/// Adds numbers to a set, twenty a second, while an operator moves the master. After an error it asks the Sentinels again, and
/// it goes where the news say.
async fn writes(cluster: Cluster, news: News) {
    let mut client = client(&cluster);
    let mut connection: Option<MultiplexedConnection> = None;
    for n in 0..600 {
        if n == 100 {
            let _ = cluster.failover(Role::Sentinel(0));
        }
        let moved = news.lock().unwrap().take();
        if let Some(master) = moved {
            connection = redis::Client::open(master).unwrap().get_multiplexed_async_connection().await.ok();
        }
        if connection.is_none() {
            connection = client.get_async_connection().await.ok();
        }
        if let Some(open) = &mut connection {
            let added: RedisResult<()> = open.sadd("app", n).await;
            if added.is_err() {
                connection = None;
            }
        }
        time::sleep(Duration::from_millis(50)).await;
    }
}

/// Asks the Sentinels only after an error.
async fn naive(cluster: Cluster) {
    writes(cluster, News::default()).await;
}

/// Listens to all Sentinels. To one would not do: the leader of the failover tells it last, when all replicas follow.
async fn listening(cluster: Cluster) {
    let news = News::default();
    for sentinel in cluster.sentinels() {
        let news = news.clone();
        task::spawn(async move {
            let sentinel = redis::Client::open(format!("redis://{sentinel}/")).unwrap();
            let mut told = sentinel.get_async_pubsub().await.unwrap();
            told.subscribe("+switch-master").await.unwrap();
            let mut told = told.into_on_message();
            while let Some(message) = told.next().await {
                let text: String = message.get_payload().unwrap();
                let words: Vec<&str> = text.split(' ').collect();
                *news.lock().unwrap() = Some(format!("redis://{}:{}/", words[3], words[4]));
            }
        });
    }
    writes(cluster, news).await;
}

/// What a test says when it fails.
fn complaint<F: Future<Output = ()> + 'static>(name: &str, code: fn(Cluster) -> F) -> Option<String> {
    let test = Hosted::new(name, 0..20).scenario(planned_failover());
    let panic = catch_unwind(|| run(test, code)).err()?;
    Some(*panic.downcast::<String>().expect("a message"))
}

#[test]
fn a_client_that_listens_to_the_sentinels_loses_little_in_a_planned_failover() {
    assert_eq!(complaint("a_client_that_listens_to_the_sentinels", listening), None);
}

#[test]
fn a_client_that_keeps_its_connection_is_found_out() {
    let said = complaint("a_client_that_keeps_its_connection", naive).expect("the judges find it");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/hosted.md");
    let page = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
    let (head, rest) = page.split_once("<!-- naive:begin -->\n").expect("the page has a block");
    let (shown, tail) = rest.split_once("<!-- naive:end -->").expect("the block ends");
    let said = format!("```text\n{}\n```\n", said.trim_end());
    if std::env::var_os("SPLITBRAIN_REGENERATE").is_some() {
        std::fs::write(&path, format!("{head}<!-- naive:begin -->\n{said}<!-- naive:end -->{tail}")).unwrap();
    } else {
        assert_eq!(shown, said, "SPLITBRAIN_REGENERATE=1 writes it into {}", path.display());
    }
}
