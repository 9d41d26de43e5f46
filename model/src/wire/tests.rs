use super::*;
use crate::error::ErrorWord;
use crate::event::{Event, EventKind, Extra, Subject};
use crate::files::{Lineage, Snapshot};
use crate::ids::{Epoch, RunId, SentinelId};
use crate::message::*;
use crate::operator::SentinelCommand;
use crate::redis::dataset::Dataset;
use crate::value::Space;
use proptest::prelude::*;
use std::sync::Arc;

fn id(n: u64) -> Hex40 {
    Hex40::from_words([n, !n, n << 7])
}

fn at(ip: u32, port: u16) -> Addr {
    Addr { ip: Ip(ip), port }
}

const SPACES: [Space; 4] = [Space::Set, Space::Register, Space::Counter, Space::List];

const ERRORS: [ErrorWord; 18] = [
    ErrorWord::Err,
    ErrorWord::NoAuth,
    ErrorWord::WrongPass,
    ErrorWord::NoPerm,
    ErrorWord::Oom,
    ErrorWord::Misconf,
    ErrorWord::NoReplicas,
    ErrorWord::ReadOnly,
    ErrorWord::MasterDown,
    ErrorWord::Loading,
    ErrorWord::Busy,
    ErrorWord::ExecAbort,
    ErrorWord::Unblocked,
    ErrorWord::NoMasterLink,
    ErrorWord::WrongType,
    ErrorWord::NoGoodSlave,
    ErrorWord::InProg,
    ErrorWord::NoQuorum,
];

/// Every kind of message there is, filled with these numbers.
fn every_kind(n: u64, small: u32, port: u16, text: &str) -> Vec<Message> {
    let mut all = requests(n, small, port, text);
    all.extend(replies(n, small, port, text));
    let hello = hello_of(n, small, port, text);
    let items = [
        StreamItem::Select,
        StreamItem::Ping,
        StreamItem::GetAck,
        StreamItem::Multi,
        StreamItem::Exec,
        StreamItem::Publish(hello.clone()),
    ];
    all.extend(items.map(Message::Stream));
    let writes = commands(n, small).into_iter().map(StreamItem::Write);
    all.extend(writes.map(Message::Stream));
    all.push(Message::Hello(hello));
    all.push(Message::SwitchMaster(Arc::new(SwitchMaster {
        name: text.into(),
        old: at(small, port),
        new: at(!small, port),
    })));
    let event = Event {
        kind: EventKind::SdownEnter,
        master: text.into(),
        master_addr: at(small, port),
        subject: Subject::Slave(at(!small, port)),
        extra: Extra::None,
    };
    all.push(Message::Published(Arc::new(Published { payload: event.payload(), event })));
    for repl in [None, Some((ReplId(id(n)), ReplOffset(n)))] {
        all.push(Message::Snapshot(Arc::new(Snapshot {
            data: Dataset::default(),
            repl,
            lineage: Lineage::default(),
            bytes: n % 5000,
        })));
    }
    all.push(Message::Newline);
    all
}

fn hello_of(n: u64, small: u32, port: u16, text: &str) -> Arc<Hello> {
    Arc::new(Hello {
        announce: at(small, port),
        id: SentinelId(id(n)),
        current_epoch: Epoch(n),
        master_name: text.into(),
        master: at(!small, port),
        config_epoch: Epoch(n / 7),
    })
}

fn commands(n: u64, small: u32) -> Vec<Command> {
    let mut all = Vec::new();
    for space in SPACES {
        let key = Key { space, index: small };
        all.extend([
            Command::Sadd(key, Value(n)),
            Command::Srem(key, Value(n)),
            Command::Sismember(key, Value(n)),
            Command::Smembers(key),
            Command::Set(key, Value(n)),
            Command::Get(key),
            Command::Incr(key),
            Command::Rpush(key, Value(n)),
            Command::Lrange(key),
            Command::Del(key),
        ]);
    }
    all
}

