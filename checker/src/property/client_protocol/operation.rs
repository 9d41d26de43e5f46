//! An operation under way as the tape shows it: how often it was written and answered, and how its last attempt ended.

use super::line::Moment;
use splitbrain_model::client::profile::ErrClass;
use splitbrain_model::note::FailReason;
use splitbrain_model::{Addr, Command, Conn, ErrorWord, Reply, Value};

/// An operation that is not completed.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) number: u32,
    pub(super) command: Command,
    pub(super) begun: Moment,
    /// No master was known when it began: it may ask Sentinels until it ends.
    pub(super) searches: bool,
    /// Others ask for the same: which request is whose is not known.
    pub(super) unclear: bool,
    /// Times it was written, and when last.
    pub(super) writes: u16,
    pub(super) written: Option<Moment>,
    /// Of these, answered.
    pub(super) replied: u16,
    /// An answer is outstanding.
    pub(super) awaiting: bool,
    /// The connection that it was last written to, if that is open.
    pub(super) conn: Option<Conn>,
    /// Where that leads.
    pub(super) target: Option<Addr>,
    /// Connections that could not be opened for it, and that failed in their greeting.
    pub(super) dials: u32,
    pub(super) greetings: u32,
    /// Something else went wrong meanwhile that may have cost it an attempt.
    pub(super) troubled: bool,
    /// How the last attempt failed, when, and with which word.
    pub(super) failure: Option<ErrClass>,
    pub(super) failed: Option<Moment>,
    /// When it failed, if that was a dial and nobody was asked since.
    pub(super) vain: Option<Moment>,
    pub(super) word: Option<ErrorWord>,
    /// What the answer of this step says; the value is what the application gets.
    pub(super) answer: Option<Option<Value>>,
    /// Too few replicas had it when WAIT returned.
    pub(super) unreplicated: bool,
    /// A Sentinel answered for it, and the answer was of no use.
    pub(super) unhelped: bool,
}

impl Operation {
    pub(super) fn new(number: u32, command: Command, begun: Moment) -> Operation {
        Operation {
            number,
            command,
            begun,
            searches: false,
            unclear: false,
            writes: 0,
            written: None,
            replied: 0,
            awaiting: false,
            conn: None,
            target: None,
            dials: 0,
            greetings: 0,
            troubled: false,
            failure: None,
            failed: None,
            vain: None,
            word: None,
            answer: None,
            unreplicated: false,
            unhelped: false,
        }
    }

    /// An attempt ended without success.
    pub(super) fn fail(&mut self, class: ErrClass, now: Moment) {
        (self.failure, self.failed, self.vain, self.word) = (Some(class), Some(now), None, None);
    }

    /// Attempts so far, if every failed dial is one.
    pub(super) fn attempts(&self) -> u32 {
        u32::from(self.writes) + self.dials + self.greetings
    }
}

/// What an operation returns for this reply; `None` if the reply does not fit.
pub(super) fn value_of(command: Command, reply: &Reply) -> Option<Option<Value>> {
    Some(match (command, reply) {
        (Command::Get(_), Reply::Value(value)) => *value,
        (Command::Incr(_) | Command::Sismember(..), Reply::Int(number)) => Some(Value(*number as u64)),
        (Command::Set(..), Reply::Ok)
        | (Command::Sadd(..) | Command::Srem(..) | Command::Rpush(..) | Command::Del(_), Reply::Int(_))
        | (Command::Smembers(_) | Command::Lrange(_), Reply::Values(_)) => None,
        _ => return None,
    })
}

/// What a reported failure counts as, where the tape itself does not tell.
pub(super) fn class_of(reason: FailReason) -> ErrClass {
    match reason {
        FailReason::NoSentinel | FailReason::NoMaster => ErrClass::NoMaster,
        FailReason::Connect => ErrClass::ConnFail,
        FailReason::NotMaster => ErrClass::ReadOnly,
        FailReason::Handshake | FailReason::Closed => ErrClass::Closed,
        FailReason::Timeout => ErrClass::ReadTimeout,
        FailReason::PoolExhausted => ErrClass::PoolWait,
        FailReason::Error(word) => ErrClass::of(word),
        FailReason::Unreplicated => ErrClass::Other,
    }
}
