//! INFO as 7.0.15 writes it, in the order of its sections. The replication section says what the message says; all else
//! is a server of middling age that has seen little, so that the length is right to within a few digits.

use super::Sink;
use crate::ids::Hex40;
use crate::message::{Info, ReplicaLine, ReplicaState, SlaveInfo};

/// Text with bare newlines that is sent with those of the protocol. Its length is known beforehand: a Sentinel asks for
/// INFO so often that counting it each time would show.
struct Text {
    text: &'static str,
    sent: u64,
}

impl Text {
    /// A text whose lines all end with a newline.
    const fn new(text: &'static str) -> Text {
        let (bytes, mut newlines, mut at) = (text.as_bytes(), 0, 0);
        while at < bytes.len() {
            if bytes[at] == b'\n' {
                newlines += 1;
            }
            at += 1;
        }
        Text { text, sent: bytes.len() as u64 + newlines }
    }
}

pub(super) fn info(info: &Info, to: &mut dyn Sink) {
    lines(&SERVER_TO_RUN_ID, to);
    id("run_id", info.run_id.0, to);
    lines(&SERVER_TO_PERSISTENCE, to);
    number("loading", i64::from(info.loading), to);
    if info.loading {
        lines(&LOADING, to);
    }
    lines(&PERSISTENCE_AND_STATS, to);
    replication(info, to);
    lines(&REST, to);
}

fn lines(text: &Text, to: &mut dyn Sink) {
    to.lines(text.text, text.sent);
}

fn name(name: &str, to: &mut dyn Sink) {
    to.raw(name.as_bytes());
    to.raw(b":");
}

fn field(field: &str, value: &str, to: &mut dyn Sink) {
    name(field, to);
    to.raw(value.as_bytes());
    to.end();
}

fn number(field: &str, value: i64, to: &mut dyn Sink) {
    name(field, to);
    to.signed(value);
    to.end();
}

fn id(field: &str, value: Hex40, to: &mut dyn Sink) {
    name(field, to);
    to.hex(value);
    to.end();
}

/// Redis spec 7.
fn replication(info: &Info, to: &mut dyn Sink) {
    to.raw(b"# Replication");
    to.end();
    match &info.slave {
        None => field("role", "master", to),
        Some(slave) => slave_fields(slave, to),
    }
    number("connected_slaves", info.replicas.len() as i64, to);
    for (index, replica) in info.replicas.iter().enumerate() {
        replica_line(index, replica, to);
    }
    field("master_failover_state", "no-failover", to);
    id("master_replid", info.replid.0, to);
    id("master_replid2", Hex40::default(), to);
    let offset = info.repl_offset.0 as i64;
    number("master_repl_offset", offset, to);
    number("second_repl_offset", -1, to);
    // Only a master that never had a replica has no backlog.
    let backlog = info.slave.is_some() || offset > 0;
    let histlen = if backlog { offset.clamp(0, BACKLOG) } else { 0 };
    let first = if backlog { offset.saturating_sub(histlen).saturating_add(1) } else { 0 };
    number("repl_backlog_active", i64::from(backlog), to);
    number("repl_backlog_size", BACKLOG, to);
    number("repl_backlog_first_byte_offset", first, to);
    number("repl_backlog_histlen", histlen, to);
    to.end();
}

/// `repl-backlog-size` by default.
const BACKLOG: i64 = 1 << 20;

fn slave_fields(slave: &SlaveInfo, to: &mut dyn Sink) {
    let offset = slave.offset.0 as i64;
    field("role", "slave", to);
    name("master_host", to);
    to.ip(slave.master.ip);
    to.end();
    number("master_port", i64::from(slave.master.port), to);
    let link = if slave.link_up { "up" } else { "down" };
    field("master_link_status", link, to);
    number("master_last_io_seconds_ago", slave.last_io_secs, to);
    number("master_sync_in_progress", i64::from(slave.syncing), to);
    number("slave_read_repl_offset", offset, to);
    number("slave_repl_offset", offset, to);
    if slave.syncing {
        lines(&SYNCING, to);
    }
    if let Some(seconds) = slave.down_since_secs {
        number("master_link_down_since_seconds", seconds, to);
    }
    number("slave_priority", i64::from(slave.priority), to);
    number("slave_read_only", 1, to);
    number("replica_announced", i64::from(slave.announced), to);
}

fn replica_line(index: usize, replica: &ReplicaLine, to: &mut dyn Sink) {
    let state = match replica.state {
        ReplicaState::WaitBgsave => "wait_bgsave",
        ReplicaState::SendBulk => "send_bulk",
        ReplicaState::Online => "online",
    };
    to.raw(b"slave");
    to.number(index as u64);
    to.raw(b":ip=");
    to.ip(replica.addr.ip);
    to.raw(b",port=");
    to.number(u64::from(replica.addr.port));
    to.raw(b",state=");
    to.raw(state.as_bytes());
    to.raw(b",offset=");
    to.number(replica.offset.0);
    to.raw(b",lag=");
    to.signed(replica.lag_secs);
    to.end();
}

const SYNCING: Text = Text::new(
    "\
master_sync_total_bytes:0
master_sync_read_bytes:0
master_sync_left_bytes:0
master_sync_perc:0.00
master_sync_last_io_seconds_ago:0
",
);

const LOADING: Text = Text::new(
    "\
loading_start_time:1700003590
loading_total_bytes:1048576
loading_rdb_used_mem:2141464
loading_loaded_bytes:524288
loading_loaded_perc:50.00
loading_eta_seconds:1
",
);

