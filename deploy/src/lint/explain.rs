//! What the rules are about, one paragraph each, its first sentence for lists.

/// Ids with their paragraphs, in the order of the table of rules.
pub const EXPLAINED: &[(&str, &str)] = &[
    (
        "start-refused",
        "A configuration that Redis or Sentinel refuses to start with. Each text is read as 7.0.15 reads it; the message is the one \
         that the log would show, the line the one it would quote. Nothing else matters until this is right.",
    ),
    (
        "hostname-without-resolve",
        "A Sentinel shall watch a host by its name, but is not told to resolve names. Without `sentinel resolve-hostnames yes`, which \
         may stand anywhere in the file, it takes numbers only and exits at the start, even if the name resolves.",
    ),
    (
        "inline-comment",
        "A comment at the end of a line. Configuration files of Redis know comments on lines of their own only; elsewhere the words \
         are more arguments, and the start is refused.",
    ),
    (
        "env-not-expanded",
        "A variable in a configuration file, which nothing replaces. Redis reads `$NAME` as these characters: as a number it is \
         refused, as a password it becomes the password, which anybody who has seen the file then knows.",
    ),
    (
        "script-not-executable",
        "A script of Sentinel is not there, or may not be executed. Sentinel looks at the start and refuses. A ConfigMap gives files \
         no execute bit unless `defaultMode` says so.",
    ),
    (
        "script-interpreter-missing",
        "A script of Sentinel whose first line names bash, in an image upon Alpine, which has no bash. Sentinel looks at the execute \
         bit only; every call ends with an error in its log, and nobody is told of failovers.",
    ),
    (
        "file-missing",
        "A file that is mounted is not there. Docker makes an empty folder in its place, and the program cannot read its \
         configuration. If one other file fits by its name, that one is judged in its place.",
    ),
    (
        "sentinel-config-readonly",
        "Sentinel's configuration lies where nothing can be written. Sentinel saves its id, its votes, its peers and the current master \
         in that file, tries it at the start, and exits if it cannot: so with a ConfigMap, a Secret, or `:ro`.",
    ),
    (
        "sentinel-config-single-file-mount",
        "Sentinel's configuration is a single mounted file. Sentinel starts, but replaces the file by a rename, which a mount does not \
         allow: nothing is ever saved, and after a restart it has a new id, no votes, and the first master of all.",
    ),
    (
        "sentinel-state-ephemeral",
        "Sentinel's configuration is made anew whenever it starts. Each restart adds one more Sentinel to what the others know and \
         raises the majority they need, until the living ones are none; and a vote may be given twice.",
    ),
    (
        "sentinel-config-shared",
        "Several Sentinels write one file. The last one wins; and when they are started again they read one id, take each other's \
         greetings for their own, and never agree on anything.",
    ),
    (
        "sentinel-id-twice",
        "Two Sentinels have one id. That comes from copying a file that Sentinel has rewritten; each takes the greetings of the other \
         for its own, and they never count as two.",
    ),
    (
        "master-without-persistence-autorestart",
        "A master without data on disk is restarted at once. It is back, and empty, before anybody takes it for down; the replicas \
         synchronise with it and lose everything as well. Persist on the master, or do not restart it automatically.",
    ),
    (
        "replica-without-persistence",
        "A replica that persists nothing may become master. From then on no write is durable, and its restart leaves what its last \
         full synchronisation left on disk, or nothing.",
    ),
    (
        "quorum-exceeds-sentinels",
        "More Sentinels would have to agree than there are. The master is never taken for objectively down, and there is no failover, \
         whatever happens.",
    ),
    (
        "quorum-one",
        "A single Sentinel decides that the master is down. If it alone is cut off from the master, it begins a failover, and the \
         others, who must only elect it, do so without looking at the master themselves.",
    ),
    (
        "quorum-differs",
        "The Sentinels have different quorums for one master. Each uses its own: the lowest decides when a failover begins, and the \
         others deceive whoever reads them.",
    ),
    ("sentinel-count-one", "There is one Sentinel only. It needs nobody's vote, and nobody replaces it."),
    (
        "sentinel-count-two",
        "There are two Sentinels only. Every election needs the votes of both, whatever the quorum says, so the loss of one, and of the \
         machine it shares with the master above all, ends all failovers.",
    ),
    (
        "sentinel-count-even",
        "The number of Sentinels is even. Cut into halves, neither is a majority; and one more than an odd number tolerates no more \
         failures than the odd number did.",
    ),
    (
        "sentinel-colocated-with-master-majority",
        "Most Sentinels share the master's machine. If it fails, the few that are left see the master down and can elect nobody.",
    ),
    (
        "master-name-mismatch",
        "One master has several names. Sentinels find each other by the name in their greetings: under another name they do not count, \
         and a client that asks for it is told nothing.",
    ),
    (
        "monitor-loopback",
        "Sentinels watch a loopback address. Each sees the server on its own machine, so they never meet, and clients elsewhere are told \
         to connect to themselves.",
    ),
    (
        "bind-loopback",
        "A process listens on the loopback only. Whoever is on another machine is refused: replicas, Sentinels and clients.",
    ),
    (
        "protected-mode-blocks",
        "Protected mode refuses everybody who is not on the same machine. It is on unless switched off, or a password is set; the \
         official images are built with it off, packages of distributions and own builds are not.",
    ),
    (
        "announce-missing-nat",
        "Ports are mapped, and nobody announces the outer address. Sentinel tells clients the address it knows itself, that of a \
         container; who is outside cannot reach it, and mapped Sentinels cannot reach each other.",
    ),
    (
        "tls-port-mismatch",
        "One side speaks TLS and the other does not. Sentinel and replicas speak TLS only with `tls-replication yes`, and need the port \
         that speaks it; otherwise a running master counts as down.",
    ),
    (
        "service-undefined",
        "A name is used that nothing defines. Without a Service of that name in the cluster it never resolves. For the governing \
         Service of a StatefulSet it means that its pods have no names.",
    ),
    (
        "sentinel-auth-pass-missing",
        "Servers ask for a password that Sentinel is not given. Its PING is refused, so it takes a healthy master for down; it learns \
         no replicas, meets no other Sentinels, and could not promote anybody.",
    ),
    (
        "masterauth-missing-on-master",
        "The first master could not follow another one. It has a password of its own but no masterauth: after a failover it comes back \
         as a replica that never synchronises, and is missing at the next failover.",
    ),
    (
        "masterauth-missing-on-replica",
        "A replica is not given the master's password. It never synchronises, so it holds nothing and cannot be promoted.",
    ),
    (
        "password-mismatch",
        "Two parts that should share a password have different ones. Replicas do not synchronise, or Sentinels take running servers for \
         down, at once or after the next promotion.",
    ),
    (
        "rename-command-not-told",
        "Commands that Sentinel needs have other names, and Sentinel does not know. SLAVEOF and CONFIG make a promotion fail as a \
         whole, PUBLISH keeps Sentinels from meeting. `sentinel rename-command` tells them, but for commands that are disabled.",
    ),
    (
        "no-auth",
        "No server asks for a password. Whoever can connect can read and write everything, and demote the master.",
    ),
    (
        "down-after-too-low",
        "A stall that every machine has now and then counts as death. Forks, slow commands, and busy hosts stop a process for a second; \
         the failover of a healthy master loses the writes that its replicas had not received.",
    ),
    (
        "down-after-too-high",
        "Writes fail for minutes before a failover begins. down-after is the first part of every outage.",
    ),
    (
        "down-after-high",
        "Writes fail for more than half a minute before a failover begins. That may be meant so: fewer false alarms for longer outages.",
    ),
    (
        "failover-timeout-below-down-after",
        "A failover is given up sooner than a dead node is noticed. Its steps are tried again and again; below the second that Sentinel \
         takes to learn of a promotion, no failover ends well.",
    ),
    (
        "parallel-syncs-all",
        "All replicas may be told to synchronise at the same time. Where they need full synchronisations, none of them has data to read \
         or could be promoted meanwhile. With partial ones, which are usual after a failover, it only saves time.",
    ),
    (
        "role-hardcoded",
        "A server takes its first role whenever it is started. After a failover the old master comes back as a second master, whose \
         writes are lost when it is demoted; a restarted new master follows its own replica. A `--replicaof` on the command line, a \
         file that is copied at each start, and a file that CONFIG REWRITE cannot write all do that.",
    ),
    ("replica-priority-zero-all", "No replica may ever be promoted. Priority 0 means never, and all of them have it."),
    (
        "maxmemory-mismatch",
        "Master and replica have different limits of memory. A replica ignores its own until it is promoted; then it evicts keys, or \
         refuses writes, at once.",
    ),
    (
        "min-replicas-unset",
        "A master that is cut off from everybody goes on taking writes. They are acknowledged, and thrown away when it comes back as a \
         replica. min-replicas-to-write 1 with min-replicas-max-lag 10 ends that after ten seconds, not before.",
    ),
    (
        "min-replicas-max-lag-zero",
        "A lag of 0 switches the check of min-replicas off. min-replicas-to-write then says nothing.",
    ),
    (
        "client-fixed-master",
        "A client connects to one address instead of asking the Sentinels. After a failover that is a replica, which refuses writes, or \
         a server that is gone. A Service with a fixed selector is such an address.",
    ),
    (
        "no-anti-affinity",
        "Nothing keeps the pods on different machines. The scheduler may put the master, its replicas and the majority of the Sentinels \
         on one, and lose them with it. A preferred rule is kept only as long as there is room.",
    ),
    ("single-host", "All processes run on one machine. They survive the death of processes, not that of the machine."),
    (
        "no-restart-policy",
        "Nothing starts a dead container again. The first failover uses up a replica, and a Sentinel that has died stays away.",
    ),
    (
        "depends-on-race",
        "The order of starts does not wait for answers. A Sentinel that starts before the master answers has to cope, and one that \
         cannot resolve its name yet may exit.",
    ),
    (
        "hostname-dns-after-stop",
        "The name of a container is gone while the container is stopped. Docker's name server then knows it no more, and Sentinel, \
         which looks the dead master up again and again, stands still for as long as each look-up takes.",
    ),
    (
        "no-probes",
        "Pods without probes. The cluster sends traffic to processes that do not answer yet and leaves hung ones as they are.",
    ),
    (
        "no-resource-limits",
        "Containers without limits. A machine under pressure kills what uses most memory, which is Redis.",
    ),
    (
        "no-pdb",
        "Pods without a disruption budget. A drain of machines may evict several at a time, and with them the majority.",
    ),
    (
        "secret-undefined",
        "A Secret is used that these manifests do not define. It may exist in the cluster; without it no pod starts.",
    ),
    (
        "service-account-undefined",
        "Pods run under a ServiceAccount that these manifests do not define. It may exist in the cluster; without it Kubernetes creates \
         no pod.",
    ),
    (
        "redis-cluster",
        "This is Redis Cluster. It fails over by its own means, without Sentinel, and nothing is said about it here.",
    ),
];

#[cfg(test)]
mod tests {
    use super::EXPLAINED;
    use crate::lint::RULES;

    #[test]
    fn every_rule_is_explained_once_in_the_order_of_the_table() {
        let rules: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
        let explained: Vec<&str> = EXPLAINED.iter().map(|(id, _)| *id).collect();
        assert_eq!(rules, explained);
    }
}
