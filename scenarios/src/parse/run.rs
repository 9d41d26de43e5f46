//! `[run]`: seeds and the phases of a run.

use super::HOMES;
use crate::reader::{Field, Read, Span};
use crate::scenario::{MasterSpec, RunSpec};
use splitbrain_model::Millis;

/// Reads `[run]`.
pub fn read(field: Option<&Field<'_>>, masters: &[MasterSpec]) -> Read<RunSpec> {
    let mut run = RunSpec {
        seeds: 100,
        // Uniform over the longest of Sentinel's periods, so that faults meet every phase of them.
        phase: Span { low: Millis(0), high: Millis(10_000) },
        settle_limit: Millis(60_000),
        observe_at_least: Millis(3_000),
        stable_for: Millis(2_000),
        heal: automatic_heal(masters),
    };
    let Some(field) = field else { return Ok(run) };
    let mut table = field.table("[run]")?;
    let mut millis = |key: &'static str, place: &mut Millis| -> Read<()> {
        if let Some(field) = table.get(key) {
            *place = field.millis()?;
        }
        Ok(())
    };
    millis("settle-limit", &mut run.settle_limit)?;
    millis("observe-at-least", &mut run.observe_at_least)?;
    millis("stable-for", &mut run.stable_for)?;
    if let Some(field) = table.get("seeds") {
        run.seeds = field.count(1, 1_000_000_000)?.into();
    }
    if let Some(field) = table.get("phase") {
        run.phase = field.span()?;
    }
    let heal = table.get("heal");
    if let Some(field) = heal.as_ref().filter(|field| field.as_text() != Some("auto")) {
        run.heal = field.millis().map_err(|mut error| {
            error.expected = error.expected.map(|expected| format!("\"auto\" or {expected}"));
            error
        })?;
    }
    table.finish(HOMES)?;
    if run.heal < run.observe_at_least {
        if let Some(field) = heal.filter(|field| field.as_text() != Some("auto")) {
            let error = field.error("the run would end before it was observed long enough");
            return Err(error
                .found(run.heal.to_string())
                .expected(format!("at least observe-at-least, {}", run.observe_at_least)));
        }
        run.heal = run.observe_at_least;
    }
    Ok(run)
}

/// Most that is waited where nothing is said: settings of days are mistakes more often than wishes, and whoever wants
/// to wait for them can say so. What has not been decided by then is reported as undecided.
const LONGEST_AUTOMATIC_HEAL: i64 = 2 * 3_600_000;

/// Long enough for the protocol's own bounds: detection, a failed attempt with its pause before the next, a reconfiguration up
/// to its timeout and the forced end of it, and what follows INFO at its slow period. Not less than what the checker of
/// `converges-after-heal` waits for, or that would stay undecided.
fn automatic_heal(masters: &[MasterSpec]) -> Millis {
    let bound = |master: &MasterSpec| {
        let (down_after, timeout) = (master.conf.down_after.0, master.conf.failover_timeout.0);
        down_after + (2 * timeout + 30_000).max(4 * timeout + 20_000)
    };
    Millis(masters.iter().map(bound).max().unwrap_or(0).clamp(40_000, LONGEST_AUTOMATIC_HEAL))
}
