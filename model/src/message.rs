//! What travels on connections, typed: requests, replies, pub/sub messages, the replication stream.

use crate::error::ErrorWord;
use crate::event::Event;
use crate::files::Snapshot;
use crate::ids::{Addr, Conn, Epoch, Ip, Name, ReplId, ReplOffset, RunId, SentinelId};
use crate::operator::SentinelCommand;
use crate::operator::redis::RedisCommand;
use crate::time::Millis;
use crate::value::{Command, Value};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One input of a node.
#[derive(Clone, Debug)]
pub enum Input {
    /// The time given by [`crate::Node::next_wakeup`] has come.
    Wake,
    /// A peer connected; `peer` is its address with an ephemeral port.
    Accepted(Conn, Addr),
    /// A connection opened by this node is there.
    Connected(Conn),
    /// A connection opened by this node failed.
    ConnectFailed(Conn, ConnectError),
    /// A message was read.
    Message(Conn, Message),
    /// The peer is gone; nothing more comes from this connection, and it is closed on this side too.
    Closed(Conn, CloseReason),
    /// A dataset written to this connection has left; asked for with `Act::TellSent`.
    Sent(Conn),
    /// SIGTERM.
    Terminate,
    /// A command typed by an operator on the host itself (through loopback); its reply is not awaited.
    Operator(OperatorCommand),
}

/// Commands that scenarios give without a client in between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OperatorCommand {
    /// `SENTINEL FAILOVER name`
    SentinelFailover(Name),
    /// Clients start no further operation.
    StopWorkload,
    /// `CONFIG SET repl-diskless-sync-delay seconds`
    SetDisklessSyncDelay(u32),
    /// Any other SENTINEL command.
    Sentinel(SentinelCommand),
    /// `DEBUG SLEEP`, at a Redis server.
    DebugSleep(Millis),
    /// Any other command at a Redis server.
    Redis(RedisCommand),
}

/// Why a connection could not be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConnectError {
    /// Nobody listens there (RST to the SYN).
    Refused,
    /// No answer to any SYN (about 127 s).
    TimedOut,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CloseReason {
    /// End of stream.
    Eof,
    /// Connection reset by peer.
    Reset,
    /// Retransmissions were given up (about 15 minutes).
    TimedOut,
}

/// One protocol unit.
#[derive(Clone, Debug)]
pub enum Message {
    /// A command.
    Request(Request),
    /// Its reply; replies come in the order of the requests.
    Reply(Reply),
    /// A pub/sub message on a subscribed connection: a hello on `__sentinel__:hello`.
    Hello(Arc<Hello>),
    /// A pub/sub message on a Sentinel: `+switch-master` as clients subscribe to it.
    SwitchMaster(Arc<SwitchMaster>),
    /// A pub/sub message on a Sentinel to who subscribed to the pattern `*`.
    Published(Arc<Published>),
    /// A unit of the replication stream (master to replica, after CONTINUE or a full sync).
    Stream(StreamItem),
    /// The dataset of a full sync, arriving as a whole.
    Snapshot(Arc<Snapshot>),
    /// A bare newline: "still alive" before and during a full sync.
    Newline,
}

/// A command of a client, a Sentinel or a replica.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// `PING`
    Ping,
    /// `AUTH [user] password`
    Auth(Arc<Credentials>),
    /// `HELLO 3 [AUTH user password]`, as client libraries greet.
    HelloProto(Option<Arc<Credentials>>),
    /// `CLIENT SETNAME name`
    ClientSetName(Name),
    /// `CLIENT SETINFO LIB-NAME|LIB-VER value`; `true` for LIB-NAME.
    ClientSetInfo(bool),
    /// `CLIENT KILL TYPE type`
    ClientKill(ClientType),
    /// `SUBSCRIBE channel`
    Subscribe(Channel),
    /// `PUBLISH __sentinel__:hello payload`
    Publish(Arc<Hello>),
    /// `INFO`
    Info,
    /// `ROLE`
    Role,
    /// `MULTI`
    Multi,
    /// `EXEC`
    Exec,
    /// `SLAVEOF host port`, or `SLAVEOF NO ONE`
    SlaveOf(Option<Addr>),
    /// `CONFIG REWRITE`
    ConfigRewrite,
    /// `SCRIPT KILL`
    ScriptKill,
    /// A data command.
    Data(Command),
    /// `WAIT replicas timeout`; timeout 0 waits for ever.
    Wait(u32, Millis),
    /// `REPLCONF listening-port port`
    ReplconfPort(u16),
    /// `REPLCONF ip-address ip`
    ReplconfIp(Ip),
    /// `REPLCONF capa eof capa psync2`
    ReplconfCapa,
    /// `REPLCONF ACK offset`, without reply
    ReplconfAck(ReplOffset),
    /// `PSYNC id offset`, or `PSYNC ? -1`
    Psync(Option<Box<(ReplId, ReplOffset)>>),
    /// `SENTINEL GET-MASTER-ADDR-BY-NAME name`
    GetMasterAddr(Name),
    /// `SENTINEL MASTERS`
    Masters,
    /// `SENTINEL REPLICAS name`
    Replicas(Name),
    /// `SENTINEL SENTINELS name`
    Sentinels(Name),
    /// `SENTINEL IS-MASTER-DOWN-BY-ADDR ip port epoch id|*`
    IsMasterDown(Box<DownQuery>),
    /// `SENTINEL FAILOVER name`
    Failover(Name),
    /// Any other command of an operator to a Sentinel.
    Sentinel(Box<SentinelCommand>),
    /// A command under another name (`rename-command` of Sentinel).
    Renamed(Name, Box<Request>),
}

