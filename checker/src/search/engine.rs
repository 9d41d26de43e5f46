//! The search: depth first, just in time. It walks along the events and acts only when an operation returns that has not
//! been taken yet: then this one is taken, or others before it, those that return soonest first and those of unknown
//! outcome last. No recursion: histories are long. Where it gets no further it looks for a proof nearby (`nearby.rs`).

use super::flaws::{self, Flaw};
use super::hash::{NONE, Numbers};
use super::memo::Memo;
use super::nearby::Nearby;
use super::plan::{Kind, Op, Plan};
use super::spec::{Answer, Budget, Call, Decided, Exhausted, Spec};
use super::window::Window;
use crate::linear::Fate;

/// Nothing has been tried yet.
const FRESH: u32 = u32::MAX;
/// The operation that returns has been left behind.
const DROPPED: u32 = u32::MAX - 1;
/// The operation that returns has been tried; the candidates have not been looked for.
const DUE_TRIED: u32 = u32::MAX - 2;

/// Stands for the candidates of unknown outcome, which are looked for only when all others have failed.
const OPTIONAL: u32 = u32::MAX;

/// How many later calls are told that orders were given up for.
const LATER: usize = 16;

/// In a history of more operations it takes longer to get to where it is stuck than to ask for a contradiction first.
const LONG: usize = 50_000;

/// Memory above which what was seen before a cut is thrown away.
const WORTH_CLEARING: usize = 1 << 20;

/// Searches for a legal order of the calls of one object.
pub fn decide<S: Spec>(spec: &S, calls: &[Call<S::Op>], budget: Budget) -> Decided {
    let impossible = |call: &Call<S::Op>| call.fate == Fate::Done && spec.is_impossible(call);
    if let Some(call) = calls.iter().position(impossible) {
        return Decided { answer: Answer::illegal(call as u32), nodes: 0 };
    }
    let plan = Plan::of(spec, calls);
    let mut search = Search::new(spec, calls, &plan);
    let answer = search.run(budget);
    Decided { answer, nodes: search.nodes }
}

/// A choice: which operation comes next, before the one at whose return it stands can have come.
struct Frame {
    place: u32,
    state: u32,
    /// Length of the trail before it.
    trail: u32,
    /// Where its candidates begin among all candidates.
    first: u32,
    /// The next candidate, [`FRESH`] or [`DUE_TRIED`].
    next: u32,
    covered: u32,
    /// The operation taken last may not have happened at all, and nobody has used it yet.
    idle: bool,
    unused: bool,
}

pub(super) struct Search<'a, S: Spec> {
    pub(super) spec: &'a S,
    pub(super) calls: &'a [Call<S::Op>],
    pub(super) plan: &'a Plan,
    pub(super) window: Window<'a>,
    pub(super) states: Numbers<S::State>,
    pub(super) memo: Memo,
    /// The configuration at hand: `place` is that of the next event.
    pub(super) place: u32,
    pub(super) state: u32,
    pub(super) mask: Vec<u64>,
    /// Operations called before this place that overwrite may have been overwritten by another.
    pub(super) covered: u32,
    pub(super) idle: bool,
    /// The operation taken last overwrites, at this place, and nobody has used it yet.
    pub(super) unused: bool,
    /// Operations in the order in which they were taken.
    pub(super) trail: Vec<u32>,
    frames: Vec<Frame>,
    /// Masks of the frames, one after the other.
    pub(super) masks: Vec<u64>,
    pub(super) candidates: Vec<u32>,
    /// Per class the last count of `stamp` at which it was met.
    pub(super) met: Vec<u32>,
    pub(super) stamp: u32,
    pub(super) cut: usize,
    pub(super) deepest: u32,
    pub(super) later: Vec<u32>,
    pub(super) nodes: u64,
    /// Choices when it got to the deepest place.
    pub(super) nodes_there: u64,
    /// The place that has to be reached.
    pub(super) end: u32,
    /// Operations called before this place may have been taken before the beginning.
    pub(super) since: u32,
    pub(super) nearby: Nearby<'a, S>,
    /// What [`Spec::contradiction`] says, once it has been asked.
    pub(super) contradiction: Option<Option<(u32, u32)>>,
}

