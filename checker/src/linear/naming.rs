//! What a clash of two values of a register looks like to a person, and the operations that prove it. Runs on
//! violations only, once over the whole history for all of them.

use super::arrays::{INITIAL, Kind, Op};
use super::chains::Chains;
use super::register::{NONE, Zone, sorted};
use super::{AnomalyKind, NEVER, Report};
use std::collections::BTreeMap;

/// Two values, or chains of values, that cannot both have been held when they were seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clash {
    /// Seen again after the other.
    older: u32,
    newer: u32,
    /// They are whole chains, not values of one.
    whole: bool,
    /// Calls and returns of the operations that prove it.
    events: [u32; 4],
}

impl Clash {
    /// Two zones that overlap.
    pub(super) fn between(older: (u32, Zone), newer: (u32, Zone)) -> Clash {
        let events = [older.1.first, older.1.last, newer.1.first, newer.1.last];
        Clash { older: older.0, newer: newer.0, whole: true, events }
    }

    /// Two values of a chain, the second of which was seen before the first was asked for.
    pub(super) fn within(older: (u32, Zone), newer: (u32, Zone)) -> Clash {
        let events = [older.1.last, newer.1.first, NONE, NONE];
        Clash { older: older.0, newer: newer.0, whole: false, events }
    }
}

/// What names are found from.
pub(super) struct Naming<'a> {
    pub(super) ops: &'a [Op],
    pub(super) chains: &'a Chains,
}

impl Naming<'_> {
    /// Adds anomalies for clashes, which are counted already.
    pub(super) fn name(&self, clashes: &[Clash], report: &mut Report) {
        let mut groups: BTreeMap<(u32, bool), Vec<u32>> = BTreeMap::new();
        for clash in clashes {
            groups.entry((clash.older, clash.whole)).or_default();
            groups.entry((clash.newer, clash.whole)).or_default();
        }
        for i in (0u32..).take(self.ops.len()) {
            let Some(value) = self.chains.value(self.ops, i) else { continue };
            for key in [(value, false), (self.chains.head(value), true)] {
                if let Some(group) = groups.get_mut(&key) {
                    group.push(i);
                }
            }
        }
        for clash in clashes {
            let (older, newer) = (&groups[&(clash.older, clash.whole)], &groups[&(clash.newer, clash.whole)]);
            let proof = self.proof(clash, older.iter().chain(newer));
            let object = proof.first().map_or(0, |&i| self.ops[i as usize].object());
            report.keep(object, self.kind(clash, older, newer), proof);
        }
    }

    /// The operations at the ends of the zones, and what wrote the values they saw.
    fn proof<'a>(&self, clash: &Clash, members: impl Iterator<Item = &'a u32>) -> Vec<u32> {
        let mut proof = Vec::new();
        for &i in members {
            let op = self.ops[i as usize];
            if !clash.events.contains(&op.call) && (op.ret == NEVER || !clash.events.contains(&op.ret)) {
                continue;
            }
            proof.push(i);
            match op.kind() {
                Kind::Read if op.source != INITIAL => proof.push(op.source),
                Kind::Read => {}
                _ => proof.extend(self.chains.observer(self.ops, i)),
            }
        }
        sorted(self.ops, proof)
    }

    fn kind(&self, clash: &Clash, older: &[u32], newer: &[u32]) -> AnomalyKind {
        let op = |i: &u32| self.ops[*i as usize];
        let wrote = |i: &&u32| op(i).kind() != Kind::Read;
        if !clash.whole && newer.iter().any(|i| op(i).ret == clash.events[1]) {
            // The late one of the pair began what the early one rests on.
            let late = older.iter().find(|i| op(i).call == clash.events[0]);
            if late.is_some_and(|i| wrote(&i)) {
                return AnomalyKind::FutureRead;
            }
        }
        if older.iter().filter(wrote).any(|i| op(i).is_resent()) {
            return AnomalyKind::DuplicateEffect;
        }
        let intervals = |group: &[u32]| -> Vec<(u32, u32)> {
            group.iter().map(op).filter(|op| op.ret != NEVER).map(|op| (op.call, op.ret)).collect()
        };
        let (a, b) = (intervals(older), intervals(newer));
        let turns = Turns::of(&a, &b);
        let (first, second) = (older.iter().find(wrote), newer.iter().find(wrote));
        let rivals = first.zip(second).is_some_and(|(a, b)| overlap(op(a), op(b)));
        if turns.back_again || (rivals && Turns::of(&b, &a).back_again) {
            AnomalyKind::SplitBrain
        } else if turns.forth {
            AnomalyKind::StaleRead
        } else if clash.older as usize >= self.ops.len() || turns.seen_on {
            AnomalyKind::LostWrite
        } else {
            AnomalyKind::StaleRead
        }
    }
}

/// How two values take turns, each step beginning after the one before has returned.
struct Turns {
    /// Newer, older, newer.
    forth: bool,
    /// Newer, older, newer, older.
    back_again: bool,
    /// Newer, older, older.
    seen_on: bool,
}

impl Turns {
    fn of(older: &[(u32, u32)], newer: &[(u32, u32)]) -> Turns {
        let back = first_return_after(older, first_return_after(newer, 0));
        let forth = first_return_after(newer, back);
        Turns {
            forth: forth != NEVER,
            back_again: first_return_after(older, forth) != NEVER,
            seen_on: first_return_after(older, back) != NEVER,
        }
    }
}

/// Whether two operations overlap in time; one of unknown outcome never ends.
fn overlap(a: Op, b: Op) -> bool {
    a.call < b.ret && b.call < a.ret
}

/// The earliest return among operations called after an event, [`NEVER`] if there are none.
fn first_return_after(operations: &[(u32, u32)], event: u32) -> u32 {
    operations.iter().filter(|(call, _)| *call > event).map(|(_, ret)| *ret).min().unwrap_or(NEVER)
}
