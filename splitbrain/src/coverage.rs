//! Coverage of one run, faults included: what observations tell, and what only the complete record knows.

use splitbrain_checker::Judgement;
use splitbrain_checker::course::Happened;
use splitbrain_checker::coverage::{Family, Tally};
use splitbrain_model::message::OperatorCommand;
use splitbrain_model::note::Note;
use splitbrain_scenarios::{Action, Resolved};
use splitbrain_sim::Record;

/// What a run reached.
pub fn tally(resolved: &Resolved, record: &Record, judgement: &Judgement) -> Tally {
    let mut tally = Tally::of(&record.observations);
    for line in &record.log {
        let (family, name) = match &line.note {
            Note::SaveFailed => (Family::Sentinel, "save-failed"),
            Note::NextFailoverDelay => (Family::Sentinel, "failover-delayed"),
            Note::Script { .. } => (Family::Sentinel, "script"),
            Note::PartialSync { .. } => (Family::Replication, "partial-sync"),
            Note::Link { up: false } => (Family::Replication, "link-lost"),
            Note::OverOutputLimit { soft: true, .. } => (Family::Replication, "output-limit-soft"),
            Note::OverOutputLimit { soft: false, .. } => (Family::Replication, "output-limit-hard"),
            _ => continue,
        };
        tally.add(family, name, 1);
    }
    for step in &resolved.schedule {
        if let Some(kind) = kind_of(&step.action) {
            tally.add(Family::Fault, kind, 0);
        }
    }
    for fault in record.faults.iter().filter(|fault| hit_somebody(&fault.what)) {
        if let Some(kind) = kind_of(&resolved.schedule[fault.step].action) {
            tally.add(Family::Fault, kind, 1);
        }
    }
    for finding in &judgement.findings {
        tally.add(Family::Finding, finding.property.name(), 1);
    }
    tally
}

/// The kind of a fault, as scenario files name it; none for what ends another.
fn kind_of(action: &Action) -> Option<String> {
    let kind = match action {
        Action::Undo(_) => return None,
        Action::Command(_, OperatorCommand::Sentinel(_)) => "sentinel-command".to_owned(),
        Action::Command(_, OperatorCommand::Redis(_)) => "redis-command".to_owned(),
        Action::Command(_, OperatorCommand::DebugSleep(_)) => "debug-sleep".to_owned(),
        // The name under which resolved scenarios are stored: no list here has to be kept.
        action => match serde_json::to_value(action) {
            Ok(serde_json::Value::String(name)) => name,
            Ok(serde_json::Value::Object(fields)) => fields.into_iter().next()?.0,
            _ => return None,
        },
    };
    Some(kind)
}

/// Whether a step found a target. A role that nobody had at that moment leaves a gap in the description.
fn hit_somebody(what: &str) -> bool {
    !what.ends_with(' ') && !what.contains("  ")
}

/// The schedule as it happened: what was applied when, and for how long.
pub fn schedule(resolved: &Resolved, record: &Record) -> Vec<Happened> {
    let seen = &record.observations;
    let began = record.faults.iter().filter(|fault| kind_of(&resolved.schedule[fault.step].action).is_some());
    let happened = began.map(|fault| {
        let ends = |step: usize| resolved.schedule[step].action == Action::Undo(fault.step);
        let end = record.faults.iter().find(|end| ends(end.step));
        let what = if hit_somebody(&fault.what) { fault.what.clone() } else { format!("{} nobody", fault.what.trim()) };
        Happened { at_ms: seen.ms(fault.at), what, lasted_ms: end.map(|end| seen.ms(end.at) - seen.ms(fault.at)) }
    });
    happened.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::resolve;
    use splitbrain_scenarios::{Scenario, Source};

    fn played(text: &str) -> (Resolved, Record) {
        let scenario = Scenario::parse(&Source::new("s.toml", text)).expect("the scenario is sound");
        let resolved = resolve(&scenario, 3);
        let record = splitbrain_sim::run(&resolved);
        (resolved, record)
    }

    fn faults(text: &str) -> Vec<String> {
        let (resolved, record) = played(text);
        let mut coverage = splitbrain_checker::coverage::Coverage::default();
        coverage.add(3, &tally(&resolved, &record, &Judgement::default()));
        let of = coverage.iter().filter(|(family, ..)| *family == Family::Fault);
        of.map(|(_, name, reached)| format!("{name} {}", reached.times)).collect()
    }

    const FAST: &str = "[cluster]\n[sentinel]\ndown-after-milliseconds = 1000\n";

    #[test]
    fn only_faults_that_found_a_target_count_as_applied() {
        let text = format!(
            "{FAST}[[faults]]\nat = \"0s\"\npause = \"master\"\nfor = \"500ms\"\n\
             [[faults]]\nat = \"1s\"\nkill = \"redis-1\"\n[[faults]]\nat = \"2s\"\npause = \"leader\"\n"
        );
        assert_eq!(faults(&text), ["kill 1", "pause 1"], "nobody was elected after two seconds at the earliest");
    }

    #[test]
    fn a_fault_that_waits_in_vain_is_planned_and_not_applied() {
        let text = format!("{FAST}[[faults]]\nwhen = \"+tilt\"\ncap = \"2s\"\nkill = \"master\"\n");
        assert_eq!(faults(&text), ["kill 0"]);
    }

    #[test]
    fn a_schedule_tells_times_targets_and_durations() {
        let text = format!("{FAST}[[faults]]\nat = \"0s\"\npause = \"redis-2\"\nfor = \"1500ms\"\n");
        let (resolved, record) = played(&text);
        let expected = Happened { at_ms: 0, what: "pause redis-2".to_owned(), lasted_ms: Some(1_500) };
        assert_eq!(schedule(&resolved, &record), [expected]);
    }
}
