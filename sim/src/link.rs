//! Paths between hosts: latency, loss and blocks, one directed link per ordered pair of hosts, made at first use with a
//! stream of chance of its own.

use crate::chance::Stream;
use splitbrain_model::{Nanos, TrueTime};
use splitbrain_scenarios::environment::Kernel;
use splitbrain_scenarios::{Dist, Environment};
use std::collections::BTreeMap;

/// A host, as an index.
pub type HostIx = u16;
/// A directed link, as an index.
pub type LinkIx = u32;

/// Payload of a full segment on Ethernet, with timestamps.
const SEGMENT: u64 = 1_448;
/// Ethernet, IP and TCP headers of a segment.
const HEADERS: u64 = 66;

/// A network fault in force.
#[derive(Clone, Debug)]
pub enum NetFault {
    /// Nothing passes between members of different groups.
    Partition(Vec<Vec<HostIx>>),
    /// Nothing passes from the first to the second.
    Drop(Vec<HostIx>, Vec<HostIx>),
    /// Other latency, loss or rate between the two groups.
    Shape {
        /// One side.
        a: Vec<HostIx>,
        /// Other side.
        b: Vec<HostIx>,
        /// One-way latency.
        latency: Option<Dist>,
        /// Loss in parts per million.
        loss_ppm: Option<u32>,
        /// Bytes per second.
        rate: Option<u64>,
        /// Not only from the first side to the other.
        both: bool,
    },
}

impl NetFault {
    fn blocks(&self, from: HostIx, to: HostIx) -> bool {
        match self {
            NetFault::Partition(groups) => {
                let group = |host| groups.iter().position(|group| group.contains(&host));
                matches!((group(from), group(to)), (Some(a), Some(b)) if a != b)
            }
            NetFault::Drop(a, b) => a.contains(&from) && b.contains(&to),
            NetFault::Shape { .. } => false,
        }
    }

    fn shapes(&self, from: HostIx, to: HostIx) -> Option<(&Option<Dist>, Option<u32>, Option<u64>)> {
        match self {
            NetFault::Shape { a, b, latency, loss_ppm, rate, both }
                if (a.contains(&from) && b.contains(&to)) || (*both && b.contains(&from) && a.contains(&to)) =>
            {
                Some((latency, *loss_ppm, *rate))
            }
            _ => None,
        }
    }
}

/// A directed link between two hosts.
#[derive(Debug)]
pub struct Link {
    /// Where packets come from.
    pub from: HostIx,
    /// Where they go.
    pub to: HostIx,
    /// Payload bytes sent so far.
    pub bytes: u64,
    blocked: bool,
    latency: Dist,
    loss_ppm: u32,
    /// Bytes per second, where a fault limits them.
    rate: Option<u64>,
    /// When the packets that wait for a limited link have left.
    free_at: TrueTime,
    stream: Stream,
}

/// All links, hosts' power, and the faults in force.
#[derive(Debug)]
pub struct Links {
    seed: u64,
    /// The seed of everything from some moment on.
    again: Option<u64>,
    host_names: Vec<String>,
    environment: Environment,
    links: Vec<Link>,
    index: BTreeMap<(HostIx, HostIx), LinkIx>,
    up: Vec<bool>,
    faults: BTreeMap<usize, NetFault>,
}

impl Links {
    /// Open links between hosts of these names.
    pub fn new(seed: u64, host_names: Vec<String>, environment: &Environment) -> Links {
        let up = vec![true; host_names.len()];
        Links {
            seed,
            again: None,
            host_names,
            environment: environment.clone(),
            links: Vec::new(),
            index: BTreeMap::new(),
            up,
            faults: BTreeMap::new(),
        }
    }

    /// How the hosts' kernels time their retransmissions.
    pub fn kernel(&self) -> Kernel {
        self.environment.kernel
    }

    /// Gives the hosts another kernel.
    #[cfg(test)]
    pub(crate) fn set_kernel(&mut self, kernel: Kernel) {
        self.environment.kernel = kernel;
    }

