//! Documented hazards of real Sentinel: violations that the real thing shows as well. A finding is put down to one only
//! if the trigger it cannot do without stands in the observations; a violation that merely looks like one is not.
//!
//! Source: Sentinel spec, section 14 (H1, H2, ...) and appendix C.1; client spec, section 4. Cannot see: hazards whose
//! trigger leaves no trace outside a Sentinel (H9).

use crate::client_tape::{Taped, What};
use crate::failovers::{Attempt, ONE_STEP};
use crate::finding::{Detail, Finding};
use crate::index::{Index, master_named};
use crate::observations::{NodeIx, Observations};
use crate::property::one_leader_per_epoch::{needed, votes};
use crate::tape;
use serde::{Deserialize, Serialize};
use splitbrain_model::event::{EventKind, Extra, Subject};
use splitbrain_model::message::Channel;
use splitbrain_model::{Addr, Conn, Epoch, Message, Nanos, Reply, Request, TrueTime};
use std::fmt;
use std::ops::RangeInclusive;

macro_rules! hazards {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $title:literal;)*) => {
        /// A documented hazard.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Hazard {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl Hazard {
            /// All hazards.
            pub const ALL: &'static [Hazard] = &[$(Hazard::$variant),*];

            /// Its name in reports.
            pub const fn name(self) -> &'static str {
                match self { $(Hazard::$variant => $name,)* }
            }

            /// What happens, in a few words.
            pub const fn title(self) -> &'static str {
                match self { $(Hazard::$variant => $title,)* }
            }
        }
    };
}

hazards! {
    /// Votes are asked for and counted with the current epoch, the promotion is stamped with that of the attempt.
    /// Trigger: the leader's current epoch rose between its +try-failover and its +elected-leader, and the votes that
    /// elected it are of the later epoch.
    WrongEpoch = "H1", "a leader acts with the epoch it began with after being elected in a later one";
    /// A leader that is still at work on an older failover takes over a newer epoch without the newer address.
    /// Trigger: between its +promoted-slave and the end of its failover it announced an epoch in which the others had
    /// failed back to the master it replaces.
    FailBack = "H2", "a leader busy with an older failover takes a newer epoch for its own";
    /// Opinions on a master outlive its replacement for up to 5 s. Trigger: fewer Sentinels than the quorum had the
    /// master as down when the attempt began, and the leader had switched to it less than 5 s (and a tick) before its
    /// +odown.
    StaleAgreement = "H3", "opinions on the old master made the new one objectively down";
    /// A forced failover takes the next epoch without a vote. Trigger: an operator's SENTINEL FAILOVER among the
    /// failovers of that epoch.
    SharedEpoch = "H4", "a failover forced by an operator shares its epoch";
    /// A master that was removed and added again has no votes. Trigger: -monitor and +monitor between the two votes.
    ForgottenVote = "H8", "a Sentinel forgot its vote when its master was removed and added again";
    /// A reset during the failover loses the promoted address, while the epoch stays. Trigger: +reset-master of the
    /// leader between its +promoted-slave and the end of its failover.
    ResetLeader = "H10", "a leader was reset after its promotion, and equal epochs correct nothing";
    /// A Sentinel that has not heard of a promotion demotes the new master, and only another failover, half a minute
    /// later, repairs it. Trigger: after the last repair, +convert-to-slave of the promoted replica by a Sentinel that
    /// had not switched to it; in the end all name one master.
    ObserverDemotes = "I6", "a Sentinel that had not heard of the promotion demoted the new master";
    /// What a Sentinel announced was not in its file when it was started again. Trigger: the save had failed, or the
    /// file had gone back to an older one.
    LostFile = "lost-file", "a Sentinel was restarted with a file that lacked what it had announced";
    /// A client that listens to Sentinels asked one that did not know of the failover yet, and its subscription there
    /// came too late, or broke without its notice (client spec 4). Trigger: the last that it heard of its master from
    /// any Sentinel is an address that a Sentinel had switched away from before, to the master of the end.
    StaleAnswer = "stale-answer", "a Sentinel that had not heard of the failover sent the client back to the old master";
    /// A subscription that looks alive is not, or its packets wait for a retransmission after a long silence (client spec 4).
    /// Trigger: a Sentinel wrote +switch-master of the last master to a subscription that its client holds, and the client
    /// has not read it.
    LateAnnouncement = "late-announcement", "+switch-master was lost with a dead connection, or was on its way for very long";
}

