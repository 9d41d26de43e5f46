#![allow(missing_docs, clippy::disallowed_methods)]
use splitbrain_sim::chance::ProcessDraws;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let sc = splitbrain_scenarios::Scenario::load(a[1].as_ref()).unwrap_or_else(|e| panic!("{e}"));
    let n: u64 = a[2].parse().unwrap();
    for _ in 0..3 {
        let t = std::time::Instant::now();
        let (mut ev, mut ns) = (0, 0);
        for seed in 0..n {
            let r = sc.resolve(seed, &mut ProcessDraws::new(seed, "scenario", ""));
            let rec = splitbrain_sim::run(&r);
            ev += rec.events;
            ns += rec.observations.end.0;
        }
        let el = t.elapsed().as_nanos() as f64;
        println!(
            "{:.0} sim s/s, {:.0} ns/event, {:.0} events/sim s, {:.2} ms/run, {:.1} sim s/run",
            ns as f64 / el,
            el / ev as f64,
            ev as f64 * 1e9 / ns as f64,
            el / 1e6 / n as f64,
            ns as f64 / 1e9 / n as f64
        );
    }
}
