//! The network of a run: one namespace per host behind a bridge, where the system allows, or loopback addresses.
//!
//! With namespaces each host has the scenario's own address, and a partition is a rule at the bridge that drops frames
//! silently: connections hang and recover by TCP's retransmissions. On loopback hosts are told apart by address alone,
//! and nothing can be cut off.

use crate::error::LiveError;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use splitbrain::model::{Addr, Ip};
use splitbrain::scenarios::Resolved;
use std::fs::File;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// What kind of network is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// Namespaces where the system allows, loopback otherwise.
    #[default]
    Auto,
    /// Namespaces or nothing.
    Namespaces,
    /// Loopback.
    Loopback,
}

/// What the network of this machine can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ability {
    /// Hosts can be cut off from each other.
    Namespaces,
    /// They cannot.
    Loopback {
        /// Why there are no namespaces.
        why: &'static str,
    },
}

impl Ability {
    /// What this machine can do, as far as it is wanted.
    ///
    /// # Errors
    /// If namespaces are wanted and cannot be had.
    pub fn find(want: Network) -> Result<Ability, LiveError> {
        let why = match want {
            Network::Loopback => Some("asked for"),
            _ => obstacle(),
        };
        match (want, why) {
            (_, None) => Ok(Ability::Namespaces),
            (Network::Namespaces, Some(why)) => Err(LiveError::of("make network namespaces", why)),
            (_, Some(why)) => Ok(Ability::Loopback { why }),
        }
    }
}

/// Why there can be no namespaces here.
fn obstacle() -> Option<&'static str> {
    if !rustix::process::geteuid().is_root() {
        return Some("network namespaces need root");
    }
    if feed("ip", &["-batch", "-"], "").is_err() {
        return Some("`ip` of iproute2 is not installed");
    }
    if feed("nft", &["-f", "-"], "").is_err() {
        return Some("`nft` of nftables is not installed, or its kernel module is missing");
    }
    let name = unused_name();
    let tried = feed("ip", &["-batch", "-"], &format!("netns add {name}\n"));
    let _ = feed("ip", &["-batch", "-"], &format!("netns del {name}\n"));
    tried.is_err().then_some("the system allows no network namespaces")
}

/// Beginning of the names of namespaces that no other run on this machine uses.
fn unused_name() -> String {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    format!("sb{}x{}", std::process::id(), RUNS.fetch_add(1, Ordering::Relaxed))
}

/// Gives a program its input and waits for it.
fn feed(program: &str, args: &[&str], input: &str) -> Result<(), LiveError> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| LiveError::starting(program, &error))?;
    let doing = || format!("run {program} {}", args.join(" "));
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).map_err(|error| LiveError::of(doing(), error))?;
    }
    let output = child.wait_with_output().map_err(|error| LiveError::of(doing(), error))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(LiveError::of(doing(), String::from_utf8_lossy(&output.stderr).trim())),
    }
}

/// The network of a run. Dropping it takes it down.
pub enum Ground {
    /// A namespace per host.
    Namespaces(Namespaces),
    /// An address of loopback per host, by the host's number.
    Loopback(Vec<Ip>),
}

/// A namespace per host, and one for the bridge between them.
pub struct Namespaces {
    name: String,
    hosts: Vec<(Ip, File)>,
}

impl Ground {
    /// Makes the network of a scenario.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn open(ability: Ability, scenario: &Resolved) -> Result<Ground, LiveError> {
        match ability {
            Ability::Namespaces => Namespaces::open(scenario).map(Ground::Namespaces),
            Ability::Loopback { .. } => loopback(scenario).map(Ground::Loopback),
        }
    }

    /// Address of a host, by its number.
    pub fn ip(&self, host: usize) -> Ip {
        match self {
            Ground::Namespaces(namespaces) => namespaces.hosts[host].0,
            Ground::Loopback(ips) => ips[host],
        }
    }

    /// A program about to be started on a host.
    pub fn command(&self, host: usize, program: &str) -> Command {
        match self {
            Ground::Namespaces(namespaces) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", &namespaces.of(host), program]);
                command
            }
            Ground::Loopback(_) => Command::new(program),
        }
    }

    /// Puts the calling thread, and all that it starts, on a host.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn enter(&self, host: usize) -> Result<(), LiveError> {
        let Ground::Namespaces(namespaces) = self else { return Ok(()) };
        move_into_link_name_space(namespaces.hosts[host].1.as_fd(), Some(LinkNameSpaceType::Network))
            .map_err(|error| LiveError::of("enter a network namespace", error))
    }

    /// Where a process is looked at by somebody on its own host: through loopback, which no partition cuts.
    pub fn own(&self, addr: Addr) -> SocketAddr {
        match self {
            Ground::Namespaces(_) => SocketAddr::from((Ipv4Addr::LOCALHOST, addr.port)),
            Ground::Loopback(_) => socket_addr(addr),
        }
    }

    /// What a process on this host binds to, and the address that its connections come from if that must be said.
    pub fn listen(&self, host: usize) -> crate::conf::Listen {
        match self {
            Ground::Namespaces(_) => crate::conf::Listen { bind: "0.0.0.0".to_owned(), source: None },
            Ground::Loopback(ips) => {
                let ip = ips[host].to_string();
                crate::conf::Listen { bind: ip.clone(), source: Some(ip) }
            }
        }
    }

    /// From now on frames from the first group of each pair to the second are dropped, and no others.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn set_drops(&self, drops: &[(Vec<usize>, Vec<usize>)]) -> Result<(), LiveError> {
        match self {
            Ground::Namespaces(namespaces) => namespaces.set_drops(drops),
            Ground::Loopback(_) if drops.is_empty() => Ok(()),
            Ground::Loopback(_) => Err(LiveError::of("cut a host off", "all hosts are on loopback")),
        }
    }
}

