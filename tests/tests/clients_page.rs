//! `docs/clients.md` shows what a failover costs with each client library, as the program measures it.
//! `docs/regenerate.sh` writes the table by setting `SPLITBRAIN_REGENERATE`.

use splitbrain::checker::metrics::Metric;
use splitbrain::model::client::profile::Profile;
use splitbrain::scenarios::{Scenario, Source};
use splitbrain::{RunOptions, run_scenario};
use std::path::Path;

const SEEDS: u64 = 20;
/// As good as no limit.
const THREADS: u32 = 400;
const BEGIN: &str = "<!-- output:begin -->\n";
const END: &str = "<!-- output:end -->";

/// As the page says it.
fn scenario(profile: &str, fault: &str, in_flight: u32) -> Scenario {
    let text = format!(
        "title = 'a failover with {profile}'\nwhy = 'libraries differ'\n\
         [cluster]\nreplicas = 2\nsentinels = 3\n\
         [sentinel]\nquorum = 2\ndown-after-milliseconds = 5000\nfailover-timeout = 10000\n\
         [network]\nenvironment = 'lan'\n\
         [[clients]]\nprofile = '{profile}'\nworkload = {{ sadd = 20, in-flight = {in_flight} }}\n\
         [[faults]]\nat = '0s'\n{fault}\n\
         [run]\nobserve-at-least = '60s'\n\
         [expect]\nfailover-completes = 'holds'\nlost-write = 'any'\nsplit-brain = 'any'\n"
    );
    Scenario::parse(&Source::new("clients.toml", text)).expect("a sound scenario")
}

/// Median and worst write gap in seconds.
fn gap(profile: &str, fault: &str, in_flight: u32) -> String {
    let summary =
        run_scenario(&scenario(profile, fault, in_flight), &RunOptions::seeds(0..SEEDS), &|_| ()).expect("runs");
    let stats = &summary.metrics[Metric::WriteUnavailable.name()];
    let tenths = |ms: i64| format!("{}.{}", (ms + 50) / 1000, (ms + 50) % 1000 / 100);
    format!("{} ({})", tenths(stats.median), tenths(stats.max))
}

fn table() -> String {
    let mut table = "| profile | master killed | master frozen for 30 s | the same, one thread |\n\
                     |---|---|---|---|\n"
        .to_owned();
    for profile in Profile::NAMES.iter().filter(|name| **name != "recorder") {
        let killed = gap(profile, "kill = 'master'", THREADS);
        let freeze = "pause = 'master'\nfor = '30s'";
        let (frozen, alone) = (gap(profile, freeze, THREADS), gap(profile, freeze, 1));
        table += &format!("| `{profile}` | {killed} | {frozen} | {alone} |\n");
    }
    table
}

#[test]
fn the_table_of_client_libraries_is_what_the_program_measures() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/clients.md");
    // A checkout on Windows may have other line ends.
    let page = std::fs::read_to_string(&path).expect("there is a page").replace("\r\n", "\n");
    let (head, rest) = page.split_once(BEGIN).expect("the page has a block");
    let (shown, tail) = rest.split_once(END).expect("the block ends");
    let measured = table();
    if std::env::var_os("SPLITBRAIN_REGENERATE").is_some() {
        std::fs::write(&path, format!("{head}{BEGIN}{measured}{END}{tail}")).expect("the page can be written");
    } else {
        assert_eq!(shown, measured, "run docs/regenerate.sh and read the difference");
    }
}
