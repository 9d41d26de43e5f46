//! Settings of Sentinel, by the names and units of sentinel.conf.

use super::redis::password;
use crate::reader::{Field, Read, Reader};
use splitbrain_model::files::{MasterConf, Script, ScriptExit, SentinelConf};

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
    if let Some(field) = table.get("notification-script") {
        conf.notification_script = script(&field)?;
    }
    if let Some(field) = table.get("client-reconfig-script") {
        conf.client_reconfig_script = script(&field)?;
    }
    if let Some(field) = table.get("allow-impossible") {
        asked.allow_impossible = field.boolean()?;
    }
    Ok(())
}

/// A path, or `{ path = …, exit = 1, takes = "50ms" }` (`signal = 9` instead of `exit`) to say how running it goes; an
/// empty path takes it away.
fn script(field: &Field<'_>) -> Read<Option<Script>> {
    if let Some(path) = field.as_text() {
        return Ok((!path.is_empty()).then(|| Script::new(path)));
    }
    let mut table = field.table(format!("`{}`", field.key))?;
    let (path, exit, signal, takes) = (table.get("path"), table.get("exit"), table.get("signal"), table.get("takes"));
    table.finish(&[])?;
    let Some(path) = path else { return Err(field.error("which script?").expected("`path`")) };
    let mut script = Script::new(path.text()?);
    script.exit = match (exit, signal) {
        (Some(_), Some(signal)) => return Err(signal.key_error("a script ends by itself or by a signal")),
        (Some(exit), None) => ScriptExit::Code(exit.count(0, 255)? as u8),
        (None, Some(signal)) => ScriptExit::Signal(signal.count(1, 64)? as u8),
        (None, None) => script.exit,
    };
    if let Some(takes) = takes {
        script.takes = takes.millis()?;
    }
    Ok(Some(script))
}

/// Applies the directives of a Sentinel as a whole.
pub fn apply_sentinel(table: &mut Reader<'_>, conf: &mut SentinelConf) -> Read<()> {
    if let Some(field) = table.get("port") {
        conf.port = field.count(1, 65_535)? as u16;
    }
    if let Some(field) = table.get("requirepass") {
        conf.requirepass = password(&field)?;
    }
    if let Some(field) = table.get("deny-scripts-reconfig") {
        conf.deny_scripts_reconfig = field.boolean()?;
    }
    if let Some(field) = table.get("resolve-hostnames") {
        conf.resolve_hostnames = field.boolean()?;
    }
    if let Some(field) = table.get("announce-hostnames") {
        conf.announce_hostnames = field.boolean()?;
    }
    if let Some(field) = table.get("sentinel-user") {
        conf.sentinel_user = password(&field)?;
    }
    if let Some(field) = table.get("sentinel-pass") {
        conf.sentinel_pass = password(&field)?;
    }
    Ok(())
}
