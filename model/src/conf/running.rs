//! CONFIG SET at a running server: the directives that can be changed there, checked as those of the file are.

use super::ConfError;
use super::check::check;
use super::directives;
use super::load::Around;
use super::redis::Reader;
use super::split::{Arg, Line, words};
use crate::files::RedisConf;

/// Directives that CONFIG SET changes here. Real servers know more; those have no effect in the model.
pub const SETTABLE: &[&str] = &[
    "requirepass",
    "masterauth",
    "masteruser",
    "replica-announced",
    "replica-priority",
    "replica-read-only",
    "replica-serve-stale-data",
    "min-replicas-to-write",
    "min-replicas-max-lag",
    "repl-timeout",
    "repl-ping-replica-period",
    "repl-backlog-ttl",
    "repl-diskless-sync",
    "repl-diskless-sync-delay",
    "repl-diskless-sync-max-replicas",
    "stop-writes-on-bgsave-error",
    "save",
    "appendfsync",
    "maxmemory",
    "maxclients",
    "shutdown-timeout",
];

/// The name under which [`SETTABLE`] has a directive: `slave-priority` is `replica-priority`.
pub fn settable(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase().replace("slave", "replica");
    SETTABLE.iter().copied().find(|known| *known == name)
}

/// Sets a directive of [`SETTABLE`].
///
/// # Errors
/// If the value is not one that the directive takes.
pub fn config_set(conf: &mut RedisConf, name: &str, value: &str) -> Result<(), ConfError> {
    let arg = |text: &str| Arg::new(text.into(), 1);
    let line = Line { number: 1, column: 1, text: format!("{name} {value}"), args: vec![arg(name), arg(value)] };
    let Some(directive) = directives::find(name) else {
        return Err(super::error_at(&line, None, "Unknown option or number of arguments", "a directive"));
    };
    let checked = check(&line, directive.kind)?;
    let mut nowhere = |_: &str| None;
    let mut reader = Reader::new(Around::Names(&mut nowhere));
    reader.conf = conf.clone();
    reader.apply(directive.written, &checked);
    *conf = reader.conf;
    Ok(())
}

/// The words of a command as typed, with the quotes of a configuration file; `None` if quotes are not balanced.
pub fn typed_words(text: &str) -> Option<Vec<String>> {
    words(text.as_bytes(), 1).map(|args| args.into_iter().map(|arg| arg.text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_settable_directive_changes_the_configuration() {
        for name in SETTABLE {
            let value = match *name {
                "replica-announced" | "replica-read-only" | "replica-serve-stale-data" | "repl-diskless-sync" => "no",
                "stop-writes-on-bgsave-error" => "no",
                "save" => "900 1",
                "appendfsync" => "always",
                "requirepass" | "masterauth" | "masteruser" => "word",
                _ => "77",
            };
            let mut conf = RedisConf::default();
            config_set(&mut conf, name, value).unwrap();
            assert_ne!(conf, RedisConf::default(), "{name}");
        }
    }

    #[test]
    fn a_value_out_of_range_is_refused() {
        let mut conf = RedisConf::default();
        assert!(config_set(&mut conf, "repl-timeout", "0").is_err());
        assert!(config_set(&mut conf, "replica-announced", "perhaps").is_err());
        assert_eq!(conf, RedisConf::default());
    }

    #[test]
    fn an_empty_list_takes_the_save_points_away() {
        let mut conf = RedisConf::default();
        config_set(&mut conf, "save", "").unwrap();
        assert!(conf.save.is_empty());
        assert_eq!(settable("SLAVE-priority"), Some("replica-priority"));
        assert_eq!(settable("port"), None);
    }
}
