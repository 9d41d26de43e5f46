//! The events of a run as text, for snapshots: what Sentinels told, and what was done to the cluster. Times count from the first
//! fault. Run ids, which differ from seed to seed, are replaced by names, so that a difference is one of behaviour.

use splitbrain_sim::Record;
use std::fmt::Write as _;

/// One line for each fault and for each event of a Sentinel: seconds after the first fault, who, event, payload. The same run
/// gives the same text.
///
/// ```
/// use splitbrain::{ScenarioBuilder, event_log, run_seed};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let scenario = ScenarioBuilder::new("the master dies").fault("0s", "kill", "master").build()?;
/// let log = event_log(&run_seed(&scenario, 7));
/// assert!(log.starts_with("    0.000 FAULT kill redis-1\n"));
/// assert!(log.contains(" +switch-master mymaster 10.77.0.11 6379 10.77.0.1"));
/// # Ok(())
/// # }
/// ```
pub fn event_log(record: &Record) -> String {
    let seen = &record.observations;
    let mut log = String::new();
    for fault in &record.faults {
        let _ = writeln!(log, "{:>9.3} FAULT {}", seen.ms(fault.at) as f64 / 1000.0, fault.what);
    }
    for event in &seen.events {
        let name = &seen.node(event.node).name;
        let mut payload = event.event.payload();
        for (node, id) in &seen.sentinel_ids {
            payload = payload.replace(&id.to_string(), &seen.node(*node).name);
        }
        let at = seen.ms(event.at) as f64 / 1000.0;
        let _ = writeln!(log, "{at:>9.3} {name} {} {payload}", event.event.kind);
    }
    log
}
