//! scratch
use splitbrain::battery::{self, changes, deployment, failures::Failure};
use splitbrain_deploy::{Disk, read};
fn main() {
    let roots: Vec<String> = std::env::args().skip(1).collect();
    let reading = read(&Disk, &roots);
    for t in &reading.troubles {
        println!("trouble {t:?}");
    }
    for d in &reading.deployments {
        println!("== {:?} {} nodes", d.form, d.nodes.len());
        let cluster = match deployment::cluster(d) {
            Ok(c) => c,
            Err(e) => {
                println!("no battery: {e}");
                continue;
            }
        };
        println!("{:?}", cluster.assumed);
        let t = std::time::Instant::now();
        let rows = match battery::play(&cluster, &Failure::all(&cluster), &(0..20), 0, &|| ()) {
            Ok(r) => r,
            Err(e) => {
                println!("{e}");
                continue;
            }
        };
        for r in &rows {
            println!(
                "{:<46} gap {:>6} {:>6}  lost {:>4} {:>4} ({})  split {:>6} {:>6} ({}) recovers {}/{} unsettled {} seed {}",
                r.failure.title,
                r.gap_ms.0,
                r.gap_ms.1,
                r.lost.0,
                r.lost.1,
                r.losing,
                r.split_ms.0,
                r.split_ms.1,
                r.split,
                r.recovered,
                r.runs,
                r.unsettled,
                r.seed
            );
        }
        println!("{:?}", t.elapsed());
        for r in &rows {
            std::fs::write(format!("/tmp/s4/bat-{}.toml", r.failure.name), &r.scenario).unwrap();
        }
        let found = splitbrain_deploy::findings(&reading);
        for f in &found { if f.severity != splitbrain_deploy::Severity::Advice { println!("{} {:?}: {:?}", f.id, f.severity, battery::demonstrate::shown(f.id, &rows).map(|(r, s)| (r.failure.name, s))); } }
        let tried = changes::best(&cluster, &rows, &(0..20), 0, 3, &|| ()).unwrap();
        for t in &tried {
            println!("{} {:?}: {:?} -> {:?}", t.change.name, t.lines, t.before, t.after);
        }
        println!("{:?}", t.elapsed());
    }
}
