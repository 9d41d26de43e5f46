//! Applications outside the simulation, on a hand-driven run.

use splitbrain_checker::observations::NodeIx;
use splitbrain_model::note::Outcome;
use splitbrain_model::value::Command;
use splitbrain_model::{Addr, Conn, Nanos, TrueTime};
use splitbrain_scenarios::{Action, Dist, Resolved, Scenario, Source, Target};
use splitbrain_sim::app::{AppCloses, AppEvent, AppHears};
use splitbrain_sim::chance::ProcessDraws;
use splitbrain_sim::session::{Session, replay};

const KILL: &str = r#"
    [cluster]
    [sentinel]
    down-after-milliseconds = 1000
    [[faults]]
    at = "500ms"
    kill = "master"
    [expect]
    failover-completes = { within = "auto", exactly = 1 }
"#;
const QUIET: &str = "[cluster]\n[expect]\nlinearizable = \"any\"\n";

fn resolved(text: &str, seed: u64) -> Resolved {
    let scenario = Scenario::parse(&Source::new("session.toml", text.to_owned())).expect("a valid scenario");
    scenario.resolve(seed, &mut ProcessDraws::new(seed, "scenario", ""))
}

/// Links of 50 µs, and an application.
fn with_app(text: &str) -> (Resolved, NodeIx) {
    let mut scenario = resolved(&format!("apps = [\"app\"]\n{text}"), 7);
    scenario.environment.latency = Dist::Fixed(Nanos::from_micros(50));
    scenario.environment.wake = Dist::Fixed(Nanos::from_micros(5));
    let app = scenario.processes.iter().position(|process| process.name == "app").unwrap();
    (scenario, NodeIx(app as u16))
}

/// A run, an application in it, and what that heard and nobody looked at yet.
struct Bench {
    session: Session,
    app: NodeIx,
    heard: Vec<AppEvent>,
}

impl Bench {
    fn new(text: &str) -> Bench {
        let (scenario, app) = with_app(text);
        let mut bench = Bench { session: Session::open(scenario, true), app, heard: Vec::new() };
        assert!(bench.session.settled());
        bench.pass(Nanos::from_millis(100));
        bench
    }

    fn pass(&mut self, time: Nanos) {
        let to = self.session.now() + time;
        while let Some(event) = self.session.advance_to(to) {
            self.heard.push(event);
        }
    }

    fn master(&self) -> Addr {
        self.session.addr(self.session.master(None).unwrap()).unwrap()
    }

    fn addr(&self, name: &str) -> Addr {
        let at = self.session.scenario().processes.iter().position(|process| process.name == name).unwrap();
        self.session.addr(NodeIx(at as u16)).unwrap()
    }

    fn connect(&mut self, to: Addr) -> Conn {
        self.session.connect(self.app, to).expect("the application runs")
    }

    fn connected(&mut self, to: Addr) -> Conn {
        let conn = self.connect(to);
        assert_eq!(self.next(conn), AppHears::Established);
        conn
    }

    /// What this connection hears next, within three seconds.
    fn next(&mut self, conn: Conn) -> AppHears {
        let until = self.session.now() + Nanos::from_secs(3);
        loop {
            if let Some(at) = self.heard.iter().position(|event| event.conn == conn) {
                return self.heard.remove(at).what;
            }
            match self.session.advance_to(until) {
                Some(event) => self.heard.push(event),
                None => panic!("nothing was heard"),
            }
        }
    }

    fn write(&mut self, conn: Conn, text: &str) {
        self.session.write(self.app, conn, text.as_bytes());
    }

    fn ask(&mut self, conn: Conn, words: &[&str]) -> String {
        self.write(conn, &command(words));
        match self.next(conn) {
            AppHears::Data(bytes) => String::from_utf8(bytes).unwrap(),
            other => panic!("{other:?} instead of a reply"),
        }
    }
}

fn command(words: &[&str]) -> String {
    let bulks: String = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
    format!("*{}\r\n{bulks}", words.len())
}

#[test]
fn a_run_that_is_driven_in_small_steps_has_the_digest_of_one_that_is_not() {
    for seed in 0..5 {
        let flat = splitbrain_sim::run(&resolved(KILL, seed));
        let mut session = Session::open(resolved(KILL, seed), false);
        while !session.is_over() {
            let to = session.now() + Nanos(7_654_321);
            assert_eq!(session.advance_to(to), None);
        }
        let (record, outside) = session.finish();
        assert_eq!(record.digest, flat.digest);
        assert_eq!(record.events, flat.events);
        assert!(outside.is_empty());
    }
}