    /// Packets from now on fare otherwise.
    pub fn reseed(&mut self, again: u64) {
        self.again = Some(again);
        self.links.iter_mut().for_each(|link| link.stream.reseed(again));
    }

    /// The link from one host to another.
    pub fn between(&mut self, from: HostIx, to: HostIx) -> LinkIx {
        if let Some(&link) = self.index.get(&(from, to)) {
            return link;
        }
        let name = format!("{}>{}", self.host_names[usize::from(from)], self.host_names[usize::from(to)]);
        let mut link = Link {
            from,
            to,
            bytes: 0,
            blocked: false,
            latency: Dist::Fixed(Nanos::ZERO),
            loss_ppm: 0,
            rate: None,
            free_at: TrueTime(0),
            stream: Stream::new(self.seed, "link", &name, "packets"),
        };
        self.again.into_iter().for_each(|again| link.stream.reseed(again));
        self.shape(&mut link);
        let ix = self.links.len() as LinkIx;
        self.links.push(link);
        self.index.insert((from, to), ix);
        ix
    }

    fn shape(&self, link: &mut Link) {
        let local = link.from == link.to;
        link.latency = if local { self.environment.loopback.clone() } else { self.environment.latency.clone() };
        link.loss_ppm = if local { 0 } else { self.environment.loss_ppm };
        link.blocked = false;
        link.rate = None;
        for fault in self.faults.values().filter(|_| !local) {
            link.blocked |= fault.blocks(link.from, link.to);
            if let Some((latency, loss_ppm, rate)) = fault.shapes(link.from, link.to) {
                link.latency = latency.clone().unwrap_or_else(|| link.latency.clone());
                link.loss_ppm = loss_ppm.unwrap_or(link.loss_ppm);
                link.rate = rate.or(link.rate);
            }
        }
    }

    fn reshape(&mut self) {
        let mut links = std::mem::take(&mut self.links);
        links.iter_mut().for_each(|link| self.shape(link));
        self.links = links;
    }

    /// Puts a fault in force under a number.
    pub fn begin(&mut self, number: usize, fault: NetFault) {
        self.faults.insert(number, fault);
        self.reshape();
    }

    /// Ends the fault of this number.
    pub fn end(&mut self, number: usize) {
        self.faults.remove(&number);
        self.reshape();
    }

    /// Ends all faults.
    pub fn heal(&mut self) {
        self.faults.clear();
        self.reshape();
    }

    /// Switches a host on or off.
    pub fn set_power(&mut self, host: HostIx, on: bool) {
        self.up[usize::from(host)] = on;
    }

    /// Whether a host has power.
    pub fn is_up(&self, host: HostIx) -> bool {
        self.up[usize::from(host)]
    }

    /// The host a link begins at.
    #[inline]
    pub fn source(&self, link: LinkIx) -> HostIx {
        self.links[link as usize].from
    }

    /// Whether packets pass from one host to another, apart from random loss.
    pub fn open(&self, from: HostIx, to: HostIx) -> bool {
        self.is_up(from) && self.is_up(to) && (from == to || !self.faults.values().any(|fault| fault.blocks(from, to)))
    }

    /// Payload bytes that a host has sent and received over the network.
    pub fn bytes_of(&self, host: HostIx) -> u64 {
        let its = self.links.iter().filter(|link| (link.from == host) != (link.to == host));
        its.map(|link| link.bytes).sum()
    }

    /// Whether the link is blocked.
    #[inline]
    pub fn is_blocked(&self, link: LinkIx) -> bool {
        self.links[link as usize].blocked
    }