const SERVER_TO_RUN_ID: Text = Text::new(
    "\
# Server
redis_version:7.0.15
redis_git_sha1:00000000
redis_git_dirty:0
redis_build_id:e08dbad3e06f3fb
redis_mode:standalone
os:Linux 6.1.0-18-amd64 x86_64
arch_bits:64
monotonic_clock:POSIX clock_gettime
multiplexing_api:epoll
atomicvar_api:c11-builtin
gcc_version:12.2.0
process_id:712
process_supervised:no
",
);

const SERVER_TO_PERSISTENCE: Text = Text::new(
    "\
tcp_port:6379
server_time_usec:1700003600000000
uptime_in_seconds:3600
uptime_in_days:0
hz:10
configured_hz:10
lru_clock:5504528
executable:/usr/bin/redis-server
config_file:/etc/redis/redis.conf
io_threads_active:0

# Clients
connected_clients:12
cluster_connections:0
maxclients:10000
client_recent_max_input_buffer:20480
client_recent_max_output_buffer:20504
blocked_clients:0
tracking_clients:0
clients_in_timeout_table:0

# Memory
used_memory:2141464
used_memory_human:2.04M
used_memory_rss:12754944
used_memory_rss_human:12.16M
used_memory_peak:2402120
used_memory_peak_human:2.29M
used_memory_peak_perc:89.15%
used_memory_overhead:876192
used_memory_startup:875992
used_memory_dataset:40568
used_memory_dataset_perc:99.51%
allocator_allocated:1690848
allocator_active:1826816
allocator_resident:4497408
total_system_memory:8325242880
total_system_memory_human:7.75G
used_memory_lua:32768
used_memory_vm_eval:32768
used_memory_lua_human:32.00K
used_memory_scripts_eval:0
number_of_cached_scripts:0
number_of_functions:0
number_of_libraries:0
used_memory_vm_functions:33792
used_memory_vm_total:66560
used_memory_vm_total_human:65.00K
used_memory_functions:200
used_memory_scripts:200
used_memory_scripts_human:200B
maxmemory:0
maxmemory_human:0B
maxmemory_policy:noeviction
allocator_frag_ratio:1.08
allocator_frag_bytes:135968
allocator_rss_ratio:2.46
allocator_rss_bytes:2670592
rss_overhead_ratio:2.69
rss_overhead_bytes:7602176
mem_fragmentation_ratio:13.81
mem_fragmentation_bytes:11223448
mem_not_counted_for_evict:0
mem_replication_backlog:1048592
mem_total_replication_buffers:1066216
mem_clients_slaves:17624
mem_clients_normal:64400
mem_cluster_links:0
mem_aof_buffer:0
mem_allocator:jemalloc-5.3.0
active_defrag_running:0
lazyfree_pending_objects:0
lazyfreed_objects:0

# Persistence
",
);

const PERSISTENCE_AND_STATS: Text = Text::new(
    "\
async_loading:0
current_cow_peak:0
current_cow_size:0
current_cow_size_age:0
current_fork_perc:0.00
current_save_keys_processed:0
current_save_keys_total:0
rdb_changes_since_last_save:0
rdb_bgsave_in_progress:0
rdb_last_save_time:1700000000
rdb_last_bgsave_status:ok
rdb_last_bgsave_time_sec:-1
rdb_current_bgsave_time_sec:-1
rdb_saves:0
rdb_last_cow_size:0
rdb_last_load_keys_expired:0
rdb_last_load_keys_loaded:0
aof_enabled:0
aof_rewrite_in_progress:0
aof_rewrite_scheduled:0
aof_last_rewrite_time_sec:-1
aof_current_rewrite_time_sec:-1
aof_last_bgrewrite_status:ok
aof_rewrites:0
aof_rewrites_consecutive_failures:0
aof_last_write_status:ok
aof_last_cow_size:0
module_fork_in_progress:0
module_fork_last_cow_size:0

# Stats
total_connections_received:48
total_commands_processed:91452
instantaneous_ops_per_sec:52
total_net_input_bytes:6120344
total_net_output_bytes:31245190
total_net_repl_input_bytes:0
total_net_repl_output_bytes:3510922
instantaneous_input_kbps:2.71
instantaneous_output_kbps:11.50
instantaneous_input_repl_kbps:0.00
instantaneous_output_repl_kbps:1.92
rejected_connections:0
sync_full:2
sync_partial_ok:0
sync_partial_err:2
expired_keys:0
expired_stale_perc:0.00
expired_time_cap_reached_count:0
expire_cycle_cpu_milliseconds:0
evicted_keys:0
evicted_clients:0
total_eviction_exceeded_time:0
current_eviction_exceeded_time:0
keyspace_hits:20132
keyspace_misses:4
pubsub_channels:1
pubsub_patterns:0
pubsubshard_channels:0
latest_fork_usec:412
total_forks:1
migrate_cached_sockets:0
slave_expires_tracked_keys:0
active_defrag_hits:0
active_defrag_misses:0
active_defrag_key_hits:0
active_defrag_key_misses:0
total_active_defrag_time:0
current_active_defrag_time:0
tracking_total_keys:0
tracking_total_items:0
tracking_total_prefixes:0
unexpected_error_replies:0
total_error_replies:0
dump_payload_sanitizations:0
total_reads_processed:90112
total_writes_processed:88007
io_threaded_reads_processed:0
io_threaded_writes_processed:0
reply_buffer_shrinks:0
reply_buffer_expands:0

",
);

const REST: Text = Text::new(
    "\
# CPU
used_cpu_sys:8.411905
used_cpu_user:6.209114
used_cpu_sys_children:0.000000
used_cpu_user_children:0.000000
used_cpu_sys_main_thread:8.391022
used_cpu_user_main_thread:6.188420

# Modules

# Errorstats

# Cluster
cluster_enabled:0

# Keyspace
db0:keys=5,expires=0,avg_ttl=0
",
);