impl Request {
    /// The first word of the command, in lower case: what `rename-command` goes by.
    pub fn command_name(&self) -> &'static str {
        match self {
            Request::Ping => "ping",
            Request::Auth(_) => "auth",
            Request::HelloProto(_) => "hello",
            Request::ClientSetName(_) | Request::ClientSetInfo(_) | Request::ClientKill(_) => "client",
            Request::Subscribe(_) => "subscribe",
            Request::Publish(_) => "publish",
            Request::Info => "info",
            Request::Role => "role",
            Request::Multi => "multi",
            Request::Exec => "exec",
            Request::SlaveOf(_) => "slaveof",
            Request::ConfigRewrite => "config",
            Request::ScriptKill => "script",
            Request::Data(command) => command.name(),
            Request::Wait(..) => "wait",
            Request::ReplconfPort(_) | Request::ReplconfIp(_) | Request::ReplconfCapa | Request::ReplconfAck(_) => {
                "replconf"
            }
            Request::Psync(_) => "psync",
            Request::GetMasterAddr(_)
            | Request::Masters
            | Request::Replicas(_)
            | Request::Sentinels(_)
            | Request::IsMasterDown(_)
            | Request::Failover(_)
            | Request::Sentinel(_) => "sentinel",
            Request::Renamed(_, request) => request.command_name(),
        }
    }
}

/// `auth-user` and `auth-pass` as a client sends them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// User, for the two-argument form.
    pub user: Option<String>,
    /// Password.
    pub pass: String,
}

/// Which clients CLIENT KILL closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientType {
    /// Ordinary clients, Sentinels' command links and replicas still in handshake.
    Normal,
    /// Subscribers.
    Pubsub,
    /// Attached replicas.
    Replica,
    /// The link to the master.
    Master,
}

impl ClientType {
    /// All of them with their names; `slave` is understood too.
    pub const ALL: [(ClientType, &'static str); 5] = [
        (ClientType::Normal, "normal"),
        (ClientType::Pubsub, "pubsub"),
        (ClientType::Replica, "replica"),
        (ClientType::Master, "master"),
        (ClientType::Replica, "slave"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        ClientType::ALL[self as usize].1
    }
}

/// A pub/sub channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// `__sentinel__:hello`
    Hello,
    /// `+switch-master`
    SwitchMaster,
    /// All of them, by the pattern `*`.
    Everything,
}

/// A hello (Sentinel spec 5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Address of the sender.
    pub announce: Addr,
    /// Its id.
    pub id: SentinelId,
    /// Its current epoch.
    pub current_epoch: Epoch,
    /// Which master this is about.
    pub master_name: Name,
    /// The master's address as the sender sees it.
    pub master: Addr,
    /// Version of that address.
    pub config_epoch: Epoch,
}

/// Payload of `+switch-master`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchMaster {
    /// Master's name.
    pub name: Name,
    /// Old address.
    pub old: Addr,
    /// New address.
    pub new: Addr,
}

/// An event of a Sentinel as it is published: under its name, with its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The event.
    pub event: Event,
    /// Its text, made once for all subscribers.
    pub payload: String,
}

/// Arguments of SENTINEL IS-MASTER-DOWN-BY-ADDR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DownQuery {
    /// The master's address.
    pub master: Addr,
    /// The asker's current epoch.
    pub epoch: Epoch,
    /// The asker's id if it wants a vote, `None` for `*`.
    pub candidate: Option<SentinelId>,
}

/// Reply of SENTINEL IS-MASTER-DOWN-BY-ADDR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DownReply {
    /// Whether the answering Sentinel holds the master for subjectively down.
    pub down: bool,
    /// Whom it voted for, `None` for `*`.
    pub leader: Option<SentinelId>,
    /// The epoch of that vote.
    pub leader_epoch: Epoch,
}

