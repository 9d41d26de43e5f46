//! Settings of Sentinel, by the names and units of sentinel.conf.

use super::redis::password;
use crate::reader::{Field, Read, Reader};
use splitbrain_model::files::{MasterConf, SentinelConf};

/// What the user said about a master's quorum: where, so that an impossible one can be pointed at.
#[derive(Clone)]
pub struct Asked<'a> {
    /// The field that set the quorum, if one did.
    pub quorum: Option<Field<'a>>,
    /// Whether a quorum above the number of Sentinels is meant.
    pub allow_impossible: bool,
}

/// Applies the directives that belong to one monitored master.
pub fn apply_master<'a>(table: &mut Reader<'a>, conf: &mut MasterConf, asked: &mut Asked<'a>) -> Read<()> {
    if let Some(field) = table.get("quorum") {
        conf.quorum = field.count(1, i32::MAX as u32)?;
        asked.quorum = Some(field);
    }
    if let Some(field) = table.get("down-after-milliseconds") {
        conf.down_after = field.redis_millis(1)?;
    }
    if let Some(field) = table.get("failover-timeout") {
        conf.failover_timeout = field.redis_millis(1)?;
    }
    if let Some(field) = table.get("parallel-syncs") {
        // Redis accepts zero and less here: no replica is ever told to follow the new master.
        conf.parallel_syncs = field.integer(i64::from(i32::MIN)..=i64::from(i32::MAX))? as i32;
    }
    if let Some(field) = table.get("master-reboot-down-after-period") {
        conf.master_reboot_down_after = field.redis_millis(0)?;
    }
    if let Some(field) = table.get("auth-user") {
        conf.auth_user = password(&field)?;
    }
    if let Some(field) = table.get("auth-pass") {
        conf.auth_pass = password(&field)?;
    }
    if let Some(field) = table.get("allow-impossible") {
        asked.allow_impossible = field.boolean()?;
    }
    Ok(())
}

/// Applies the directives of a Sentinel as a whole.
pub fn apply_sentinel(table: &mut Reader<'_>, conf: &mut SentinelConf) -> Read<()> {
    if let Some(field) = table.get("port") {
        conf.port = field.count(1, 65_535)? as u16;
    }
    if let Some(field) = table.get("requirepass") {
        conf.requirepass = password(&field)?;
    }
    if let Some(field) = table.get("sentinel-user") {
        conf.sentinel_user = password(&field)?;
    }
    if let Some(field) = table.get("sentinel-pass") {
        conf.sentinel_pass = password(&field)?;
    }
    Ok(())
}
