//! Commands of clients.

use super::super::instance::{FailoverState, Who};
use super::*;
use crate::message::{
    Channel, CloseReason, Credentials, DownQuery, DownReply, Hello, OperatorCommand, RoleReply, SwitchMaster,
};

const CLIENT: Conn = Conn(900);

fn connected(conf: SentinelConf) -> Rig {
    let mut rig = Rig::healthy(conf);
    rig.step(Input::Accepted(CLIENT, addr(200)));
    rig
}

fn ask(rig: &mut Rig, request: Request) -> Reply {
    rig.step(Input::Message(CLIENT, request.into()));
    let reply = rig.out.sends.iter().rev().find_map(|(to, m)| match m {
        Message::Reply(reply) if *to == CLIENT => Some(reply.clone()),
        _ => None,
    });
    reply.expect("every command is answered")
}

fn name() -> Name {
    "mymaster".into()
}

#[test]
fn simple_commands() {
    let mut rig = connected(conf(1, 1));
    let rows = [
        (Request::Ping, Reply::Pong),
        (Request::Role, Reply::Role(Box::new(RoleReply::Sentinel))),
        (Request::HelloProto(None), Reply::Server),
        (Request::ClientSetName("x".into()), Reply::Ok),
        (Request::GetMasterAddr(name()), Reply::Addr(addr(MASTER))),
        (Request::GetMasterAddr("no".into()), Reply::NilArray),
        (Request::Replicas("no".into()), Reply::Error(ErrorWord::Err)),
        (Request::Failover("no".into()), Reply::Error(ErrorWord::Err)),
        (Request::Multi, Reply::Error(ErrorWord::Err)),
    ];
    for (request, reply) in rows {
        assert_eq!(ask(&mut rig, request), reply);
    }
}

#[test]
fn a_password_is_asked_for_first() {
    let mut conf = conf(0, 0);
    conf.requirepass = Some("pw".to_owned());
    let mut rig = connected(conf);
    let auth =
        |user: Option<&str>, pass: &str| Arc::new(Credentials { user: user.map(str::to_owned), pass: pass.to_owned() });
    assert_eq!(ask(&mut rig, Request::Ping), Reply::Error(ErrorWord::NoAuth));
    let wrong = Reply::Error(ErrorWord::WrongPass);
    assert_eq!(ask(&mut rig, Request::Auth(auth(None, "no"))), wrong);
    assert_eq!(ask(&mut rig, Request::Auth(auth(Some("x"), "pw"))), wrong);
    assert_eq!(ask(&mut rig, Request::Ping), Reply::Error(ErrorWord::NoAuth));
    let hello = Request::HelloProto(Some(auth(Some("default"), "pw")));
    assert_eq!(ask(&mut rig, hello), Reply::Server);
    assert_eq!(ask(&mut rig, Request::Ping), Reply::Pong);
}

#[test]
fn instances_are_listed_as_clients_read_them() {
    let mut rig = connected(conf(2, 1));
    rig.master().inst.flags.set(Flags::S_DOWN.or(Flags::O_DOWN));
    rig.replica(1).replica_announced = false;
    rig.link(Who::Replica(0, 0)).disconnected = true;
    let list = |reply| match reply {
        Reply::Instances(list) => list,
        other => panic!("{other:?}"),
    };
    let masters = list(ask(&mut rig, Request::Masters));
    assert!(masters[0].master && masters[0].s_down && masters[0].o_down);
    assert_eq!((masters[0].other_sentinels, masters[0].addr), (1, addr(1)));
    let replicas = list(ask(&mut rig, Request::Replicas(name())));
    assert_eq!(replicas.len(), 1, "the other one is not announced");
    assert_eq!(&*replicas[0].name, "10.77.0.2:6379");
    assert!(replicas[0].slave && replicas[0].disconnected && !replicas[0].s_down);
    let sentinels = list(ask(&mut rig, Request::Sentinels(name())));
    assert_eq!(sentinels[0].addr, addr(102));
    assert_eq!(*sentinels[0].name, *id(2).to_string());
}

#[test]
fn the_master_asked_for_is_the_promoted_one_before_the_switch() {
    let mut rig = connected(conf(1, 1));
    let obj = rig.replica(0).inst.obj;
    rig.master().inst.flags.set(Flags::FAILOVER_IN_PROGRESS);
    rig.master().promoted = Some(obj);
    for (state, expected) in [(FailoverState::WaitPromotion, addr(1)), (FailoverState::ReconfSlaves, addr(2))] {
        rig.master().failover_state = state;
        let reply = ask(&mut rig, Request::GetMasterAddr(name()));
        assert_eq!(reply, Reply::Addr(expected));
    }
    assert!(rig.sentinel.view(0).failover_in_progress);
    assert_eq!(rig.sentinel.view(0).addr, addr(1));
}

