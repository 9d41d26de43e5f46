//! What a person reads, and what `patch` is given.

use splitbrain_deploy::report::{Paint, patches, text};
use splitbrain_deploy::{Memory, findings, read};

const SENTINEL: &str = "port 26379\nsentinel monitor shop redis-1 6379 1\nsentinel down-after-milliseconds shop 500\n";

fn store() -> Memory {
    let service = |name: &str, command: &str, more: &str| {
        format!("  {name}:\n    image: redis:6.2\n    command: {command}\n{more}")
    };
    let sentinel =
        |name: &str| service(name, "redis-sentinel /etc/s.conf", "    volumes:\n      - ./sentinel.conf:/etc/s.conf\n");
    let compose = [
        "services:\n".to_owned(),
        service("redis-1", "redis-server --appendonly yes", ""),
        service("redis-2", "redis-server --appendonly yes --replicaof redis-1 6379", ""),
        sentinel("s1"),
        sentinel("s2"),
        sentinel("s3"),
    ]
    .concat();
    Memory::of([("docker-compose.yml", &*compose), ("sentinel.conf", SENTINEL)])
}

#[test]
fn the_verdict_comes_first_then_the_three_worst_things() {
    let store = store();
    let reading = read(&store, &[".".to_owned()]);
    let plain = |text: &str| text.to_owned();
    let paint = Paint { severity: &|_, text| text.to_owned(), strong: &plain, weak: &plain };
    insta::assert_snapshot!(text(&reading, &findings(&reading), &paint));
}

#[test]
fn the_changes_are_one_patch() {
    let store = store();
    let reading = read(&store, &[".".to_owned()]);
    insta::assert_snapshot!(patches(&store, &findings(&reading)));
}
