//! Campaigns end where they should, continue where they were, and notice what is not deterministic.

use super::*;
use splitbrain_scenarios::Source;
use std::fs;
use std::sync::atomic::AtomicU32;

const FAST: &str = "[cluster]\n[sentinel]\ndown-after-milliseconds = 1000\n[[faults]]\nat = \"0s\"\nkill = \"master\"\n\
                    [run]\nheal = \"20s\"\n[expect]\nfailover-completes = { within = \"auto\", exactly = 1 }\n";
const BROKEN: &str = "[cluster]\nreplicas = 0\n[sentinel]\ndown-after-milliseconds = 1000\n[[clients]]\n[[faults]]\nat = \"0s\"\n\
                      kill = \"master\"\n[run]\nheal = \"20s\"\n[expect]\navailable = { at-most = \"1s\" }\n";

fn scenario(text: &str) -> Scenario {
    Scenario::parse(&Source::new("s.toml", text)).expect("the scenario is sound")
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("splitbrain-campaign-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn seeds(end: u64) -> RunOptions {
    RunOptions { jobs: 2, ..RunOptions::seeds(0..end) }
}

#[test]
fn a_campaign_ends_when_its_time_is_over_and_judges_what_was_played() {
    let ticks = AtomicU32::new(0);
    let clock = || Duration::from_secs(ticks.fetch_add(1, Ordering::Relaxed).into());
    let limit = Some(Duration::from_secs(30));
    let campaign = Campaign { limit, clock: &clock, ..Campaign::of(seeds(u64::MAX)) };
    let played = play(&scenario(FAST), &campaign, &|_| ()).expect("plays");
    assert_eq!(played.summary.course.stopped, Stopped::Time);
    assert!((1..30).contains(&played.summary.count), "{}", played.summary.count);
    let whole = play(&scenario(FAST), &Campaign::of(seeds(played.summary.count)), &|_| ()).expect("plays");
    assert_eq!(played.summary.digest, whole.summary.digest);
    assert_eq!(played.summary.course.coverage, whole.summary.course.coverage);
}

#[test]
fn a_campaign_ends_with_the_same_seed_on_any_number_of_threads_once_nothing_new_is_reached() {
    let until = |jobs| {
        let options = RunOptions { jobs, ..seeds(u64::MAX) };
        let campaign = Campaign { until_stable: Some(12), ..Campaign::of(options) };
        play(&scenario(FAST), &campaign, &|_| ()).expect("plays").summary
    };
    let (one, three) = (until(1), until(3));
    assert_eq!(one.course.stopped, Stopped::Stable(12));
    assert_eq!((one.count, one.digest), (three.count, three.digest));
    let last = one.course.coverage.last_new().expect("something was reached");
    assert!(one.count >= last + 13, "{} seeds, {last} brought something new", one.count);
}

#[test]
fn a_danger_that_has_to_show_itself_keeps_a_campaign_going() {
    let text = format!("{BROKEN}split-brain = \"shows\"\n");
    let ticks = AtomicU32::new(0);
    let clock = || Duration::from_secs(ticks.fetch_add(1, Ordering::Relaxed).into());
    let limit = Some(Duration::from_secs(200));
    let campaign = Campaign { until_stable: Some(1), limit, clock: &clock, ..Campaign::of(seeds(u64::MAX)) };
    let played = play(&scenario(&text), &campaign, &|_| ()).expect("plays");
    assert_eq!(played.summary.course.stopped, Stopped::Time);
    assert_eq!(played.summary.course.missing.len(), 1, "{:?}", played.summary.course.missing);
}

#[test]
fn an_interrupted_campaign_continues_as_if_nothing_had_happened() {
    let folder = folder("resume");
    let (scenario, stop) = (scenario(BROKEN), AtomicBool::new(false));
    let options = RunOptions { save_failures_to: Some(folder.clone()), ..seeds(24) };
    let state = Some(folder.join("unfinished"));
    let campaign = Campaign { state: state.clone(), stop: &stop, ..Campaign::of(options.clone()) };
    let interrupt = |done| stop.store(done >= 5, Ordering::Relaxed);
    let first = play(&scenario, &campaign, &interrupt).expect("plays");
    assert_eq!(first.summary.course.stopped, Stopped::Interrupted);
    assert!((5..24).contains(&first.summary.count), "{}", first.summary.count);
    assert!(folder.join("s-seed-0.json").exists(), "what was found is kept");
    // A line that a kill has torn.
    let journal = first.state.expect("its state was written");
    let text = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, format!("{text}{}", &text[..text.len() / 2])).unwrap();
    stop.store(false, Ordering::Relaxed);
    let played = AtomicU64::new(0);
    let second = play_with(&scenario, &campaign, &|_| (), &|scenario, seed, scratch| {
        played.fetch_add(1, Ordering::Relaxed);
        judge_seed(scenario, seed, scratch)
    });
    let second = second.expect("plays");
    assert_eq!(played.into_inner(), 24 - first.summary.count, "nothing is played twice");
    assert!(second.notes.iter().any(|note| note.contains("interrupted")), "{:?}", second.notes);
    let whole = play(&scenario, &Campaign::of(seeds(24)), &|_| ()).expect("plays").summary;
    assert_eq!((second.summary.digest, second.summary.verdict), (whole.digest, whole.verdict));
    assert_eq!(second.summary.metrics, whole.metrics);
    assert_eq!(second.summary.unmet, whole.unmet);
    assert_eq!(second.summary.findings, whole.findings);
    assert_eq!(second.summary.course.coverage, whole.course.coverage);
    crate::journal::forget(&[journal]);
    assert!(!folder.join("unfinished").exists());
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn another_command_does_not_continue_it() {
    let folder = folder("other");
    let (scenario, stop) = (scenario(FAST), AtomicBool::new(false));
    let state = Some(folder.clone());
    let begin = Campaign { state: state.clone(), stop: &stop, ..Campaign::of(seeds(24)) };
    play(&scenario, &begin, &|done| stop.store(done >= 4, Ordering::Relaxed)).expect("plays");
    let build = Campaign { state: state.clone(), about: "another build".to_owned(), ..Campaign::of(seeds(24)) };
    let more = Campaign { state: state.clone(), ..Campaign::of(seeds(25)) };
    let anew = Campaign { state, fresh: true, ..Campaign::of(seeds(24)) };
    for other in [build, more, anew] {
        let played = play(&scenario, &other, &|_| ()).expect("plays");
        assert_eq!(played.notes, [""; 0]);
        assert_eq!(played.summary.count, other.options.seeds.end);
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_run_that_is_not_the_same_twice_is_noticed_and_named() {
    let campaign = Campaign { recheck_ppm: 1_000_000, ..Campaign::of(seeds(8)) };
    let sound = play(&scenario(FAST), &campaign, &|_| ()).expect("plays");
    assert_eq!(sound.summary.course.checked, 8);
    let calls = AtomicU64::new(0);
    let planted = |scenario: &Scenario, seed: u64, scratch: &mut Scratch| {
        let mut judged = judge_seed(scenario, seed, scratch);
        if seed == 5 {
            judged.run.digest ^= u128::from(calls.fetch_add(1, Ordering::Relaxed));
        }
        judged
    };
    let noticed = play_with(&scenario(FAST), &campaign, &|_| (), &planted).err().expect("it is noticed");
    assert!(noticed.is_bug());
    let message = noticed.to_string();
    assert!(message.contains("seed 5 of s.toml was not the same"), "{message}");
    assert!(message.contains("splitbrain run s.toml --seed 5") && message.contains("splitbrain bisect"), "{message}");
}

#[test]
fn a_judge_that_changes_its_mind_is_noticed_too() {
    let calls = AtomicU64::new(0);
    let planted = |scenario: &Scenario, seed: u64, scratch: &mut Scratch| {
        let mut judged = judge_seed(scenario, seed, scratch);
        judged.run.metrics.set(splitbrain_checker::Metric::Tilts, calls.fetch_add(1, Ordering::Relaxed) as i64);
        judged
    };
    let campaign = Campaign { recheck_ppm: 1, ..Campaign::of(seeds(2)) };
    let noticed = play_with(&scenario(FAST), &campaign, &|_| (), &planted).err().expect("it is noticed");
    assert!(noticed.to_string().contains("not the metrics"), "{noticed}");
}

#[test]
fn a_folder_that_cannot_be_written_loses_neither_findings_nor_seeds() {
    let folder = folder("full");
    fs::write(&folder, "a file where a folder should be").unwrap();
    let options = RunOptions { save_failures_to: Some(folder.clone()), ..seeds(3) };
    let campaign = Campaign { state: Some(folder.join("unfinished")), ..Campaign::of(options) };
    let played = play(&scenario(BROKEN), &campaign, &|_| ()).expect("plays");
    assert_eq!(played.summary.count, 3);
    assert_eq!(played.summary.unmet.len(), 1);
    assert!(played.unsaved.is_some());
    assert_eq!(played.notes.len(), 1, "{:?}", played.notes);
    fs::remove_file(&folder).unwrap();
}