#[test]
fn is_master_down_looks_at_the_address_alone() {
    let mut rig = connected(conf(0, 1));
    let query = |rig: &mut Rig, host, candidate: Option<u64>| {
        let query = DownQuery { master: addr(host), epoch: Epoch(3), candidate: candidate.map(id) };
        match ask(rig, Request::IsMasterDown(Box::new(query))) {
            Reply::Down(reply) => *reply,
            other => panic!("{other:?}"),
        }
    };
    let reply =
        |down, leader: Option<u64>, epoch| DownReply { down, leader: leader.map(id), leader_epoch: Epoch(epoch) };
    assert_eq!(query(&mut rig, 1, None), reply(false, None, 0));
    assert_eq!(rig.sentinel.current_epoch(), Epoch(0), "no vote, no epoch");
    rig.master().inst.flags.set(Flags::S_DOWN);
    assert_eq!(query(&mut rig, 1, None), reply(true, None, 0));
    assert_eq!(query(&mut rig, 9, Some(77)), reply(false, None, 0));
    rig.master().inst.flags.clear(Flags::S_DOWN);
    let granted = query(&mut rig, 1, Some(77));
    assert_eq!(granted, reply(false, Some(77), 3), "to a stranger, for a master that is up");
}

#[test]
fn a_failover_can_be_ordered() {
    let mut rig = connected(conf(1, 1));
    assert_eq!(ask(&mut rig, Request::Failover(name())), Reply::Ok);
    assert_eq!(rig.kinds(), [EventKind::NewEpoch, EventKind::TryFailover]);
    assert!(rig.flags(Who::Master(0)).any(Flags::FORCE_FAILOVER));
    let again = ask(&mut rig, Request::Failover(name()));
    assert_eq!(again, Reply::Error(ErrorWord::InProg));
    rig.tick();
    let expected = [EventKind::VoteForLeader, EventKind::ElectedLeader, EventKind::StateSelectSlave];
    assert_eq!(rig.kinds(), expected);

    let mut rig = connected(conf(1, 1));
    rig.replica(0).slave_priority = 0;
    let refused = ask(&mut rig, Request::Failover(name()));
    assert_eq!(refused, Reply::Error(ErrorWord::NoGoodSlave));
    assert_eq!(rig.sentinel.current_epoch(), Epoch(0));
    rig.replica(0).slave_priority = 1;
    let order = OperatorCommand::SentinelFailover(name());
    rig.step(Input::Operator(order));
    assert_eq!(rig.kinds(), [EventKind::NewEpoch, EventKind::TryFailover]);
    assert!(rig.out.sends.is_empty());
}

#[test]
fn who_listens_to_the_pattern_hears_of_every_event_but_those_of_debug_level() {
    let mut rig = connected(conf(1, 1));
    let confirmed = Reply::Subscribed(Channel::Everything);
    assert_eq!(ask(&mut rig, Request::Subscribe(Channel::Everything)), confirmed);
    ask(&mut rig, Request::Failover(name()));
    let heard: Vec<_> = (rig.out.sends.iter())
        .filter_map(|(to, m)| match m {
            Message::Published(it) if *to == CLIENT => Some((it.event.kind, it.payload.clone())),
            _ => None,
        })
        .collect();
    let kinds: Vec<_> = heard.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, rig.kinds());
    assert!(heard[1].1.starts_with("master mymaster "), "{heard:?}");
    assert!(!rig.kinds().is_empty());
}

#[test]
fn subscribers_hear_of_switches() {
    let mut rig = connected(conf(1, 1));
    let subscribe = Request::Subscribe(Channel::SwitchMaster);
    let confirmed = Reply::Subscribed(Channel::SwitchMaster);
    assert_eq!(ask(&mut rig, subscribe), confirmed);
    let hello = Hello {
        announce: addr(102),
        id: id(2),
        current_epoch: Epoch(1),
        master_name: name(),
        master: addr(2),
        config_epoch: Epoch(1),
    };
    let publish = Request::Publish(Arc::new(hello));
    assert_eq!(ask(&mut rig, publish), Reply::Int(1));
    let pushed = rig.out.sends.iter().find_map(|(to, m)| match m {
        Message::SwitchMaster(push) if *to == CLIENT => Some((**push).clone()),
        _ => None,
    });
    let expected = SwitchMaster { name: name(), old: addr(1), new: addr(2) };
    assert_eq!(pushed, Some(expected));
    rig.step(Input::Closed(CLIENT, CloseReason::Eof));
    rig.step(Input::Message(CLIENT, Request::Ping.into()));
    assert!(rig.out.sends.is_empty(), "a closed connection is nobody");
}

#[test]
fn termination_is_immediate() {
    let mut rig = connected(conf(0, 0));
    rig.step(Input::Terminate);
    assert!(matches!(rig.out.acts[..], [(_, Act::Exit(0))]));
}

/// Upstream unit 15-sentinel-deprecated-commands: a vote asked for by ourselves in a later epoch is given and told.
#[test]
fn a_query_with_a_later_epoch_and_our_own_id_is_answered_with_both() {
    let mut rig = connected(conf(1, 1));
    let query = DownQuery { master: addr(MASTER), epoch: Epoch(99), candidate: Some(id(1)) };
    let reply = ask(&mut rig, Request::IsMasterDown(Box::new(query)));
    assert_eq!(reply, Reply::Down(Box::new(DownReply { down: false, leader: Some(id(1)), leader_epoch: Epoch(99) })));
}
