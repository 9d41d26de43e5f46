//! Environments: named presets of network, disk and scheduling, printed with every verdict.

use serde::{Deserialize, Serialize};
use splitbrain_model::Nanos;

/// A distribution of durations. Sampled by the world with integer arithmetic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dist {
    /// Always the same.
    Fixed(Nanos),
    /// Uniform between two bounds, both included.
    Uniform(Nanos, Nanos),
    /// Piecewise linear between quantiles: pairs of (1/10 000, duration), ascending, from 0 to 10 000.
    Quantiles(Vec<(u32, Nanos)>),
}

impl Dist {
    /// The largest duration it can give.
    pub fn max(&self) -> Nanos {
        match self {
            Dist::Fixed(d) | Dist::Uniform(_, d) => *d,
            Dist::Quantiles(points) => points.last().map_or(Nanos::ZERO, |point| point.1),
        }
    }
}

/// Network, disk and scheduling of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// One-way latency of a packet between two hosts.
    pub latency: Dist,
    /// One-way latency on one host (loopback).
    pub loopback: Dist,
    /// Packets lost, in parts per million.
    pub loss_ppm: u32,
    /// How long a process takes from being woken to running: scheduling and the work of one event-loop iteration.
    pub wake: Dist,
    /// One fsync of an append-only file.
    pub fsync: Dist,
    /// One atomic replacement of a configuration file: write, fsync of file and directory.
    pub config_save: Dist,
    /// Bytes per second a child writes a snapshot with.
    pub save_rate: u64,
    /// Bytes per second a server loads a snapshot with.
    pub load_rate: u64,
    /// Bytes per second of a network link.
    pub net_rate: u64,
    /// Pause for `fork` per GiB of dataset.
    pub fork_per_gib: Nanos,
    /// Time the kernel takes to free the memory of a killed process, for each GiB of dataset.
    pub free_per_gib: Nanos,
    /// Time from starting a process until it listens.
    pub start_up: Dist,
    /// How the kernels time their retransmissions.
    pub kernel: Kernel,
}

/// What differs between Linux kernels in the timing of TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kernel {
    /// `net.ipv4.tcp_syn_linear_timeouts`: so many SYNs more are sent one second apart before the pauses double. 4 since
    /// Linux 6.5, 0 before.
    pub syn_linear_timeouts: u8,
    /// Length of a jiffy (1/HZ). TCP's timers live in the timer wheel, which rounds up, the coarser the longer they run;
    /// zero leaves that out.
    pub jiffy: Nanos,
    /// Retransmission timeouts of SYNs and data double, as everywhere; false only where a test plants a wrong kernel.
    #[serde(default = "doubles")]
    pub backoff: bool,
}

fn doubles() -> bool {
    true
}

impl Kernel {
    /// Timeouts as RFC 6298 and older kernels have them: SYNs after 1, 3, 7, 15, 31 and 63 s, nothing rounded.
    pub const PLAIN: Kernel = Kernel { syn_linear_timeouts: 0, jiffy: Nanos::ZERO, backoff: true };
    /// Linux 6.18 with HZ=250, the machine of the recordings.
    pub const RECORDER: Kernel = Kernel { syn_linear_timeouts: 4, jiffy: Nanos::from_millis(4), backoff: true };
}

const fn us(n: u64) -> Nanos {
    Nanos::from_micros(n)
}

fn recorder_wake() -> Dist {
    Dist::Quantiles(vec![(0, us(20)), (5_000, us(80)), (9_000, us(250)), (9_900, us(1_200)), (10_000, us(6_000))])
}

