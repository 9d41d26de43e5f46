//! Pages of runs: what is kept for them changes nothing, is true, and is all on the page.

use splitbrain::reports::html::campaign;
use splitbrain::scenarios::{Scenario, Source};
use splitbrain::sim::film::Fate;
use splitbrain::sim::run::run_filmed;
use splitbrain::{RunOptions, run_page, run_scenario, run_seed, runner};
use std::collections::BTreeMap;

const ISOLATED: &str = "title = \"<b>Cut</b> off\"\n[cluster]\nhosts = { a = [] }\n[sentinel]\ndown-after-milliseconds = 1000\nfailover-timeout = 3000\n\
    [[clients]]\nname = \"near\"\nhost = \"a\"\nprofile = \"recorder\"\nworkload = { sadd = 20 }\n\
    [[clients]]\nname = \"far\"\nprofile = \"redis-py\"\nworkload = { set = 5, get = 5 }\n\
    [[faults]]\nat = \"0s\"\nisolate = [\"master\", \"near\"]\nfor = \"8s\"\n\
    [expect]\nsplit-brain = \"any\"\nlost-write = \"any\"\nlinearizable = \"any\"\nstale-read = \"any\"\n";

fn scenario(text: &str) -> Scenario {
    Scenario::parse(&Source::new("cut.toml", text)).expect("the scenario is sound")
}

/// What the page's script gets.
fn drawn(page: &str) -> serde_json::Value {
    let (_, rest) = page.split_once("<script id=\"data\" type=\"application/json\">").expect("the data");
    let (data, _) = rest.split_once("</script>").expect("its end");
    serde_json::from_str(data).expect("it is JSON")
}

#[test]
fn a_run_whose_messages_are_kept_is_the_same_run() {
    let scenario = scenario(ISOLATED);
    for seed in 0..3 {
        let (plain, filmed) = (run_seed(&scenario, seed), run_filmed(&runner::resolve(&scenario, seed)));
        assert_eq!((plain.digest, plain.events), (filmed.digest, filmed.events));
        assert!(plain.film.is_none() && filmed.film.is_some_and(|film| film.sent.len() > 1_000));
    }
}

#[test]
fn messages_of_a_connection_are_read_in_order_after_they_were_written_or_not_at_all_from_one_on() {
    let record = run_filmed(&runner::resolve(&scenario(ISOLATED), 1));
    let film = record.film.expect("messages are kept");
    let mut directions: BTreeMap<u32, Vec<_>> = BTreeMap::new();
    for sent in &film.sent {
        directions.entry(sent.direction).or_default().push(sent);
    }
    let mut lost = 0;
    for messages in directions.values() {
        let read = messages.iter().take_while(|sent| matches!(sent.fate, Fate::Read(_))).count();
        assert!(messages[read..].iter().all(|sent| !matches!(sent.fate, Fate::Read(_))));
        lost += messages[read..].iter().filter(|sent| sent.fate == Fate::Lost).count();
        let mut last = messages[0].at;
        for sent in &messages[..read] {
            let Fate::Read(at) = sent.fate else { panic!("counted as read") };
            assert!(at >= sent.at && at >= last);
            last = at;
        }
    }
    assert!(lost > 0, "connections across the cut were given up");
}

#[test]
fn nothing_that_was_written_across_a_cut_is_read_before_the_heal() {
    let record = run_filmed(&runner::resolve(&scenario(ISOLATED), 1));
    let seen = &record.observations;
    let (film, cut) = (record.film.as_ref().expect("messages are kept"), record.faults[0].at);
    let heal = record.faults.iter().find(|fault| fault.what.starts_with("end of")).expect("the cut ends").at;
    let inside = |node: splitbrain::checker::NodeIx| ["redis-1", "near"].contains(&&*seen.node(node).name);
    let across = film.sent.iter().filter(|sent| sent.at > cut && sent.at < heal);
    let across: Vec<_> = across.filter(|sent| sent.to.is_some_and(|to| inside(to) != inside(sent.from))).collect();
    assert!(!across.is_empty());
    for sent in across {
        assert!(!matches!(sent.fate, Fate::Read(at) if at < heal), "{sent:?}");
    }
}

#[test]
fn the_page_of_a_run_tells_all_of_it() {
    let scenario = scenario(ISOLATED);
    let page = run_page(&scenario, 1);
    let again = page == run_page(&scenario, 1);
    assert!(again, "the page is the same each time");
    let data = drawn(&page);
    let lanes: Vec<&str> =
        data["lanes"].as_array().unwrap().iter().map(|lane| lane["name"].as_str().unwrap()).collect();
    assert_eq!(lanes.len(), 8);
    assert!(lanes.contains(&"redis-1") && lanes.contains(&"sentinel-3") && lanes.contains(&"near"));
    let of = |list: &str, key: &str, value: &str| {
        data[list].as_array().unwrap().iter().filter(|item| item[key] == value).count()
    };
    assert_eq!(of("bars", "what", "leads"), 1);
    assert!(of("operations", "fate", "lost") > 0 && of("operations", "fate", "ok") > 0);
    assert!(of("marks", "name", "+switch-master") >= 3);
    assert!(data["faults"][0]["text"].as_str().unwrap().starts_with("isolate redis-1"));
    for part in
        ["&lt;b&gt;Cut", "<code>splitbrain run cut.toml --seed 1</code>", "1:X 01 Jan", "# +odown master mymaster"]
    {
        assert!(page.contains(part), "{part}");
    }
    for section in page.split("<a href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(page.contains(&format!("id=\"{section}\"")), "{section}");
    }
}

#[test]
fn of_too_many_messages_those_round_the_failover_are_kept_and_the_page_says_so() {
    let busy = ISOLATED.replace("sadd = 20", "sadd = 700");
    let page = run_page(&scenario(&busy), 1);
    assert!(page.contains("The diagram has the 20000 messages nearest to the window it opens on"));
    let data = drawn(&page);
    let times: Vec<i64> = data["messages"]["at"].as_array().unwrap().iter().map(|at| at.as_i64().unwrap()).collect();
    assert_eq!(times.len(), 20_000);
    let window = [0, 1].map(|i| data["window"][i].as_i64().unwrap());
    assert!(times.iter().any(|at| (window[0]..window[1]).contains(at)));
}

#[test]
fn the_page_of_many_seeds_names_the_worst_and_how_to_see_them() {
    let scenario = scenario(ISOLATED);
    let summary = run_scenario(&scenario, &RunOptions::seeds(0..6), &|_| ()).expect("the runs succeed");
    let page = campaign::page("0.0.0", &[summary.clone(), summary]);
    assert!(page.contains("2 scenarios") && page.contains("--html run.html</code>"));
    let data = drawn(&page);
    let curve = &data["scenarios"][1]["curves"][0];
    assert_eq!(curve["name"], "failure detected");
    assert_eq!(curve["steps"].as_array().unwrap().last().unwrap()[1], 6);
    for section in page.split("<a href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(page.contains(&format!("id=\"{section}\"")), "{section}");
    }
}