#[test]
fn what_an_application_asks_is_answered_and_becomes_operations() {
    let mut bench = Bench::new(QUIET);
    let conn = bench.connected(bench.master());
    assert_eq!(bench.ask(conn, &["SET", "greeting", "hello there"]), "+OK\r\n");
    assert_eq!(bench.ask(conn, &["get", "greeting"]), "$11\r\nhello there\r\n");
    assert_eq!(bench.ask(conn, &["GET", "nothing"]), "$-1\r\n");
    assert_eq!(bench.ask(conn, &["INCR", "hits"]), ":1\r\n");
    assert_eq!(bench.ask(conn, &["SADD", "tags", "a"]), ":1\r\n");
    assert_eq!(bench.ask(conn, &["SMEMBERS", "tags"]), "*1\r\n$1\r\na\r\n");
    assert!(bench.ask(conn, &["ROLE"]).starts_with("*3\r\n$6\r\nmaster\r\n"));
    assert!(bench.ask(conn, &["INCR", "greeting"]).starts_with("-WRONGTYPE"));
    let (record, _) = bench.session.finish();
    let operations = &record.observations.operations;
    assert_eq!(operations.len(), 7);
    let outcomes: Vec<_> = operations.iter().map(|operation| operation.outcome.unwrap()).collect();
    assert!(outcomes[..6].iter().all(|outcome| matches!(outcome, Outcome::Ok(_))));
    let Command::Set(_, written) = operations[0].command else { panic!("the first command was SET") };
    assert_eq!(outcomes[1], Outcome::Ok(Some(written)));
    assert!(matches!(outcomes[6], Outcome::Fail(_)));
}

#[test]
fn commands_that_are_written_together_or_in_pieces_are_answered_in_their_order() {
    let mut bench = Bench::new(QUIET);
    let conn = bench.connected(bench.master());
    let three = [command(&["SET", "x1", "5"]), command(&["FLY"]), command(&["GET", "x1"])].concat();
    let (first, second) = three.split_at(17);
    bench.write(conn, first);
    bench.pass(Nanos::from_millis(5));
    bench.write(conn, second);
    bench.pass(Nanos::from_millis(5));
    let pieces = bench.heard.drain(..).flat_map(|event| match event.what {
        AppHears::Data(bytes) => bytes,
        other => panic!("{other:?}"),
    });
    let told = "+OK\r\n-ERR unknown command 'fly' (splitbrain does not model it)\r\n$1\r\n5\r\n";
    assert_eq!(String::from_utf8(pieces.collect()).unwrap(), told);
    assert_eq!(bench.session.unknown_commands(), ["fly"]);
}

#[test]
fn operations_of_a_transaction_happen_with_exec() {
    let mut bench = Bench::new(QUIET);
    let conn = bench.connected(bench.master());
    assert_eq!(bench.ask(conn, &["MULTI"]), "+OK\r\n");
    assert_eq!(bench.ask(conn, &["SET", "a", "1"]), "+QUEUED\r\n");
    assert_eq!(bench.ask(conn, &["GET", "a"]), "+QUEUED\r\n");
    assert_eq!(bench.ask(conn, &["EXEC"]), "*2\r\n+OK\r\n$1\r\n1\r\n");
    bench.ask(conn, &["MULTI"]);
    bench.ask(conn, &["SET", "a", "2"]);
    bench.session.close(bench.app, conn, AppCloses::Fin);
    let (record, _) = bench.session.finish();
    let outcomes: Vec<_> = record.observations.operations.iter().map(|operation| operation.outcome.unwrap()).collect();
    assert_eq!(outcomes[0], Outcome::Ok(None));
    assert!(matches!(outcomes[1], Outcome::Ok(Some(_))));
    assert!(matches!(outcomes[2], Outcome::Fail(_)), "nothing of a transaction happens without EXEC");
}

#[test]
fn after_hello_3_replies_are_in_resp3() {
    let mut bench = Bench::new(QUIET);
    let conn = bench.connected(bench.master());
    assert!(bench.ask(conn, &["HELLO", "3"]).starts_with("%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n"));
    assert_eq!(bench.ask(conn, &["GET", "nothing"]), "_\r\n");
    bench.ask(conn, &["SADD", "tags", "a"]);
    assert_eq!(bench.ask(conn, &["SMEMBERS", "tags"]), "~1\r\n$1\r\na\r\n");
    assert!(bench.ask(conn, &["INFO", "replication"]).starts_with('='));
    let conn = bench.connected(bench.addr("sentinel-1"));
    assert!(bench.ask(conn, &["HELLO", "3"]).starts_with("%7"));
    assert!(bench.ask(conn, &["SENTINEL", "MASTERS"]).starts_with("*1\r\n%"));
}

