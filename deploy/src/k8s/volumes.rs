//! Volumes of a pod and their files.

use super::objects::{Object, Objects};
use crate::boot::volume;
use crate::container::{Disk, Mount, Text, Volume};
use crate::deployment::Storage;
use crate::place::Traced;
use crate::yaml::Node;
use std::collections::BTreeMap;

/// The volumes of a pod, those of claim templates among them.
pub(super) fn disk(objects: &Objects, workload: &Object, spec: &Node) -> Disk {
    let mut disk = Disk::default();
    for item in spec.get("volumes").map(Node::items).unwrap_or_default() {
        if let Some(name) = item.text_at(&["name"]) {
            disk.volumes.insert(name.to_owned(), one(objects, item));
        }
    }
    for item in workload.node.at(&["spec", "volumeClaimTemplates"]).map(Node::items).unwrap_or_default() {
        if let Some(name) = item.text_at(&["metadata", "name"]) {
            disk.volumes.insert(name.to_owned(), volume(Storage::Durable));
        }
    }
    disk
}

fn one(objects: &Objects, item: &Node) -> Volume {
    if let Some(source) = item.get("configMap") {
        return from_object(objects, "ConfigMap", source, "name");
    }
    if let Some(source) = item.get("secret") {
        return from_object(objects, "Secret", source, "secretName");
    }
    if let Some(projected) = item.get("projected") {
        let mut all = Volume { storage: Storage::ReadOnly, files: BTreeMap::new(), place: None, known: true };
        for source in projected.get("sources").map(Node::items).unwrap_or_default() {
            for (key, kind) in [("configMap", "ConfigMap"), ("secret", "Secret")] {
                if let Some(source) = source.get(key) {
                    let more = from_object(objects, kind, source, "name");
                    all.known &= more.known;
                    all.files.extend(more.files);
                }
            }
        }
        return all;
    }
    // That of `medium: Memory` lives as long as the pod, too.
    if let Some((key, _)) = item.entry("emptyDir") {
        return Volume { place: Some(key.place.clone()), ..volume(Storage::Pod) };
    }
    if item.get("hostPath").is_some() || item.get("nfs").is_some() || item.get("csi").is_some() {
        return Volume { storage: Storage::Durable, files: BTreeMap::new(), place: None, known: false };
    }
    if item.get("persistentVolumeClaim").is_some() {
        return volume(Storage::Durable);
    }
    if item.get("ephemeral").is_some() {
        return volume(Storage::Pod);
    }
    Volume { storage: Storage::Pod, files: BTreeMap::new(), place: None, known: false }
}

fn from_object(objects: &Objects, kind: &str, source: &Node, name: &str) -> Volume {
    let mode = |node: Option<&Node>| node.and_then(Node::text).map(executable);
    let default = mode(source.get("defaultMode")).unwrap_or(false);
    let Some(object) = source.text_at(&[name]).and_then(|name| objects.find(kind, name)) else {
        return Volume { storage: Storage::ReadOnly, files: BTreeMap::new(), place: None, known: false };
    };
    let mut files = BTreeMap::new();
    let items = source.get("items").map(Node::items).unwrap_or_default();
    for (key, text) in texts(object) {
        let item = items.iter().find(|item| item.text_at(&["key"]) == Some(&key));
        if !items.is_empty() && item.is_none() {
            continue;
        }
        let path = item.and_then(|item| item.text_at(&["path"])).unwrap_or(&key).to_owned();
        let executable = item.and_then(|item| mode(item.get("mode"))).unwrap_or(default);
        files.insert(path, Text { text, executable });
    }
    Volume { storage: Storage::ReadOnly, files, place: None, known: true }
}

/// The texts of a ConfigMap or a Secret. What a Secret holds in base64 is not needed but for its length.
pub(super) fn texts(object: &Object) -> Vec<(String, Traced)> {
    let mut found = Vec::new();
    for section in ["data", "stringData"] {
        for (key, value) in object.node.get(section).map(Node::entries).unwrap_or_default() {
            let (Some(key), Some(text)) = (key.text(), value.traced()) else { continue };
            let encoded = object.kind == "Secret" && section == "data";
            let text = if encoded { decoded(text) } else { text.clone() };
            found.push((key.to_owned(), text));
        }
    }
    found
}

fn decoded(text: &Traced) -> Traced {
    let (mut bits, mut count) = (0u32, 0);
    let mut bytes = Vec::new();
    for c in text.text().bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    let plain = String::from_utf8_lossy(&bytes).into_owned();
    match text.start() {
        Some(place) => Traced::at(plain, place),
        None => Traced::at_no(&plain),
    }
}

/// Whether a mode lets anybody execute: `0755`, or 493 as JSON has it.
fn executable(mode: &str) -> bool {
    let octal = mode.trim_start_matches("0o");
    let number = match octal.strip_prefix('0') {
        Some(rest) if !rest.is_empty() => u32::from_str_radix(rest, 8).ok(),
        _ if mode.starts_with("0o") => u32::from_str_radix(octal, 8).ok(),
        _ => mode.parse().ok(),
    };
    number.is_some_and(|mode| mode & 0o111 != 0)
}

/// The mounts of a container.
pub(super) fn mounts(disk: &Disk, container: &Node) -> Vec<Mount> {
    let items = container.get("volumeMounts").map(Node::items).unwrap_or_default();
    let mut mounts = Vec::new();
    for item in items {
        let (Some(name), Some((key, path))) = (item.text_at(&["name"]), item.entry("mountPath")) else { continue };
        let Some(at) = path.text() else { continue };
        let sub = item.text_at(&["subPath"]).unwrap_or("").to_owned();
        let files = disk.volumes.get(name).map(|volume| &volume.files);
        let single = !sub.is_empty() && files.is_some_and(|files| files.contains_key(&sub));
        mounts.push(Mount {
            at: at.to_owned(),
            volume: name.to_owned(),
            sub,
            read_only: item.get("readOnly").and_then(Node::is_true).unwrap_or(false),
            single,
            place: key.place.clone(),
        });
    }
    mounts
}