impl Hazard {
    /// The hazard of this name.
    pub fn from_name(name: &str) -> Option<Hazard> {
        Hazard::ALL.iter().copied().find(|hazard| hazard.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Hazard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// SENTINEL_ASK_PERIOD * 5: how long an opinion stays (spec 6.1), and a tick to notice that it is gone.
const OPINIONS_LAST: Nanos = Nanos::from_millis(5_100);

/// The hazard behind a finding, if there is one.
pub fn of(index: &Index<'_>, finding: &Finding) -> Option<Hazard> {
    let obs = index.obs;
    let master = master_named(obs, &finding.master)?;
    match &finding.detail {
        Detail::TwoLeaders { epoch, .. } | Detail::TwoPromotions { epoch, .. } => of_round(index, master, *epoch),
        Detail::EpochNamesTwo { epoch, .. } => {
            let behind = fail_back(index, master, Some(*epoch)).or_else(|| reset_leader(index, master, Some(*epoch)));
            behind.or_else(|| of_round(index, master, *epoch))
        }
        Detail::NotConverged { .. } => {
            let mut epochs: Vec<Epoch> = index.attempts.iter().filter_map(|attempt| attempt.epoch).collect();
            epochs.sort_unstable();
            epochs.dedup();
            let rounds = || epochs.iter().find_map(|epoch| of_round(index, master, *epoch));
            let behind = fail_back(index, master, None).or_else(|| reset_leader(index, master, None));
            behind.or_else(rounds).or_else(|| observer_demotes(index, master))
        }
        Detail::VotedAgain { sentinel, before, after } => {
            voted_again(index, master, *sentinel, (*before, *after), finding.at)
        }
        Detail::EpochWentBack { sentinel, before, after, .. } => {
            unsaved_epochs(index, *sentinel, *after..=*before, finding.at)
        }
        Detail::ClientStuck { client, .. } => {
            stale_answer(index, master, *client).or_else(|| late_announcement(index, master, *client))
        }
        Detail::FalseFailover { leader, epoch, .. } => {
            let its = |attempt: &&Attempt| (attempt.master, attempt.leader, attempt.epoch) == (master, *leader, *epoch);
            index.attempts.iter().filter(its).find_map(|attempt| stale_agreement(index, attempt))
        }
        _ => None,
    }
}

/// Two leaders of one epoch.
fn of_round(index: &Index<'_>, master: usize, epoch: Epoch) -> Option<Hazard> {
    let round = (master, Some(epoch));
    let elected = || index.attempts.iter().filter(|a| (a.master, a.epoch) == round && a.elected.is_some());
    let first = elected().next()?.leader;
    if elected().all(|attempt| attempt.leader == first) {
        return None;
    }
    if elected().any(|attempt| attempt.forced) {
        return Some(Hazard::SharedEpoch);
    }
    if elected().any(|attempt| wrong_epoch(index.obs, attempt, epoch)) {
        return Some(Hazard::WrongEpoch);
    }
    voted_twice(index, master, epoch)
}

/// The epoch rose during the election, and only then came the votes.
fn wrong_epoch(obs: &Observations, attempt: &Attempt, epoch: Epoch) -> bool {
    let Some(elected) = attempt.elected else { return false };
    let rose = obs.events.iter().any(|event| {
        let later = matches!(event.event.extra, Extra::Epoch(new) if new > epoch);
        event.node == attempt.leader && later && attempt.tried < event.at && event.at <= elected
    });
    let votes = votes(obs, attempt, elected);
    let needed = needed(obs, attempt, elected);
    let enough =
        |later: bool| votes.iter().any(|(its, votes)| (*its > epoch) == later && *its >= epoch && *votes >= needed);
    rose && enough(true) && !enough(false)
}

/// Some Sentinel voted twice in this epoch, each time with a file that did not know better.
fn voted_twice(index: &Index<'_>, master: usize, epoch: Epoch) -> Option<Hazard> {
    let obs = index.obs;
    let mut voted: Vec<NodeIx> = Vec::new();
    for event in &obs.events {
        let about = master_named(obs, &event.event.master) == Some(master);
        if !about || event.event.kind != EventKind::VoteForLeader {
            continue;
        }
        match event.event.extra {
            Extra::Vote(_, its) if its == epoch && voted.contains(&event.node) => {
                return voted_again(index, master, event.node, (epoch, epoch), event.at);
            }
            Extra::Vote(_, its) if its == epoch => voted.push(event.node),
            _ => {}
        }
    }
    None
}

fn voted_again(
    index: &Index<'_>,
    master: usize,
    sentinel: NodeIx,
    (before, after): (Epoch, Epoch),
    at: TrueTime,
) -> Option<Hazard> {
    let obs = index.obs;
    let mut votes = obs.events.iter().filter(|event| {
        event.node == sentinel
            && event.event.kind == EventKind::VoteForLeader
            && master_named(obs, &event.event.master) == Some(master)
            && event.at <= at
    });
    let voted = |epoch| move |event: &&crate::observations::EventAt| matches!(event.event.extra, Extra::Vote(_, its) if its == epoch);
    let first = votes.find(voted(before))?.at;
    // A Sentinel that answers two requests in one step has one time for both.
    let second = votes.find(voted(after)).map_or(at, |event| event.at);
    let between = |kind| {
        obs.events.iter().any(|event| {
            event.node == sentinel
                && event.event.kind == kind
                && master_named(obs, &event.event.master) == Some(master)
                && first <= event.at
                && event.at <= second
        })
    };
    if between(EventKind::Unmonitor) && between(EventKind::Monitor) {
        return Some(Hazard::ForgottenVote);
    }
    lost_file(index, sentinel, first..=first, second)
}

/// A Sentinel announces the first of these epochs once more: neither that nor a later one can have been in its file. The last
/// may have died with the Sentinel before it could be saved; the save of each other failed, or was undone.
fn unsaved_epochs(
    index: &Index<'_>,
    sentinel: NodeIx,
    epochs: RangeInclusive<Epoch>,
    until: TrueTime,
) -> Option<Hazard> {
    let events = || index.obs.events.iter().filter(|event| event.node == sentinel && event.at < until);
    let mut announced = Vec::new();
    for event in events().filter(|event| event.event.kind == EventKind::NewEpoch) {
        let Extra::Epoch(epoch) = event.event.extra else { continue };
        if epochs.contains(&epoch) {
            // Who stands for election itself announces first, and saves with its vote (sentinelStartFailover).
            let stands = events().any(|its| its.at == event.at && its.event.kind == EventKind::TryFailover);
            let vote = |extra: &Extra| stands && matches!(extra, Extra::Vote(_, its) if *its == epoch);
            let voted = events().find(|its| its.at >= event.at && vote(&its.event.extra)).map(|its| its.at);
            announced.push((event.at, voted.unwrap_or(event.at)));
        }
    }
    let lost = |(at, saved): &(TrueTime, TrueTime)| lost_file(index, sentinel, *at..=*saved, until).is_some();
    let said_last = |(at, _): &mut (TrueTime, TrueTime)| {
        let death = index.deaths(sentinel).find(|death| *at <= *death);
        death.is_some_and(|death| !events().any(|event| *at < event.at && event.at < death))
    };
    if announced.len() > 1 && announced.last().is_some_and(|last| !lost(last)) {
        announced.pop_if(said_last);
    }
    (!announced.is_empty() && announced.iter().all(lost)).then_some(Hazard::LostFile)
}

/// What was announced at the first of these times, and saved at the last, was not saved, or was lost, and a restart forgot it
/// before `until`.
fn lost_file(index: &Index<'_>, sentinel: NodeIx, step: RangeInclusive<TrueTime>, until: TrueTime) -> Option<Hazard> {
    let (since, saved) = step.into_inner();
    let restarted = index.deaths(sentinel).any(|death| since <= death && death <= until);
    let lost = index.obs.lost_files.iter().filter(|lost| lost.node == sentinel).any(|lost| match lost.gone_back {
        true => since <= lost.at && lost.at <= until,
        false => lost.at <= saved + ONE_STEP && since <= lost.at + ONE_STEP,
    });
    (restarted && lost).then_some(Hazard::LostFile)
}

/// A leader of an older failover learnt of an epoch in which the master it replaces had been promoted: it announced that one, or
/// a later one, as it does for another master that it watches.
fn fail_back(index: &Index<'_>, master: usize, epoch: Option<Epoch>) -> Option<Hazard> {
    let obs = index.obs;
    let attempts = || index.attempts.iter().filter(|attempt| attempt.master == master);
    let blind = attempts().any(|attempt| {
        let Some((promoted, _)) = attempt.promoted else { return false };
        let during = promoted..=attempt.ended.unwrap_or(obs.end);
        attempts().any(|other| {
            let Some((back, _)) = other.promoted.filter(|(_, addr)| *addr == attempt.old) else { return false };
            let Some(newer) = other.epoch.filter(|newer| epoch.is_none_or(|epoch| epoch == *newer)) else {
                return false;
            };
            other.leader != attempt.leader
                && during.contains(&back)
                && obs.events.iter().any(|event| {
                    let knows = matches!(event.event.extra, Extra::Epoch(known) if newer <= known);
                    event.node == attempt.leader && during.contains(&event.at) && knows
                })
        })
    });
    blind.then_some(Hazard::FailBack)
}

/// A leader was reset after its promotion.
fn reset_leader(index: &Index<'_>, master: usize, epoch: Option<Epoch>) -> Option<Hazard> {
    let obs = index.obs;
    let reset = index.attempts.iter().filter(|attempt| attempt.master == master).any(|attempt| {
        let Some((promoted, _)) = attempt.promoted else { return false };
        let ended = attempt.ended.unwrap_or(obs.end);
        let of_it = epoch.is_none() || attempt.epoch == epoch;
        of_it
            && obs.events.iter().any(|event| {
                event.node == attempt.leader
                    && event.event.kind == EventKind::ResetMaster
                    && master_named(obs, &event.event.master) == Some(master)
                    && promoted <= event.at
                    && event.at <= ended
            })
    });
    reset.then_some(Hazard::ResetLeader)
}

/// The repair that is under way at the end has been made necessary by a demotion after the last repair.
fn observer_demotes(index: &Index<'_>, master: usize) -> Option<Hazard> {
    let obs = index.obs;
    let mut named = obs.final_views.iter().filter(|view| master_named(obs, &view.master) == Some(master));
    let first = named.next()?.addr;
    if named.any(|view| !obs.same_process(view.addr, first)) {
        return None;
    }
    let demoted = obs.events.iter().filter(|event| event.event.kind == EventKind::ConvertToSlave).any(|event| {
        let Subject::Slave(addr) = event.event.subject else { return false };
        master_named(obs, &event.event.master) == Some(master)
            && obs.last_disturbance <= event.at
            && index.attempts.iter().any(|attempt| {
                attempt.master == master
                    && attempt.leader != event.node
                    && attempt.promoted.is_some_and(|(at, promoted)| promoted == addr && at <= event.at)
            })
    });
    demoted.then_some(Hazard::ObserverDemotes)
}

/// The last that a client heard from a Sentinel was the master before, after the switch to the one of the end.
fn stale_answer(index: &Index<'_>, master: usize, client: NodeIx) -> Option<Hazard> {
    let obs = index.obs;
    let (heard, named) =
        obs.client_tapes.get(usize::from(client.0))?.iter().rev().find_map(|item| match &item.what {
            What::Read(_, Message::Reply(Reply::Addr(named))) => Some((item.at, *named)),
            What::Read(_, Message::SwitchMaster(switch)) => Some((item.at, switch.new)),
            _ => None,
        })?;
    let last = obs.final_views.iter().find(|view| master_named(obs, &view.master) == Some(master))?.addr;
    let known = obs.events.iter().any(|event| {
        event.event.kind == EventKind::SwitchMaster
            && event.at < heard
            && master_named(obs, &event.event.master) == Some(master)
            && event.event.extra == Extra::Switch(named, last)
    });
    known.then_some(Hazard::StaleAnswer)
}

/// A subscription that a client holds.
struct Subscription {
    conn: Conn,
    sentinel: Addr,
    /// When the client asked for it, and when it was confirmed.
    asked: TrueTime,
    confirmed: TrueTime,
    /// When the client last read there that this is the master.
    told: Option<TrueTime>,
}

/// The subscriptions at Sentinels that a client believes in at the end.
fn subscriptions(tape: &[Taped], master: Addr) -> Vec<Subscription> {
    let mut opened: Vec<(Conn, Addr, TrueTime)> = Vec::new();
    let mut held: Vec<Subscription> = Vec::new();
    for item in tape {
        match &item.what {
            What::Opened(conn, addr) => opened.push((*conn, *addr, item.at)),
            What::Wrote(conn, Request::Subscribe(Channel::SwitchMaster)) => {
                opened.iter_mut().filter(|line| line.0 == *conn).for_each(|line| line.2 = item.at);
            }
            What::Read(conn, Message::Reply(Reply::Subscribed(Channel::SwitchMaster))) => {
                let line = opened.iter().find(|line| line.0 == *conn);
                let confirmed = item.at;
                held.extend(line.map(|&(conn, sentinel, asked)| Subscription {
                    conn,
                    sentinel,
                    asked,
                    confirmed,
                    told: None,
                }));
            }
            What::Read(conn, Message::SwitchMaster(switch)) if switch.new == master => {
                held.iter_mut().filter(|its| its.conn == *conn).for_each(|its| its.told = Some(item.at));
            }
            What::Lost(conn) | What::Closed(conn, _) => held.retain(|its| its.conn != *conn),
            _ => {}
        }
    }
    held
}

/// A Sentinel wrote to the client what the client never read.
fn late_announcement(index: &Index<'_>, master: usize, client: NodeIx) -> Option<Hazard> {
    let obs = index.obs;
    let last = obs.final_views.iter().find(|view| master_named(obs, &view.master) == Some(master))?.addr;
    let held = subscriptions(obs.client_tapes.get(usize::from(client.0))?, last);
    let unread = |its: &Subscription| {
        let Some(sentinel) = obs.nodes.iter().position(|node| node.addr == its.sentinel) else { return false };
        let tape = || obs.tape.iter().filter(move |item| usize::from(item.node.0) == sentinel);
        // Connections have other numbers there: those that came to a subscription meanwhile.
        let theirs =
            tape().filter(|item| (its.asked..=its.confirmed).contains(&item.at)).filter_map(|item| match item.what {
                tape::What::Read(conn, Message::Request(Request::Subscribe(Channel::SwitchMaster))) => Some(conn),
                _ => None,
            });
        let theirs: Vec<Conn> = theirs.collect();
        let since = its.told.unwrap_or(its.confirmed);
        let wrote = |conn: &Conn| {
            tape().any(|item| {
                let tape::What::Wrote(to, Message::SwitchMaster(switch)) = &item.what else { return false };
                to == conn && switch.new == last && item.at > since
            })
        };
        !theirs.is_empty() && theirs.iter().all(wrote)
    };
    held.iter().any(unread).then_some(Hazard::LateAnnouncement)
}

/// The agreement of an attempt was about the master before.
fn stale_agreement(index: &Index<'_>, attempt: &Attempt) -> Option<Hazard> {
    let obs = index.obs;
    let mine = |kind| {
        obs.events.iter().filter(move |event| {
            event.node == attempt.leader
                && event.event.kind == kind
                && master_named(obs, &event.event.master) == Some(attempt.master)
        })
    };
    let agreed = mine(EventKind::OdownEnter)
        .filter(|event| event.event.subject == Subject::Master && event.at <= attempt.tried)
        .map(|event| event.at)
        .next_back()?;
    let switched =
        mine(EventKind::SwitchMaster).filter(|event| event.at <= agreed).map(|event| event.at).next_back()?;
    let fresh = agreed.since(switched) <= OPINIONS_LAST;
    (fresh && attempt.opinions < obs.masters[attempt.master].quorum).then_some(Hazard::StaleAgreement)
}
