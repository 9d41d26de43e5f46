//! Users at start (`ACLLoadUsersAtStartup`): from lines of the configuration or from a file of their own.

use super::machine;
use crate::conf::acl::{Commands, Fault, User, has_spaces, merge_selectors};
use crate::conf::load::Loader;
use crate::conf::redis::Mode;
use crate::conf::split::{shown, trim};
use crate::conf::{ConfError, trouble};
use std::collections::BTreeMap;

const DEFAULT: &[u8] = b"default";

/// All users, by name.
pub(super) fn load(loader: &mut Loader<'_>, mode: Mode) -> Result<BTreeMap<Vec<u8>, User>, ConfError> {
    let commands = Commands::of(mode);
    let all_channels = loader.settings.get("acl-pubsub-default") == b"allchannels";
    let mut default = User::default_user(commands);
    default.set_password(&loader.settings.get("requirepass"));
    let mut users = BTreeMap::from([(DEFAULT.to_vec(), default)]);
    let file = loader.settings.get("aclfile");
    if !file.is_empty() && !loader.users.is_empty() {
        return Err(trouble(
            "Configuring Redis with users defined in redis.conf and at the same setting an ACL file path is invalid. \
             This setup is very likely to lead to configuration errors and security holes, please define either an \
             ACL file or declare users directly in your redis.conf, but not both.",
        ));
    }
    for line in &loader.users {
        if has_spaces(&line.name) {
            return Err(trouble("Spaces not allowed in ACL usernames"));
        }
        let user = users.entry(line.name.clone()).or_insert_with(|| User::new(all_channels));
        if line.name == DEFAULT {
            *user = User::new(all_channels);
            let reset = user.apply(b"reset", commands);
            debug_assert!(reset.is_ok());
        }
        for rule in &line.rules {
            user.apply(rule, commands).map_err(|fault| {
                let (rule, name) = (shown(rule), shown(&line.name));
                trouble(&format!("Error loading ACL rule '{rule}' for the user named '{name}': {}", fault.text()))
            })?;
        }
    }
    if file.is_empty() {
        return Ok(users);
    }
    let Some(machine) = machine(loader) else { return Ok(users) };
    let name = shown(&file);
    let bytes = machine.read(&file).map_err(|why| {
        let start = "Aborting Redis startup because of ACL errors: Error loading ACLs, opening file";
        ConfError::of_machine(format!("{start} '{name}': {why}"))
    })?;
    let errors = file_errors(&name, &bytes, commands, all_channels);
    if errors.is_empty() {
        return Ok(users);
    }
    Err(ConfError::of_machine(format!(
        "Aborting Redis startup because of ACL errors: {errors}WARNING: ACL errors detected, no change to the previously \
         active ACL rules was performed"
    )))
}

/// What is wrong with a file of users (`ACLLoadFromFile`).
fn file_errors(name: &str, bytes: &[u8], commands: Commands, all_channels: bool) -> String {
    let mut errors = String::new();
    let mut known: Vec<Vec<u8>> = Vec::new();
    for (raw, number) in bytes.split(|byte| *byte == b'\n').zip(1..) {
        let line = trim(raw);
        if line.is_empty() {
            continue;
        }
        let words: Vec<Vec<u8>> = line.split(|byte| *byte == b' ').map(<[u8]>::to_vec).collect();
        let [user, called, rules @ ..] = &words[..] else {
            errors += &format!("{name}:{number} should start with user keyword followed by the username. ");
            continue;
        };
        if user != b"user" {
            errors += &format!("{name}:{number} should start with user keyword followed by the username. ");
            continue;
        }
        let called_shown = shown(called);
        if has_spaces(called) {
            errors += &format!("'{name}:{number}: username '{called_shown}' contains invalid characters. ");
            continue;
        }
        if known.contains(called) {
            errors += &format!("WARNING: Duplicate user '{called_shown}' found on line {number}. ");
            continue;
        }
        known.push(called.clone());
        let Ok(rules) = merge_selectors(rules) else {
            errors += &format!("{name}:{number}: Unmatched parenthesis in selector definition.");
            continue;
        };
        let mut user = User::new(all_channels);
        let mut told = false;
        for rule in rules {
            match user.apply(&rule, commands) {
                Ok(()) => {}
                Err(fault @ Fault::Unknown) => {
                    let rule = shown(&rule);
                    errors += &format!("{name}:{number}: Error in applying operation '{rule}': {}. ", fault.text());
                }
                Err(fault) if !told => {
                    errors += &format!("{name}:{number}: {}. ", fault.text());
                    told = true;
                }
                Err(_) => {}
            }
        }
    }
    errors
}
