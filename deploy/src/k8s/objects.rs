//! The objects of manifests: kind, name, and where they stand. Lists are taken apart.

use crate::place::Place;
use crate::yaml::Node;

/// An object.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace, if it says one.
    pub namespace: Option<String>,
    /// Its line `kind:`.
    pub place: Place,
    /// All of it.
    pub node: Node,
}

/// Objects by kind and name.
#[derive(Clone, Debug, Default)]
pub struct Objects(pub Vec<Object>);

/// Whether a document is a manifest.
pub fn is_manifest(document: &Node) -> bool {
    document.text_at(&["kind"]).is_some() && document.get("apiVersion").is_some()
}

impl Objects {
    /// Adds the objects of a document.
    pub fn add(&mut self, document: &Node) {
        let kind = document.text_at(&["kind"]).unwrap_or_default();
        if kind.ends_with("List") && document.get("items").is_some() {
            let items = document.get("items").map(Node::items).unwrap_or_default();
            items.iter().for_each(|item| self.add(item));
            return;
        }
        let place = document.entry("kind").map_or_else(|| document.place.clone(), |(key, _)| key.place.clone());
        self.0.push(Object {
            kind: kind.to_owned(),
            name: document.text_at(&["metadata", "name"]).unwrap_or_default().to_owned(),
            namespace: document.text_at(&["metadata", "namespace"]).map(str::to_owned),
            place,
            node: document.clone(),
        });
    }

    /// All of a kind.
    pub fn of_kind(&self, kind: &str) -> Vec<&Object> {
        self.0.iter().filter(|object| object.kind == kind).collect()
    }

    /// One by kind and name.
    pub fn find(&self, kind: &str, name: &str) -> Option<&Object> {
        self.0.iter().find(|object| object.kind == kind && object.name == name)
    }

    /// What runs pods for good.
    pub fn workloads(&self) -> Vec<&Object> {
        let kinds = ["StatefulSet", "Deployment", "DaemonSet", "ReplicaSet", "ReplicationController", "Pod"];
        self.0.iter().filter(|object| kinds.contains(&&*object.kind)).collect()
    }
}
