//! `lost-write`: every acknowledged write is in the history of the master after convergence.
//!
//! A write is lost if it was acknowledged, and no execution of it has a (replication id, position) in the lineage of
//! the final master: the branch that master is on, and the branches it continues, each up to where the next one left
//! it. A write that was overwritten later is in the lineage and not lost. Without convergence nothing is decided.
//!
//! The audit read of the final master must agree with its lineage: replaying the lineage gives the data. If it does
//! not, the model contradicts itself, and that is a finding of its own kind. Where no executions were recorded (the
//! real thing), the audit alone decides, for SADD only.
//!
//! Source: the definitions of ARCHITECTURE.md, "Words". Cannot see: writes lost and restored in between (a reader may
//! have: `linearizable`), and whether an INCR of unknown outcome survived.

use super::span;
use crate::audit::{self, Difference};
use crate::expect::Property;
use crate::finding::{Detail, Evidence, Finding, Losses};
use crate::index::{Ack, Index};
use crate::judge::Judgement;
use crate::lineage::Chain;
use crate::measure::longest_gap;
use crate::metrics::Metric;
use crate::observations::{AppliedAt, FinalRedis, FullSyncAt, MasterSettings, Observations, Operation};
use splitbrain_model::note::Outcome;
use splitbrain_model::{Command, TrueTime};
use std::collections::BTreeSet;

/// Checks every master.
pub fn check(obs: &Observations, index: &Index<'_>, out: &mut Judgement) {
    for (i, settings) in obs.masters.iter().enumerate() {
        match survivor(obs, settings) {
            Ok(survivor) => judge_master(obs, index, i, survivor, out),
            Err(why) => out.leave(Property::LostWrite, format!("{}: {why}", settings.name)),
        }
    }
}

/// The master after convergence.
fn survivor<'a>(obs: &'a Observations, settings: &MasterSettings) -> Result<&'a FinalRedis, &'static str> {
    if obs.converged.is_none() {
        return Err("there is no master that everybody agrees on, so nothing is lost for good");
    }
    let view = obs.final_views.iter().find(|view| view.master == settings.name).ok_or("no Sentinel names a master")?;
    let node = obs.node_at(view.addr).ok_or("nobody listens where the Sentinels say")?;
    obs.final_redis.iter().find(|redis| redis.node == node && redis.running).ok_or("the final master does not run")
}

/// Acknowledged writes that did not survive, by their places in [`Observations::operations`]; of masters where that can be told.
pub fn lost(obs: &Observations) -> Vec<u32> {
    let index = Index::new(obs);
    let survivors = obs.masters.iter().enumerate().filter_map(|(i, settings)| Some((i, survivor(obs, settings).ok()?)));
    let tallies = survivors.map(|(i, last)| tally(obs, &index, i, last, &Chain::new(obs, last.lineage)));
    tallies.flat_map(|tally| tally.lost).map(|ack| ack.operation).collect()
}

/// What became of all acknowledged writes of a master; `chain` is the history that survived.
fn tally(obs: &Observations, index: &Index<'_>, master: usize, last: &FinalRedis, chain: &Chain) -> Tally {
    let recorded = !obs.applied.is_empty();
    let mut tally = Tally { ends: Ends::new(obs), ..Tally::default() };
    for ack in index.acks_of(master) {
        let operation = &obs.operations[ack.operation as usize];
        let survived =
            if recorded { survives(obs, index, chain, ack.operation, operation) } else { audited(last, operation) };
        match survived {
            Some(survived) => tally.add(obs, index, chain, ack, survived),
            None if recorded => tally.never_executed.push(ack.operation),
            None => {}
        }
    }
    tally
}

fn judge_master(obs: &Observations, index: &Index<'_>, master: usize, last: &FinalRedis, out: &mut Judgement) {
    let name = &obs.masters[master].name;
    let recorded = !obs.applied.is_empty();
    let chain = Chain::new(obs, last.lineage);
    let tally = tally(obs, index, master, last, &chain);
    tally.measure(obs, out);
    let unknown = (0u32..).zip(&obs.operations).filter(|(_, operation)| {
        operation.command.is_write()
            && matches!(operation.outcome, Some(Outcome::Info(_)) | None)
            && index.master_of(operation.client) == Some(master)
    });
    let present = unknown.filter(|(i, operation)| {
        let fate = if recorded { survives(obs, index, &chain, *i, operation) } else { audited(last, operation) };
        fate == Some(true)
    });
    out.metrics.add(Metric::IndeterminateSurvived, present.count() as i64);
    let lost = tally.finding(obs, last);
    let contradictions = [tally.contradiction(obs), recorded.then(|| audited_all(obs, &chain, last)).flatten()];
    for (at, detail) in lost.into_iter().chain(contradictions.into_iter().flatten()) {
        out.findings.push(Finding { property: Property::LostWrite, at, master: name.clone(), detail });
    }
}

/// Whether any effect of a write is in a history; `None` if it had none.
fn survives(obs: &Observations, index: &Index<'_>, chain: &Chain, number: u32, operation: &Operation) -> Option<bool> {
    let mut fate = None;
    for applied in index.executions.all_of(number, operation) {
        fate = Some(true);
        if chain.contains(obs.applied[applied].lineage) {
            return fate;
        }
    }
    fate.map(|_| false)
}