impl<'a, S: Spec> Search<'a, S> {
    pub(super) fn new(spec: &'a S, calls: &'a [Call<S::Op>], plan: &'a Plan) -> Search<'a, S> {
        let mut states = Numbers::with_room(calls.len() / 2);
        let state = states.of(spec.initial());
        let classes = plan.ops.iter().filter(|op| op.class != NONE).map(|op| op.class + 1).max().unwrap_or(0);
        Search {
            spec,
            calls,
            plan,
            window: Window::new(plan),
            states,
            memo: Memo::default(),
            place: 0,
            state,
            mask: vec![0; plan.words.all()],
            covered: 0,
            idle: false,
            unused: false,
            trail: Vec::with_capacity(plan.ops.len()),
            frames: Vec::new(),
            masks: Vec::new(),
            candidates: Vec::new(),
            met: vec![0; classes as usize],
            stamp: 0,
            cut: 0,
            deepest: 0,
            later: Vec::new(),
            nodes: 0,
            nodes_there: 0,
            end: plan.len() as u32,
            since: 0,
            nearby: Nearby::of(plan),
            contradiction: None,
        }
    }

    /// One that goes through everything.
    pub(super) fn without_looks(spec: &'a S, calls: &'a [Call<S::Op>], plan: &'a Plan) -> Search<'a, S> {
        let mut search = Search::new(spec, calls, plan);
        search.nearby.give_up();
        search
    }

    fn run(&mut self, budget: Budget) -> Answer {
        let is_long = self.calls.len() > LONG;
        let found = if is_long && self.is_contradicted() { Ok(false) } else { self.pass(budget) };
        match found {
            Ok(true) => Answer::Legal(self.order()),
            Ok(false) => {
                self.is_contradicted();
                if let Some(Some((call, other))) = self.contradiction {
                    return Answer::Illegal { call, later: vec![other], begin: 0 };
                }
                let (_, _, op) = self.plan.event(self.deepest as usize);
                let later = std::mem::take(&mut self.later);
                Answer::Illegal { call: self.plan.ops[op as usize].call, later, begin: self.nearby.begin }
            }
            Err(reason) => Answer::Unknown(reason),
        }
    }

    /// Whether it is easily seen that there is no order. Nobody needs to know before the search is stuck.
    fn is_contradicted(&mut self) -> bool {
        let events = self.plan.in_order();
        self.contradiction.get_or_insert_with(|| self.spec.contradiction(self.calls, events)).is_some()
    }

    /// Searches on from the configuration at hand. Returns whether there is a way to the end.
    pub(super) fn pass(&mut self, budget: Budget) -> Result<bool, Exhausted> {
        loop {
            if !self.walk() {
                return Ok(true);
            }
            self.forget();
            // A choice, unless it has been made before.
            let new = self.memo.enter((self.place, self.state), self.covered, &self.mask, &self.plan.words);
            if new {
                self.nodes += 1;
                if self.nodes > budget.nodes {
                    return Err(Exhausted::Nodes(budget.nodes));
                }
                if self.nodes.is_multiple_of(1024) && self.bytes() > budget.bytes {
                    return Err(Exhausted::Bytes(budget.bytes));
                }
                let stuck = self.nodes - self.nodes_there;
                if self.nearby.is_due(stuck) {
                    if self.is_contradicted() {
                        return Ok(false);
                    }
                    let (refuted, spent) = self.nearby.refutes(self.spec, self.calls, self.plan, self.deepest, stuck);
                    self.nodes += spent;
                    if refuted {
                        return Ok(false);
                    }
                }
                self.push_frame();
            }
            if !self.next_choice() {
                return Ok(false);
            }
        }
    }

    /// Walks along the events up to a return that needs a choice. Returns whether there is one.
    fn walk(&mut self) -> bool {
        while self.place < self.end {
            let (_, kind, number) = self.plan.event(self.place as usize);
            let op = &self.plan.ops[number as usize];
            match kind {
                Kind::Call => {
                    self.window.enter(number);
                    if op.is_read && !op.optional && self.fits(op) && !flaws::is(Flaw::LateReads) {
                        self.take(number);
                    }
                }
                Kind::Return if !self.is_taken(op) => {
                    let now = self.plan.event(self.place as usize).0;
                    if op.matters_until < now && self.is_covered(op) {
                        self.drop(number);
                        continue;
                    }
                    if self.place > self.deepest {
                        (self.deepest, self.nodes_there) = (self.place, self.nodes);
                        self.later.clear();
                    }
                    return true;
                }
                Kind::Return | Kind::Expire => {
                    self.window.leave(number);
                    if !flaws::is(Flaw::DirtySlots) {
                        self.mask[op.slot as usize / 64] &= !(1 << (op.slot % 64));
                    }
                }
            }
            if self.plan.cuts.get(self.cut) == Some(&self.place) {
                self.cut += 1;
                self.commit();
            }
            self.place += 1;
            self.unused = false;
        }
        false
    }

    /// Only one state is possible here: whatever was tried before, there is no way back.
    pub(super) fn commit(&mut self) {
        self.frames.clear();
        self.masks.clear();
        self.candidates.clear();
        if self.memo.bytes() > WORTH_CLEARING {
            self.memo.clear();
        }
    }

    fn push_frame(&mut self) {
        self.frames.push(Frame {
            place: self.place,
            state: self.state,
            trail: self.trail.len() as u32,
            first: self.candidates.len() as u32,
            next: FRESH,
            covered: self.covered,
            idle: self.idle,
            unused: self.unused,
        });
        self.masks.extend_from_slice(&self.mask);
    }

    /// Makes the next choice that is left. Returns whether there was one.
    fn next_choice(&mut self) -> bool {
        while let Some(frame) = self.frames.last_mut() {
            self.window.back(self.place, frame.place);
            (self.place, self.state, self.covered) = (frame.place, frame.state, frame.covered);
            (self.idle, self.unused) = (frame.idle, frame.unused);
            if !flaws::is(Flaw::DirtyTrail) {
                self.trail.truncate(frame.trail as usize);
            }
            let at = self.masks.len() - self.mask.len();
            self.mask.copy_from_slice(&self.masks[at..]);
            let (now, _, due) = self.plan.event(self.place as usize);
            let its = &self.plan.ops[due as usize];
            if frame.next == FRESH {
                frame.next = DROPPED;
                if (self.is_covered(its) && !self.is_missed(its, now)) || self.may_be_lost(its) {
                    self.drop(due);
                    return true;
                }
            }
            let frame = self.frames.last_mut().expect("it is there");
            let candidate = if frame.next == DROPPED {
                frame.next = DUE_TRIED;
                Some(due)
            } else {
                if frame.next == DUE_TRIED {
                    frame.next = frame.first;
                    self.find_candidates(due, false);
                }
                let frame = self.frames.last_mut().expect("it is there");
                if self.candidates.get(frame.next as usize) == Some(&OPTIONAL) {
                    frame.next += 1;
                    self.find_candidates(due, true);
                }
                let frame = self.frames.last_mut().expect("it is there");
                frame.next += 1;
                self.candidates.get(frame.next as usize - 1).copied()
            };
            match candidate {
                Some(candidate) => {
                    if self.choose(candidate, due, now) {
                        return true;
                    }
                }
                None => {
                    let frame = self.frames.pop().expect("it is there");
                    self.candidates.truncate(frame.first as usize);
                    self.masks.truncate(at);
                }
            }
        }
        false
    }

    /// The operations that may come before the one that is due: those that happened, or else those of unknown outcome.
    /// Of equal ones only the one that has to come first.
    fn find_candidates(&mut self, due: u32, optional: bool) {
        let (now, _, _) = self.plan.event(self.place as usize);
        if let Some(later) = self.spec.has_to_stay(self.states.get(self.state), now) {
            self.give_up_for(later);
            return;
        }
        if flaws::is(Flaw::OnlyDue) {
            return;
        }
        self.stamp += 1;
        let mut next = self.window.first();
        while let Some(number) = next {
            next = self.window.behind(number);
            let op = &self.plan.ops[number as usize];
            if op.optional && flaws::is(Flaw::LostOptional) {
                break;
            }
            if op.optional && !optional {
                self.candidates.push(OPTIONAL);
                break;
            }
            if op.is_read || self.is_taken(op) {
                continue;
            }
            // One that may be lost is of less use than an equal one that has to happen; of those that overwrite none has
            // to once one does.
            if op.overwrites || !self.may_be_lost(op) || flaws::is(Flaw::LostAlike) {
                if self.met[op.class as usize] == self.stamp {
                    continue;
                }
                if flaws::is(Flaw::OneClass) {
                    self.met.fill(self.stamp);
                }
                self.met[op.class as usize] = self.stamp;
            }
            if number != due && op.optional == optional {
                self.candidates.push(number);
            }
        }
    }

    /// Takes an operation and what can be taken with it at no loss, unless it cannot lead anywhere.
    fn choose(&mut self, number: u32, due: u32, now: u32) -> bool {
        let op = &self.plan.ops[number as usize];
        if op.overwrites && (self.idle || self.unused) {
            return false; // Then the one before need not have happened, or not yet.
        }
        let what = &self.calls[op.call as usize].op;
        let before = self.states.get(self.state);
        let Some(after) = self.spec.step(before, what) else { return false };
        if let Some(later) = self.spec.dooms(before, what, &after, now) {
            self.give_up_for(later);
            return false;
        }
        // What nobody uses at once can come later as well: it need not return yet.
        if op.overwrites && number != due && !self.is_usable(number, &after) {
            return false;
        }
        let after = self.states.of(after);
        if op.optional && after == self.state {
            return false;
        }
        if op.overwrites {
            self.covered = self.place;
        }
        self.state = after;
        self.take(number);
        let mut used = false;
        self.each_due(|search, other, its| {
            if its.is_read && !search.is_taken(its) && search.fits(its) {
                search.take(other);
                used = true;
            }
        });
        self.idle = op.optional && (!used || flaws::is(Flaw::AlwaysIdle));
        self.unused = op.overwrites && (!used || flaws::is(Flaw::AlwaysUnused));
        true
    }

    /// Notes a later call that this order leaves no way for.
    pub(super) fn give_up_for(&mut self, later: u32) {
        if self.place == self.deepest && self.later.len() < LATER && !self.later.contains(&later) {
            self.later.push(later);
        }
    }

    /// Whether some operation in the window needs a state. If none does, what leads there would be overwritten at once.
    fn is_usable(&self, by: u32, state: &S::State) -> bool {
        let mut next = self.window.first();
        while let Some(number) = next {
            let op = &self.plan.ops[number as usize];
            if !op.overwrites && !self.is_taken(op) && number != by {
                let what = &self.calls[op.call as usize].op;
                if self.spec.step(state, what).is_some() {
                    return true;
                }
            }
            next = self.window.behind(number);
        }
        false
    }

    /// All operations in the window that happened.
    pub(super) fn each_due(&mut self, mut act: impl FnMut(&mut Self, u32, &'a Op)) {
        let plan = self.plan;
        let mut next = self.window.first();
        while let Some(number) = next {
            let op = &plan.ops[number as usize];
            if op.optional {
                break;
            }
            act(self, number, op);
            next = self.window.behind(number);
        }
    }

    /// Whether it happened before it returned, or never; or else before the beginning.
    pub(super) fn may_be_lost(&self, op: &Op) -> bool {
        op.may_be_lost || (!op.optional && op.place < self.since && !flaws::is(Flaw::PendingNotLost))
    }

    pub(super) fn is_taken(&self, op: &Op) -> bool {
        self.mask[op.slot as usize / 64] >> (op.slot % 64) & 1 == 1
    }

    pub(super) fn take(&mut self, number: u32) {
        let slot = self.plan.ops[number as usize].slot;
        self.mask[slot as usize / 64] |= 1 << (slot % 64);
        self.trail.push(number);
    }

    /// Whether a read could come now.
    fn fits(&self, op: &Op) -> bool {
        self.fits_in(self.states.get(self.state), op)
    }

    pub(super) fn fits_in(&self, state: &S::State, op: &Op) -> bool {
        self.spec.step(state, &self.calls[op.call as usize].op).is_some()
    }

    /// Forgets of the state what nobody can ask for any more.
    fn forget(&mut self) {
        let (now, _, _) = self.plan.event(self.place as usize);
        // The operation that returns here may still ask.
        let now = if flaws::is(Flaw::ForgetsEarly) { now + 1 } else { now };
        if let Some(simpler) = self.spec.forget(self.states.get(self.state), now.saturating_sub(1)) {
            self.state = self.states.of(simpler);
        }
    }

    fn bytes(&self) -> usize {
        let frames = self.frames.capacity() * size_of::<Frame>() + self.masks.capacity() * 8;
        self.memo.bytes() + self.states.bytes() + frames + self.candidates.capacity() * 4
    }
}