impl Environment {
    /// Names of all presets.
    pub const NAMES: &'static [&'static str] = &["recorder", "recorder-tmpfs", "lan", "cross-az", "wan", "noisy-cloud"];

    /// The preset used where nothing is said.
    pub const DEFAULT: &'static str = "lan";

    /// The preset of this name.
    pub fn named(name: &str) -> Option<Environment> {
        let lan = Environment {
            name: name.to_owned(),
            latency: Dist::Uniform(us(80), us(200)),
            loopback: Dist::Uniform(us(15), us(30)),
            loss_ppm: 0,
            wake: Dist::Uniform(us(5), us(60)),
            fsync: Dist::Quantiles(vec![(0, us(150)), (5_000, us(600)), (9_000, us(2_000)), (10_000, us(12_000))]),
            config_save: Dist::Quantiles(vec![
                (0, us(400)),
                (5_000, us(1_500)),
                (9_000, us(4_000)),
                (9_900, us(10_000)),
                (10_000, us(40_000)),
            ]),
            save_rate: 250_000_000,
            load_rate: 150_000_000,
            net_rate: 1_000_000_000,
            fork_per_gib: us(15_000),
            free_per_gib: us(300_000),
            start_up: Dist::Uniform(us(5_000), us(25_000)),
            kernel: Kernel::PLAIN,
        };
        Some(match name {
            "lan" => lan,
            // Measured on the machine of the recordings: a round trip of 0.05 ms, its disk's time from +new-epoch to
            // +vote-for-leader (one flush; 477 of them on disk, 96 on tmpfs), its scheduler under load.
            "recorder" => Environment {
                latency: Dist::Uniform(us(18), us(40)),
                wake: recorder_wake(),
                kernel: Kernel::RECORDER,
                config_save: Dist::Quantiles(vec![
                    (0, us(600)),
                    (1_000, us(850)),
                    (2_000, us(1_000)),
                    (4_500, us(1_450)),
                    (6_000, us(2_000)),
                    (6_750, us(2_500)),
                    (7_630, us(3_500)),
                    (8_200, us(4_500)),
                    (8_930, us(6_500)),
                    (9_480, us(9_500)),
                    (9_650, us(12_500)),
                    (9_790, us(17_000)),
                    (9_870, us(28_000)),
                    (9_950, us(60_000)),
                    (10_000, us(98_000)),
                ]),
                ..lan
            },
            "recorder-tmpfs" => Environment {
                latency: Dist::Uniform(us(18), us(40)),
                wake: recorder_wake(),
                kernel: Kernel::RECORDER,
                fsync: Dist::Fixed(us(5)),
                config_save: Dist::Quantiles(vec![
                    (0, us(200)),
                    (3_000, us(350)),
                    (5_700, us(550)),
                    (8_000, us(900)),
                    (9_270, us(1_500)),
                    (9_900, us(2_300)),
                    (10_000, us(3_200)),
                ]),
                ..lan
            },
            "cross-az" => Environment {
                latency: Dist::Quantiles(vec![(0, us(350)), (5_000, us(600)), (9_900, us(1_500)), (10_000, us(8_000))]),
                loss_ppm: 10,
                ..lan
            },
            "wan" => Environment {
                latency: Dist::Quantiles(vec![
                    (0, us(35_000)),
                    (5_000, us(40_000)),
                    (9_900, us(60_000)),
                    (10_000, us(150_000)),
                ]),
                loss_ppm: 500,
                net_rate: 50_000_000,
                ..lan
            },
            "noisy-cloud" => Environment {
                latency: Dist::Quantiles(vec![
                    (0, us(120)),
                    (5_000, us(400)),
                    (9_500, us(2_000)),
                    (9_990, us(20_000)),
                    (10_000, us(120_000)),
                ]),
                loss_ppm: 200,
                wake: Dist::Quantiles(vec![
                    (0, us(10)),
                    (9_000, us(200)),
                    (9_900, us(5_000)),
                    (9_990, us(30_000)),
                    (10_000, us(250_000)),
                ]),
                fsync: Dist::Quantiles(vec![
                    (0, us(500)),
                    (5_000, us(3_000)),
                    (9_900, us(60_000)),
                    (10_000, us(900_000)),
                ]),
                config_save: Dist::Quantiles(vec![
                    (0, us(1_000)),
                    (5_000, us(6_000)),
                    (9_900, us(120_000)),
                    (10_000, us(1_500_000)),
                ]),
                ..lan
            },
            _ => return None,
        })
    }
}
