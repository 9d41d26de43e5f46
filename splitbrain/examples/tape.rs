//! What a protocol finding was drawn from: the findings of one seed about protocols, and the tape of one process around a
//! moment. For those who look into a finding, and for those who doubt a law.
//!
//! ```sh
//! cargo run --release -p splitbrain --example tape -- scenarios/chaos/common.toml 17             # the findings
//! cargo run --release -p splitbrain --example tape -- scenarios/chaos/common.toml 17 redis-1 80 95   # and a tape, by seconds
//! ```

use splitbrain::checker::judge;
use splitbrain::run_seed;
use splitbrain::scenarios::Scenario;
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [path, seed, rest @ ..] = &args[..] else {
        return Err("expected: FILE SEED [PROCESS [FROM [TO]]]".into());
    };
    let scenario = Scenario::load(Path::new(path)).map_err(|error| error.to_string())?;
    let record = run_seed(&scenario, seed.parse()?);
    let seen = &record.observations;
    for finding in judge(seen, &scenario.expect)
        .findings
        .iter()
        .filter(|finding| format!("{:?}", finding.property).ends_with("Protocol"))
    {
        println!("{:>12.6} {:?}", seconds(finding.at.0), finding.detail);
    }
    let Some(name) = rest.first() else { return Ok(()) };
    let bound = |at: usize, other: f64| rest.get(at).map_or(Ok(other), |text| text.parse::<f64>());
    let (from, to) = (bound(1, 0.0)?, bound(2, f64::INFINITY)?);
    let within = |at: u64| (from..=to).contains(&seconds(at));
    let node = seen.nodes.iter().position(|node| node.name == *name).ok_or_else(|| format!("there is no {name}"))?;
    for item in seen.server_tape.iter().filter(|item| usize::from(item.node.0) == node && within(item.at.0)) {
        println!("{:>12.6} wall {} {:?} {:?}", seconds(item.at.0), item.wall.0, item.counts, item.what);
    }
    for item in seen.tape.iter().filter(|item| usize::from(item.node.0) == node && within(item.at.0)) {
        println!("{:>12.6} wall {} {:?}", seconds(item.at.0), item.wall.0, item.what);
    }
    for item in seen.client_tapes.get(node).into_iter().flatten().filter(|item| within(item.at.0)) {
        println!("{:>12.6} {:?}", seconds(item.at.0), item.what);
    }
    Ok(())
}

fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}
