//! What happened in a run, in sentences: faults, and what Sentinels made of them.

use splitbrain_checker::observations::EventAt;
use splitbrain_checker::sentence::seconds;
use splitbrain_model::event::EventKind;
use splitbrain_model::{Addr, TrueTime};
use splitbrain_sim::Record;

/// One line each: simulated seconds after the first fault, and a sentence.
pub(crate) fn tell(record: &Record) -> Vec<String> {
    let seen = &record.observations;
    let mut lines: Vec<(TrueTime, String)> =
        record.faults.iter().map(|fault| (fault.at, sentence(&fault.what))).collect();
    let mut down: Vec<&str> = Vec::new();
    for event in seen.events.iter().filter(|event| event.at >= seen.t0) {
        let again = event.event.kind == EventKind::OdownEnter && down.contains(&&*event.event.master);
        if event.event.kind == EventKind::OdownEnter {
            down.push(&event.event.master);
        }
        if event.event.kind == EventKind::SwitchMaster {
            down.retain(|master| *master != &*event.event.master);
        }
        lines.extend(told(record, event).filter(|_| !again).map(|text| (event.at, text)));
    }
    // Faults before what they cause.
    lines.sort_by_key(|(at, _)| *at);
    // All Sentinels hear of a switch: once is enough.
    let mut switches: Vec<String> = Vec::new();
    lines.retain(|(_, text)| {
        let first = !text.contains("is master of") || !switches.contains(text);
        switches.push(text.clone());
        first
    });
    lines.into_iter().map(|(at, text)| format!("{:>10}  {text}", seconds(seen.ms(at)))).collect()
}

/// What one event of a Sentinel means, if it matters.
fn told(record: &Record, event: &EventAt) -> Option<String> {
    let seen = &record.observations;
    let name = |addr: Addr| {
        seen.node_at(addr).map_or_else(|| addr.to_string(), |node| seen.nodes[usize::from(node.0)].name.clone())
    };
    let who = &seen.nodes[usize::from(event.node.0)].name;
    let master = &event.event.master;
    Some(match event.event.kind {
        EventKind::OdownEnter => {
            format!(
                "{who} finds that enough Sentinels hold {}, master of {master}, for down.",
                name(event.event.master_addr)
            )
        }
        EventKind::ElectedLeader => format!("{who} is elected to fail {master} over."),
        EventKind::SwitchMaster => match &event.event.extra {
            splitbrain_model::event::Extra::Switch(old, new) => {
                format!("Sentinels switch: {} is master of {master} in place of {}.", name(*new), name(*old))
            }
            _ => return None,
        },
        EventKind::TiltEnter => format!("{who} no longer trusts its clock (TILT)."),
        _ => return None,
    })
}

/// A fault as a sentence.
fn sentence(what: &str) -> String {
    let forms: &[(&str, &str)] = &[
        ("kill ", " killed"),
        ("stop ", " told to end (SIGTERM)"),
        ("restart ", " started again"),
        ("pause ", " frozen (SIGSTOP)"),
        ("resume ", " woken (SIGCONT)"),
        ("isolate ", " cut off from all others"),
        ("power-loss ", " without power"),
        ("power-on ", " booted again"),
    ];
    for (verb, is) in forms {
        if let Some(names) = what.strip_prefix(verb).filter(|names| !names.is_empty()) {
            let are = if names.contains(", ") { "are" } else { "is" };
            return format!("{names} {are}{is}.");
        }
    }
    if let Some(groups) = what.strip_prefix("partition ") {
        return format!("The network splits: {}.", groups.replace(" | ", " on one side, ") + " on the other");
    }
    if let Some((from, to)) = what.strip_prefix("drop ").and_then(|links| links.split_once(" > ")) {
        return format!("Packets from {from} to {to} are lost.");
    }
    if let Some((a, b)) = what.strip_prefix("link ").and_then(|links| links.split_once(" - ")) {
        return format!("Links between {a} and {b} get worse.");
    }
    let mut letters = what.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn faults_read_as_sentences() {
        assert_eq!(sentence("kill redis-1"), "redis-1 is killed.");
        assert_eq!(sentence("isolate redis-1, near"), "redis-1, near are cut off from all others.");
        assert_eq!(sentence("partition a | b, c"), "The network splits: a on one side, b, c on the other.");
        assert_eq!(sentence("drop a > b"), "Packets from a to b are lost.");
        assert_eq!(sentence("end of isolate"), "End of isolate.");
    }
}
