//! Kinds of faults, by their keys in `[[faults]]`.

use super::{Entry, entry};

pub const ENTRIES: &[Entry] = &[
    entry(
        "kill",
        "SIGKILL: the process is gone at once. Its kernel still sends what was written and closes the connections, so \
         peers notice within a round trip. `for` starts it again with what is on its disk.",
    ),
    entry(
        "stop",
        "SIGTERM: an orderly shutdown. A Redis server pauses writes and waits up to shutdown-timeout for its replicas; \
         whatever still runs ten seconds after that is killed. `for` starts it again.",
    ),
    entry(
        "restart",
        "Starts dead processes again. They find on disk what was written there, and nothing else. `{ of = \"sentinel-1\", \
         identity = \"new\" }` deletes a Sentinel's id from its file before: it takes a new one, and the others must \
         not count it twice. `config = \"old\"` puts back the configuration file as it was when the schedule began, and \
         `\"deleted\"` the one it was deployed with: a Sentinel forgets its id, its votes and whom it knew, a server its role. \
         `data = \"deleted\"` starts a server empty.",
    ),
    entry(
        "start",
        "Starts a replica or Sentinel that is `late` in [cluster]. It was no part of the cluster so far, and the master of \
         this moment stands in its configuration. Others learn of it by INFO and hellos. To take one away for good, `kill` it \
         and type RESET at the Sentinels.",
    ),
    entry(
        "power-loss",
        "The whole host goes dark. All its processes are gone, writes that were not synced to disk are lost, and peers \
         get silence instead of closed connections. `for` boots it again.",
    ),
    entry("power-on", "Boots hosts that lost power and starts their processes."),
    entry(
        "pause",
        "SIGSTOP: the process stands still and its kernel does not. Connections are accepted and requests buffered; they \
         are executed on waking. `for` continues it.",
    ),
    entry(
        "stall",
        "The whole host stands still, its kernel too. Nothing is accepted, answered or acknowledged, and what arrives lies in \
         the network card. When it goes on (`for`), all of that comes at once, and both clocks have moved on: Sentinels on \
         it enter TILT after two seconds. A stalled virtual machine; `pause` stops one process and leaves the kernel.",
    ),
    entry("resume", "SIGCONT: paused processes go on, with everything that was buffered for them."),
    entry(
        "partition",
        "No packets pass between members of different groups. Connections stay open and hang until TCP gives up or the \
         partition heals; then data resumes with the next retransmission, not at once. `rest` is everything not named \
         in another group.",
    ),
    entry(
        "drop",
        "No packets pass in one direction. `{ from = …, to = … }`; answers in the other direction still pass.",
    ),
    entry("isolate", "No packets pass between the targets and everything else. Among themselves they still pass."),
    entry("heal", "Ends all network faults at once, those of the name service too. Written `heal = true`."),
    entry(
        "link",
        "Changes latency or loss of the links between two groups. `{ a = …, b = …, latency = \"10ms..20ms\", loss = \
         \"1%\" }`; without `b`, all links of `a`. `from` and `to` instead of `a` and `b`: one direction only. `bandwidth = \"64kb\"`: so \
         many bytes per second pass, and the rest waits; a few hundred are a slow drip.",
    ),
    entry(
        "flap",
        "Hosts are cut off again and again. `{ of = \"master\", up = \"1s..3s\", down = \"500ms\" }`, as long as `for` says. A \
         role means whom it meant the first time.",
    ),
    entry(
        "spikes",
        "Links of hosts get slow again and again. `{ of = \"master\", latency = \"300ms\", every = \"1s..3s\", lasts = \
         \"200ms\" }`, as long as `for` says.",
    ),
    entry(
        "bridge",
        "All hosts but one fall into two halves that do not see each other, and that one sees both. Each seed draws the \
         halves. To name them yourself, use `partition` and leave the bridge out.",
    ),
    entry(
        "majorities-ring",
        "Each of these hosts sees a majority of them, and no two see the same. Only near neighbours in a \
         ring reach each other. It takes four names at least; each seed draws the order.",
    ),
    entry("isolate-one", "One of these hosts, which each seed draws, is cut off."),
    entry(
        "swizzle",
        "Hosts are cut off one after another, and once all are, come back one after another in another order. `{ of = \
         [\"redis-1\", \"sentinel-1\", \"sentinel-2\"], every = \"1s..2s\" }`.",
    ),
    entry(
        "dns",
        "What hosts are answered when they look names up. `{ at = \"sentinels\", of = \"redis-1\", answers = \"never\" }`; \
         without `of`, about all names. `never`: the caller is stopped until its resolver gives up, after ten seconds as \
         glibc does by default; `fails`: at once that there is no such name; `slow` with `after`: the right answer, late. \
         Sentinels and servers look names up on the thread that does everything else, so a Sentinel that waits two \
         seconds is in TILT. It matters where `hostnames = true` in [cluster].",
    ),
    entry(
        "clock-step",
        "The wall clock of processes jumps. `{ of = \"sentinel-1\", by = \"-3s\" }`. Timers of the event loop keep going; \
         Sentinel notices a jump of two seconds or any step back, and enters TILT for 30 seconds.",
    ),
    entry(
        "clock-drift",
        "The clocks of processes run too fast, or too slow. `{ of = \"sentinel-1\", ppm = 50000 }`; a host stands for all on \
         it. Wall clock and monotonic clock drift together, as with a bad oscillator or when NTP slews, so that timers \
         fire early or late and no reading ever jumps. `for` ends it; what was gained stays.",
    ),
    entry(
        "clock-freeze",
        "The wall clock of processes stands still, while their event loops keep turning. `{ of = \"sentinel-1\" }`. All \
         periods of Sentinel are measured in wall time: it sends no PING, holds nobody for down and does not notice. When \
         it is over (`for`) the clock jumps to the right time, which is TILT.",
    ),
    entry(
        "sentinel-failover",
        "An operator types SENTINEL FAILOVER at a Sentinel. No vote and no agreement that the master is down is needed; \
         `master` names which, the first if it is left out.",
    ),
    entry(
        "sentinel-command",
        "An operator types another SENTINEL command. `{ at = \"sentinel-1\", command = \"RESET *\" }`; `at` takes several \
         Sentinels. Commands are FAILOVER, RESET, REMOVE, MONITOR, SET, CKQUORUM, FLUSHCONFIG, SIMULATE-FAILURE, DEBUG, \
         CONFIG SET, MASTER, REPLICAS and SENTINELS, and without SENTINEL in front ACL SETUSER and CLIENT KILL, with the \
         arguments of the real ones.",
    ),
    entry(
        "redis-command",
        "An operator types a command at a Redis server. `{ at = \"master\", command = \"REPLICAOF NO ONE\" }`; `at` takes \
         several servers. Commands are REPLICAOF and SLAVEOF, CONFIG SET of the settings that matter here, CONFIG REWRITE, \
         CLIENT KILL TYPE and USER, ACL SETUSER, BGSAVE and SHUTDOWN. They are bare: unlike in Sentinel's transaction, \
         nothing is written to the file and nobody is cut off unless the command says so, and a new password asks \
         nobody who is in already.",
    ),
    entry(
        "debug-sleep",
        "DEBUG SLEEP: the process does nothing at all for a while. `{ of = \"master\", for = \"3s\" }`. Unlike after \
         SIGSTOP, events that were ready together with the command still follow it.",
    ),
    entry(
        "config-read-only",
        "Processes cannot replace their configuration files. Sentinel goes on with what it has in memory and votes all the \
         same, and only operators hear of it; what it decides is forgotten by a restart, and without a writable file it does \
         not start at all. CONFIG REWRITE fails, so that roles do not survive a restart. `for` gives the permission back.",
    ),
    entry(
        "fsync",
        "Syncing files to disk is not what it should be. `{ of = \"master\", takes = \"200ms..2s\" }`: slow. Saving a \
         configuration file takes two of them, and a Sentinel that waits two seconds is in TILT; with `appendfsync always` \
         every write waits, with `everysec` writing is put off for two seconds and then waits too. `outcome = \"fails\"`: an \
         error. Configuration files and snapshots are not written, `always` exits, `everysec` answers MISCONF from then on. \
         `outcome = \"lies\"`: success, but a power loss takes everything back to what it was before. `for` ends it.",
    ),
    entry(
        "disk-full",
        "No space is left. Configuration files stay as they are, BGSAVE fails, the append-only file cannot grow: with \
         `appendfsync always` the server exits, otherwise writes and PING are answered with MISCONF until there is room again \
         (`for`), and Sentinel holds the server for down. A replica that is sent a write meanwhile ends itself.",
    ),
    entry(
        "snapshots-fail",
        "Servers cannot write RDB files, as with a directory that is not theirs. Once a BGSAVE has failed on a server \
         with save points, writes and even PING are answered with MISCONF until one succeeds: Sentinel holds such a \
         master for down. A replica in that state that is sent a write by its master ends itself, and it can take no \
         full sync. `for` makes saving work again; the next BGSAVE clears the state.",
    ),
];
