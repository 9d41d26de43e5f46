//! Sweep files: what they become, and what is said about those that are wrong.

use splitbrain_explore::{Goal, Plan, Round, Sweep};
use splitbrain_scenarios::{ScenarioError, Source};

const BASE: &str = "[cluster]\nreplicas = 2\nsentinels = 3\n[sentinel]\nquorum = 2\ndown-after-milliseconds = \"2s\"\n\
                    [[clients]]\nname = \"app\"\nworkload = { sadd = 2 }\n";

fn read(text: &str) -> Result<Sweep, Box<ScenarioError>> {
    Sweep::parse(Source::new("sweep.toml", text), &|name| match name {
        "base.toml" => Ok(Source::new(name, BASE)),
        "faulty.toml" => Ok(Source::new(name, format!("{BASE}[[faults]]\nat = \"0s\"\nkill = \"master\"\n"))),
        "silent.toml" => Ok(Source::new(name, "[cluster]\n")),
        "network.txt" => Ok(Source::new(name, "1.0\n3.0\n")),
        _ => Err(ScenarioError::of_file(name, "cannot be read")),
    })
}

const SOUND: &str = "scenario = \"base.toml\"\nseeds = 4\n[vary]\nquorum = [1, 2, 4]\nsentinels = [3, 5]\n\
                     [[failures]]\nname = \"dies\"\nper-year = 2\nkill = \"master\"\n\
                     [[failures]]\nname = \"stalls\"\nper-year = 0.5\npasses = true\n\
                     faults = [{ stall = \"master\", for = \"1s\" }, { then-after = \"5s\", stall = \"replica\", for = \"1s\" }]\n";

#[test]
fn combinations_that_no_scenario_may_have_are_left_out_and_the_scenario_as_it_stands_is_found() {
    let sweep = read(SOUND).unwrap();
    let plan = Plan::new(&sweep, None).unwrap();
    assert_eq!(plan.points.len(), 5, "{:?}", plan.points);
    assert_eq!(plan.left_out.len(), 1, "{:?}", plan.left_out);
    assert!(plan.left_out[0].starts_with("quorum 4, sentinels 3: "), "{:?}", plan.left_out);
    assert_eq!(plan.points[plan.current], [Some(1), Some(0)]);
    assert_eq!(Round::first(&plan).runs(), 0..5 * 4);
    assert_eq!(plan.promise.0, [(Goal::Unrecovered, 0)]);
    assert_eq!((plan.failures[1].per_year_milli, plan.failures[1].passes), (500, true));
}

#[test]
fn a_scenario_that_is_no_point_of_the_grid_is_added_to_it() {
    let other = |text: &str| SOUND.replace("[1, 2, 4]", "[1, 2]").replace("sentinels = [3, 5]", text);
    let sweep = read(&other("down-after-milliseconds = [1000, 5000]")).unwrap();
    assert_eq!(sweep.points[sweep.current], [None, None]);
    assert_eq!(sweep.axes[1].own.as_deref(), Some("2s"));
    // However it is written.
    let sweep = read(&other("sentinel.down-after-milliseconds = [1000, 2000]")).unwrap();
    assert_eq!(sweep.points[sweep.current], [Some(1), Some(1)]);
}

#[test]
fn every_setting_meets_the_same_seeds_and_every_failure_has_its_share() {
    let plan = Plan::new(&read(SOUND).unwrap(), Some(10..16)).unwrap();
    let round = Round::first(&plan);
    let of_cell = |cell: u64| (0..6).map(move |k| cell * 6 + k);
    for cell in 1..plan.cells() as u64 {
        for (a, b) in of_cell(0).zip(of_cell(cell)) {
            assert_eq!(plan.seed(round.run(&plan, a)), plan.seed(round.run(&plan, b)));
        }
    }
    let seeds: Vec<u64> = of_cell(0).map(|run| plan.seed(round.run(&plan, run))).collect();
    assert!((1..6).all(|k| !seeds[..k].contains(&seeds[k])), "{seeds:?}");
    let failures: Vec<usize> = of_cell(3).map(|run| round.run(&plan, run).failure).collect();
    assert_eq!(failures, [0, 1, 0, 1, 0, 1]);
    assert!(Plan::new(&read(SOUND).unwrap(), Some(0..1)).unwrap_err().message.contains("not enough"));
}