/// Whether the audit read found an element; `None` for anything but SADD.
fn audited(last: &FinalRedis, operation: &Operation) -> Option<bool> {
    match operation.command {
        Command::Sadd(key, value) => Some(last.data.set(key).is_some_and(|members| members.contains(value))),
        _ => None,
    }
}

/// Acknowledged writes by their fate.
#[derive(Default)]
struct Tally {
    acked: u64,
    adds: u64,
    lost_adds: u64,
    lost: Vec<Ack>,
    survived: Vec<(Ack, bool)>,
    causes: Losses,
    ends: Ends,
    never_executed: Vec<u32>,
}

/// What may have taken writes away: full syncs, with the histories before and after them.
#[derive(Default)]
struct Ends(Vec<(TrueTime, Chain, Chain)>);

impl Ends {
    fn new(obs: &Observations) -> Ends {
        let chains = |sync: &FullSyncAt| (sync.at, Chain::new(obs, sync.before), Chain::new(obs, sync.after));
        Ends(obs.full_syncs.iter().map(chains).collect())
    }

    /// What became of a lost write where it was: a full sync replaced it, or it was gone with the process before that.
    fn count(&self, index: &Index<'_>, applied: &AppliedAt, causes: &mut Losses) {
        let wiped = self.0.iter().any(|(at, before, after)| {
            *at >= applied.at && before.contains(applied.lineage) && !after.contains(applied.lineage)
        });
        if wiped {
            causes.wiped += 1;
        } else if index.deaths(applied.node).any(|death| death >= applied.at) {
            causes.died += 1;
        }
    }
}

impl Tally {
    fn add(&mut self, obs: &Observations, index: &Index<'_>, chain: &Chain, ack: &Ack, survived: bool) {
        let operation = &obs.operations[ack.operation as usize];
        let is_add = matches!(operation.command, Command::Sadd(..));
        self.acked += 1;
        self.adds += u64::from(is_add);
        if survived {
            self.survived.push((*ack, is_add));
            return;
        }
        self.lost_adds += u64::from(is_add);
        self.lost.push(*ack);
        let applied = index.executions.of(ack.operation);
        let cause = applied.map(|i| &obs.applied[i]).and_then(|applied| {
            let parting = chain.parting(obs, applied.lineage)?;
            Some((applied, parting))
        });
        if let Some((applied, _)) = cause {
            self.ends.count(index, applied, &mut self.causes);
            self.causes.began_empty += u64::from(!chain.is_kin(obs, applied.lineage));
        }
        *match cause {
            None => &mut self.causes.unexplained,
            Some((applied, (_, by))) if by == applied.node => &mut self.causes.rolled_back,
            Some((applied, (at, _))) if applied.at < at => &mut self.causes.unreplicated,
            Some(_) => &mut self.causes.after_promotion,
        } += 1;
    }

    fn measure(&self, obs: &Observations, out: &mut Judgement) {
        let metrics = &mut out.metrics;
        metrics.add(Metric::WritesLost, self.lost.len() as i64);
        if self.adds > 0 {
            metrics.add(Metric::SetAddsLost, self.lost_adds as i64);
        }
        // As the recordings have it: only SADDs, whose survival an audit can see. Without any, all writes.
        let moments = self
            .survived
            .iter()
            .filter(|(_, is_add)| *is_add || self.adds == 0)
            .filter_map(|(ack, _)| obs.operations[ack.operation as usize].completed);
        if let Some((from, until, _)) = longest_gap(obs, moments) {
            let gap = until.since(from).millis() as i64;
            let worst = metrics.get(Metric::WriteUnavailableSurviving);
            metrics.set(Metric::WriteUnavailableSurviving, gap.max(worst.unwrap_or(0)));
        }
    }

    fn finding(&self, obs: &Observations, last: &FinalRedis) -> Option<(splitbrain_model::TrueTime, Detail)> {
        let (from, until) = (self.lost.first()?, self.lost.last()?);
        let servers: BTreeSet<_> = self.lost.iter().map(|ack| ack.node).collect();
        let lost = self.lost.len() as u64;
        let detail = Detail::LostWrites {
            survivor: last.node,
            servers: servers.into_iter().collect(),
            acked: self.acked,
            lost,
            permille: (lost * 1_000 / self.acked) as u32,
            span: span(obs, from.at, until.at),
            causes: self.causes,
        };
        Some((from.at, detail))
    }

    fn contradiction(&self, obs: &Observations) -> Option<(splitbrain_model::TrueTime, Detail)> {
        let first = &obs.operations[*self.never_executed.first()? as usize];
        let detail =
            Detail::NeverExecuted { writes: self.never_executed.len() as u64, first: Evidence::of(obs, first) };
        Some((first.completed.unwrap_or(obs.end), detail))
    }
}

/// Replays the history of the final master and compares it with its data.
fn audited_all(obs: &Observations, chain: &Chain, last: &FinalRedis) -> Option<(splitbrain_model::TrueTime, Detail)> {
    let Difference { key, expected, found, keys } = audit::compare_chain(obs, chain, &last.data)?;
    Some((obs.end, Detail::AuditDisagrees { node: last.node, key, expected, found, keys }))
}
