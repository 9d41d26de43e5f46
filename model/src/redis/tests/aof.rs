//! An append-only file that cannot be written, cannot be synced, or takes long (spec 12.5, flushAppendOnlyFile).

use super::net::{Net, plain};
use super::set;
use crate::error::ErrorWord;
use crate::files::{AppendFsync, RedisConf};
use crate::message::{Reply, Request};
use crate::time::Nanos;

fn server(policy: AppendFsync) -> (Net, usize) {
    let mut net = Net::new(vec![RedisConf { appendonly: true, appendfsync: policy, ..plain() }]);
    let client = net.client(0);
    assert_eq!(net.ask(client, set(0, 1)), Reply::Ok);
    (net, client)
}

fn written(net: &Net) -> usize {
    net.servers[0].disk.aof.as_ref().map_or(0, |file| file.entries.len())
}

#[test]
fn without_space_the_first_write_is_answered_and_kept_and_the_next_ones_are_refused_until_there_is_room() {
    for policy in [AppendFsync::Everysec, AppendFsync::No] {
        let (mut net, client) = server(policy);
        net.servers[0].disk.full = true;
        assert_eq!(net.ask(client, set(0, 2)), Reply::Ok, "the reply does not wait for the file");
        for request in [set(0, 3), Request::Ping] {
            assert_eq!(net.ask(client, request), Reply::Error(ErrorWord::Misconf), "{policy:?}");
        }
        assert_eq!(written(&net), 1);
        net.servers[0].disk.full = false;
        net.run_ms(1_100);
        assert_eq!(written(&net), 2, "the buffer is tried again");
        assert_eq!(net.ask(client, set(0, 3)), Reply::Ok);
    }
}

#[test]
fn a_server_that_syncs_always_exits_before_it_answers_what_it_could_not_keep() {
    for full in [true, false] {
        let (mut net, client) = server(AppendFsync::Always);
        net.servers[0].disk.full = full;
        net.servers[0].disk.fsync_fails = !full;
        net.send(client, set(0, 2));
        net.run_ms(100);
        assert!(net.servers[0].node.as_ref().is_none_or(|node| node.exited()), "full {full}");
        assert_eq!(net.replies(client), [Reply::Ok], "only the first write, full {full}");
    }
}

#[test]
fn a_failed_background_fsync_refuses_writes_for_good() {
    // Only another fsync clears aof_bio_fsync_status, and without writes there is none.
    let (mut net, client) = server(AppendFsync::Everysec);
    net.run_ms(2_100);
    net.servers[0].disk.fsync_fails = true;
    assert_eq!(net.ask(client, set(0, 2)), Reply::Ok);
    net.run_ms(1_100);
    assert_eq!(net.ask(client, set(0, 3)), Reply::Error(ErrorWord::Misconf));
    net.servers[0].disk.fsync_fails = false;
    net.run_ms(5_000);
    assert_eq!(net.ask(client, Request::Ping), Reply::Error(ErrorWord::Misconf));
}

#[test]
fn while_a_background_fsync_goes_on_writing_is_put_off_for_two_seconds_and_then_waits_for_it() {
    let (mut net, client) = server(AppendFsync::Everysec);
    net.servers[0].disk.sync_left = Nanos::from_millis(700);
    assert_eq!(net.ask(client, set(0, 2)), Reply::Ok);
    net.run_ms(900);
    assert_eq!(written(&net), 1, "put off");
    net.run_ms(2_500);
    assert_eq!(written(&net), 2, "written though the fsync goes on");
}
