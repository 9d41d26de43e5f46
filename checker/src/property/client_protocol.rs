//! `client-protocol`: no client does what its library does not do.
//!
//! What each application read, wrote, was asked for and answered ([`crate::client_tape`]) is held against the laws of
//! [`crate::client_law`]: what its declared profile makes of each situation, if its library is set up as a table of this module
//! says. Followed are the addresses that Sentinels
//! named, each connection from its opening to its end with the requests and answers on it, subscriptions, and the attempts at
//! each operation; nothing is taken from the library's own state. What has to happen at once has to happen in the same step;
//! what has to happen in time counts as neglected half a second after its time, if the process ran all the while.
//!
//! A client that broke a law is not looked at any further in that life. Source: client spec 2 to 9. Cannot see: which replica a
//! client of replicas goes to; the order of Sentinels where it is random or rotates; which of several operations that ask
//! for the same a request belongs to. Silent where processes have names or new addresses.

mod bounds;
mod ending;
mod libraries;
mod line;
mod operation;
mod reading;
mod search;
mod shadow;
mod writing;

use crate::client_law::ClientLaw;
use crate::client_tape::{Taped, What};
use crate::expect::Property;
use crate::finding::{Detail, Finding, Place};
use crate::judge::Judgement;
use crate::observations::{NodeIx, Observations, Presence};
use shadow::Shadow;
use splitbrain_model::{Addr, Name, TrueTime};

/// Checks every client.
pub fn check(obs: &Observations, out: &mut Judgement) {
    // Whoever has had two addresses is two to a client, and one to this.
    if !obs.moves.is_empty() {
        return;
    }
    for (node, tape) in (0u16..).zip(&obs.client_tapes) {
        play(obs, NodeIx(node), tape, out);
    }
}

/// Plays the tape of one client, life by life.
fn play(obs: &Observations, node: NodeIx, tape: &[Taped], out: &mut Judgement) {
    if tape.is_empty() {
        return;
    }
    let mut changes = obs.presence.iter().filter(|change| change.node == node).peekable();
    let mut running_since = TrueTime(0);
    let mut life: Option<Shadow<'_>> = None;
    let mut master = Name::from("");
    for item in tape {
        while let Some(change) = changes.next_if(|change| change.at <= item.at) {
            if change.state == Presence::Running {
                running_since = change.at;
            }
        }
        if let What::Began(declared) = &item.what {
            master = declared.master.clone();
            life = Some(Shadow::begin(declared));
            continue;
        }
        let Some(shadow) = &mut life else { continue };
        shadow.running_since = running_since;
        shadow.take(item);
        if let Some((law, about)) = shadow.breach.take() {
            out.findings.push(finding(obs, item.at, node, &master, law, about));
            life = None;
        } else if shadow.mute {
            life = None;
        }
    }
}

fn finding(
    obs: &Observations,
    at: TrueTime,
    client: NodeIx,
    master: &Name,
    law: ClientLaw,
    about: Option<Addr>,
) -> Finding {
    let about = about.map(|addr| Place::of(obs, addr));
    let detail = Detail::ClientAgainstProtocol { client, law, about };
    Finding { property: Property::ClientProtocol, at, master: master.clone(), detail }
}
