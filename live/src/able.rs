//! What a scenario asks for and cannot be done to real processes on this machine. Looked at before anything is started;
//! nothing is left out silently.

use crate::net::Ability;
use splitbrain::model::message::OperatorCommand;
use splitbrain::model::operator::SentinelCommand;
use splitbrain::model::operator::redis::RedisCommand;
use splitbrain::model::planted::Plant;
use splitbrain::model::{Addr, Ip, Millis};
use splitbrain::scenarios::{Action, Environment, Found, ProcessKind, Resolved, Target, Trigger};

/// Environments that stand for the machine itself: nothing is made slower or less reliable than it is.
const AS_IT_IS: &[&str] = &["lan", "recorder", "recorder-tmpfs"];

/// Everything in the scenario that cannot be done here, each in a sentence.
pub fn reasons(scenario: &Resolved, ability: Ability) -> Vec<String> {
    let mut reasons = Vec::new();
    environment(&scenario.environment, &mut reasons);
    hosts(scenario, &mut reasons);
    scenario.processes.iter().for_each(|process| configuration(&process.name, &process.kind, &mut reasons));
    for step in &scenario.schedule {
        action(scenario, &step.action, ability, &mut reasons);
        if matches!(step.trigger, Trigger::OnPayload { .. } | Trigger::AfterSwitch { .. } | Trigger::AfterStable { .. })
        {
            reasons.push("a step that hangs on what a recorder saw: only `conform` plays those".to_owned());
        }
    }
    let mut seen: Vec<String> = Vec::new();
    reasons.retain(|reason| {
        let new = !seen.contains(reason);
        seen.push(reason.clone());
        new
    });
    reasons
}

/// What of one action cannot be done here.
pub fn reasons_of(scenario: &Resolved, of: &Action, ability: Ability) -> Vec<String> {
    let mut reasons = Vec::new();
    action(scenario, of, ability, &mut reasons);
    reasons
}

fn environment(environment: &Environment, reasons: &mut Vec<String>) {
    let name = environment.name.as_str();
    if !AS_IT_IS.contains(&name) {
        reasons.push(format!(
            "environment `{name}`: network, disk and scheduler are those of this machine (`lan`, `recorder` and \
             `recorder-tmpfs` stand for it)"
        ));
    } else if Environment::named(name).is_some_and(|preset| preset != *environment) {
        reasons.push("`[network]` with values of its own: network and disk are those of this machine".to_owned());
    }
}

fn hosts(scenario: &Resolved, reasons: &mut Vec<String>) {
    for host in scenario.hosts.iter().filter(|host| host.clock_offset != Millis(0)) {
        reasons.push(format!("the clock of host `{}` is to be ahead: all processes read this machine's", host.name));
    }
    let named = |addr: &Addr| addr.ip.name().is_some();
    let by_name = scenario.processes.iter().any(|process| match &process.kind {
        ProcessKind::Redis(conf) => {
            conf.replicaof.as_ref().is_some_and(named) || conf.replica_announce_ip.is_some_and(|ip| ip.name().is_some())
        }
        ProcessKind::Sentinel(conf) => {
            conf.announce.as_ref().is_some_and(named) || conf.masters.iter().any(|m| named(&m.addr))
        }
        ProcessKind::Client(_) | ProcessKind::App => false,
    });
    if by_name || scenario.names_vanish {
        reasons.push("host names: nobody resolves them here, hosts have addresses only".to_owned());
    }
}

fn configuration(name: &str, kind: &ProcessKind, reasons: &mut Vec<String>) {
    let mut no = |why: &str| reasons.push(format!("{name}: {why}"));
    match kind {
        ProcessKind::Redis(conf) => {
            if !conf.acl.is_plain() {
                no("`user` lines are not written to its file");
            }
            if conf.dataset > 0 {
                no("a dataset from the beginning is not made");
            }
            if !conf.writable {
                no("it is always started with a configuration file");
            }
            if conf.planted != Plant::NONE {
                no("bugs can be planted in the model only");
            }
        }
        ProcessKind::Sentinel(conf) => {
            if !conf.acl.is_plain() {
                no("`user` lines are not written to its file");
            }
            if conf.masters.iter().any(|m| m.notification_script.is_some() || m.client_reconfig_script.is_some()) {
                no("scripts of the scenario are not files, so nothing can run them");
            }
            if conf.planted != Plant::NONE {
                no("bugs can be planted in the model only");
            }
        }
        ProcessKind::Client(conf) => {
            if conf.profile.planted != Plant::NONE {
                no("bugs can be planted in the model only");
            }
        }
        ProcessKind::App => {}
    }
}

