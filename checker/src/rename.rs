//! Findings with their processes named otherwise: indices become names when a finding is reported.

use crate::finding::{Detail, Evidence, Interval, Place, Share};

impl<N> Detail<N> {
    /// The same detail with processes named otherwise.
    pub fn map<M>(self, f: &mut impl FnMut(N) -> M) -> Detail<M> {
        fn all<N, M>(nodes: Vec<N>, f: &mut impl FnMut(N) -> M) -> Vec<M> {
            nodes.into_iter().map(f).collect()
        }
        fn evidence<N, M>(e: Evidence<N>, f: &mut impl FnMut(N) -> M) -> Evidence<M> {
            Evidence {
                client: f(e.client),
                server: e.server.map(f),
                command: e.command,
                outcome: e.outcome,
                invoked_ms: e.invoked_ms,
                completed_ms: e.completed_ms,
            }
        }
        fn place<N, M>(place: Place<N>, f: &mut impl FnMut(N) -> M) -> Place<M> {
            match place {
                Place::Node(node) => Place::Node(f(node)),
                Place::Address(addr) => Place::Address(addr),
            }
        }
        match self {
            Detail::SplitBrain { nodes, spans, total_ms, writes, intervals } => {
                let nodes = all(nodes, f);
                let mut interval = |interval: Interval<N>| Interval {
                    span: interval.span,
                    by: interval.by.into_iter().map(|by| Share { node: f(by.node), writes: by.writes }).collect(),
                };
                let intervals = intervals.into_iter().map(&mut interval).collect();
                Detail::SplitBrain { nodes, spans, total_ms, writes, intervals }
            }
            Detail::LostWrites { survivor, servers, acked, lost, permille, span, causes } => Detail::LostWrites {
                survivor: f(survivor),
                servers: all(servers, f),
                acked,
                lost,
                permille,
                span,
                causes,
            },
            Detail::AuditDisagrees { node, key, expected, found, keys } => {
                Detail::AuditDisagrees { node: f(node), key, expected, found, keys }
            }
            Detail::NeverExecuted { writes, first } => Detail::NeverExecuted { writes, first: evidence(first, f) },
            Detail::NotLinearizable { anomaly, key, count, operations } => Detail::NotLinearizable {
                anomaly,
                key,
                count,
                operations: operations.into_iter().map(|e| evidence(e, f)).collect(),
            },
            Detail::StaleReads { stale, reads, read, missed } => {
                Detail::StaleReads { stale, reads, read: evidence(read, f), missed: evidence(missed, f) }
            }
            Detail::Evicted { servers, keys, writes, first, span } => {
                Detail::Evicted { servers: all(servers, f), keys, writes, first, span }
            }
            Detail::RolledBack { node, writes, first } => {
                Detail::RolledBack { node: f(node), writes, first: evidence(first, f) }
            }
            Detail::ReplicaDiffers { node, key, expected, found, keys } => {
                Detail::ReplicaDiffers { node: f(node), key, expected, found, keys }
            }
            Detail::ReplicaAstray { node, master } => Detail::ReplicaAstray { node: f(node), master: f(master) },
            Detail::ReplicaTookWrites { node, writes, first } => {
                Detail::ReplicaTookWrites { node: f(node), writes, first: evidence(first, f) }
            }
            Detail::ClientAgainstProtocol { client, law, about } => {
                Detail::ClientAgainstProtocol { client: f(client), law, about: about.map(|p| place(p, f)) }
            }
            Detail::AgainstProtocol { sentinel, rule, about } => {
                Detail::AgainstProtocol { sentinel: f(sentinel), rule, about: about.map(|p| place(p, f)) }
            }
            Detail::ServerAgainstProtocol { server, law, about } => {
                Detail::ServerAgainstProtocol { server: f(server), law, about: about.map(|p| place(p, f)) }
            }
            Detail::ClientStuck { client, what, waited_ms, limit_ms } => {
                Detail::ClientStuck { client: f(client), what, waited_ms, limit_ms }
            }
            Detail::TwoLeaders { epoch, leaders, forced } => {
                Detail::TwoLeaders { epoch, leaders: all(leaders, f), forced }
            }
            Detail::TooFewVotes { epoch, leader, votes, needed } => {
                Detail::TooFewVotes { epoch, leader: f(leader), votes, needed }
            }
            Detail::TwoPromotions { epoch, replicas, leaders } => Detail::TwoPromotions {
                epoch,
                replicas: replicas.into_iter().map(|p| place(p, f)).collect(),
                leaders: all(leaders, f),
            },
            Detail::EpochWentBack { sentinel, before, after, restarted } => {
                Detail::EpochWentBack { sentinel: f(sentinel), before, after, restarted }
            }
            Detail::VotedAgain { sentinel, before, after } => {
                Detail::VotedAgain { sentinel: f(sentinel), before, after }
            }
            Detail::EpochNamesTwo { epoch, places } => {
                Detail::EpochNamesTwo { epoch, places: places.into_iter().map(|(p, n)| (place(p, f), f(n))).collect() }
            }
            Detail::NotConverged { waited_ms, bound_ms, named, masters } => Detail::NotConverged {
                waited_ms,
                bound_ms,
                named: named.into_iter().map(|(p, by)| (place(p, f), all(by, f))).collect(),
                masters: all(masters, f),
            },
            Detail::FailoverCount { completed, wanted, attempts } => {
                Detail::FailoverCount { completed, wanted, attempts }
            }
            Detail::FailoverLate { took_ms, limit_ms } => Detail::FailoverLate { took_ms, limit_ms },
            Detail::FalseFailover { old, new, leader, epoch, reachable_from, sentinels, watched_ms } => {
                Detail::FalseFailover {
                    old: place(old, f),
                    new: place(new, f),
                    leader: f(leader),
                    epoch,
                    reachable_from,
                    sentinels,
                    watched_ms,
                }
            }
            Detail::Unavailable { gap_ms, span, limit_ms, ended } => {
                Detail::Unavailable { gap_ms, span, limit_ms, ended }
            }
            Detail::Occurred { wanted, count, by, of } => {
                Detail::Occurred { wanted, count, by: by.map(&mut *f), of: of.map(&mut *f) }
            }
        }
    }
}