    /// Sends a packet of so many payload bytes at `now`: when it arrives, or `None` if it is lost.
    #[inline]
    pub fn send(&mut self, link: LinkIx, bytes: u64, now: TrueTime) -> Option<TrueTime> {
        let link = &mut self.links[link as usize];
        if link.blocked || (link.loss_ppm > 0 && link.stream.happens(link.loss_ppm)) {
            return None;
        }
        link.bytes += bytes;
        let mut delay = link.stream.duration(&link.latency);
        if let Some(rate) = link.rate {
            // Packets leave one after another; the queue before the narrow link has no end, and what is in it keeps its pace
            // when the fault is over.
            let on_wire = u128::from(bytes + bytes.div_ceil(SEGMENT).max(1) * HEADERS);
            let takes = Nanos((on_wire * 1_000_000_000 / u128::from(rate)) as u64);
            link.free_at = link.free_at.max(now) + takes;
            delay = delay + link.free_at.since(now);
        } else if bytes > 16_384 {
            delay = delay + Nanos((u128::from(bytes) * 1_000_000_000 / u128::from(self.environment.net_rate)) as u64);
        }
        Some(now + delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links() -> Links {
        let names = ["a", "b", "c"].map(str::to_owned).to_vec();
        Links::new(1, names, &Environment::named("lan").unwrap())
    }

    #[test]
    fn a_partition_blocks_between_groups_and_nothing_else() {
        let mut links = links();
        let (ab, ac, bc) = (links.between(0, 1), links.between(0, 2), links.between(1, 2));
        links.begin(0, NetFault::Partition(vec![vec![0], vec![1]]));
        assert_eq!([ab, ac, bc].map(|link| links.is_blocked(link)), [true, false, false]);
        assert!(!links.open(1, 0) && links.open(2, 1));
        links.end(0);
        assert!(links.open(0, 1) && !links.is_blocked(ab));
    }

    #[test]
    fn a_drop_blocks_one_direction() {
        let mut links = links();
        links.begin(0, NetFault::Drop(vec![0], vec![1]));
        let (there, back) = (links.between(0, 1), links.between(1, 0));
        assert!(links.is_blocked(there) && !links.is_blocked(back));
    }

    #[test]
    fn overlapping_faults_end_one_by_one() {
        let mut links = links();
        links.begin(0, NetFault::Drop(vec![0], vec![1]));
        links.begin(1, NetFault::Partition(vec![vec![0], vec![1, 2]]));
        links.end(1);
        assert!(!links.open(0, 1) && links.open(0, 2));
    }

    #[test]
    fn a_packet_never_arrives_before_the_least_latency() {
        let mut links = links();
        let link = links.between(0, 1);
        for _ in 0..1_000 {
            let at = links.send(link, 10, TrueTime(1_000)).unwrap();
            assert!(at >= TrueTime(1_000) + Nanos::from_micros(80) && at <= TrueTime(1_000) + Nanos::from_micros(200));
        }
    }

    #[test]
    fn packets_of_a_narrow_link_leave_one_after_another_in_one_direction() {
        let mut links = links();
        let (there, back) = (links.between(0, 1), links.between(1, 0));
        let latency = Some(Dist::Fixed(Nanos::from_millis(2)));
        let fault = NetFault::Shape { a: vec![0], b: vec![1], latency, loss_ppm: None, rate: Some(1_000), both: false };
        links.begin(0, fault);
        // 34 bytes with their headers are 100, a tenth of a second.
        let at = |n: u64| TrueTime(0) + Nanos::from_millis(n);
        assert_eq!(links.send(there, 34, at(0)), Some(at(102)));
        assert_eq!(links.send(there, 34, at(10)), Some(at(202)));
        assert_eq!(links.send(there, 34, at(500)), Some(at(602)));
        assert!(links.send(back, 34, at(0)).is_some_and(|arrives| arrives < at(1)));
    }

    #[test]
    fn what_a_host_sends_and_receives_is_counted_and_what_stays_on_it_is_not() {
        let environment = Environment::named("lan").unwrap();
        let mut links = Links::new(1, ["a", "b", "c"].map(str::to_owned).to_vec(), &environment);
        for (from, to, bytes) in [(0, 1, 100), (1, 0, 20), (0, 0, 7), (1, 2, 3)] {
            let link = links.between(from, to);
            links.send(link, bytes, TrueTime(0));
        }
        assert_eq!([0, 1, 2].map(|host| links.bytes_of(host)), [120, 123, 3]);
    }
}