fn requests(n: u64, small: u32, port: u16, text: &str) -> Vec<Message> {
    let login = |user: Option<&str>| Arc::new(Credentials { user: user.map(str::to_owned), pass: text.to_owned() });
    let query =
        |candidate| Request::IsMasterDown(Box::new(DownQuery { master: at(small, port), epoch: Epoch(n), candidate }));
    let mut all = vec![
        Request::Ping,
        Request::Auth(login(None)),
        Request::Auth(login(Some("sentinel"))),
        Request::HelloProto(None),
        Request::HelloProto(Some(login(Some("app")))),
        Request::ClientSetName(text.into()),
        Request::ClientSetInfo(true),
        Request::ClientSetInfo(false),
        Request::ClientKill(ClientType::Normal),
        Request::ClientKill(ClientType::Pubsub),
        Request::Subscribe(Channel::Hello),
        Request::Subscribe(Channel::SwitchMaster),
        Request::Subscribe(Channel::Everything),
        Request::Publish(hello_of(n, small, port, text)),
        Request::Info,
        Request::Role,
        Request::Multi,
        Request::Exec,
        Request::SlaveOf(None),
        Request::SlaveOf(Some(at(small, port))),
        Request::ConfigRewrite,
        Request::ScriptKill,
        Request::Wait(small, Millis(n as i64)),
        Request::ReplconfPort(port),
        Request::ReplconfIp(Ip(small)),
        Request::ReplconfCapa,
        Request::ReplconfAck(ReplOffset(n)),
        Request::Psync(None),
        Request::Psync(Some(Box::new((ReplId(id(n)), ReplOffset(n))))),
        Request::GetMasterAddr(text.into()),
        Request::Masters,
        Request::Replicas(text.into()),
        Request::Sentinels(text.into()),
        query(None),
        query(Some(SentinelId(id(n)))),
        Request::Failover(text.into()),
        Request::Sentinel(Box::new(SentinelCommand::Reset(text.into()))),
        Request::Renamed(text.into(), Box::new(Request::SlaveOf(Some(at(small, port))))),
    ];
    all.extend(commands(n, small).into_iter().map(Request::Data));
    all.into_iter().map(Message::Request).collect()
}

fn replies(n: u64, small: u32, port: u16, text: &str) -> Vec<Message> {
    let down =
        |leader| Reply::Down(Box::new(DownReply { down: n.is_multiple_of(2), leader, leader_epoch: Epoch(n >> 1) }));
    let mut all = vec![
        Reply::Pong,
        Reply::Ok,
        Reply::Queued,
        Reply::Int(n as i64),
        Reply::Value(Some(Value(n))),
        Reply::Value(None),
        Reply::NilArray,
        Reply::Values(Arc::new(vec![Value(n), Value(0)])),
        Reply::Subscribed(Channel::Hello),
        Reply::Subscribed(Channel::SwitchMaster),
        Reply::Subscribed(Channel::Everything),
        Reply::Server,
        Reply::Role(Box::new(RoleReply::Master(ReplOffset(n >> 1), vec![(at(small, port), ReplOffset(n))]))),
        Reply::Role(Box::new(RoleReply::Sentinel)),
        Reply::Exec(vec![Reply::Ok, Reply::Int(n as i64)]),
        Reply::FullResync(Box::new((ReplId(id(n)), ReplOffset(n)))),
        Reply::Continue(Box::new(Continued { id: ReplId(id(n)), births: Vec::new() })),
        Reply::Addr(at(small, port)),
        down(None),
        down(Some(SentinelId(id(n)))),
        Reply::Instances(Vec::new()),
    ];
    all.extend(ERRORS.map(Reply::Error));
    for (index, state) in
        [LinkState::Connect, LinkState::Connecting, LinkState::Handshake, LinkState::Sync, LinkState::Connected]
            .into_iter()
            .enumerate()
    {
        let offset = (index == 4).then_some(ReplOffset(n >> 1));
        all.push(Reply::Role(Box::new(RoleReply::Slave(at(small, port), state, offset))));
    }
    for flags in 0..32u32 {
        let flag = |bit: u32| flags >> bit & 1 == 1;
        all.push(Reply::Instances(vec![InstanceReply {
            name: text.into(),
            addr: at(small, port),
            master: flag(0),
            slave: flag(1),
            s_down: flag(2),
            o_down: flag(3),
            disconnected: flag(4),
            other_sentinels: small,
        }]));
    }
    all.extend(infos(n, small, port).into_iter().map(|info| Reply::Info(Box::new(info))));
    all.into_iter().map(Message::Reply).collect()
}

fn infos(n: u64, small: u32, port: u16) -> Vec<Info> {
    let line = |state| ReplicaLine { addr: at(small, port), state, offset: ReplOffset(n), lag_secs: n as i64 };
    let master = Info {
        run_id: RunId(id(n)),
        loading: false,
        slave: None,
        replicas: [ReplicaState::WaitBgsave, ReplicaState::SendBulk, ReplicaState::Online].map(line).to_vec(),
        replid: ReplId(id(n + 1)),
        repl_offset: ReplOffset(n >> 1),
    };
    let slave = |link_up| {
        Some(SlaveInfo {
            master: at(small, port),
            link_up,
            down_since_secs: (!link_up).then_some(-1),
            offset: ReplOffset(n >> 1),
            priority: small,
            announced: link_up,
            last_io_secs: 3,
            syncing: !link_up,
        })
    };
    let replica = |link_up| Info { slave: slave(link_up), replicas: Vec::new(), ..master.clone() };
    let loading = Info { loading: true, ..master.clone() };
    vec![replica(true), replica(false), loading, master]
}

fn text_of(message: impl Into<Message>) -> String {
    String::from_utf8(message.into().encode()).unwrap()
}

