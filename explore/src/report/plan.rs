//! What is to be played, for engines that hand out shards: before anything is played.

use crate::folder::files_of;
use crate::plan::Plan;
use crate::sweep::Sweep;
use serde_json::json;

/// The plan of a sweep as one JSON document.
pub fn plan(sweep: &Sweep, plan: &Plan) -> String {
    let document = json!({
        "splitbrain": plan.splitbrain,
        "plan": plan.hash.to_string(),
        "runs": plan.runs(),
        "pieces": files_of(plan),
        "files": sweep.files(),
    });
    format!("{document:#}\n")
}
