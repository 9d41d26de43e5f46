//! SENTINEL SET (`sentinelSetCommand`, Sentinel spec 11.2): options from left to right, each in force at once. An error
//! leaves those before it as they are. Changes are this Sentinel's alone.

use super::instance::{Who, credentials};
use super::link::Side;
use super::{Cx, Sentinel};
use crate::event::{EventKind, Extra};
use crate::files::Script;
use crate::operator::SetOption;
use crate::{ErrorWord, Millis};

impl Sentinel {
    pub(super) fn set_command(
        &mut self,
        cx: &mut Cx<'_, '_>,
        name: &str,
        options: &[SetOption],
    ) -> Result<Option<u32>, ErrorWord> {
        let m = self.lookup_master(name).ok_or(ErrorWord::Err)?;
        let mut changed = false;
        for option in options {
            if let Err(word) = self.set_option(cx, m, option) {
                if changed {
                    self.flush_config(cx);
                }
                return Err(word);
            }
            changed = true;
            let (name, values) = option.words();
            let shown = match option {
                SetOption::AuthPass(_) => "******".to_owned(),
                _ => values.join(" "),
            };
            self.event_with(cx, EventKind::Set, Who::Master(m), Extra::Option(name.to_owned(), shown));
        }
        self.flush_config_and_reply(cx)
    }

    fn set_option(&mut self, cx: &mut Cx<'_, '_>, m: usize, option: &SetOption) -> Result<(), ErrorWord> {
        let master = &mut self.masters[m];
        match option {
            SetOption::DownAfterMilliseconds(ms) => {
                // sentinelPropagateDownAfterPeriod
                let down_after = positive(*ms)?;
                let replicas = master.replicas.iter_mut().map(|r| &mut r.inst);
                let peers = master.peers.iter_mut().map(|p| &mut p.inst);
                for inst in replicas.chain(peers).chain([&mut master.inst]) {
                    inst.down_after = Millis(down_after);
                }
            }
            SetOption::FailoverTimeout(ms) => master.failover_timeout = Millis(positive(*ms)?),
            SetOption::ParallelSyncs(n) => {
                master.parallel_syncs = i32::try_from(positive(*n)?).map_err(|_| ErrorWord::Err)?;
            }
            SetOption::Quorum(n) => master.quorum = u32::try_from(positive(*n)?).map_err(|_| ErrorWord::Err)?,
            SetOption::MasterRebootDownAfterPeriod(ms) if *ms < 0 => return Err(ErrorWord::Err),
            SetOption::MasterRebootDownAfterPeriod(ms) => master.reboot_down_after = Millis(*ms),
            SetOption::AuthUser(user) => {
                master.auth_user = filled(user);
                self.credentials_changed(cx, m);
            }
            SetOption::AuthPass(pass) => {
                master.auth_pass = filled(pass);
                self.credentials_changed(cx, m);
            }
            SetOption::NotificationScript(_) | SetOption::ClientReconfigScript(_)
                if self.conf.deny_scripts_reconfig =>
            {
                return Err(ErrorWord::Err);
            }
            SetOption::NotificationScript(path) => set_script(&mut master.notification_script, path),
            SetOption::ClientReconfigScript(path) => set_script(&mut master.client_reconfig_script, path),
            SetOption::RenameCommand(old, new) => {
                if old.is_empty() || new.is_empty() {
                    return Err(ErrorWord::Err);
                }
                master.renamed.retain(|(known, _)| !known.eq_ignore_ascii_case(old));
                // A command renamed to itself is renamed no more.
                if !old.eq_ignore_ascii_case(new) {
                    master.renamed.push((old.to_ascii_lowercase(), new.as_str().into()));
                }
            }
        }
        Ok(())
    }

    /// `dropInstanceConnections`: AUTH is sent at the beginning of a connection, so master and replicas get new ones.
    fn credentials_changed(&mut self, cx: &mut Cx<'_, '_>, m: usize) {
        let master = &mut self.masters[m];
        master.credentials = credentials(master.auth_user.as_deref(), master.auth_pass.as_deref());
        let replicas = master.replicas.iter().map(|r| r.inst.link);
        let links: Vec<_> = std::iter::once(master.inst.link).chain(replicas).collect();
        for link in links {
            self.links.close(&mut self.conns, cx, link, Side::Cc);
            self.links.close(&mut self.conns, cx, link, Side::Pc);
        }
    }
}

fn positive(n: i64) -> Result<i64, ErrorWord> {
    if n > 0 { Ok(n) } else { Err(ErrorWord::Err) }
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Another path runs as its predecessor did; an empty one takes the script away.
fn set_script(place: &mut Option<Script>, path: &str) {
    *place = match (path, place.take()) {
        ("", _) => None,
        (path, Some(script)) => Some(Script { path: path.to_owned(), ..script }),
        (path, None) => Some(Script::new(path)),
    };
}
