//! The name service: which name is which host, as each host sees it. By default every question is answered at once and
//! right. Faults make one host's questions slow or futile; where a cluster says so, a name goes with the last server on
//! its host, as the entries of a container network do.

use crate::link::HostIx;
use splitbrain_model::{Answered, Ip, Nanos, Resolver};
use splitbrain_scenarios::NameAnswers;
use std::collections::BTreeMap;

/// How long glibc's resolver waits for an answer that never comes: 5 s, twice (`timeout` and `attempts` of
/// resolv.conf(5)), with one name server and no search list.
pub const RESOLVER_GIVES_UP: Nanos = Nanos::from_secs(10);

/// A fault in force.
#[derive(Debug)]
struct Trouble {
    step: usize,
    /// Whose questions.
    at: Vec<HostIx>,
    /// About whose names; all if empty.
    of: Vec<HostIx>,
    answers: NameAnswers,
}

/// The name service of a world.
#[derive(Debug, Default)]
pub struct Dns {
    by_name: BTreeMap<String, HostIx>,
    hosts: Vec<Ip>,
    /// A host without a living server has no name.
    vanish: bool,
    gone: Vec<bool>,
    troubles: Vec<Trouble>,
}

impl Dns {
    /// Names for these hosts, in their order.
    pub fn new<'h>(hosts: impl Iterator<Item = (&'h str, Ip)>, vanish: bool) -> Dns {
        let mut dns = Dns { vanish, ..Dns::default() };
        for (ix, (name, ip)) in hosts.enumerate() {
            dns.by_name.insert(name.to_ascii_lowercase(), ix as HostIx);
            dns.hosts.push(ip);
            dns.gone.push(false);
        }
        dns
    }

    /// The host with an address, by name.
    pub fn name_of(&self, ip: Ip) -> Option<Ip> {
        let host = self.hosts.iter().position(|other| *other == ip)?;
        let (name, _) = self.by_name.iter().find(|(_, ix)| usize::from(**ix) == host)?;
        Ip::named(name)
    }

    /// Whether a server lives on a host.
    pub fn set_alive(&mut self, host: HostIx, alive: bool) {
        self.gone[usize::from(host)] = !alive;
    }

    /// Puts a fault in force.
    pub fn begin(&mut self, step: usize, at: Vec<HostIx>, of: Vec<HostIx>, answers: NameAnswers) {
        self.troubles.push(Trouble { step, at, of, answers });
    }

    /// Ends the fault of a step.
    pub fn end(&mut self, step: usize) {
        self.troubles.retain(|trouble| trouble.step != step);
    }

    /// Ends all faults.
    pub fn heal(&mut self) {
        self.troubles.clear();
    }

    /// What a host is answered. Of several faults the one that began last decides.
    pub fn look_up(&self, from: HostIx, name: &str) -> Answered {
        let host = self.by_name.get(name).copied();
        let known = host.map(usize::from).filter(|&host| !(self.vanish && self.gone[host]));
        let ip = known.map(|host| self.hosts[host]);
        let concerned = |trouble: &&Trouble| {
            trouble.at.contains(&from) && (trouble.of.is_empty() || host.is_some_and(|host| trouble.of.contains(&host)))
        };
        match self.troubles.iter().rev().find(concerned).map(|trouble| &trouble.answers) {
            None => Answered { cost: Nanos::ZERO, ip },
            Some(NameAnswers::Never) => Answered { cost: RESOLVER_GIVES_UP, ip: None },
            Some(NameAnswers::Fails) => Answered { cost: Nanos::ZERO, ip: None },
            Some(NameAnswers::Slow(after)) => Answered { cost: after.nanos(), ip },
        }
    }

    /// The resolver of a host.
    pub fn at(&self, host: HostIx) -> HostResolver<'_> {
        HostResolver { dns: self, host }
    }
}

/// The resolver of one host.
#[derive(Debug)]
pub struct HostResolver<'a> {
    dns: &'a Dns,
    host: HostIx,
}

impl Resolver for HostResolver<'_> {
    fn look_up(&mut self, _: Nanos, name: &str) -> Answered {
        self.dns.look_up(self.host, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use splitbrain_model::Millis;

    const A: Ip = Ip(0x0a4d_000b);
    const B: Ip = Ip(0x0a4d_000c);

    fn dns(vanish: bool) -> Dns {
        Dns::new([("Redis-1", A), ("redis-2", B)].into_iter(), vanish)
    }

    fn answered(ip: Option<Ip>, secs: u64) -> Answered {
        Answered { cost: Nanos::from_secs(secs), ip }
    }

    #[test]
    fn every_name_is_answered_at_once_and_others_do_not_exist() {
        let dns = dns(false);
        assert_eq!(dns.look_up(1, "redis-1"), answered(Some(A), 0));
        assert_eq!(dns.look_up(0, "nobody"), answered(None, 0));
        assert_eq!(dns.name_of(B), Ip::named("redis-2"));
    }

    #[test]
    fn a_name_goes_with_its_host_only_where_the_cluster_says_so() {
        for (vanish, expected) in [(false, Some(A)), (true, None)] {
            let mut dns = dns(vanish);
            dns.set_alive(0, false);
            assert_eq!(dns.look_up(1, "redis-1").ip, expected);
            dns.set_alive(0, true);
            assert_eq!(dns.look_up(1, "redis-1").ip, Some(A));
        }
    }

    #[test]
    fn faults_concern_the_host_that_asks_and_the_names_they_are_about() {
        let mut dns = dns(false);
        dns.begin(3, vec![1], vec![0], NameAnswers::Never);
        assert_eq!(dns.look_up(1, "redis-1"), answered(None, 10));
        assert_eq!(dns.look_up(1, "redis-2"), answered(Some(B), 0));
        assert_eq!(dns.look_up(0, "redis-1"), answered(Some(A), 0));
        dns.begin(4, vec![1], vec![], NameAnswers::Slow(Millis(3_000)));
        assert_eq!(dns.look_up(1, "redis-1"), answered(Some(A), 3), "the last one decides");
        assert_eq!(dns.look_up(1, "nobody"), answered(None, 3));
        dns.end(4);
        dns.begin(5, vec![1], vec![], NameAnswers::Fails);
        assert_eq!(dns.look_up(1, "redis-2"), answered(None, 0));
        dns.heal();
        assert_eq!(dns.look_up(1, "redis-2"), answered(Some(B), 0));
    }
}
