//! What is to be played, for engines that hand out shards: before anything is played.

use crate::folder::files_of;
use crate::plan::Plan;
use crate::round::Round;
use crate::sweep::Sweep;
use serde_json::json;

/// The plan of a sweep as one JSON document: how many rounds it has, and the runs and pieces of the first. What later rounds play
/// depends on the rows of those before.
pub fn plan(sweep: &Sweep, plan: &Plan) -> String {
    let round = Round::first(plan);
    let document = json!({
        "splitbrain": plan.splitbrain,
        "plan": plan.hash.to_string(),
        "rounds": plan.rounds.len(),
        "runs": round.runs().end,
        "pieces": files_of(&round),
        "files": sweep.files(),
    });
    format!("{document:#}\n")
}