/// As the standard library has it.
pub fn socket_addr(addr: Addr) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::from_bits(addr.ip.0), addr.port))
}

/// An address of 127.7.0.0/16 per host, on which all its ports are free.
fn loopback(scenario: &Resolved) -> Result<Vec<Ip>, LiveError> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let hosts = scenario.hosts.len() as u32;
    if hosts > 250 {
        return Err(LiveError::of("find addresses on loopback", "there are more than 250 hosts"));
    }
    let first = std::process::id() % 250;
    for _ in 0..250 {
        let net = (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 250 + 1;
        let ips: Vec<Ip> = (1..=hosts).map(|host| Ip(0x7f07_0000 + (net << 8) + host)).collect();
        let free = |process: &splitbrain::scenarios::Process| {
            let addr = Addr { ip: ips[process.host], ..process.addr };
            addr.port == 0 || TcpListener::bind(socket_addr(addr)).is_ok()
        };
        if scenario.processes.iter().all(free) {
            return Ok(ips);
        }
    }
    Err(LiveError::of("find addresses on loopback", "all of 127.7.0.0/16 are taken"))
}

impl Namespaces {
    fn open(scenario: &Resolved) -> Result<Namespaces, LiveError> {
        let gone = |name: &str| owner(name).is_some_and(|pid| !std::path::Path::new(&format!("/proc/{pid}")).exists());
        delete(gone);
        let mut made = Namespaces { name: unused_name(), hosts: Vec::new() };
        made.make(scenario).map(|()| made)
    }

    /// Builds bridge and hosts; what was made when something fails is taken down by `drop`.
    fn make(&mut self, scenario: &Resolved) -> Result<(), LiveError> {
        let switch = self.switch();
        let count = scenario.hosts.len();
        let mut lines = format!("netns add {switch}\n");
        (0..count).for_each(|host| lines.push_str(&format!("netns add {}\n", self.of(host))));
        feed("ip", &["-batch", "-"], &lines)?;
        let link = |host| format!("link add p{host} netns {switch} type veth peer name eth0 netns {}\n", self.of(host));
        feed("ip", &["-batch", "-"], &(0..count).map(link).collect::<String>())?;
        let mut lines = "link add br0 type bridge\nlink set br0 addrgenmode none\nlink set br0 up\n".to_owned();
        for host in 0..count {
            lines.push_str(&format!(
                "link set p{host} addrgenmode none\nlink set p{host} master br0\nlink set p{host} up\n"
            ));
        }
        feed("ip", &["-n", &switch, "-batch", "-"], &lines)?;
        for (number, host) in scenario.hosts.iter().enumerate() {
            let name = self.of(number);
            let lines = format!(
                "link set lo up\nlink set eth0 addrgenmode none\naddr add {}/16 dev eth0\nlink set eth0 up\n",
                host.ip
            );
            feed("ip", &["-n", &name, "-batch", "-"], &lines)?;
            let path = format!("/var/run/netns/{name}");
            let file = File::open(&path).map_err(|error| LiveError::of(format!("open {path}"), error))?;
            self.hosts.push((host.ip, file));
        }
        self.nft(
            "table bridge splitbrain {\n chain links {\n type filter hook forward priority 0; policy accept;\n }\n}\n",
        )
    }

    fn switch(&self) -> String {
        format!("{}-sw", self.name)
    }

    fn of(&self, host: usize) -> String {
        format!("{}-{host}", self.name)
    }

    /// One transaction of rules at the bridge.
    fn nft(&self, rules: &str) -> Result<(), LiveError> {
        feed("ip", &["netns", "exec", &self.switch(), "nft", "-f", "-"], rules)
    }

    fn set_drops(&self, drops: &[(Vec<usize>, Vec<usize>)]) -> Result<(), LiveError> {
        let addresses =
            |hosts: &[usize]| hosts.iter().map(|&host| self.hosts[host].0.to_string()).collect::<Vec<_>>().join(", ");
        let mut rules = "flush chain bridge splitbrain links\n".to_owned();
        for (from, to) in drops.iter().filter(|(from, to)| !from.is_empty() && !to.is_empty()) {
            rules.push_str(&format!(
                "add rule bridge splitbrain links ip saddr {{ {} }} ip daddr {{ {} }} drop\n",
                addresses(from),
                addresses(to)
            ));
        }
        self.nft(&rules)
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        let begins = format!("{}-", self.name);
        delete(|name| name.starts_with(&begins));
    }
}

/// The process that made a namespace, by its name; none if no run made it.
fn owner(name: &str) -> Option<u32> {
    let (pid, rest) = name.strip_prefix("sb")?.split_once('x')?;
    rest.contains('-').then_some(pid)?.parse().ok()
}

/// Deletes namespaces by name. One that is gone already is none to worry about.
fn delete(which: impl Fn(&str) -> bool) {
    let Ok(entries) = std::fs::read_dir("/var/run/netns") else { return };
    let names = entries.filter_map(io::Result::ok).filter_map(|entry| entry.file_name().into_string().ok());
    let lines: String = names.filter(|name| which(name)).map(|name| format!("netns del {name}\n")).collect();
    let _ = feed("ip", &["-force", "-batch", "-"], &lines);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_namespaces_of_runs_have_an_owner() {
        assert_eq!(owner("sb4711x0-sw"), Some(4711));
        assert_eq!(owner("sb4711x12-3"), Some(4711));
        for name in ["gtr0-sw", "sbx-1", "sb4711x0", "sandbox-1"] {
            assert_eq!(owner(name), None, "{name}");
        }
    }
}
