//! What is said about files that are wrong: where, what, and what would be right.

use splitbrain_scenarios::{Scenario, ScenarioError, Source};
use std::path::Path;

fn error(text: &str) -> Box<ScenarioError> {
    match Scenario::parse(&Source::new("s.toml", text)) {
        Ok(_) => panic!("this is accepted:\n{text}"),
        Err(error) => error,
    }
}

/// Each: the file, line and column, and how the message goes on.
#[test]
fn errors_stand_where_the_mistake_is_and_say_what_would_be_right() {
    let table: &[(&str, (u32, u32), &str)] = &[
        ("", (1, 1), "the file is empty: expected a scenario with a section [cluster] (the smallest scenario is:"),
        ("# nothing\n", (1, 1), "the file has only comments"),
        ("title = \"x\"\n", (1, 1), "a scenario needs a section [cluster] (the smallest scenario is:"),
        ("[cluster]\n[sentinal]\n", (2, 2), "unknown section `sentinal` in a scenario (did you mean `sentinel`?)"),
        ("[cluster]\n[sentinel]\nqourum = 2\n", (3, 1), "unknown key `qourum` in [sentinel] (did you mean `quorum`?)"),
        (
            "[cluster]\n[sentinel]\n  down-after = 5000\n",
            (3, 3),
            "unknown key `down-after` in [sentinel] (did you mean `down-after-milliseconds`?)",
        ),
        ("[cluster]\nquorum = 2\n", (2, 1), "unknown key `quorum` in [cluster] (`quorum` belongs to [sentinel])"),
        ("[cluster]\nfrobnicate = 2\n", (2, 1), "unknown key `frobnicate` in [cluster]: expected `replicas`"),
        (
            "[cluster]\nreplicas = \"two\"\n",
            (2, 12),
            "wrong value of `replicas`: found \"two\", expected a whole number",
        ),
        (
            "[cluster]\nreplicas = 200\n",
            (2, 12),
            "wrong value of `replicas`: found 200, expected a whole number from 0 to 199",
        ),
        (
            "[cluster]\n[network]\nlatency = { quantiles = [['0%', '1ms'], ['50%', '2ms']] }\n",
            (3, 25),
            "wrong value of `quantiles`: found an array, expected up to 100",
        ),
        (
            "[cluster]\n[network]\nlatency = { quantiles = [['0%', '1ms'], ['100%']] }\n",
            (3, 41),
            "wrong value of `quantiles`: found an array, expected a share and",
        ),
        (
            "[cluster]\n[network]\nlatency = { quantiles = [['0%', '1ms'], ['0%', '2ms'], ['100%', '2ms']] }\n",
            (3, 42),
            "wrong value of `quantiles`: found \"0%\", expected a larger share",
        ),
        (
            "[cluster]\n[network]\nlatency = { quantiles = [['0%', '3ms'], ['100%', '2ms']] }\n",
            (3, 50),
            "wrong value of `quantiles`: found \"2ms\", expected no shorter",
        ),
        ("[cluster]\nsentinels = 0\n", (2, 13), "wrong value of `sentinels`: found 0"),
        ("[cluster]\nsentinels = -1\n", (2, 13), "wrong value of `sentinels`: found -1"),
        ("[cluster]\nsentinels = 3.5\n", (2, 13), "wrong value of `sentinels`: found 3.5"),
        ("[cluster]\nreplicas = 99999999999999999999\n", (2, 12), "wrong value of `replicas`"),
        (
            "[cluster]\nhostnames = true\n",
            (2, 1),
            "Sentinel would refuse names: Can't resolve instance hostname.: expected `resolve-hostnames = true` in [sentinel]",
        ),
        (
            "[cluster]\nnames-vanish = true\n",
            (2, 1),
            "nobody is known by name, so no name can vanish: expected `hostnames = true` too",
        ),
        (
            "[cluster]\nhostnames = \"ja\"\n",
            (2, 13),
            "wrong value of `hostnames`: found \"ja\", expected true or false",
        ),
        ("cluster = 3\n", (1, 11), "wrong value of `cluster`: found 3, expected a table"),
        (
            "[cluster]\n[sentinel]\nquorum = 4\n",
            (3, 10),
            "quorum 4 of master `mymaster` can never be reached by 3 Sentinels",
        ),
        ("[cluster]\n[sentinel]\nquorum = 0\n", (3, 10), "wrong value of `quorum`: found 0"),
        (
            "[cluster]\n[sentinel]\nfailover-timeout = \"-3s\"\n",
            (3, 20),
            "wrong value of `failover-timeout`: found \"-3s\", expected a duration that is not negative",
        ),
        ("[cluster]\n[sentinel]\nfailover-timeout = 0\n", (3, 20), "wrong value of `failover-timeout`: found 0"),
        (
            "[cluster]\n[redis]\nmaxmemory-policy = \"allkeys-lur\"\n",
            (3, 20),
            "wrong value of `maxmemory-policy`: found \"allkeys-lur\", expected `noeviction`",
        ),
        (
            "[cluster]\n[redis]\nclient-output-buffer-limit = \"replica 1mb 1mb\"\n",
            (3, 30),
            "wrong value of `client-output-buffer-limit`: found \"replica 1mb 1mb\", expected class, hard limit, soft limit and \
             seconds like \"replica 256mb 64mb 60\"",
        ),
        (
            "[cluster]\n[redis]\nclient-output-buffer-limit = \"replica 1mb 1mb 5s\"\n",
            (3, 30),
            "wrong value of `client-output-buffer-limit`: found \"replica 1mb 1mb 5s\", expected class",
        ),
        (
            "[cluster]\n[redis]\nclient-output-buffer-limit = \"master 1mb 1mb 5\"\n",
            (3, 30),
            "there is no class `master`",
        ),
        (
            "[cluster]\n[redis]\nappendonly = \"ja\"\n",
            (3, 14),
            "wrong value of `appendonly`: found \"ja\", expected true or false",
        ),
        (
            "[cluster]\n[redis]\nappendfsync = \"alway\"\n",
            (3, 15),
            "wrong value of `appendfsync`: found \"alway\", expected `always`, `everysec` or `no` (did you mean `always`?)",
        ),
        ("[cluster]\n[redis]\nsave = \"60\"\n", (3, 8), "wrong value of `save`: found \"60\", expected pairs"),
        ("[cluster]\n[redis]\nreplicaof = \"a 1\"\n", (3, 1), "who replicates whom follows from [cluster]"),
        (
            "[cluster]\n[redis.redis-4]\nreplica-priority = 1\n",
            (2, 8),
            "there is no server `redis-4`: expected `redis-1` to `redis-3`",
        ),
        (
            "[cluster]\n[redis.redis-3]\nreplica-prio = 1\n",
            (3, 1),
            "unknown key `replica-prio` in [redis.redis-3] (did you mean `replica-priority`?)",
        ),
        (
            "[cluster]\n[network]\nenvironment = \"lam\"\n",
            (3, 15),
            "there is no environment `lam`: expected `recorder`, `recorder-tmpfs`, `lan`",
        ),
        (
            "[cluster]\n[network]\nlatency = \"1ms..50us\"\n",
            (3, 11),
            "wrong value of `latency`: found \"1ms..50us\", expected a range",
        ),
        (
            "[cluster]\n[network]\nlatency = \"1 parsec\"\n",
            (3, 11),
            "wrong value of `latency`: found \"1 parsec\", expected a duration with a unit",
        ),
        ("[cluster]\n[network]\nloss = 0.1\n", (3, 8), "wrong value of `loss`: found 0.1, expected a percentage"),
        ("[cluster]\n[[clients]]\nprofile = \"redis-pi\"\n", (3, 11), "there is no client profile `redis-pi`"),
        (
            "[cluster]\n[[clients]]\nworkload = { sad = 3 }\n",
            (3, 14),
            "unknown key `sad` in a workload (did you mean `sadd`?)",
        ),
        ("[cluster]\n[[clients]]\nserver = \"redis-9\"\n", (3, 10), "there is no server `redis-9`"),
        (
            "[cluster]\n[[clients]]\nprofile = \"lettuce\"\nserver = \"redis-1\"\n",
            (4, 10),
            "the profile `lettuce` finds its servers by itself",
        ),
        (
            "[cluster]\n[[clients]]\nworkload = { get = 1 }\nread-from = \"slave\"\n",
            (4, 13),
            "wrong value of `read-from`: found \"slave\", expected `master` or `replica`",
        ),
        (
            "[cluster]\n[[clients]]\nprofile = \"jedis\"\nworkload = { get = 1 }\nread-from = \"replica\"\n",
            (5, 13),
            "the profile `jedis` does not read from replicas",
        ),
        (
            "[cluster]\n[[clients]]\nread-from = \"replica\"\n",
            (3, 13),
            "a client of replicas cannot write: expected a workload of `get` alone",
        ),
        ("[cluster]\n[[clients]]\nworkload = { sadd = 0 }\n", (3, 12), "this workload does nothing"),
        ("[cluster]\n[[clients]]\nworkload = { sadd = -1 }\n", (3, 21), "wrong value of `sadd`: found -1"),
        (
            "[cluster]\n[[clients]]\ncount = 10001\n",
            (3, 9),
            "wrong value of `count`: found 10001, expected a whole number from 1 to 10000",
        ),
        (
            "[cluster]\n[[clients]]\ncount = 9000\n[[clients]]\ncount = 9000\n",
            (5, 9),
            "too many clients: found 18000, expected at most 10000",
        ),
        ("[cluster]\n[[clients]]\nname = \"a\"\n[[clients]]\nname = \"a\"\n", (5, 8), "the name `a` is given twice"),
        ("[cluster]\n[[clients]]\nname = \"client-2\"\n[[clients]]\n", (4, 1), "the name `client-2` is given twice"),
        ("[cluster]\n[[clients]]\nname = \"redis-1\"\n", (3, 8), "the name `redis-1` is given twice"),
        ("[cluster]\n[[clients]]\nname = \"master\"\n", (3, 8), "`master` is a role and cannot be a name"),
        (
            "[cluster]\n[[clients]]\nhost = \"nowhere\"\n",
            (3, 8),
            "there is no host `nowhere` (hosts are declared in [cluster] hosts)",
        ),
        (
            "[cluster]\nhosts = { a = [\"redis-9\"] }\n",
            (2, 16),
            "there is no process `redis-9` (did you mean `redis-1`?)",
        ),
        ("[cluster]\nhosts = { a = [\"redis-1\"], b = [\"redis-1\"] }\n", (2, 33), "`redis-1` is on host `a` already"),
        ("[cluster]\n[[masters]]\nname = \"a\"\n[[masters]]\nname = \"a\"\n", (5, 8), "there are two masters `a`"),
        ("[cluster]\n[[masters]]\nquorum = 2\n", (2, 1), "a master needs a `name`"),
        (
            "[cluster]\n[[masters]]\nname = \"a\"\nreplicas = 150\n[[masters]]\nname = \"b\"\nreplicas = 150\n",
            (1, 2),
            "too many Redis servers: found 302, expected at most 200",
        ),
        ("[cluster]\n[run]\nseeds = 0\n", (3, 9), "wrong value of `seeds`: found 0"),
        (
            "[cluster]\n[run]\nheal = \"soon\"\n",
            (3, 8),
            "wrong value of `heal`: found \"soon\", expected \"auto\" or a duration",
        ),
        ("[cluster]\n[run]\nheal = \"1s\"\n", (3, 8), "the run would end before it was observed long enough"),
        ("[cluster]\n[run]\nphase = 3\n", (3, 9), "wrong value of `phase`: found 3, expected a duration with a unit"),
        (
            "[cluster]\n[expect]\nsplitbrain = \"holds\"\n",
            (3, 1),
            "there is no property `splitbrain` (did you mean `split-brain`?)",
        ),
        (
            "[cluster]\n[expect.events]\n\"+tild\" = \"never\"\n",
            (3, 1),
            "Sentinel has no event `+tild` (did you mean `+tilt`?)",
        ),
        (
            "[cluster]\n[expect.events]\n\"+tilt\" = \"nevr\"\n",
            (3, 11),
            "wrong value of `+tilt`: found \"nevr\", expected `happens`, `never` or `shows` (did you mean `never`?)",
        ),
        (
            "[cluster]\n[expect.events]\n\"+tilt\" = { at-least = 2, at-most = 1 }\n",
            (3, 37),
            "wrong value of `at-most`: found 1, expected a whole number from 2 to 1000000",
        ),
        (
            "[cluster]\n[expect.events]\n\"+tilt\" = { exactly = 2, at-most = 3 }\n",
            (3, 26),
            "`at-most` has no meaning beside `exactly`",
        ),
        ("[cluster]\n[expect.events]\n\"+tilt\" = { by = \"redis-1\" }\n", (3, 18), "there is no Sentinel `redis-1`"),
        ("[cluster]\n[expect.events]\n\"+tilt\" = { of = \"redis-9\" }\n", (3, 18), "there is no server `redis-9`"),
        (
            "[cluster]\n[expect.events]\n\"+tilt\" = { shows = \"often\" }\n",
            (3, 21),
            "wrong value of `shows`: found \"often\", expected true, \"in-every-seed\" or a share of the runs like \"30%\"",
        ),
        (
            "[cluster]\n[expect.events]\n\"+tilt\" = { during = 3 }\n",
            (3, 13),
            "unknown key `during` in `+tilt`: expected `by`",
        ),
        (
            "[cluster]\n[expect]\nevents = \"holds\"\n",
            (3, 10),
            "wrong value of `events`: found \"holds\", expected a table",
        ),
        ("[cluster]\n[expect]\nevents = {}\n", (3, 10), "nothing is demanded of any event: expected a line like"),
        (
            "[cluster]\n[expect.events]\n\"+tilt\" = []\n",
            (3, 11),
            "wrong value of `+tilt`: found an array, expected at least",
        ),
        (
            "[cluster]\n[expect]\nepoch-monotonic = \"hold\"\n",
            (3, 19),
            "wrong value of `epoch-monotonic`: found \"hold\", expected `holds`",
        ),
        (
            "[cluster]\n[expect]\nlost-write = \"holds\"\n",
            (3, 1),
            "`lost-write` says nothing in a scenario without clients",
        ),
        ("[cluster]\n[[clients]]\n[expect]\navailable = \"holds\"\n", (4, 13), "`available` needs a limit"),
        (
            "[cluster]\n[[clients]]\n[expect]\nlost-write = { at-most = \"12.34%\" }\n",
            (4, 26),
            "wrong value of `at-most`: found \"12.34%\", expected a share in steps of 0.1%",
        ),
        (
            "[cluster]\n[[clients]]\n[expect]\nlost-write = { at-most = true }\n",
            (4, 26),
            "wrong value of `at-most`: found true, expected a number of writes",
        ),
        ("[cluster]\n[[clients]]\n[expect]\nlost-write = {}\n", (4, 14), "wrong value of `lost-write`"),
        (
            "[cluster]\n[expect]\nepoch-monotonic = { at-most = 3 }\n",
            (3, 21),
            "`epoch-monotonic` holds or not; it has no amount to bound",
        ),
        (
            "[cluster]\n[[clients]]\n[expect]\nsplit-brain = { holds = true, shows = true }\n",
            (4, 15),
            "`split-brain` is demanded in two ways",
        ),
        ("[cluster]\n[sweep]\n", (2, 2), "this file is a parameter sweep, not a scenario"),
        ("[package]\nname = \"x\"\n", (1, 2), "this file is a Cargo manifest, not a scenario"),
        ("[cluster]\nsentinel-conf = \"nothing.conf\"\n", (2, 17), "`nothing.conf` cannot be read"),
        ("[cluster]\nreplicas = \n", (2, 12), ""),
        ("[cluster\n", (1, 9), ""),
        ("[cluster]\na = 1\na = 2\n", (3, 1), "duplicate key"),
    ];
    for (text, position, message) in table {
        let error = error(text);
        let line = error.one_line();
        assert_eq!((error.line, error.column), *position, "in\n{text}\n{line}");
        let start = format!("s.toml:{}:{}: {message}", position.0, position.1);
        assert!(line.starts_with(&start), "in\n{text}\nfound    {line}\nexpected {start}");
    }
}