fn action(scenario: &Resolved, action: &Action, ability: Ability, reasons: &mut Vec<String>) {
    let mut no = |fault: &str, why: &str| reasons.push(format!("{fault}: {why}"));
    let network = |fault: &str, no: &mut dyn FnMut(&str, &str)| {
        if let Ability::Loopback { why } = ability {
            no(fault, &format!("all hosts are on loopback, where nothing can be cut off ({why})"));
        }
    };
    match action {
        Action::Kill(targets)
        | Action::Stop(targets)
        | Action::Pause(targets)
        | Action::Resume(targets)
        | Action::Restart(targets) => {
            if targets.iter().any(|target| is_client(scenario, target)) {
                no("faults of clients", "they are threads of splitbrain, not processes");
            }
        }
        Action::Partition(_) => network("partition", &mut no),
        Action::Isolate(_) => network("isolate", &mut no),
        Action::Drop(..) => network("drop", &mut no),
        Action::PowerLoss(targets) => {
            network("power-loss", &mut no);
            if targets.iter().any(|target| is_client(scenario, target)) {
                no("faults of clients", "they are threads of splitbrain, not processes");
            }
            let synced = |kind: &ProcessKind| !matches!(kind, ProcessKind::Redis(conf) if conf.appendonly);
            if !scenario.processes.iter().all(|process| synced(&process.kind)) {
                no("power-loss with `appendonly yes`", "the kernel lives on and keeps what was not synced");
            }
        }
        Action::Stall(_) => no("stall", "a network namespace has no kernel of its own that could stand still"),
        Action::Link(_) => no("link", "latency, loss and bandwidth of links are not changed"),
        Action::Dns { .. } => no("dns", "there is no name server here"),
        Action::ClockStep(..) => no("clock-step", "all processes read this machine's clock"),
        Action::ClockDrift(..) => no("clock-drift", "all processes read this machine's clock"),
        Action::ClockFreeze(_) => no("clock-freeze", "all processes read this machine's clock"),
        Action::ConfigReadOnly(_) => no("config-read-only", "permissions do not stop the user that runs the processes"),
        Action::Fsync(..) => no("fsync", "the disk is this machine's"),
        Action::DiskFull(_) => no("disk-full", "the disk is this machine's"),
        Action::SnapshotsFail(_) => no("snapshots-fail", "the disk is this machine's"),
        Action::RestartWith(_, found) if found.contains(&Found::NewAddress) => {
            no("restart with `address`", "a host keeps its address");
        }
        Action::Command(_, command) if names_an_address(command) && matches!(ability, Ability::Loopback { .. }) => {
            no("a command that names an address", "on loopback hosts have other addresses than in the scenario");
        }
        Action::RestartWith(..)
        | Action::PowerOn(_)
        | Action::Heal
        | Action::SentinelFailover(..)
        | Action::Command(..)
        | Action::Start(_)
        | Action::Replace(..)
        | Action::Undo(_) => {}
    }
}

fn is_client(scenario: &Resolved, target: &Target) -> bool {
    match target {
        Target::Clients => true,
        Target::Named(name) => {
            let on_host = |host: usize| scenario.hosts[host].name == *name;
            let mut meant = scenario.processes.iter().filter(|p| p.name == *name || on_host(p.host));
            meant.any(|process| process.kind.is_application())
        }
        _ => false,
    }
}

fn names_an_address(command: &OperatorCommand) -> bool {
    let numbers = |ip: &Ip| ip.name().is_none();
    match command {
        OperatorCommand::Sentinel(SentinelCommand::Monitor(_, addr, _)) => numbers(&addr.ip),
        OperatorCommand::Sentinel(SentinelCommand::ConfigSet(option)) => {
            matches!(option, splitbrain::model::operator::ConfigOption::AnnounceIp(_))
        }
        OperatorCommand::Redis(RedisCommand::ReplicaOf(addr)) => addr.is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use splitbrain::scenarios::{Scenario, Source};

    fn reasons_of(body: &str, ability: Ability) -> Vec<String> {
        let text = format!("{body}\n[expect]\none-leader-per-epoch = \"holds\"\n");
        let scenario = Scenario::parse(&Source::new("s.toml", text)).unwrap_or_else(|error| panic!("{error}"));
        reasons(&splitbrain::resolve(&scenario, 0), ability)
    }

    fn faults(faults: &str) -> String {
        format!("[cluster]\n[[faults]]\nat = \"0s\"\n{faults}")
    }

    const LOOPBACK: Ability = Ability::Loopback { why: "asked for" };

    #[test]
    fn what_happens_to_processes_can_be_done_everywhere() {
        for fault in [
            "kill = \"master\"\nfor = \"5s\"",
            "pause = \"sentinel-1\"\nfor = \"5s\"",
            "stop = \"master\"",
            "sentinel-failover = \"sentinel-1\"",
            "debug-sleep = { of = \"master\", for = \"1s\" }",
        ] {
            assert_eq!(reasons_of(&faults(fault), LOOPBACK), Vec::<String>::new(), "{fault}");
        }
    }

    #[test]
    fn what_cuts_hosts_off_takes_namespaces() {
        for fault in
            ["isolate = \"master\"\nfor = \"5s\"", "partition = [[\"redis-1\"], [\"rest\"]]", "power-loss = \"master\""]
        {
            let why = reasons_of(&faults(fault), LOOPBACK);
            assert!(why.len() == 1 && why[0].contains("on loopback"), "{fault}: {why:?}");
            assert_eq!(reasons_of(&faults(fault), Ability::Namespaces), Vec::<String>::new(), "{fault}");
        }
    }

    #[test]
    fn clocks_disks_links_and_stalls_are_refused_by_name() {
        for (fault, named) in [
            ("clock-step = { of = \"sentinel-1\", by = \"30s\" }", "clock-step"),
            ("clock-drift = { of = \"sentinel-1\", ppm = 100 }", "clock-drift"),
            ("stall = \"master\"\nfor = \"5s\"", "stall"),
            ("disk-full = \"master\"\nfor = \"5s\"", "disk-full"),
            ("config-read-only = \"sentinel-1\"\nfor = \"5s\"", "config-read-only"),
        ] {
            let why = reasons_of(&faults(fault), Ability::Namespaces);
            assert!(why.len() == 1 && why[0].starts_with(named), "{fault}: {why:?}");
        }
    }

    #[test]
    fn other_networks_than_this_machines_are_refused() {
        let why = reasons_of("[cluster]\n[network]\nenvironment = \"wan\"", Ability::Namespaces);
        assert!(why[0].contains("environment `wan`"), "{why:?}");
        let why = reasons_of("[cluster]\n[network]\nlatency = \"5ms\"", Ability::Namespaces);
        assert!(why[0].contains("values of its own"), "{why:?}");
        assert!(reasons_of("[cluster]\n[network]\nenvironment = \"recorder\"", Ability::Namespaces).is_empty());
    }
}
