//! The recipe for CI (`docs/ci/chaos.sh`) in a scratch repository: a good change passes, a worse setting is told with a table,
//! a kept failure that is not what it was ends with 5. `docs/testing.md` shows that table; with `SPLITBRAIN_REGENERATE` in the
//! environment it is written there.
#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SCENARIO: &str = r#"title = "The master dies"

[cluster]
[sentinel]
down-after-milliseconds = 3000
failover-timeout = 10000

[[clients]]
workload = { sadd = 25 }

[[faults]]
at = "0s"
kill = "master"

[expect]
available = { at-most = "15s" }
lost-write = "holds"
"#;
const BEGIN: &str = "<!-- comparison:begin -->\n";
const END: &str = "<!-- comparison:end -->";

/// A git repository with a scenario, removed at the end.
struct Repository(PathBuf);

impl Drop for Repository {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Repository {
    fn new() -> Repository {
        let folder = std::env::temp_dir().join(format!("splitbrain-recipes-{}", std::process::id()));
        fs::create_dir_all(folder.join("scenarios")).unwrap();
        fs::create_dir_all(folder.join("kept")).unwrap();
        let repository = Repository(folder);
        repository.git(&["init", "--quiet"]);
        repository.commit("scenarios/master-dies.toml", SCENARIO);
        repository
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The same content is the same commit, whoever runs this and whenever: it decides the seeds.
    fn git(&self, arguments: &[&str]) {
        let mut command = Command::new("git");
        for role in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{role}_NAME"), "somebody")
                .env(format!("GIT_{role}_EMAIL"), "somebody@example.org");
            command.env(format!("GIT_{role}_DATE"), "2026-01-01T00:00:00Z");
        }
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
        let done = command.args(arguments).current_dir(&self.0).output().expect("git is installed");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    fn commit(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
        self.git(&["add", name]);
        self.git(&["commit", "--quiet", "-m", "a change"]);
    }

    /// Runs the recipe; its exit code and what it prints.
    fn chaos(&self, what: &str) -> (i32, String) {
        let recipe = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/ci/chaos.sh");
        let mut command = Command::new("sh");
        command.arg(recipe).arg(what).current_dir(&self.0).env("SPLITBRAIN", env!("CARGO_BIN_EXE_splitbrain"));
        command.env("SEEDS", "5").env("COMPARED", "20").env("BUDGET", "2s");
        let done = command.output().expect("there is a shell");
        let said = [done.stdout, done.stderr].concat();
        (done.status.code().expect("it ends by itself"), String::from_utf8_lossy(&said).into_owned())
    }

    /// A failure as somebody would commit it.
    fn keep_a_failure(&self) -> PathBuf {
        let scenario = SCENARIO.replace("\"15s\"", "\"1ms\"");
        fs::write(self.path("impossible.toml"), scenario).unwrap();
        let run = ["run", "impossible.toml", "--seed", "7", "--quiet", "--save", "kept"];
        let done = Command::new(env!("CARGO_BIN_EXE_splitbrain")).args(run).current_dir(&self.0).output().unwrap();
        assert_eq!(done.status.code(), Some(1));
        let mut kept = fs::read_dir(self.path("kept")).unwrap();
        kept.next().expect("the failure was saved").unwrap().path()
    }
}

#[test]
fn the_recipe_for_ci_tells_regressions_and_stale_failures() {
    let repository = Repository::new();
    let passes = |what: &str| {
        let (status, said) = repository.chaos(what);
        assert_eq!(status, 0, "{what}: {said}");
    };
    passes("baseline");
    passes("nightly");
    passes("pull-request");
    let comparison = fs::read_to_string(repository.path("chaos-out/comparison.md")).unwrap();
    assert!(comparison.contains("nothing has become worse"), "{comparison}");
    assert!(fs::read_to_string(repository.path("chaos-out/junit.xml")).unwrap().contains("failures=\"0\""));

    // What was kept has to show again, and then it is no news.
    let kept = repository.keep_a_failure();
    passes("pull-request");
    // As a version would find it whose Sentinels are more patient, and whose writers are not cut off for long.
    let text = fs::read_to_string(&kept).unwrap();
    let other = text.replace("\"splitbrain\": \"", "\"splitbrain\": \"0.0.0-").replace("1ms", "60s");
    fs::write(&kept, other.replace("milliseconds = 3000", "milliseconds = 4000")).unwrap();
    let (status, said) = repository.chaos("pull-request");
    assert_eq!(status, 5, "{said}");
    assert!(said.contains("stale: the stored failure does not show any more"), "{said}");
    fs::remove_file(&kept).unwrap();

    // All expectations are met, and yet writers wait longer than they did.
    repository.commit("scenarios/master-dies.toml", &SCENARIO.replace("milliseconds = 3000", "milliseconds = 4000"));
    let (status, said) = repository.chaos("pull-request");
    assert_eq!(status, 1, "{said}");
    let comparison = fs::read_to_string(repository.path("chaos-out/comparison.md")).unwrap();
    assert!(comparison.contains("**1 number has become worse**"), "{comparison}");
    assert!(said.contains(&comparison), "the log of CI has the table too: {said}");
    shown_in_the_docs(&comparison);
}

fn shown_in_the_docs(comparison: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/testing.md");
    let page = fs::read_to_string(&path).expect("there is a page").replace("\r\n", "\n");
    let (head, rest) = page.split_once(BEGIN).expect("the page has a block");
    let (shown, tail) = rest.split_once(END).expect("the block ends");
    if std::env::var_os("SPLITBRAIN_REGENERATE").is_some() {
        fs::write(&path, format!("{head}{BEGIN}{comparison}{END}{tail}")).unwrap();
    } else {
        assert_eq!(shown, comparison, "run docs/regenerate.sh and read the difference");
    }
}