#[test]
fn a_sentinel_names_the_master_and_publishes_the_switch() {
    let mut bench = Bench::new(QUIET);
    let (master, sentinel) = (bench.master(), bench.addr("sentinel-1"));
    let conn = bench.connected(sentinel);
    let named = bench.ask(conn, &["SENTINEL", "get-master-addr-by-name", "mymaster"]);
    assert_eq!(named, command(&[&master.ip.to_string(), &master.port.to_string()]));
    let subscriber = bench.connected(sentinel);
    assert!(bench.ask(subscriber, &["SUBSCRIBE", "+switch-master"]).starts_with("*3\r\n$9\r\nsubscribe\r\n"));
    bench.session.inject(Action::Kill(vec![Target::Master(None)]));
    bench.pass(Nanos::from_secs(60));
    let told = bench.heard.iter().find(|event| event.conn == subscriber).expect("a message");
    let AppHears::Data(bytes) = &told.what else { panic!("{told:?}") };
    let text = String::from_utf8_lossy(bytes);
    assert!(text.contains(&format!("mymaster {} {}", master.ip, master.port)), "{text}");
    assert_ne!(bench.master(), master);
}

#[test]
fn a_dead_process_refuses_after_one_round_trip_and_a_cut_host_never_answers() {
    let mut bench = Bench::new(QUIET);
    let master = bench.master();
    let conn = bench.connected(master);
    bench.session.inject(Action::Kill(vec![Target::Master(None)]));
    assert!(matches!(bench.next(conn), AppHears::Eof | AppHears::Reset));
    let begun = bench.session.now();
    let conn = bench.connect(master);
    assert_eq!(bench.next(conn), AppHears::Refused);
    assert_eq!(bench.session.now().since(begun), Nanos::from_micros(100));

    bench.session.inject(Action::Isolate(vec![Target::Named("redis-2".to_owned())]));
    let conn = bench.connect(bench.addr("redis-2"));
    bench.pass(Nanos::from_secs(60));
    assert!(bench.heard.iter().all(|event| event.conn != conn));
    bench.pass(Nanos::from_secs(90));
    assert_eq!(bench.next(conn), AppHears::ConnectTimedOut);
}

#[test]
fn a_host_that_lost_power_and_is_back_resets_what_it_knows_nothing_of() {
    let mut bench = Bench::new(QUIET);
    let conn = bench.connected(bench.master());
    let (step, what) = bench.session.inject(Action::PowerLoss(vec![Target::Master(None)]));
    assert_eq!(what, "power-loss redis-1");
    bench.pass(Nanos::from_millis(300));
    bench.session.inject(Action::Undo(step));
    bench.pass(Nanos::from_millis(300));
    assert!(bench.heard.is_empty(), "a dead host says nothing: {:?}", bench.heard);
    bench.write(conn, &command(&["SET", "a", "1"]));
    assert_eq!(bench.next(conn), AppHears::Reset);
    let (record, _) = bench.session.finish();
    assert!(matches!(record.observations.operations[0].outcome, Some(Outcome::Info(_))));
}

#[test]
fn a_round_trip_over_links_of_50_microseconds_takes_100_to_120() {
    let mut bench = Bench::new(QUIET);
    let conn = bench.connected(bench.master());
    for _ in 0..100 {
        let begun = bench.session.now();
        bench.ask(conn, &["PING"]);
        let took = bench.session.now().since(begun);
        assert!((Nanos::from_micros(100)..=Nanos::from_micros(120)).contains(&took), "{took:?}");
    }
}

#[test]
fn a_socket_that_takes_nothing_more_says_when_it_does_again() {
    let mut bench = Bench::new(QUIET);
    let conn = bench.connected(bench.master());
    let (step, _) = bench.session.inject(Action::Isolate(vec![Target::Named("redis-1".to_owned())]));
    let one = command(&["SET", "x0", "123456"]);
    let many = one.repeat(200_000 / one.len());
    assert!(!bench.session.write(bench.app, conn, many.as_bytes()));
    bench.pass(Nanos::from_millis(500));
    assert!(bench.heard.is_empty());
    bench.session.inject(Action::Undo(step));
    assert_eq!(bench.next(conn), AppHears::Writable);
}

#[test]
fn a_run_is_played_again_from_what_came_from_outside() {
    let mut bench = Bench::new(KILL);
    let conn = bench.connected(bench.master());
    for n in 0..20 {
        bench.write(conn, &command(&["SET", "x0", &n.to_string()]));
        bench.pass(Nanos::from_millis(40));
    }
    bench.session.close(bench.app, conn, AppCloses::Rst);
    bench.session.inject(Action::Pause(vec![Target::Named("sentinel-2".to_owned())]));
    bench.pass(Nanos::from_secs(5));
    bench.session.release();
    while bench.session.advance_to(TrueTime(u64::MAX)).is_some() {}
    let (record, outside) = bench.session.finish();
    let again = replay(with_app(KILL).0, true, &outside);
    assert_eq!(again.digest, record.digest);
    assert_eq!(format!("{:?}", again.observations.operations), format!("{:?}", record.observations.operations));
}
