//! Users of a Sentinel, and what it shows of instances (spec 11.3, 12.1).

use super::super::instance::Who;
use super::*;
use crate::message::{Credentials, OperatorCommand};
use crate::operator::{Answer, SentinelCommand};

const CLIENT: Conn = Conn(900);

fn typed(rig: &mut Rig, text: &str) -> Answer {
    let command = SentinelCommand::parse(text).unwrap();
    rig.step(Input::Operator(OperatorCommand::Sentinel(command)));
    match &rig.notes()[..] {
        [.., Note::Answered(answer)] => answer.clone(),
        other => panic!("no answer: {other:?}"),
    }
}

fn ask(rig: &mut Rig, request: Request) -> Option<Reply> {
    rig.step(Input::Message(CLIENT, request.into()));
    rig.out.sends.iter().rev().find_map(|(to, m)| match m {
        Message::Reply(reply) if *to == CLIENT => Some(reply.clone()),
        _ => None,
    })
}

#[test]
fn a_user_in_place_of_the_default_one() {
    let mut rig = Rig::healthy(conf(1, 1));
    rig.step(Input::Accepted(CLIENT, addr(200)));
    typed(&mut rig, "ACL SETUSER ann >secret +@all on");
    typed(&mut rig, "ACL SETUSER default off");
    assert_eq!(ask(&mut rig, Request::Ping), Some(Reply::Pong), "who is in stays in");
    assert_eq!(typed(&mut rig, "CLIENT KILL TYPE pubsub").count, Some(0));
    assert_eq!(typed(&mut rig, "CLIENT KILL USER default").count, Some(1));
    assert_eq!(rig.closed(), [CLIENT]);
    rig.step(Input::Accepted(Conn(901), addr(201)));
    rig.step(Input::Message(Conn(901), Request::Ping.into()));
    let no_auth =
        |(to, m): &(Conn, Message)| *to == Conn(901) && matches!(m, Message::Reply(Reply::Error(ErrorWord::NoAuth)));
    assert!(rig.out.sends.iter().any(no_auth));
    let ann = Arc::new(Credentials { user: Some("ann".to_owned()), pass: "secret".to_owned() });
    rig.step(Input::Message(Conn(901), Request::Auth(ann).into()));
    rig.step(Input::Message(Conn(901), Request::Ping.into()));
    let pong = |(to, m): &(Conn, Message)| *to == Conn(901) && matches!(m, Message::Reply(Reply::Pong));
    assert!(rig.out.sends.iter().any(pong));
    typed(&mut rig, "FLUSHCONFIG");
    assert!(rig.disk.saved.last().unwrap().acl.default_off, "the file knows the users");
}

#[test]
fn credentials_for_sentinels_close_the_links_to_them_and_to_nobody_else() {
    let mut rig = Rig::healthy(conf(1, 2));
    typed(&mut rig, "CONFIG SET sentinel-pass secret");
    assert_eq!(rig.closed().len(), 2);
    for who in [Who::Peer(0, 0), Who::Peer(0, 1)] {
        assert!(rig.link(who).disconnected);
    }
    assert!(!rig.link(Who::Master(0)).disconnected && !rig.link(Who::Replica(0, 0)).disconnected);
}

#[test]
fn what_is_shown_of_instances() {
    let mut rig = Rig::healthy(conf(2, 1));
    rig.replica(1).replica_announced = false;
    assert_eq!(typed(&mut rig, "REPLICAS mymaster").count, Some(1));
    assert_eq!(typed(&mut rig, "SENTINELS mymaster").count, Some(1));
    let shown = typed(&mut rig, "MASTER mymaster").shown.unwrap();
    assert!(shown.contains(" flags=master down-after-milliseconds="), "{shown}");
    assert!(shown.contains(" num-slaves=2 num-other-sentinels=1 quorum="), "{shown}");
    rig.master().inst.flags.set(Flags::S_DOWN);
    rig.link(Who::Master(0)).disconnected = true;
    assert!(typed(&mut rig, "MASTER mymaster").shown.unwrap().contains("flags=s_down,master,disconnected "));
    assert_eq!(typed(&mut rig, "MASTER other").error, Some(ErrorWord::Err));
}
