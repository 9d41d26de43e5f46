//! Elements that are removed: absent, present, absent. Who knows one as present shares its zone; who missed it must not
//! lie inside.

use super::{Element, NONE, Tables, returned};
use crate::linear::slips::{Slip, slipped};
use crate::linear::{Action, AnomalyKind, Entry, Fate, Report, chosen};

impl Tables {
    /// Elements that were removed.
    pub(super) fn missed_inside(&mut self, entries: &[Entry], report: &mut Report) {
        if self.shrinking.is_empty() {
            return;
        }
        for (i, entry) in (0u32..).zip(entries) {
            if report.is_undecided(entry.object) || entry.fate == Fate::Failed {
                continue;
            }
            match entry.action {
                Action::Add(..) => {
                    if let Some(life) = self.life(entries, i) {
                        life.check(report);
                    }
                }
                Action::Contains(element, false) | Action::Remove(element, Some(false)) if entry.fate == Fate::Done => {
                    let add = self.find(entries, entry.object, element);
                    if let Some(life) = add.and_then(|add| self.life(entries, add)) {
                        life.check_missed(i, report);
                    }
                }
                _ => {}
            }
        }
    }

    /// What an element that was added and removed went through, if its removal must have come after its addition.
    pub(in crate::linear) fn life<'a>(&self, entries: &'a [Entry], add: u32) -> Option<Life<'a>> {
        let known = self.elements[add as usize];
        if known.removal == NONE || !self.happened(entries, add) {
            return None;
        }
        let (added, removed) = (&entries[add as usize], &entries[known.removal as usize]);
        let appeared = known.seen.min((returned(added), add));
        // The other story: the removal found nothing, or never happened, and nothing removes the element.
        let mut last_missed = known.missed;
        if removed.fate == Fate::Done {
            last_missed = last_missed.max((removed.call, known.removal));
        }
        let certain = removed.fate == Fate::Done && matches!(removed.action, Action::Remove(_, Some(true)));
        let else_fine = last_missed.0 < appeared.0 && added.call < known.seen.0;
        if !certain && else_fine && !slipped(Slip::OneStory) {
            return None;
        }
        let against_other = if certain { [NONE; 2] } else { [last_missed.1, appeared.1] };
        Some(Life { entries, add, known, against_other })
    }
}

/// An element that was added and then removed.
pub(in crate::linear) struct Life<'a> {
    entries: &'a [Entry],
    add: u32,
    known: Element,
    /// Why it cannot have been the other way round, if that is a question.
    against_other: [u32; 2],
}

impl Life<'_> {
    fn at(&self, i: u32) -> &Entry {
        &self.entries[i as usize]
    }

    fn tell(&self, kind: AnomalyKind, few: [u32; 3], report: &mut Report) {
        report.push(self.at(self.add).object, || {
            let mut proof = vec![self.add, self.known.removal];
            proof.extend(few.into_iter().chain(self.against_other).filter(|i| *i != NONE));
            (kind, chosen(self.entries, proof))
        });
    }

    /// Added, seen, removed: in that order.
    fn check(&self, report: &mut Report) {
        let Element { seen, seen_last, removal, .. } = self.known;
        let (call, end) = (self.at(self.add).call, returned(self.at(removal)));
        if seen.0 < call {
            self.tell(AnomalyKind::FutureRead, [seen.1, NONE, NONE], report);
        } else if end < call {
            self.tell(AnomalyKind::FutureRead, [NONE; 3], report);
        } else if end < seen_last.0 {
            self.tell(AnomalyKind::StaleRead, [seen_last.1, NONE, NONE], report);
        }
    }

    /// Who missed it must have come before all that or after.
    fn check_missed(&self, i: u32, report: &mut Report) {
        let Element { seen, seen_last, removal, .. } = self.known;
        let first = seen.min((returned(self.at(self.add)), self.add)).min((returned(self.at(removal)), removal));
        let last = seen_last.max((self.at(self.add).call, self.add)).max((self.at(removal).call, removal));
        if self.at(i).call > first.0 && self.at(i).ret < last.0 && !slipped(Slip::MissedInside) {
            let seen_again = seen_last.0 > self.at(i).ret;
            let kind = if seen_again { AnomalyKind::StaleRead } else { AnomalyKind::LostWrite };
            self.tell(kind, [i, first.1, last.1], report);
        }
    }
}