#[test]
fn the_hash_of_a_plan_is_that_of_what_decides_its_rows() {
    let hash = |text: &str, seeds| Plan::new(&read(text).unwrap(), seeds).unwrap().hash;
    assert_eq!(hash(SOUND, None), hash(SOUND, Some(0..4)));
    assert_ne!(hash(SOUND, None), hash(SOUND, Some(1..5)));
    assert_ne!(hash(SOUND, None), hash(&SOUND.replace("for = \"1s\"", "for = \"2s\""), None));
}

/// Each: what is replaced by what, the line and column, and how the message goes on.
#[test]
fn errors_stand_where_the_mistake_is_and_say_what_would_be_right() {
    let table: &[(&str, &str, (u32, u32), &str)] = &[
        ("seeds = 4", "seed = 4", (2, 1), "unknown key `seed` in a sweep (did you mean `seeds`?)"),
        (
            "seeds = 4",
            "seeds = 1",
            (2, 9),
            "wrong value of `seeds`: found 1, expected a seed for each of the 2 failures",
        ),
        ("scenario = \"base.toml\"", "", (1, 1), "which scenario does this sweep start from?: expected `scenario`"),
        ("base.toml", "faulty.toml", (1, 12), "this scenario has faults of its own"),
        ("base.toml", "silent.toml", (1, 12), "nobody writes in this scenario"),
        (
            "quorum = [1, 2, 4]",
            "qourum = [1]",
            (4, 1),
            "there is no setting `qourum` that could be varied (did you mean `quorum`?)",
        ),
        ("quorum = [1, 2, 4]", "quorum = 2", (4, 10), "wrong value of `quorum`: found 2, expected an array"),
        ("quorum = [1, 2, 4]", "quorum = [1, 2, 1]", (4, 17), "1 stands here twice"),
        ("quorum = [1, 2, 4]", "quorum = [1, 9]", (4, 14), "no scenario may have this value of `quorum`: "),
        (
            "quorum = [1, 2, 4]",
            "quorum = [1, \"x\"]",
            (4, 14),
            "no scenario may have this value of `quorum`: wrong value",
        ),
        (
            "quorum = [1, 2, 4]",
            "redis.frobnicate = [1]",
            (4, 21),
            "no scenario may have this value of `redis.frobnicate`: unknown key",
        ),
        ("quorum = [1, 2, 4]", "quorum = [2]\nsentinel.quorum = [1]", (5, 10), "`quorum` is varied twice"),
        ("per-year = 2", "", (6, 1), "how often does this failure come in a year?: expected `per-year`"),
        ("per-year = 2", "per-year = 0", (8, 12), "wrong value of `per-year`: found 0, expected a number above zero"),
        ("kill = \"master\"", "", (6, 1), "this fault does nothing: expected one of"),
        ("kill = \"master\"", "kill = \"mister\"", (9, 8), ""),
        ("kill = \"master\"", "kill = \"master\"\nfro = 1", (10, 1), "unknown key `fro`"),
        ("then-after = \"5s\"", "after = \"5s\"", (14, 47), "`after` belongs to `when` (did you mean `then-after`?)"),
        ("name = \"stalls\"", "name = \"dies\"", (10, 1), "the failure `dies` is there twice"),
        (
            "[vary]",
            "[promise]\nlosses = \"0\"\n[vary]",
            (4, 10),
            "wrong value of `losses`: found \"0\", expected a number a year",
        ),
        (
            "[vary]",
            "[promise]\nwrite-gap = 15\n[vary]",
            (4, 13),
            "wrong value of `write-gap`: found 15, expected a duration",
        ),
        (
            "[vary]",
            "[[environments]]\nenvironment = \"lam\"\n[vary]",
            (4, 15),
            "wrong value of `environment`: found \"lam\"",
        ),
        ("[vary]", "[[environments]]\nlatency = \"1s\"\n[vary]", (3, 1), "which environment?"),
        ("seeds = 4", "design = { latin = 4 }", (2, 12), "unknown key `latin` in `design`"),
        (
            "seeds = 4",
            "design = { halving = 1 }",
            (2, 22),
            "wrong value of `halving`: found 1, expected a whole number",
        ),
        ("name = \"dies\"\nper-year = 2\nkill", "preset = \"master-dyes\"\nkill", (7, 10), "wrong value of `preset`"),
        ("name = \"dies\"\nper-year = 2\nkill", "preset = \"master-dies\"\nkill", (8, 1), "unknown key `kill`"),
        (
            "[vary]",
            "[[environments]]\nlatency-file = \"nothing.txt\"\nlatency = \"1ms\"\n[vary]",
            (4, 1),
            "`latency` is there already",
        ),
        (
            "[vary]",
            "[[environments]]\nname = \"a\"\npauses = [{ for = \"2s\", per-year = 1, of = \"mister\" }]\n[vary]",
            (5, 11),
            "this scenario cannot have it: ",
        ),
    ];
    for (what, by, place, message) in table {
        assert!(SOUND.contains(what), "{what}");
        let text = SOUND.replacen(what, by, 1);
        let error = match read(&text) {
            Err(error) => error,
            Ok(_) => panic!("this is accepted:\n{text}"),
        };
        let told = error.one_line();
        assert_eq!(
            ((error.line, error.column), told.split_once(": ").is_some_and(|(_, it)| it.starts_with(message))),
            (*place, true),
            "{told}\n{text}"
        );
        assert_eq!(error.file.to_str(), Some("sweep.toml"), "{told}");
    }
}