/// A reply.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// `+PONG`
    Pong,
    /// `+OK`
    Ok,
    /// `+QUEUED`
    Queued,
    /// An error.
    Error(ErrorWord),
    /// An integer.
    Int(i64),
    /// A value, or nil.
    Value(Option<Value>),
    /// A nil array.
    NilArray,
    /// All members of a set, or all elements of a list.
    Values(Arc<Vec<Value>>),
    /// Confirmation of SUBSCRIBE.
    Subscribed(Channel),
    /// Reply of HELLO: a map describing the server.
    Server,
    /// INFO.
    Info(Box<Info>),
    /// ROLE.
    Role(Box<RoleReply>),
    /// EXEC: one reply per queued command.
    Exec(Vec<Reply>),
    /// `+FULLRESYNC id offset`
    FullResync(Box<(ReplId, ReplOffset)>),
    /// `+CONTINUE id`
    Continue(Box<Continued>),
    /// An address: GET-MASTER-ADDR-BY-NAME.
    Addr(Addr),
    /// IS-MASTER-DOWN-BY-ADDR.
    Down(Box<DownReply>),
    /// SENTINEL MASTERS, REPLICAS or SENTINELS: what clients read of each entry.
    Instances(Vec<InstanceReply>),
}

/// What `+CONTINUE` says, and what it does not say but judges need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Continued {
    /// `master_replid` of the answering server: all that is on the wire.
    pub id: ReplId,
    /// Invisible to the protocol: branches of the history (see [`crate::files::Lineage`]) born at or after the point of
    /// resumption, oldest first, each with the offset at its birth. The resuming server's position is 0 on such a branch
    /// when it reaches that offset.
    pub births: Vec<(ReplOffset, ReplId)>,
}

/// The fields of an entry of SENTINEL MASTERS, REPLICAS or SENTINELS that clients look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceReply {
    /// Name of the entry (master name, `ip:port`, or Sentinel id).
    pub name: Name,
    /// Address.
    pub addr: Addr,
    /// Flag `master`.
    pub master: bool,
    /// Flag `slave`.
    pub slave: bool,
    /// Flag `s_down`.
    pub s_down: bool,
    /// Flag `o_down`.
    pub o_down: bool,
    /// Flag `disconnected`.
    pub disconnected: bool,
    /// `num-other-sentinels` of a master.
    pub other_sentinels: u32,
}

/// INFO as Sentinel and clients read it (Redis spec 7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// `run_id`
    pub run_id: RunId,
    /// The dataset is being loaded.
    pub loading: bool,
    /// Fields of a replica; `None` on a master (`role:master`).
    pub slave: Option<SlaveInfo>,
    /// `slaveN:` lines.
    pub replicas: Vec<ReplicaLine>,
    /// `master_replid`
    pub replid: ReplId,
    /// `master_repl_offset`
    pub repl_offset: ReplOffset,
}

/// INFO fields that only a replica has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlaveInfo {
    /// `master_host`, `master_port`
    pub master: Addr,
    /// `master_link_status:up`
    pub link_up: bool,
    /// `master_link_down_since_seconds`, present while the link is not up; −1 if it never was.
    pub down_since_secs: Option<i64>,
    /// `slave_repl_offset`
    pub offset: ReplOffset,
    /// `slave_priority`
    pub priority: u32,
    /// `replica_announced`
    pub announced: bool,
    /// `master_last_io_seconds_ago`; −1 without a link.
    pub last_io_secs: i64,
    /// `master_sync_in_progress`
    pub syncing: bool,
}

/// A `slaveN:` line of a master's INFO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicaLine {
    /// Address and listening port.
    pub addr: Addr,
    /// State.
    pub state: ReplicaState,
    /// Acknowledged offset.
    pub offset: ReplOffset,
    /// Whole seconds since the last acknowledgement.
    pub lag_secs: i64,
}

/// State of a replica as its master sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplicaState {
    /// Waits for a snapshot to start or to end.
    WaitBgsave,
    /// Receives the file.
    SendBulk,
    /// Receives the stream.
    Online,
}

/// ROLE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleReply {
    /// `master`, offset, online replicas with their acknowledged offsets.
    Master(ReplOffset, Vec<(Addr, ReplOffset)>),
    /// `slave`, master, state of the link, applied offset or −1.
    Slave(Addr, LinkState, Option<ReplOffset>),
    /// `sentinel`
    Sentinel,
}

/// State of a replica's link to its master as ROLE names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkState {
    /// `connect`: will try.
    Connect,
    /// `connecting`
    Connecting,
    /// `handshake`
    Handshake,
    /// `sync`: a full sync is on its way.
    Sync,
    /// `connected`
    Connected,
}

/// A unit of the replication stream.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamItem {
    /// `SELECT 0`
    Select,
    /// `PING`
    Ping,
    /// `REPLCONF GETACK *`
    GetAck,
    /// A write.
    Write(Command),
    /// A published hello: propagated although it changes no data.
    Publish(Arc<Hello>),
    /// `MULTI`: begins a transaction of more than one item; nothing of it counts as applied before its [`StreamItem::Exec`].
    Multi,
    /// `EXEC`
    Exec,
}

impl From<Request> for Message {
    fn from(request: Request) -> Message {
        Message::Request(request)
    }
}

impl From<Reply> for Message {
    fn from(reply: Reply) -> Message {
        Message::Reply(reply)
    }
}

impl From<StreamItem> for Message {
    fn from(item: StreamItem) -> Message {
        Message::Stream(item)
    }
}
