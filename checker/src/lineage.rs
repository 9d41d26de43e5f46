//! The history of writes that a server's data descends from: the branch it is on and the branches that one continues,
//! each up to where the next one left it.

use crate::observations::{NodeIx, Observations};
use splitbrain_model::files::Lineage;
use splitbrain_model::{ReplId, TrueTime};

/// One branch of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its id.
    pub id: ReplId,
    /// The last write of it that belongs to the history.
    pub upto: u64,
    /// When and on which server the next branch of the history left it; `None` for the youngest.
    pub left: Option<(TrueTime, NodeIx)>,
}

/// A history, youngest branch first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Its branches.
    pub links: Vec<Link>,
    /// When and where its oldest branch was born, if that was seen.
    pub born: Option<(TrueTime, NodeIx)>,
}

impl Chain {
    /// The history that ends at `tip`.
    pub fn new(obs: &Observations, tip: Lineage) -> Chain {
        let mut links: Vec<Link> = Vec::new();
        let mut left = None;
        let mut next = Some(tip);
        while let Some(Lineage { id, writes }) = next {
            if links.iter().any(|link| link.id == id) {
                break; // malformed: a branch cannot descend from itself
            }
            links.push(Link { id, upto: writes, left });
            let birth = obs.branches.iter().rev().find(|birth| birth.id == id);
            left = birth.map(|birth| (birth.at, birth.node));
            next = birth.and_then(|birth| birth.parent);
        }
        Chain { links, born: left }
    }

    /// Whether a write at this position belongs to the history.
    pub fn contains(&self, position: Lineage) -> bool {
        self.link(position.id).is_some_and(|link| position.writes <= link.upto)
    }

    /// The branch of this id, if the history has it.
    pub fn link(&self, id: ReplId) -> Option<&Link> {
        self.links.iter().find(|link| link.id == id)
    }

    /// Whether a position has anything in common with this history.
    pub fn is_kin(&self, obs: &Observations, position: Lineage) -> bool {
        Chain::new(obs, position).links.iter().any(|link| self.link(link.id).is_some())
    }

    /// When and where this history left the one that `position` belongs to. `None` if it never did, or if that is not
    /// known.
    pub fn parting(&self, obs: &Observations, position: Lineage) -> Option<(TrueTime, NodeIx)> {
        if self.contains(position) {
            return None;
        }
        let theirs = Chain::new(obs, position);
        let common = theirs.links.iter().find_map(|link| self.link(link.id));
        match common {
            Some(link) => link.left,
            // Nothing in common: this history began from nothing.
            None => self.born,
        }
    }
}
