//! What somebody who looks at the cluster from outside knows of it: at once, or only now and then, as the recorder of real
//! runs does, who therefore acts up to half a second later.

use crate::chance::Stream;
use crate::process::Life;
use crate::run::Run;
use splitbrain_checker::observations::NodeKind;
use splitbrain_model::{Addr, Millis, Name, Nanos};
use splitbrain_scenarios::Sampling;
use std::collections::BTreeMap;

/// Numbers of the calls that look at Sentinels and at servers.
pub(crate) const CALL_LOOK: u32 = 1 << 28;
const SENTINELS: u32 = CALL_LOOK;
const SERVERS: u32 = CALL_LOOK + 1;

/// A Sentinel's opinion of a master: its name, its address, and whether the flags are plain.
type View = (Name, Addr, bool);

/// What a server says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Role {
    replica_of: Option<Addr>,
    link_up: bool,
    loading: bool,
}

/// What was seen at the last looks.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    views: BTreeMap<u16, Vec<View>>,
    roles: BTreeMap<u16, Role>,
}

impl Run<'_> {
    /// Begins to look, if the scenario is one that is looked at now and then. All looks of a kind come together.
    pub(crate) fn begin_looking(&mut self) {
        let Some(Sampling { sentinels, servers }) = self.scenario.plan.sampling else { return };
        self.looks = Some(Looks::default());
        let mut phase = Stream::new(self.scenario.seed, "run", "", "looks");
        self.world.reseeded().into_iter().for_each(|again| phase.reseed(again));
        for (call, every) in [(SENTINELS, sentinels), (SERVERS, servers)] {
            self.look(call);
            let first = Nanos(phase.below(every.nanos().0.max(1)));
            self.world.call_at(self.world.now() + first, call);
        }
    }

    /// Looks, and again later.
    pub(crate) fn look_again(&mut self, call: u32) {
        let Some(Sampling { sentinels, servers }) = self.scenario.plan.sampling else { return };
        self.look(call);
        let every = if call == SENTINELS { sentinels } else { servers };
        self.world.call_at(self.world.now() + every.max(Millis(1)).nanos(), call);
    }

    fn look(&mut self, call: u32) {
        let mut looks = self.looks.take().unwrap_or_default();
        if call == SENTINELS {
            let all = self.of_kind(NodeKind::Sentinel);
            looks.views = all.into_iter().filter_map(|p| Some((p, self.views_of(p)?))).collect();
        } else {
            let all = self.of_kind(NodeKind::Redis);
            looks.roles = all.into_iter().filter_map(|p| Some((p, self.role_of(p)?))).collect();
        }
        self.looks = Some(looks);
    }

    fn views_of(&self, p: u16) -> Option<Vec<View>> {
        let sentinel = self.running_sentinel(p)?;
        let views = (0..sentinel.masters()).map(|i| sentinel.view(i));
        Some(views.map(|view| (view.name, self.numbered(view.addr), view.plain)).collect())
    }

    fn role_of(&self, p: u16) -> Option<Role> {
        let proc = &self.world.procs()[usize::from(p)];
        let node = proc.redis().filter(|_| proc.life == Life::Running)?;
        Some(Role {
            replica_of: node.replica_of().map(|addr| self.numbered(addr)),
            link_up: node.link_up(),
            loading: node.loading(),
        })
    }

    /// All running Sentinels name one master with plain flags, it runs and says so too, and all other running servers
    /// are its replicas with the link up (the recorder's `stable`); as far as the last looks tell.
    pub(crate) fn is_stable(&self) -> bool {
        let views = |p: u16| match &self.looks {
            Some(looks) => looks.views.get(&p).cloned(),
            None => self.views_of(p),
        };
        let role = |p: u16| match &self.looks {
            Some(looks) => looks.roles.get(&p).copied(),
            None => self.role_of(p),
        };
        let sentinels = self.of_kind(NodeKind::Sentinel);
        let running: Vec<u16> = sentinels.into_iter().filter(|&p| self.running_sentinel(p).is_some()).collect();
        let views: Option<Vec<Vec<View>>> = running.into_iter().map(views).collect();
        let Some(views) = views else { return false };
        self.scenario.masters.iter().all(|(name, servers)| {
            let mut named = views.iter().flatten().filter(|(master, ..)| master == name);
            let Some((_, master, _)) = named.clone().next() else { return false };
            if !named.all(|(_, addr, plain)| *plain && addr == master) {
                return false;
            }
            let mut found = false;
            let fits = servers.iter().map(|&p| p as u16).filter(|&p| self.is_running(p)).all(|p| {
                let Some(role) = role(p) else { return false };
                if self.world.procs()[usize::from(p)].addr == *master {
                    found = true;
                    role.replica_of.is_none() && !role.loading
                } else {
                    role.replica_of == Some(*master) && role.link_up
                }
            });
            fits && found
        })
    }
}
