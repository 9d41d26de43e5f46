//! Successive halving: fewer runs, the same answer; and the same rows, whoever plays them.

use splitbrain_explore::choose::choose;
use splitbrain_explore::{Folder, Merged, Pace, Plan, Shard, Sweep, merge, play, play_shard};
use splitbrain_scenarios::Source;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

const BASE: &str = "[cluster]\nreplicas = 1\n[sentinel]\ndown-after-milliseconds = 1000\nfailover-timeout = 3000\n\
                    [[clients]]\nname = \"app\"\nworkload = { sadd = 2 }\n[run]\nphase = \"0s..2s\"\n";

const SWEEP: &str = "scenario = \"base.toml\"\nseeds = 48\n[vary]\nquorum = [1, 2, 3]\n\
                     down-after-milliseconds = [500, 1000, 3000, 5000, 9000]\n\
                     [[failures]]\nname = \"stalls\"\nper-year = 100\npasses = true\nstall = \"master\"\nfor = \"2s\"\n\
                     [[failures]]\nname = \"dies\"\nper-year = 1\nkill = \"master\"\n\
                     [promise]\nwrite-gap = \"9s\"\nfalse-failovers = 1\n";

fn sweep(design: &str) -> Sweep {
    let text = SWEEP.replace("seeds = 48\n", &format!("seeds = 48\ndesign = {design}\n"));
    Sweep::parse(Source::new("sweep.toml", text), &|name| Ok(Source::new(name, BASE))).unwrap()
}

struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let path = std::env::temp_dir().join(format!("splitbrain-halving-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Place(path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

static NEVER: AtomicBool = AtomicBool::new(false);

fn whole(sweep: &Sweep, name: &str, jobs: usize) -> Merged {
    let (plan, place) = (Plan::new(sweep, None).unwrap(), Place::new(name));
    let folder = Folder::open(&place.0, &plan, false).unwrap();
    play(sweep, &plan, &folder, &Pace { jobs, stop: &NEVER, progress: &|_, _, _| () }).unwrap();
    merge(&place.0).unwrap()
}

#[test]
fn halving_recommends_what_the_grid_does_with_fewer_runs_and_the_same_figures_where_it_looked_closely() {
    let (grid, halved) = (whole(&sweep("\"grid\""), "grid", 2), whole(&sweep("{ halving = 3 }"), "halved", 2));
    assert!(halved.runs() * 5 < grid.runs() * 4, "{} of {}", halved.runs(), grid.runs());
    let (all, some) = (choose(&grid), choose(&halved));
    let recommended = all.recommended.expect("something keeps the promise");
    assert_eq!(some.recommended, Some(recommended));
    assert_eq!(some.cells[recommended.point], all.cells[recommended.point]);
    assert_eq!(halved.cells[halved.plan.current].len(), 48, "what there is now is compared with everything");
    for (less, more) in halved.cells.iter().zip(&grid.cells) {
        assert_eq!(less[..], more[..less.len()]);
    }
    // A machine that stalls for two seconds comes back by itself: whoever has replaced it by then was wrong, others were not.
    let stalls = |down_after: u32| {
        let point = grid.plan.points.iter().position(|point| *point == [Some(1), Some(down_after)]).unwrap();
        (all.cells[point].failures[0].false_failovers.runs, all.cells[point].failures[1].false_failovers.runs)
    };
    assert_eq!((stalls(0), stalls(3)), ((24, 0), (0, 0)));
    let on_front = |findings: &[bool]| (0..findings.len()).filter(|cell| findings[*cell]).collect::<Vec<_>>();
    assert_eq!(on_front(&some.front), on_front(&all.front));
}

#[test]
fn rounds_in_any_shards_on_any_threads_give_the_same_and_none_begins_before_the_last_one_is_whole() {
    let sweep = sweep("{ halving = 3 }");
    let plan = Plan::new(&sweep, None).unwrap();
    let expected = whole(&sweep, "one", 1);
    assert_eq!(expected.rounds.len(), 3);
    for of in [1, 3, 7] {
        let place = Place::new(&format!("shards-{of}"));
        let folder = || Folder::open(&place.0, &plan, false).unwrap();
        let pace = Pace { jobs: 2, stop: &NEVER, progress: &|_, _, _| () };
        for round in 0..3 {
            for number in 0..of {
                let shard = Shard { number, of };
                if round > 0 && number == 0 {
                    let early = play_shard(&sweep, &plan, &folder(), round + 1, shard, &pace).unwrap_err().to_string();
                    let told = if round == 2 { "there is no round 4" } else { "round 3 needs all rows of round 2" };
                    assert!(early.contains(told), "{early}");
                }
                play_shard(&sweep, &plan, &folder(), round, shard, &pace).unwrap();
                // Once more, as engines do.
                let again = play_shard(&sweep, &plan, &folder(), round, shard, &pace).unwrap();
                assert_eq!(again.found, again.runs);
                assert_eq!(merge(&place.0).is_ok(), round == 2 && number == of - 1);
            }
        }
        assert_eq!(merge(&place.0).unwrap().digest, expected.digest, "{of} shards");
    }
}
