//! Commands typed by an operator at the server itself, and CLIENT KILL (Redis spec 3, 12, 13). They come through a
//! connection that is not among the clients: nothing closes it, and it is authenticated.

use super::Redis;
use super::clients::Kind;
use super::link::Phase;
use crate::conf::running;
use crate::effects::{CloseHow, Effects};
use crate::env::Env;
use crate::error::ErrorWord;
use crate::ids::Conn;
use crate::message::{ClientType, Reply};
use crate::operator::Answer;
use crate::operator::redis::{RedisCommand, Victims};

impl Redis {
    /// Executes a command; what it answers.
    pub(super) fn typed(&mut self, env: &mut Env<'_>, out: &mut Effects, command: &RedisCommand) -> Answer {
        // Of these commands, only REPLICAOF and BGSAVE are not allowed while loading (spec 9.1, #8).
        let loading_safe = !matches!(command, RedisCommand::ReplicaOf(_) | RedisCommand::BgSave);
        let outcome = if self.loading.is_some() && !loading_safe {
            Err(ErrorWord::Loading)
        } else {
            self.clock = env.wall();
            self.run_typed(env, out, command)
        };
        Answer { command: command.to_string(), error: outcome.err(), count: outcome.ok().flatten(), shown: None }
    }

    fn run_typed(
        &mut self,
        env: &mut Env<'_>,
        out: &mut Effects,
        command: &RedisCommand,
    ) -> Result<Option<u32>, ErrorWord> {
        let reply = match command {
            RedisCommand::ReplicaOf(Some(master)) => self.replicaof(env, out, *master),
            RedisCommand::ReplicaOf(None) => self.replicaof_no_one(env, out),
            RedisCommand::ConfigSet(settings) => self.config_set(settings),
            RedisCommand::ConfigRewrite => self.config_rewrite(env),
            RedisCommand::ClientKill(victims) => return Ok(Some(self.client_kill(env, out, None, victims))),
            RedisCommand::AclSetUser(user) => {
                self.conf.acl.set_user(&mut self.conf.requirepass, &user.name, &user.rules);
                Reply::Ok
            }
            // bgsaveCommand: refused while another child works.
            RedisCommand::BgSave if self.persist.child.is_some() => Reply::Error(ErrorWord::Err),
            RedisCommand::BgSave => {
                self.start_save(env);
                Reply::Ok
            }
            RedisCommand::Shutdown => {
                self.terminate(env, out);
                Reply::Ok
            }
        };
        match reply {
            Reply::Error(word) => Err(word),
            _ => Ok(None),
        }
    }

    /// CONFIG SET: nothing is set if one value is wrong. A new password asks nobody who is in already.
    fn config_set(&mut self, settings: &[(String, String)]) -> Reply {
        let mut conf = self.conf.clone();
        for (name, value) in settings {
            if running::config_set(&mut conf, name, value).is_err() {
                return Reply::Error(ErrorWord::Err);
            }
        }
        self.conf = conf;
        // updateGoodSlaves
        if settings.iter().any(|(name, _)| name.starts_with("min-replicas-")) {
            self.refresh_good_replicas();
        }
        Reply::Ok
    }

    /// CLIENT KILL: every client of the type or user but the caller goes at once, with the replies not yet flushed
    /// (spec 13.1, 13.2). The number of them.
    pub(super) fn client_kill(
        &mut self,
        env: &mut Env<'_>,
        out: &mut Effects,
        caller: Option<Conn>,
        whom: &Victims,
    ) -> u32 {
        let kind = match whom {
            Victims::Type(ClientType::Normal) => Kind::Normal,
            Victims::Type(ClientType::Pubsub) => Kind::Pubsub,
            Victims::Type(ClientType::Replica) => Kind::Replica,
            Victims::Type(ClientType::Master) => return self.kill_master_link(env, out),
            Victims::User(name) => {
                // The link to the master is a client of nobody; a connection that never said who it is is `default`'s.
                let Some(number) = self.conf.acl.number(name) else { return 0 };
                let victims = self.clients.select(|client| client.user == number);
                return self.kill(env, out, caller, victims);
            }
        };
        let victims = self.clients.select(|client| client.kind == kind);
        self.kill(env, out, caller, victims)
    }

    fn kill(&mut self, env: &Env<'_>, out: &mut Effects, caller: Option<Conn>, mut victims: Vec<Conn>) -> u32 {
        victims.retain(|conn| Some(*conn) != caller);
        // One pass over the queued output instead of one per victim.
        let doomed = |conn: &Conn| victims.binary_search(conn).is_ok();
        out.sends.retain(|(to, _)| !doomed(to));
        out.stream.retain(|(to, _)| !doomed(to));
        for conn in &victims {
            out.acts.push((env.elapsed(), crate::Act::Close(*conn, CloseHow::Now)));
        }
        for conn in &victims {
            self.forget_client(*conn);
        }
        victims.len() as u32
    }

    /// The master is a client of its replica once the link is up: closing it is losing it (spec 3.3).
    fn kill_master_link(&mut self, env: &mut Env<'_>, out: &mut Effects) -> u32 {
        if self.link.phase != Phase::Connected {
            return 0;
        }
        self.close_link(env, out);
        self.master_lost(env, out);
        1
    }
}
