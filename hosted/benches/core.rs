//! Why the core is no madsim program, measured in one run: events per second of madsim's tasks that do nothing but send each
//! other messages, of a bare event queue, and of the whole world with its models, TCP, record and digest. `cargo bench` here.
#![allow(clippy::disallowed_methods)] // a benchmark reads the real clock

use madsim::net::Endpoint;
use madsim::runtime::{Handle, Runtime};
use splitbrain_hosted::splitbrain::model::TrueTime;
use splitbrain_hosted::splitbrain::run_seed;
use splitbrain_hosted::splitbrain::scenarios::Scenario;
use splitbrain_hosted::splitbrain::sim::queue::Queue;
use std::hint::black_box;
use std::net::SocketAddr;
use std::path::Path;

const ROUNDS: usize = 5;
const SEEDS: u64 = 20;
/// Pairs of nodes, each with one message under way: about as many events wait as in the classic scenario.
const PAIRS: u16 = 100;

fn main() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/classic/master-killed.toml");
    let scenario = Scenario::load(&file).expect("the catalogue is sound");
    let events: u64 = (0..SEEDS).map(|seed| run_seed(&scenario, seed).events).sum();
    let (mut world, mut queue, mut tasks) = (f64::MAX, f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        world = world.min(ns_each(events, || (0..SEEDS).map(|seed| run_seed(&scenario, seed).events).sum()));
        queue = queue.min(ns_each(events, || bare_queue(events)));
        tasks = tasks.min(ns_each(events, || madsim_tasks(events)));
    }
    println!("{events} events, minimum of {ROUNDS} rounds, processor time");
    println!("  madsim's tasks, ns per message   {tasks:>8.0}");
    println!("  a bare queue, ns per event       {queue:>8.0}   {:>5.1} times as fast", tasks / queue);
    println!("  the whole world, ns per event    {world:>8.0}   {:>5.1} times as fast", tasks / world);
}

fn ns_each(events: u64, work: impl FnOnce() -> u64) -> f64 {
    let start = processor_ns();
    assert!(black_box(work()) >= events);
    (processor_ns() - start) as f64 / events as f64
}

/// Pushes and pops so many events.
fn bare_queue(events: u64) -> u64 {
    let mut queue: Queue<[u64; 2]> = Queue::default();
    (0..u64::from(PAIRS)).for_each(|n| queue.push(TrueTime(n), [n, n]));
    for n in 0..events {
        let (at, event) = queue.pop().expect("what is popped is pushed again");
        queue.push(TrueTime(at.0 + 1_000_000 + n % 7), black_box(event));
    }
    events
}

/// So many messages of pairs that answer each other, each at a node of its own.
fn madsim_tasks(events: u64) -> u64 {
    let each = events.div_ceil(u64::from(PAIRS) * 2);
    Runtime::with_seed_and_config(1, madsim::Config::default()).block_on(async move {
        let node = |n: u16| Handle::current().create_node().ip([10, 0, (n >> 8) as u8, n as u8].into()).build();
        let at = |n: u16| SocketAddr::from(([10, 0, (n >> 8) as u8, n as u8], 1));
        let mut asking = Vec::new();
        for pair in 0..PAIRS {
            let (asks, answers) = (pair * 2 + 1, pair * 2 + 2);
            node(answers).spawn(async move {
                let socket = Endpoint::bind(at(answers)).await.expect("an address of its own");
                let mut message = [0; 16];
                while let Ok((len, from)) = socket.recv_from(0, &mut message).await {
                    socket.send_to(from, 0, &message[..len]).await.expect("somebody listens");
                }
            });
            asking.push(node(asks).spawn(async move {
                let socket = Endpoint::bind(at(asks)).await.expect("an address of its own");
                // The other side has to listen first.
                madsim::time::sleep(std::time::Duration::from_secs(1)).await;
                let mut message = [0; 16];
                for _ in 0..each {
                    socket.send_to(at(answers), 0, &message).await.expect("somebody listens");
                    socket.recv_from(0, &mut message).await.expect("an answer");
                }
            }));
        }
        for asks in asking {
            asks.await.expect("it ends");
        }
    });
    each * u64::from(PAIRS) * 2
}

/// Processor time of this thread in nanoseconds.
fn processor_ns() -> u64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    told.split(' ').next().and_then(|spent| spent.parse().ok()).expect("a number")
}