#[test]
fn an_environment_has_its_own_pauses_and_a_network_that_was_measured() {
    let text = SOUND.replace(
        "[vary]",
        "[[environments]]\nname = \"quiet\"\nloss = \"1%\"\n\
         [[environments]]\nlatency-file = \"network.txt\"\npauses = [{ for = \"2s\", per-year = 365 }]\n[vary]",
    );
    let sweep = read(&text).unwrap();
    let plan = Plan::new(&sweep, None).unwrap();
    assert_eq!(plan.environments, ["quiet", "network.txt"]);
    assert_eq!(plan.occurring, [vec![0, 1], vec![0, 1, 2]]);
    assert_eq!((plan.failures[2].passes, plan.failures[2].per_year_milli), (true, 365_000));
    let here: Vec<usize> = (0..4).map(|index| plan.failure_of(1, index)).collect();
    assert_eq!(here, [0, 1, 2, 0]);
    let measured = sweep.scenario(&plan.points[0], 1, 2).unwrap();
    assert_eq!(measured.environment().latency.max().0, 1_500_000);
    let elsewhere = sweep.with_network(&Source::new("far.txt", "80\n")).unwrap();
    let scenario = elsewhere.scenario(&plan.points[0], 0, 0).unwrap();
    assert_eq!((scenario.environment().latency.max().0, scenario.environment().loss_ppm), (40_000_000, 10_000));
    assert_eq!(elsewhere.failures.len(), 2, "the pauses were those of another environment");
    assert_ne!(Plan::new(&elsewhere, None).unwrap().hash, plan.hash);
}

#[test]
fn the_battery_needs_no_list_and_its_rates_can_be_said() {
    let (from, to) = (SOUND.find("[[failures]]").unwrap(), SOUND.len());
    let text = SOUND.replacen(&SOUND[from..to], "", 1).replace("seeds = 4", "seeds = 8");
    let all = read(&format!("failures = \"battery\"\n{text}")).unwrap();
    assert!(all.failures.len() >= 8 && all.failures.iter().any(|failure| failure.passes), "{:?}", all.failures);
    let one = read(&format!("{text}[[failures]]\npreset = \"short-stall\"\nper-year = 0.5\n")).unwrap();
    assert_eq!((one.failures[0].per_year_milli, one.failures[0].passes), (500, true));
}

#[test]
fn the_sweep_that_is_always_there_can_be_read() {
    let sweep = Sweep::of_my_network().unwrap();
    assert_eq!(sweep.axes[0].name, "down-after-milliseconds");
}

#[test]
fn a_configuration_file_that_a_value_names_belongs_to_the_plan() {
    let folder = std::env::temp_dir().join(format!("splitbrain-sweep-files-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    let conf = |ms: u32| {
        format!("sentinel monitor mymaster 127.0.0.1 6379 2\nsentinel down-after-milliseconds mymaster {ms}\n")
    };
    write("base.toml", "[cluster]\nsentinel-conf = \"a.conf\"\n[[clients]]\nworkload = { sadd = 2 }\n");
    write(
        "sweep.toml",
        "scenario = \"base.toml\"\nseeds = 4\n[vary]\n\"cluster.sentinel-conf\" = [\"a.conf\", \"b.conf\"]\n\
         [[failures]]\nname = \"dies\"\nper-year = 1\nkill = \"master\"\n",
    );
    write("a.conf", &conf(1000));
    let hash = |ms| {
        write("b.conf", &conf(ms));
        Plan::new(&Sweep::load(&folder.join("sweep.toml")).unwrap(), None).unwrap().hash
    };
    assert_eq!(hash(2000), hash(2000));
    assert_ne!(hash(2000), hash(3000));
    std::fs::remove_dir_all(&folder).unwrap();
}
