//! Commands typed at the server itself: Redis spec 3, 9.1, 12.5, 13, and Sentinel spec 11.3 for users.

use super::net::{Net, addr, plain, replica};
use super::{get, set};
use crate::error::ErrorWord;
use crate::files::RedisConf;
use crate::message::{Channel, Credentials, Input, OperatorCommand, Reply, Request};
use crate::note::Note;
use crate::operator::Answer;
use crate::operator::redis::RedisCommand;
use crate::time::Millis;
use std::sync::Arc;

/// Types a command at a server; its answer.
fn typed(net: &mut Net, server: usize, text: &str) -> Answer {
    let command = RedisCommand::parse(text).unwrap();
    net.iterate(server, vec![Input::Operator(OperatorCommand::Redis(command))]);
    let answer = net.servers[server].notes.iter().rev().find_map(|(_, note)| match note {
        Note::Answered(answer) => Some(answer.clone()),
        _ => None,
    });
    net.run_ms(5);
    answer.expect("every command is answered")
}

fn auth(user: Option<&str>, pass: &str) -> Request {
    Request::Auth(Arc::new(Credentials { user: user.map(str::to_owned), pass: pass.to_owned() }))
}

const NO_AUTH: Reply = Reply::Error(ErrorWord::NoAuth);

/// V3, from the server's own console.
#[test]
fn a_bare_replicaof_delivers_unblocked_and_leaves_the_other_clients_alone() {
    let mut net = Net::new(vec![plain(), plain()]);
    let (blocked, other) = (net.client(0), net.client(0));
    net.send(blocked, Request::Wait(1, Millis(0)));
    net.run_ms(5);
    let master = addr(1);
    assert_eq!(typed(&mut net, 0, &format!("REPLICAOF {} {}", master.ip, master.port)).error, None);
    assert_eq!(net.replies(blocked), [Reply::Error(ErrorWord::Unblocked)]);
    assert!(net.is_closed(blocked) && !net.is_closed(other));
    assert_eq!(net.redis(0).replica_of(), Some(master));
    let written = |net: &Net| net.servers[0].disk.conf.as_ref().and_then(|conf| conf.replicaof);
    assert_eq!(written(&net), None, "nothing is written without CONFIG REWRITE");
    assert_eq!(typed(&mut net, 0, "CONFIG REWRITE").error, None);
    assert_eq!(written(&net), Some(master));
    assert_eq!(typed(&mut net, 0, "REPLICAOF NO ONE").error, None);
    assert_eq!(net.redis(0).replica_of(), None);
}

#[test]
fn a_new_password_asks_nobody_who_is_in() {
    let mut net = Net::new(vec![plain()]);
    let inside = net.client(0);
    typed(&mut net, 0, "CONFIG SET requirepass secret");
    let outside = net.client(0);
    assert_eq!(net.ask(inside, Request::Ping), Reply::Pong);
    assert_eq!(net.ask(outside, Request::Ping), NO_AUTH);
    assert_eq!(net.ask(outside, auth(None, "secret")), Reply::Ok);
    assert_eq!(net.ask(outside, Request::Ping), Reply::Pong);
    let late = net.client(0);
    typed(&mut net, 0, "CONFIG SET requirepass \"\"");
    assert_eq!(net.ask(late, Request::Ping), Reply::Pong);
    typed(&mut net, 0, "CONFIG SET requirepass other");
    assert_eq!(net.ask(late, Request::Ping), NO_AUTH, "it never said one");
    assert_eq!(net.ask(inside, Request::Ping), Reply::Pong);
}

#[test]
fn a_default_user_switched_off_stays_until_it_is_killed() {
    let mut net = Net::new(vec![plain()]);
    let (one, two) = (net.client(0), net.client(0));
    typed(&mut net, 0, "ACL SETUSER ann >secret +@all on");
    typed(&mut net, 0, "ACL SETUSER default off");
    assert_eq!(net.ask(one, Request::Ping), Reply::Pong);
    assert_eq!(net.ask(two, auth(Some("ann"), "secret")), Reply::Ok);
    assert_eq!(net.ask(two, Request::Subscribe(Channel::Hello)), Reply::Error(ErrorWord::NoPerm), "no channels");
    assert_eq!(net.ask(two, get(0)), Reply::Error(ErrorWord::NoPerm), "no keys");
    assert_eq!(typed(&mut net, 0, "CLIENT KILL USER default").count, Some(1));
    assert!(net.is_closed(one) && !net.is_closed(two));
    let late = net.client(0);
    assert_eq!(net.ask(late, Request::Ping), NO_AUTH);
    assert_eq!(net.ask(late, auth(Some("default"), "x")), Reply::Error(ErrorWord::WrongPass));
}

