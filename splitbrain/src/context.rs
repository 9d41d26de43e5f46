//! What happened while a finding came about: faults, and changes of roles. Judges see no faults; this is put beside what
//! they found, and changes no verdict.

use splitbrain_checker::finding::{Detail, Span};
use splitbrain_checker::observations::Observations;
use splitbrain_checker::summary::{Context, Reported, RunSummary};
use splitbrain_sim::Record;

/// Most lines of one finding.
const LINES: usize = 8;

/// Puts the context beside every finding of a run.
pub(crate) fn add(run: &mut RunSummary, record: &Record) {
    if run.findings.is_empty() {
        return;
    }
    let course = course(record);
    for finding in &mut run.findings {
        finding.context = of(finding, &course);
    }
}

/// Faults (marked), and servers that took another role after the first of them, in order of time.
fn course(record: &Record) -> Vec<(bool, Context)> {
    let seen = &record.observations;
    let faults =
        record.faults.iter().map(|fault| (true, Context { at_ms: seen.ms(fault.at), what: fault.what.clone() }));
    let roles = seen.roles.iter().filter(|role| role.at >= seen.t0).map(|role| {
        let who = &seen.node(role.node).name;
        let what = match role.replica_of {
            None => format!("{who} becomes a master"),
            Some(addr) => format!("{who} becomes a replica of {}", named(seen, addr)),
        };
        (false, Context { at_ms: seen.ms(role.at), what })
    });
    let mut course: Vec<(bool, Context)> = faults.chain(roles).collect();
    course.sort_by_key(|(_, context)| context.at_ms);
    course
}

fn named(seen: &Observations, addr: splitbrain_model::Addr) -> String {
    seen.node_at(addr).map_or_else(|| addr.to_string(), |node| seen.node(node).name.clone())
}

/// What lies in the span of a finding, and what came before it from the last fault on, which may last into it.
fn of(finding: &Reported, course: &[(bool, Context)]) -> Vec<Context> {
    let Some(span) = span(&finding.detail) else { return Vec::new() };
    let before = course.partition_point(|(_, context)| context.at_ms < span.from_ms);
    let begin = course[..before].iter().rposition(|(is_fault, _)| *is_fault).unwrap_or(before);
    let end = course.partition_point(|(_, context)| context.at_ms <= span.until_ms);
    let within = &course[begin..end.max(begin)];
    let mut told: Vec<Context> = within.iter().take(LINES).map(|(_, context)| context.clone()).collect();
    if let (Some(last), more @ 1..) = (told.last_mut(), within.len().saturating_sub(LINES)) {
        last.what = format!(
            "{} (and {more} more until {}.{:03} s)",
            last.what,
            span.until_ms / 1_000,
            span.until_ms.rem_euclid(1_000)
        );
    }
    told
}

/// When a finding came about, if it took time.
fn span(detail: &Detail<String>) -> Option<Span> {
    let of = |operations: &[&splitbrain_checker::finding::Evidence<String>]| {
        let from_ms = operations.iter().map(|operation| operation.invoked_ms).min()?;
        let until_ms =
            operations.iter().map(|operation| operation.completed_ms.unwrap_or(operation.invoked_ms)).max()?;
        Some(Span { from_ms, until_ms })
    };
    match detail {
        Detail::SplitBrain { spans, .. } => {
            Some(Span { from_ms: spans.first()?.from_ms, until_ms: spans.last()?.until_ms })
        }
        Detail::LostWrites { span, .. } | Detail::Evicted { span, .. } | Detail::Unavailable { span, .. } => {
            Some(*span)
        }
        Detail::NotLinearizable { operations, .. } => of(&operations.iter().collect::<Vec<_>>()),
        Detail::StaleReads { read, missed, .. } => of(&[read, missed]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(at_ms: i64, what: &str) -> (bool, Context) {
        (what.starts_with("fault"), Context { at_ms, what: what.to_owned() })
    }

    fn told(course: &[(bool, Context)], from_ms: i64, until_ms: i64) -> Vec<String> {
        let detail = Detail::Unavailable { gap_ms: 1, span: Span { from_ms, until_ms }, limit_ms: 0, ended: true };
        let property = splitbrain_checker::Property::Available;
        let (sentence, master) = (String::new(), String::new());
        let finding =
            Reported { property, at_ms: until_ms, master, sentence, hazard: None, detail, context: Vec::new() };
        of(&finding, course).into_iter().map(|context| context.what).collect()
    }

    #[test]
    fn a_finding_is_told_with_what_lies_in_its_span_and_what_came_since_the_last_fault() {
        let course = [at(0, "fault 1"), at(10, "fault 2"), at(20, "role 1"), at(30, "role 2"), at(40, "fault 3")];
        assert_eq!(told(&course, 25, 30), ["fault 2", "role 1", "role 2"]);
        assert_eq!(told(&course, -5, -1), Vec::<String>::new());
        assert_eq!(told(&course, 100, 200), ["fault 3"]);
    }

    #[test]
    fn of_a_long_course_the_beginning_is_told_and_how_much_more_there_is() {
        let course: Vec<(bool, Context)> = (0..20).map(|i| at(i, "x")).collect();
        let told = told(&course, 0, 1_019);
        assert_eq!(told.len(), LINES);
        assert_eq!(told[LINES - 1], "x (and 12 more until 1.019 s)");
    }
}
