//! Executing data commands and publishing: what changes, what goes into the append-only file and into the replication
//! stream (Redis spec 9.2, 4.1).

use super::Redis;
use crate::effects::Effects;
use crate::env::Env;
use crate::files::Lineage;
use crate::ids::ReplOffset;
use crate::message::{Channel, Hello, Message, Reply, StreamItem};
use crate::note::Note;
use crate::planted::Planted;
use crate::value::Command;
use std::sync::Arc;

/// What a running EXEC will propagate at its end (`server.also_propagate`), with the position after each write.
pub type Batch = Vec<(StreamItem, Lineage)>;

impl Redis {
    /// call() of a data command of a client: execute, append-only file, stream.
    pub(super) fn data_command(&mut self, env: &Env<'_>, out: &mut Effects, command: Command) -> Reply {
        let sixteenth = command.is_write() && self.history.lineage.writes % 16 == 15;
        if sixteenth && self.conf.planted.has(Planted::ReplyBeforeExecution) {
            let reply = self.data.clone().execute(command).0;
            self.history.lineage.writes += 1;
            return reply;
        }
        let (reply, changed) = self.data.execute(command);
        self.touch(command.key());
        if !changed {
            return reply;
        }
        self.persist.dirty += 1;
        if self.master_addr.is_some() {
            // A writable replica: its own change is in no history.
            self.persist.feed_aof(command, self.history.lineage);
            return reply;
        }
        self.history.lineage.writes += 1;
        let lineage = self.history.lineage;
        if !(sixteenth && self.conf.planted.has(Planted::AofLastWriteSkipped)) {
            self.persist.feed_aof(command, lineage);
        }
        if sixteenth && self.conf.planted.has(Planted::WriteNotReplicated) {
            let offset = ReplOffset(self.history.offset);
            out.note(env.elapsed(), Note::Applied { command, lineage, offset });
            return reply;
        }
        self.propagate(env, out, StreamItem::Write(command), lineage);
        reply
    }

    /// PUBLISH of a hello: delivered here, and propagated although it changes no data (spec 4.1).
    pub(super) fn publish(&mut self, env: &Env<'_>, out: &mut Effects, hello: Arc<Hello>) -> Reply {
        let receivers = self.deliver(out, &hello);
        let lineage = self.history.lineage;
        self.propagate(env, out, StreamItem::Publish(hello), lineage);
        Reply::Int(receivers)
    }

    /// Sends a hello to the subscribers of this server; returns how many there are.
    pub(super) fn deliver(&mut self, out: &mut Effects, hello: &Arc<Hello>) -> i64 {
        for (conn, channel) in &self.subscribers {
            if *channel == Channel::Hello {
                out.send(*conn, Message::Hello(hello.clone()));
            }
        }
        self.subscribers.iter().filter(|(_, channel)| *channel == Channel::Hello).count() as i64
    }

    fn propagate(&mut self, env: &Env<'_>, out: &mut Effects, item: StreamItem, lineage: Lineage) {
        match &mut self.batch {
            Some(batch) => batch.push((item, lineage)),
            None => self.propagate_now(env, out, item, lineage),
        }
    }

    pub(super) fn propagate_now(&mut self, env: &Env<'_>, out: &mut Effects, item: StreamItem, lineage: Lineage) {
        let written = match item {
            StreamItem::Write(command) => Some(command),
            _ => None,
        };
        self.feed_of_database(out, item);
        if let Some(command) = written {
            let offset = ReplOffset(self.history.offset);
            out.note(env.elapsed(), Note::Applied { command, lineage, offset });
        }
    }

    /// propagatePendingCommands: the end of EXEC; MULTI and EXEC are put around more than one item only.
    pub(super) fn propagate_batch(&mut self, env: &Env<'_>, out: &mut Effects, batch: Batch) {
        let wrapped = batch.len() > 1;
        if wrapped {
            self.feed_of_database(out, StreamItem::Multi);
        }
        for (item, lineage) in batch {
            self.propagate_now(env, out, item, lineage);
        }
        if wrapped {
            self.feed(out, StreamItem::Exec);
        }
    }

    /// replicationFeedSlaves of a command of database 0: SELECT first where the stream needs it.
    fn feed_of_database(&mut self, out: &mut Effects, item: StreamItem) {
        if self.history.select_due && self.feeds() {
            self.feed(out, StreamItem::Select);
            self.history.select_due = false;
        }
        self.feed(out, item);
    }

    /// Whether this server produces a stream: it is a top-level master, and somebody needs or needed the stream.
    fn feeds(&self) -> bool {
        self.master_addr.is_none() && (self.history.backlog.is_some() || !self.replicas.is_empty())
    }

    /// replicationFeedSlaves: puts an item into backlog and replicas' output. Nothing on a replica.
    pub(super) fn feed(&mut self, out: &mut Effects, item: StreamItem) {
        if self.feeds() {
            self.extend_stream(out, item);
        }
    }

    /// Appends to the stream, whoever produced the item, and hands it to the replicas that get the stream now.
    pub(super) fn extend_stream(&mut self, out: &mut Effects, item: StreamItem) {
        for replica in &self.replicas {
            if replica.streams() {
                out.send_stream(replica.conn, item.clone());
            }
        }
        self.history.push(item);
    }
}
