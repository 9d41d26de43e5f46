//! One run is judged: every property, irrespective of what a scenario expects. Expectations give limits to the
//! properties that mean nothing without one (`failover-completes`, `available`, `clients-recover`, `events`).

use crate::expect::{Demand, Expectation, Property};
use crate::finding::Finding;
use crate::hazard::{self, Hazard};
use crate::index::Index;
use crate::linear::Scratch;
use crate::metrics::Metrics;
use crate::observations::Observations;
use crate::{measure, property};

/// What was found out about a run.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// Violated properties in order of time.
    pub findings: Vec<Finding>,
    /// Documented hazards behind some of them, by their places.
    pub hazards: Vec<(usize, Hazard)>,
    /// Properties that could not be decided, and why.
    pub undecided: Vec<(Property, String)>,
    /// Numbers of the run.
    pub metrics: Metrics,
}

impl Judgement {
    /// The documented hazard behind the finding at this place.
    pub fn hazard(&self, finding: usize) -> Option<Hazard> {
        self.hazards.iter().find(|(place, _)| *place == finding).map(|(_, hazard)| *hazard)
    }

    /// Leaves a property undecided.
    pub fn leave(&mut self, property: Property, why: impl Into<String>) {
        self.undecided.push((property, why.into()));
    }
}

/// Judges a run.
pub fn judge(obs: &Observations, expect: &[Expectation]) -> Judgement {
    judge_with(obs, expect, &mut Scratch::default())
}

/// Judges a run with memory that is kept from one run to the next.
pub fn judge_with(obs: &Observations, expect: &[Expectation], scratch: &mut Scratch) -> Judgement {
    let mut out = Judgement::default();
    let index = Index::new(obs);
    let given = |property| {
        expect
            .iter()
            .find(|expectation| expectation.property == property)
            .filter(|e| e.demand != Demand::Any || !e.limits.is_empty())
    };
    measure::events(obs, &index, &mut out.metrics);
    property::split_brain::check(obs, &index, &mut out);
    property::lost_write::check(obs, &index, &mut out);
    property::linearizable::check(obs, &index, scratch, &mut out);
    property::stale_read::check(obs, &index, &mut out);
    property::no_eviction::check(obs, &index, &mut out);
    property::durable::check(obs, &index, &mut out);
    property::replicas_agree::check(obs, &index, &mut out);
    property::one_leader_per_epoch::check(obs, &index, &mut out);
    property::one_promotion_per_epoch::check(obs, &index, &mut out);
    property::epoch_monotonic::check(obs, &index, &mut out);
    property::config_agreement::check(obs, &index, &mut out);
    property::sentinel_protocol::check(obs, &index, &mut out);
    property::server_protocol::check(obs, &mut out);
    property::client_protocol::check(obs, &mut out);
    property::converges_after_heal::check(obs, &index, &mut out);
    property::no_false_failover::check(obs, &index, &mut out);
    property::available::check(obs, &index, given(Property::Available), &mut out);
    if let Some(expectation) = given(Property::FailoverCompletes) {
        property::failover_completes::check(obs, &index, expectation, &mut out);
    }
    if let Some(expectation) = given(Property::ClientsRecover) {
        property::clients_recover::check(obs, &index, expectation, &mut out);
    }
    if let Some(expectation) = given(Property::Events) {
        property::events::check(obs, expectation, &mut out);
    }
    if !obs.settled {
        unsettled(&mut out);
    }
    out.findings.sort_by_key(|finding| finding.at);
    let hazards = out.findings.iter().enumerate().filter_map(|(i, finding)| Some((i, hazard::of(&index, finding)?)));
    out.hazards = hazards.collect();
    out
}

/// A cluster that never became stable says nothing of how it copes with faults; what it must never do counts all the
/// same.
fn unsettled(out: &mut Judgement) {
    let liveness = [
        Property::ConvergesAfterHeal,
        Property::FailoverCompletes,
        Property::Available,
        Property::ClientsRecover,
        Property::Events,
    ];
    out.findings.retain(|finding| !liveness.contains(&finding.property));
    out.undecided.clear();
    for &property in Property::ALL {
        out.leave(property, "the cluster was not stable before the faults began");
    }
}