#[test]
fn client_kill_closes_what_is_of_the_type() {
    let mut net = Net::synced(vec![plain(), replica()]);
    let (normal, subscriber) = (net.client(0), net.client(0));
    net.ask(subscriber, Request::Subscribe(Channel::Hello));
    assert_eq!(typed(&mut net, 0, "CLIENT KILL TYPE pubsub").count, Some(1));
    assert!(net.is_closed(subscriber) && !net.is_closed(normal));
    assert_eq!(typed(&mut net, 0, "CLIENT KILL TYPE master").count, Some(0), "a master has none");
    for (server, kind) in [(0, "replica"), (1, "master")] {
        assert_eq!(typed(&mut net, server, &format!("CLIENT KILL TYPE {kind}")).count, Some(1));
        net.run_ms(2000);
        assert!(net.redis(1).link_up(), "the replica comes back by itself");
    }
    assert_eq!(typed(&mut net, 0, "CLIENT KILL TYPE normal").count, Some(1));
}

#[test]
fn settings_count_at_once_and_all_or_none_of_them() {
    let mut net = Net::synced(vec![plain(), replica()]);
    let c = net.client(0);
    typed(&mut net, 0, "CONFIG SET min-replicas-to-write 2");
    assert_eq!(net.ask(c, set(0, 1)), Reply::Error(ErrorWord::NoReplicas));
    typed(&mut net, 0, "CONFIG SET min-replicas-to-write 1");
    assert_eq!(net.ask(c, set(0, 1)), Reply::Ok, "the replica is counted at once");
    typed(&mut net, 1, "CONFIG SET replica-announced no replica-priority 7");
    let d = net.client(1);
    let Reply::Info(info) = net.ask(d, Request::Info) else { panic!("INFO") };
    let slave = info.slave.unwrap();
    assert_eq!((slave.announced, slave.priority), (false, 7));
    let wrong = vec![("replica-priority".to_owned(), "9".to_owned()), ("repl-timeout".to_owned(), "0".to_owned())];
    net.iterate(1, vec![Input::Operator(OperatorCommand::Redis(RedisCommand::ConfigSet(wrong)))]);
    let Reply::Info(info) = net.ask(d, Request::Info) else { panic!("INFO") };
    assert_eq!(info.slave.unwrap().priority, 7);
}

/// Spec 12.5 and V9, and how it ends.
#[test]
fn misconf_comes_with_a_failed_bgsave_and_goes_with_a_successful_one() {
    let with = RedisConf { save: vec![(3600, 1000)], ..plain() };
    for (conf, refused) in [(with.clone(), true), (plain(), false)] {
        let mut net = Net::new(vec![conf]);
        let c = net.client(0);
        net.servers[0].disk.rdb_fails = true;
        assert_eq!(typed(&mut net, 0, "BGSAVE").error, None);
        assert_eq!(typed(&mut net, 0, "BGSAVE").error, Some(ErrorWord::Err), "one at a time");
        net.run_ms(300);
        let expected = if refused { Reply::Error(ErrorWord::Misconf) } else { Reply::Pong };
        assert_eq!(net.ask(c, Request::Ping), expected);
        net.servers[0].disk.rdb_fails = false;
        typed(&mut net, 0, "BGSAVE");
        net.run_ms(300);
        assert_eq!(net.ask(c, Request::Ping), Reply::Pong);
    }
    let mut net = Net::new(vec![with]);
    let c = net.client(0);
    net.servers[0].disk.rdb_fails = true;
    typed(&mut net, 0, "BGSAVE");
    net.run_ms(300);
    typed(&mut net, 0, "CONFIG SET stop-writes-on-bgsave-error no");
    assert_eq!(net.ask(c, set(0, 1)), Reply::Ok);
}

/// `replica-ignore-disk-write-errors no`, spec 12.5.
#[test]
fn a_replica_that_cannot_save_ends_with_the_next_write_of_its_master() {
    let conf = RedisConf { save: vec![(3600, 1000)], ..replica() };
    let mut net = Net::synced(vec![plain(), conf]);
    net.servers[1].disk.rdb_fails = true;
    typed(&mut net, 1, "BGSAVE");
    net.run_ms(300);
    assert!(net.redis(1).link_up());
    let c = net.client(0);
    assert_eq!(net.ask(c, set(0, 1)), Reply::Ok);
    assert!(net.servers[1].node.is_none(), "it is gone");
    assert!(net.servers[0].node.is_some());
}

#[test]
fn a_replica_that_cannot_write_takes_no_full_sync() {
    let mut net = Net::new(vec![plain(), replica()]);
    net.servers[1].disk.rdb_fails = true;
    net.run_ms(4000);
    assert!(!net.redis(1).link_up());
    net.servers[1].disk.rdb_fails = false;
    net.run_ms(20_000);
    assert!(net.redis(1).link_up());
}