/// Each: the body of one fault, whose first line is line 3, position and message.
#[test]
fn errors_in_faults() {
    let table: &[(&str, (u32, u32), &str)] = &[
        ("at = \"1s\"", (2, 1), "this fault does nothing: expected one of `kill`"),
        ("kill = \"master\"", (2, 1), "when does this fault happen?: expected `at`, `when` or `then-after`"),
        ("at = \"1s\"\nkil = \"master\"", (4, 1), "unknown key `kil` in [[faults]] (did you mean `kill`?)"),
        ("at = \"1s\"\nkill = \"mastr\"", (4, 8), "there is no role, process or host `mastr` (did you mean `master`?)"),
        (
            "at = \"1s\"\nkill = \"redis-4\"",
            (4, 8),
            "there is no role, process or host `redis-4` (did you mean `redis-1`?)",
        ),
        (
            "at = \"1s\"\nkill = \"the quick brown fox\"",
            (4, 8),
            "there is no role, process or host `the quick brown fox`: expected a role",
        ),
        ("at = \"1s\"\nkill = []", (4, 8), "wrong value of `kill`: found an array, expected at least one target"),
        ("at = \"1s\"\nkill = [1]", (4, 9), "wrong value of `kill`: found 1, expected a name"),
        (
            "at = \"1s\"\nkill = true",
            (4, 8),
            "wrong value of `kill`: found true, expected a name, or an array of names",
        ),
        ("at = \"1s\"\nkill = \"rest\"", (4, 8), "`rest` has a meaning only in a partition"),
        (
            "at = \"1s\"\nkill = \"master\"\npause = \"replica\"",
            (5, 1),
            "a fault does one thing, and this one has `kill` and `pause` (write two [[faults]])",
        ),
        ("at = 10\nkill = \"master\"", (3, 6), "wrong value of `at`: found 10, expected a duration with a unit"),
        (
            "at = \"-10s\"\nkill = \"master\"",
            (3, 6),
            "wrong value of `at`: found \"-10s\", expected a duration that is not negative",
        ),
        (
            "at = \"1us\"\nkill = \"master\"",
            (3, 6),
            "wrong value of `at`: found \"1us\", expected a duration of whole milliseconds",
        ),
        ("at = \"1s\"\nwhen = \"+sdown\"\nkill = \"master\"", (4, 1), "a fault has one time"),
        (
            "at = \"1s\"\nafter = \"1s\"\nkill = \"master\"",
            (4, 1),
            "`after` belongs to `when` (did you mean `then-after`?)",
        ),
        (
            "then-after = \"1s\"\nkill = \"master\"",
            (3, 1),
            "`then-after` counts from the fault before it, and this is the first (use `at`)",
        ),
        (
            "when = \"+switchmaster\"\nkill = \"master\"",
            (3, 8),
            "Sentinel has no event `+switchmaster` (did you mean `+switch-master`?)",
        ),
        ("at = \"1s\"\nheal = true\nfor = \"1s\"", (5, 1), "`heal` has no end, so `for` has no meaning here"),
        ("at = \"1s\"\nrestart = \"redis-1\"\nfor = \"1s\"", (5, 1), "`restart` has no end"),
        (
            "at = \"1s\"\nclock-step = { of = \"sentinel-1\", by = \"1s\" }\nfor = \"1s\"",
            (5, 1),
            "`clock-step` has no end",
        ),
        ("at = \"1s\"\nheal = false", (4, 8), "wrong value of `heal`: found false, expected true"),
        (
            "at = \"1s\"\npartition = [\"master\"]",
            (4, 13),
            "wrong value of `partition`: found an array, expected at least two groups",
        ),
        ("at = \"1s\"\npartition = [[\"master\"], [\"master\"]]", (4, 26), "the same target stands in two groups"),
        (
            "at = \"1s\"\ndrop = { from = \"master\" }",
            (4, 8),
            "packets are dropped from somewhere to somewhere: expected `from` and `to`",
        ),
        ("at = \"1s\"\nlink = { a = \"master\" }", (4, 8), "this changes nothing: expected `latency` or `loss`"),
        ("at = \"1s\"\nclock-step = { of = \"sentinel-1\", by = \"0s\" }", (4, 40), "wrong value of `by`"),
        (
            "at = \"1s\"\ndns = { answers = \"never\" }",
            (4, 7),
            "whose questions for names, and what becomes of them?: expected `at` and `answers`",
        ),
        (
            "at = \"1s\"\ndns = { at = \"sentinels\", answers = \"nver\" }",
            (4, 37),
            "wrong value of `answers`: found \"nver\"",
        ),
        (
            "at = \"1s\"\ndns = { at = \"sentinels\", answers = \"slow\" }",
            (4, 37),
            "slow answers come after some time: expected `after` too",
        ),
        (
            "at = \"1s\"\ndns = { at = \"sentinels\", answers = \"fails\", after = \"1s\" }",
            (4, 46),
            "`after` belongs to `answers = \"slow\"`",
        ),
        (
            "at = \"1s\"\ndns = { at = \"sentinel-9\", answers = \"fails\" }",
            (4, 14),
            "there is no role, process or host `sentinel-9`",
        ),
        ("at = \"1s\"\nsentinel-failover = \"redis-1\"", (4, 21), "there is no Sentinel `redis-1`"),
        (
            "at = \"1s\"\nsentinel-command = { at = \"redis-1\", command = \"RESET *\" }",
            (4, 27),
            "there is no Sentinel `redis-1`",
        ),
        ("at = \"1s\"\nsentinel-command = { at = \"master\", command = \"RESET *\" }", (4, 27), "wrong value of `at`"),
        ("at = \"1s\"\nsentinel-command = { at = \"sentinel\" }", (4, 20), "at which Sentinel is what typed?"),
        (
            "at = \"1s\"\nsentinel-command = { at = \"sentinel\", command = \"SET mymaster qorum 2\" }",
            (4, 49),
            "SET has no option `qorum`: expected one of down-after-milliseconds",
        ),
        (
            "at = \"1s\"\nredis-command = { at = \"sentinel-1\", command = \"BGSAVE\" }",
            (4, 24),
            "wrong value of `at`: found \"sentinel-1\", expected Redis servers",
        ),
        ("at = \"1s\"\nredis-command = { at = \"redis-1\" }", (4, 17), "at which server is what typed?"),
        (
            "at = \"1s\"\nredis-command = { at = \"redis-1\", command = \"FLUSHALL\" }",
            (4, 45),
            "`FLUSHALL` is no command of an operator here: expected one of REPLICAOF",
        ),
        (
            "at = \"1s\"\nredis-command = { at = \"redis-1\", command = \"CONFIG SET hz 1\" }",
            (4, 45),
            "CONFIG SET has no setting `hz` here: expected one of requirepass",
        ),
        (
            "at = \"1s\"\nredis-command = { at = \"redis-1\", command = \"BGSAVE\" }\nfor = \"3s\"",
            (5, 1),
            "`redis-command` has no end, so `for` has no meaning here",
        ),
        ("at = \"1s\"\nsnapshots-fail = \"sentinels\"", (4, 18), "wrong value of `snapshots-fail`"),
        ("at = \"1s\"\nrestart = { of = \"redis-1\", identity = \"new\" }", (4, 18), "there is no Sentinel `redis-1`"),
        ("at = \"1s\"\nrestart = { of = \"sentinel-1\" }", (4, 11), "what does it find when it is restarted?"),
        ("at = \"1s\"\nrestart = { of = \"sentinel-1\", identity = \"old\" }", (4, 43), "wrong value of `identity`"),
        ("at = \"1s\"\ndebug-sleep = { of = \"sentinel-1\", for = \"3s\" }", (4, 22), "wrong value of `of`"),
        (
            "at = \"1s\"\ndebug-sleep = { of = \"master\", for = \"3s\" }\nfor = \"3s\"",
            (5, 1),
            "`debug-sleep` has no end, so `for` has no meaning here",
        ),
        ("at = \"1s\"\nsentinel-failover = \"sentinel-1\"\nmaster = \"other\"", (5, 10), "there is no master `other`"),
        (
            "at = \"1s\"\nkill = \"master\"\nmaster = \"mymaster\"",
            (5, 1),
            "`master` belongs to `sentinel-failover` (a target is written `master:name`)",
        ),
    ];
    for (fault, position, message) in table {
        let error = error(&format!("[cluster]\n[[faults]]\n{fault}\n"));
        let line = error.one_line();
        assert_eq!((error.line, error.column), *position, "in\n{fault}\n{line}");
        let start = format!("s.toml:{}:{}: {message}", position.0, position.1);
        assert!(line.starts_with(&start), "in\n{fault}\nfound    {line}\nexpected {start}");
    }
}

