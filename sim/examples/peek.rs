#![allow(missing_docs, clippy::disallowed_methods)]
use splitbrain_sim::chance::ProcessDraws;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let sc = splitbrain_scenarios::Scenario::load(a[1].as_ref()).unwrap_or_else(|e| panic!("{e}"));
    let seed: u64 = a[2].parse().unwrap();
    let r = sc.resolve(seed, &mut ProcessDraws::new(seed, "scenario", ""));
    let t = std::time::Instant::now();
    let rec = splitbrain_sim::run(&r);
    let el = t.elapsed();
    let o = &rec.observations;
    for f in &rec.faults {
        println!("{:>9} FAULT {}", o.ms(f.at), f.what);
    }
    for l in &rec.log {
        println!("{:>9.1} {} {:?}", (l.at.0 as f64 - o.t0.0 as f64) / 1e6, o.node(l.node).name, l.note);
    }
    for e in &o.roles {
        println!(
            "{:>9.1} ROLE {} {:?} {}",
            (e.at.0 as f64 - o.t0.0 as f64) / 1e6,
            o.node(e.node).name,
            e.replica_of,
            e.offset
        );
    }
    for e in &o.full_syncs {
        println!("{:>9.1} FULL {} {:?}", (e.at.0 as f64 - o.t0.0 as f64) / 1e6, o.node(e.node).name, e.before.writes);
    }
    for e in &o.events {
        println!(
            "{:>9.1} {} {} {}",
            (e.at.0 as f64 - o.t0.0 as f64) / 1e6,
            o.node(e.node).name,
            e.event.kind,
            e.event.payload()
        );
    }
    println!(
        "settled {} t0 {:?} end {:?} conv {:?} ops {} events {} digest {} in {:?}",
        o.settled,
        o.t0,
        o.end,
        o.converged,
        o.operations.len(),
        rec.events,
        rec.digest,
        el
    );
    let mut c = std::collections::BTreeMap::new();
    for op in &o.operations {
        *c.entry(format!(
            "{:?} {:?}",
            o.node(op.client).name,
            op.outcome.map(|x| match x {
                splitbrain_model::note::Outcome::Ok(_) => "ok".to_string(),
                x => format!("{x:?}"),
            })
        ))
        .or_insert(0) += 1;
    }
    for (k, v) in c {
        println!("  {k}: {v}");
    }
    for f in &o.final_redis {
        println!(
            "  {} running {} of {:?} link {} {:?} set {:?}",
            o.node(f.node).name,
            f.running,
            f.replica_of,
            f.link_up,
            f.lineage,
            f.data.set(splitbrain_model::Key { space: splitbrain_model::Space::Set, index: 0 }).map(|s| s.len())
        );
    }
    for f in &o.final_views {
        println!("  {:?}", f);
    }
}
