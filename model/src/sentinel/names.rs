//! Addresses of instances, given in numbers or by name (`sentinelAddr`, Sentinel spec 11.4): when a name is looked up,
//! what counts as the same address, and which of the two is told to others. A look-up blocks the whole process.

use super::{Cx, Sentinel};
use crate::conf::UNRESOLVED;
use crate::{Addr, Ip};

/// Where an instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InstanceAddr {
    /// The host as it was given.
    pub(super) host: Ip,
    /// What it resolved to last; [`UNRESOLVED`] (upstream: an empty string) if it never did.
    pub(super) ip: Ip,
    pub(super) port: u16,
}

impl InstanceAddr {
    /// Where to connect to.
    pub(super) fn socket(self) -> Addr {
        Addr { ip: self.ip, port: self.port }
    }

    /// The address as it was given.
    pub(super) fn given(self) -> Addr {
        Addr { ip: self.host, port: self.port }
    }

    /// Whether it never resolved.
    pub(super) fn unresolved(self) -> bool {
        self.ip == UNRESOLVED
    }

    /// `sentinelAddrOrHostnameEqual`. Two hosts that never resolved are equal by their empty addresses, names or not.
    pub(super) fn same_as(self, other: InstanceAddr) -> bool {
        self.port == other.port && (self.ip == other.ip || self.host == other.host)
    }
}

#[cfg(test)]
impl PartialEq<Addr> for InstanceAddr {
    fn eq(&self, other: &Addr) -> bool {
        self.socket() == *other
    }
}

impl Sentinel {
    /// `createSentinelAddr`: looks a name up. A name is accepted with `resolve-hostnames yes` only, and one that does not
    /// resolve only where the caller says so.
    pub(super) fn create_addr(
        &self,
        cx: &mut Cx<'_, '_>,
        given: Addr,
        accept_unresolved: bool,
    ) -> Option<InstanceAddr> {
        let Addr { ip: host, port } = given;
        match self.resolve(cx, host) {
            Some(ip) => Some(InstanceAddr { host, ip, port }),
            None if self.conf.resolve_hostnames && accept_unresolved => {
                Some(InstanceAddr { host, ip: UNRESOLVED, port })
            }
            None => None,
        }
    }

    /// `sentinelAddrEqualsHostname`: the host a message names is looked up each time. If that fails, the name decides
    /// (since 7.0.6).
    pub(super) fn equals_host(&self, cx: &mut Cx<'_, '_>, addr: InstanceAddr, host: Ip) -> bool {
        match self.resolve(cx, host) {
            Some(ip) => addr.ip == ip,
            None if self.conf.resolve_hostnames => addr.host == host,
            None => false,
        }
    }

    /// What others are told (`announceSentinelAddr`): commands, events, hellos, the file, replies.
    pub(super) fn announced(&self, addr: InstanceAddr) -> Addr {
        if self.conf.announce_hostnames { addr.given() } else { addr.socket() }
    }

    /// `anetResolve`, numbers only without `resolve-hostnames`.
    fn resolve(&self, cx: &mut Cx<'_, '_>, host: Ip) -> Option<Ip> {
        if host.is_name() && !self.conf.resolve_hostnames {
            return None;
        }
        cx.env.resolve(host)
    }
}