#[test]
fn an_impossible_quorum_is_simulated_if_it_is_meant() {
    let scenario =
        Scenario::parse(&Source::new("s.toml", "[cluster]\n[sentinel]\nquorum = 4\nallow-impossible = true\n"));
    assert_eq!(scenario.unwrap().masters[0].conf.quorum, 4);
}

#[test]
fn the_excerpt_points_at_the_value() {
    let shown = error("[cluster]\nreplicas = 2\nsentinels = \"three\" # odd\n").to_string();
    let expected = "\
s.toml:3:13: wrong value of `sentinels`: found \"three\", expected a whole number from 1 to 200
  |
3 | sentinels = \"three\" # odd
  |             ^^^^^^^";
    assert_eq!(shown, expected);
}

#[test]
fn the_smallest_scenario_in_the_message_is_one() {
    let message = error("").help.unwrap();
    let text = message.split_once(":\n\n").unwrap().1;
    assert!(Scenario::parse(&Source::new("s.toml", text)).is_ok());
}

#[test]
fn a_mistake_in_a_conf_file_is_reported_in_that_file() {
    let folder = std::env::temp_dir().join(format!("splitbrain-errors-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("sentinel.conf"), "port 26379\nsentinel monitor mymaster 127.0.0.1 6379 zwei\n")
        .unwrap();
    std::fs::write(folder.join("few.conf"), "sentinel monitor mymaster 127.0.0.1 6379 5\n").unwrap();
    let load = |conf: &str| {
        let file = folder.join("s.toml");
        std::fs::write(&file, format!("[cluster]\nsentinel-conf = \"{conf}\"\n")).unwrap();
        Scenario::load(&file).unwrap_err()
    };
    let wrong = load("sentinel.conf");
    assert!(wrong.file.ends_with("sentinel.conf"));
    assert_eq!(wrong.line, 2);
    let impossible = load("few.conf");
    assert!(impossible.file.ends_with("s.toml") && impossible.message.contains("quorum 5"));
    assert_eq!((impossible.line, impossible.column), (2, 17));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_folder_is_no_scenario() {
    let error = Scenario::load(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap_err();
    assert!(error.one_line().ends_with("a file is needed here: found a directory"));
}
