//! The name service: which name is which host, as each host sees it. By default every question is answered at once and
//! right. Faults make one host's questions slow or futile; where a cluster says so, a name goes with the last server on
//! its host, as the entries of a container network do.

use crate::link::HostIx;
use splitbrain_model::{Answered, Ip, Nanos, Resolver, TrueTime};
use splitbrain_scenarios::NameAnswers;
use std::collections::BTreeMap;

/// How long glibc's resolver waits for an answer before it asks again (`timeout` of resolv.conf(5)). With one name
/// server and no search list it asks twice (`attempts`) and gives up after 10 s (measured with glibc 2.36: 10.01 s).
pub const RESOLVER_WAITS: Nanos = Nanos::from_secs(5);

/// A fault in force.
#[derive(Debug)]
struct Trouble {
    step: usize,
    /// Whose questions.
    at: Vec<HostIx>,
    /// About whose names; all if empty.
    of: Vec<HostIx>,
    answers: NameAnswers,
    /// When it will be over, if the schedule says so: an iteration that is blocked meanwhile has to know.
    until: Option<TrueTime>,
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

    /// Gives a host another address; its name means that at once.
    pub fn set_address(&mut self, host: HostIx, ip: Ip) {
        self.hosts[usize::from(host)] = ip;
    }

    /// Whether a server lives on a host.
    pub fn set_alive(&mut self, host: HostIx, alive: bool) {
        self.gone[usize::from(host)] = !alive;
    }

    /// Puts a fault in force, until a time if it is known; otherwise until it is ended.
    pub fn begin(
        &mut self,
        step: usize,
        at: Vec<HostIx>,
        of: Vec<HostIx>,
        answers: NameAnswers,
        until: Option<TrueTime>,
    ) {
        self.troubles.push(Trouble { step, at, of, answers, until });
    }

    /// Ends the fault of a step.
    pub fn end(&mut self, step: usize) {
        self.troubles.retain(|trouble| trouble.step != step);
    }

    /// Ends all faults.
    pub fn heal(&mut self) {
        self.troubles.clear();
    }

    /// What a host that asks at this time is answered. Of several faults the one that began last decides.
    pub fn look_up(&self, from: HostIx, name: &str, now: TrueTime) -> Answered {
        let host = self.by_name.get(name).copied();
        let known = host.map(usize::from).filter(|&host| !(self.vanish && self.gone[host]));
        let ip = known.map(|host| self.hosts[host]);
        let concerned = |trouble: &&Trouble| {
            trouble.until.is_none_or(|until| until > now)
                && trouble.at.contains(&from)
                && (trouble.of.is_empty() || host.is_some_and(|host| trouble.of.contains(&host)))
        };
        let Some(trouble) = self.troubles.iter().rev().find(concerned) else {
            return Answered { cost: Nanos::ZERO, ip };
        };
        match &trouble.answers {
            // The second question is answered if the name server is back by then.
            NameAnswers::Never if trouble.until.is_some_and(|until| until <= now + RESOLVER_WAITS) => {
                Answered { cost: RESOLVER_WAITS, ip }
            }
            NameAnswers::Never => Answered { cost: Nanos(2 * RESOLVER_WAITS.0), ip: None },
            NameAnswers::Fails => Answered { cost: Nanos::ZERO, ip: None },
            NameAnswers::Slow(after) => Answered { cost: after.nanos(), ip },
        }
    }

    /// The resolver of a host, for an iteration that begins at this time.
    pub fn at(&self, host: HostIx, now: TrueTime) -> HostResolver<'_> {
        HostResolver { dns: self, host, now }
    }
}

/// The resolver of one host.
#[derive(Debug)]
pub struct HostResolver<'a> {
    dns: &'a Dns,
    host: HostIx,
    now: TrueTime,
}

impl Resolver for HostResolver<'_> {
    fn look_up(&mut self, at: Nanos, name: &str) -> Answered {
        self.dns.look_up(self.host, name, self.now + at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use splitbrain_model::Millis;

    const A: Ip = Ip(0x0a4d_000b);
    const B: Ip = Ip(0x0a4d_000c);

    const NOW: TrueTime = TrueTime(7_000_000_000);

    fn dns(vanish: bool) -> Dns {
        Dns::new([("Redis-1", A), ("redis-2", B)].into_iter(), vanish)
    }

    fn answered(ip: Option<Ip>, secs: u64) -> Answered {
        Answered { cost: Nanos::from_secs(secs), ip }
    }

    #[test]
    fn every_name_is_answered_at_once_and_others_do_not_exist() {
        let dns = dns(false);
        assert_eq!(dns.look_up(1, "redis-1", NOW), answered(Some(A), 0));
        assert_eq!(dns.look_up(0, "nobody", NOW), answered(None, 0));
        assert_eq!(dns.name_of(B), Ip::named("redis-2"));
    }

    #[test]
    fn a_name_means_the_address_its_host_has_now() {
        let mut dns = dns(false);
        let moved = Ip(0x0a4e_0001);
        dns.set_address(0, moved);
        assert_eq!(dns.look_up(1, "redis-1", NOW), answered(Some(moved), 0));
        assert_eq!((dns.name_of(moved), dns.name_of(A)), (Ip::named("redis-1"), None));
    }

    #[test]
    fn a_name_goes_with_its_host_only_where_the_cluster_says_so() {
        for (vanish, expected) in [(false, Some(A)), (true, None)] {
            let mut dns = dns(vanish);
            dns.set_alive(0, false);
            assert_eq!(dns.look_up(1, "redis-1", NOW).ip, expected);
            dns.set_alive(0, true);
            assert_eq!(dns.look_up(1, "redis-1", NOW).ip, Some(A));
        }
    }

    #[test]
    fn faults_concern_the_host_that_asks_and_the_names_they_are_about() {
        let mut dns = dns(false);
        dns.begin(3, vec![1], vec![0], NameAnswers::Never, None);
        assert_eq!(dns.look_up(1, "redis-1", NOW), answered(None, 10));
        assert_eq!(dns.look_up(1, "redis-2", NOW), answered(Some(B), 0));
        assert_eq!(dns.look_up(0, "redis-1", NOW), answered(Some(A), 0));
        dns.begin(4, vec![1], vec![], NameAnswers::Slow(Millis(3_000)), None);
        assert_eq!(dns.look_up(1, "redis-1", NOW), answered(Some(A), 3), "the last one decides");
        assert_eq!(dns.look_up(1, "nobody", NOW), answered(None, 3));
        dns.end(4);
        dns.begin(5, vec![1], vec![], NameAnswers::Fails, None);
        assert_eq!(dns.look_up(1, "redis-2", NOW), answered(None, 0));
        dns.heal();
        assert_eq!(dns.look_up(1, "redis-2", NOW), answered(Some(B), 0));
    }

    #[test]
    fn a_question_asked_before_the_end_of_an_outage_is_answered_by_the_second_attempt_or_not_at_all() {
        let mut dns = dns(false);
        let end = NOW + Nanos::from_secs(20);
        dns.begin(3, vec![1], vec![], NameAnswers::Never, Some(end));
        for (asked, expected) in [(0, answered(None, 10)), (14, answered(None, 10)), (15, answered(Some(A), 5))] {
            assert_eq!(dns.look_up(1, "redis-1", NOW + Nanos::from_secs(asked)), expected, "{asked}");
        }
        // An iteration that was blocked beyond the end sees it.
        let mut resolver = dns.at(1, NOW);
        assert_eq!(resolver.look_up(Nanos::from_secs(20), "redis-1"), answered(Some(A), 0));
    }
}
