//! Whoever plays which part of a plan, in whatever order and however often: the rows are the same. And what does not belong
//! together is not merged.

use splitbrain_explore::folder::read_plan;
use splitbrain_explore::play::Played;
use splitbrain_explore::{Folder, Pace, Plan, Shard, Sweep, Trouble, merge};
use splitbrain_scenarios::Source;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

const BASE: &str = "[cluster]\nreplicas = 1\n[sentinel]\ndown-after-milliseconds = 1000\nfailover-timeout = 3000\n\
                    [[clients]]\nname = \"app\"\nworkload = { sadd = 2 }\n[run]\nphase = \"0s..2s\"\n";

const SWEEP: &str = "scenario = \"base.toml\"\nseeds = 50\n[vary]\nquorum = [2, 3]\ndown-after-milliseconds = [1000, 3000]\n\
                     [[failures]]\nname = \"stalls\"\nper-year = 100\nstall = \"master\"\nfor = \"2s\"\n\
                     [[failures]]\nname = \"dies\"\nper-year = 1\nkill = \"master\"\n";

fn sweep(text: &str) -> Sweep {
    Sweep::parse(Source::new("sweep.toml", text), &|name| Ok(Source::new(name, BASE))).unwrap()
}

/// A folder of its own for a test, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("splitbrain-explore-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Place(path)
    }

    fn files(&self) -> Vec<String> {
        let mut files: Vec<String> =
            fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        files.sort();
        files
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Plays a shard; stops after so many runs.
fn play_some(sweep: &Sweep, place: &Place, shard: Shard, jobs: usize, most: u64) -> Result<Played, Trouble> {
    let plan = Plan::new(sweep, None).unwrap();
    let stop = AtomicBool::new(false);
    let progress = |_, now, _| stop.store(now >= most, Ordering::Relaxed);
    let folder = Folder::open(&place.0, &plan, false)?;
    splitbrain_explore::play_shard(sweep, &plan, &folder, 0, shard, &Pace { jobs, stop: &stop, progress: &progress })
}

fn play_shard(sweep: &Sweep, place: &Place, shard: Shard, jobs: usize) -> Played {
    play_some(sweep, place, shard, jobs, u64::MAX).unwrap()
}

#[test]
fn any_shards_on_any_threads_give_the_same_rows_and_so_does_a_sweep_that_was_interrupted() {
    let sweep = sweep(SWEEP);
    let whole = Place::new("whole");
    let played = play_shard(&sweep, &whole, Shard::ALL, 1);
    assert_eq!((played.runs, played.found, played.interrupted), (200, 0, false));
    let expected = merge(&whole.0).unwrap();
    assert!(expected.cells.iter().all(|cell| cell.len() == 50));
    assert!(expected.cells.iter().flatten().any(|run| run.failovers > 0), "the failures do something");

    for of in [7, 40] {
        let place = Place::new(&format!("shards-{of}"));
        for number in (0..of).rev() {
            play_shard(&sweep, &place, Shard { number, of }, 2);
        }
        assert_eq!(merge(&place.0).unwrap().digest, expected.digest, "{of} shards");
        for file in place.files() {
            assert_eq!(fs::read(place.0.join(&file)).unwrap(), fs::read(whole.0.join(&file)).unwrap(), "{file}");
        }
    }

    let place = Place::new("interrupted");
    // Not even one piece, then a part of another shard, then everything.
    assert!(play_some(&sweep, &place, Shard::ALL, 1, 3).unwrap().interrupted);
    assert_eq!(place.files(), ["plan.json"]);
    assert!(play_some(&sweep, &place, Shard { number: 1, of: 2 }, 1, 60).unwrap().interrupted);
    assert!(matches!(merge(&place.0), Err(Trouble::Folder(..))));
    let rest = play_shard(&sweep, &place, Shard::ALL, 2);
    assert!(rest.found > 0 && rest.found < rest.runs, "{rest:?}");
    assert_eq!(merge(&place.0).unwrap().digest, expected.digest);
}

#[test]
fn a_folder_belongs_to_one_plan() {
    let place = Place::new("other");
    let plan = Plan::new(&sweep(SWEEP), None).unwrap();
    Folder::open(&place.0, &plan, false).unwrap();
    assert_eq!(read_plan(&place.0).unwrap().hash, plan.hash);
    let other = Plan::new(&sweep(&SWEEP.replace("per-year = 1\n", "per-year = 2\n")), None).unwrap();
    let refused = Folder::open(&place.0, &other, false).unwrap_err().to_string();
    assert!(refused.contains("belongs to another plan") && refused.contains("--fresh"), "{refused}");
    Folder::open(&place.0, &other, true).unwrap();
    assert_eq!(read_plan(&place.0).unwrap().hash, other.hash);
}

#[test]
fn rows_of_another_build_are_not_continued() {
    let place = Place::new("build");
    let sweep = sweep(&SWEEP.replace("seeds = 50", "seeds = 4"));
    play_shard(&sweep, &place, Shard::ALL, 1);
    let file = place.0.join("rows-000000000000-000000000016.jsonl");
    let text = fs::read_to_string(&file).unwrap().replacen("\"gap\":", "\"gap\":1", 1);
    fs::write(&file, text).unwrap();
    let refused = play_some(&sweep, &place, Shard::ALL, 1, u64::MAX).unwrap_err().to_string();
    assert!(refused.contains("another build"), "{refused}");
}

#[test]
fn what_is_missing_doubled_foreign_or_torn_is_not_merged() {
    let sweep = sweep(&SWEEP.replace("seeds = 50", "seeds = 20"));
    let place = Place::new("strict");
    play_shard(&sweep, &place, Shard::ALL, 2);
    merge(&place.0).unwrap();
    let files: Vec<String> = place.files().into_iter().filter(|file| file.starts_with("rows-")).collect();
    assert_eq!(files.len(), 3, "{files:?}");
    let (first, second) = (place.0.join(&files[0]), place.0.join(&files[1]));
    let whole = fs::read_to_string(&second).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let without = |from: usize, to: usize| [&lines[..from], &lines[to..]].concat().join("\n");
    let refused = |text: &str, why: &str| {
        fs::write(&second, text).unwrap();
        let told = merge(&place.0).expect_err(why).to_string();
        assert!(told.contains(why), "{told}, not {why}");
    };
    refused("", "torn");
    refused(&without(lines.len() - 1, lines.len()), "torn");
    refused(&whole[..whole.len() / 2], "torn");
    refused(&without(3, 4), "belongs here");
    refused(&whole.replacen("\"lost\":", "\"lost\":1", 1), "not those that were written");
    refused(&format!("{whole}{}\n", lines[1]), "something follows");
    refused(&whole.replacen("\"splitbrain\":\"", "\"splitbrain\":\"9", 1), "wrote it");
    let hash = read_plan(&place.0).unwrap().hash.to_string();
    refused(&whole.replacen(&hash, &hash.replace(|c: char| c.is_ascii_digit(), "a"), 1), "another plan");
    refused(&fs::read_to_string(&first).unwrap(), "which its name does not say");
    fs::write(&second, &whole).unwrap();

    let told = |why: &str| assert!(merge(&place.0).unwrap_err().to_string().contains(why), "{why}");
    let aside = place.0.join("aside");
    fs::rename(&second, &aside).unwrap();
    told("runs 26 to 52 are missing");
    fs::rename(&aside, &second).unwrap();
    let more = place.0.join("rows-000000000030-000000000040.jsonl");
    fs::write(&more, "").unwrap();
    told("overlap: run 30 is in both");
    fs::rename(&more, place.0.join("rows-7.jsonl")).unwrap();
    told("not named as pieces");
    fs::remove_file(place.0.join("rows-7.jsonl")).unwrap();
    // What somebody left half written is nothing at all.
    fs::write(place.0.join(format!(".{}~99", files[0])), "x").unwrap();
    merge(&place.0).unwrap();
}