#[test]
fn well_known_messages_have_their_well_known_bytes() {
    let key = Key { space: Space::Set, index: 0 };
    for (message, bytes) in [
        (Message::from(Request::Ping), "*1\r\n$4\r\nPING\r\n"),
        (
            Request::Data(Command::Sadd(key, Value(1_000_042))).into(),
            "*3\r\n$4\r\nSADD\r\n$5\r\ngtset\r\n$7\r\n1000042\r\n",
        ),
        (Request::ReplconfAck(ReplOffset(1234)).into(), "*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$4\r\n1234\r\n"),
        (
            Request::SlaveOf(Some(at(0x0a00_0001, 6379))).into(),
            "*3\r\n$7\r\nSLAVEOF\r\n$8\r\n10.0.0.1\r\n$4\r\n6379\r\n",
        ),
        (
            Request::SlaveOf(Some(Addr { ip: Ip::named("redis-2.db").unwrap(), port: 6379 })).into(),
            "*3\r\n$7\r\nSLAVEOF\r\n$10\r\nredis-2.db\r\n$4\r\n6379\r\n",
        ),
        (StreamItem::Select.into(), "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n"),
        (StreamItem::GetAck.into(), "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n"),
        (Reply::Int(-1).into(), ":-1\r\n"),
        (Reply::Value(None).into(), "$-1\r\n"),
        (Reply::Addr(at(0x0a00_0001, 6379)).into(), "*2\r\n$8\r\n10.0.0.1\r\n$4\r\n6379\r\n"),
    ] {
        assert_eq!(u64::from(message.wire_len()), bytes.len() as u64);
        assert_eq!(text_of(message), bytes);
    }
    assert!(text_of(Reply::Error(ErrorWord::ReadOnly)).starts_with("-READONLY "));
}

#[test]
fn a_hello_has_eight_fields() {
    let text = text_of(Request::Publish(hello_of(7, 0x0a00_0001, 26379, "mymaster")));
    let payload = text.lines().last().unwrap();
    let id = SentinelId(id(7));
    assert_eq!(payload, format!("10.0.0.1,26379,{id},7,mymaster,245.255.255.254,26379,1"));
}

#[test]
fn info_has_the_sections_of_a_real_server_in_order_and_the_fields_of_the_message() {
    let info = infos(100, 0x0a00_0001, 6379).pop().unwrap();
    let text = text_of(Reply::Info(Box::new(info.clone())));
    let sections: Vec<_> = text.lines().filter(|line| line.starts_with("# ")).collect();
    assert_eq!(
        sections,
        [
            "# Server",
            "# Clients",
            "# Memory",
            "# Persistence",
            "# Stats",
            "# Replication",
            "# CPU",
            "# Modules",
            "# Errorstats",
            "# Cluster",
            "# Keyspace"
        ]
    );
    let lines: Vec<_> = text.split("\r\n").collect();
    for expected in [
        &*format!("run_id:{}", info.run_id),
        "loading:0",
        "role:master",
        "connected_slaves:3",
        "slave2:ip=10.0.0.1,port=6379,state=online,offset=100,lag=100",
        "master_repl_offset:50",
        "repl_backlog_first_byte_offset:1",
        "repl_backlog_histlen:50",
    ] {
        assert!(lines.contains(&expected), "{expected}");
    }
    // A fresh real server without replicas writes 4876 bytes.
    assert!((4800..5400).contains(&text.len()), "{}", text.len());
    assert!(!text.replace("\r\n", "").contains('\n'));
}

#[test]
fn a_replica_without_link_says_since_when() {
    let info = infos(100, 0x0a00_0001, 6379).swap_remove(1);
    let text = text_of(Reply::Info(Box::new(info)));
    for expected in [
        "\r\nrole:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\nmaster_link_status:down\r\n",
        "\r\nmaster_link_down_since_seconds:-1\r\n",
        "\r\nreplica_announced:0\r\n",
    ] {
        assert!(text.contains(expected), "{expected}");
    }
}

#[test]
fn messages_of_different_kind_or_content_have_different_tags() {
    let mut all = every_kind(12, 3, 80, "mymaster");
    all.extend(every_kind(13, 3, 80, "mymaster"));
    all.extend(every_kind(12, 4, 81, "yourmaster"));
    let mut tags: Vec<_> = all.iter().map(|message| (message.digest_tag(), format!("{message:?}"))).collect();
    tags.sort();
    for pair in tags.windows(2) {
        assert_eq!(pair[0].0 == pair[1].0, pair[0].1 == pair[1].1, "{pair:?}");
    }
}

proptest! {
    #[test]
    fn the_length_is_that_of_the_bytes(
        n: u64, narrow in 0u64..20_000, small: u32, port: u16, text in "[ -~]{0,20}",
    ) {
        for n in [n, narrow] {
            for message in every_kind(n & (u64::MAX >> 1), small, port, &text) {
                prop_assert_eq!(
                    message.wire_len() as usize, message.encode().len(), "{:?}", message,
                );
            }
        }
    }

    #[test]
    fn a_stream_item_is_as_long_as_its_message(n: u64, small: u32) {
        for command in commands(n, small) {
            let item = StreamItem::Write(command);
            prop_assert_eq!(item.wire_len(), u64::from(Message::Stream(item).wire_len()));
        }
    }
}
