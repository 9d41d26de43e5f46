//! What the versions of the images mean for what is said.

use super::MODELLED;
use crate::reading::Reading;

/// A major version, and a minor one if it is said.
type Version = (u32, Option<u32>);

/// A line per image.
pub(super) fn versions(reading: &Reading) -> Vec<String> {
    let mut images: Vec<(&str, Option<Version>)> = Vec::new();
    for program in reading.deployments.iter().flat_map(|deployment| &deployment.nodes).map(|node| &node.program) {
        if let Some(image) = &program.image
            && !images.iter().any(|(known, _)| known == image)
        {
            images.push((image, program.version));
        }
    }
    images.iter().map(|(image, version)| format!("{image}: {}", difference(*version))).collect()
}

fn difference(version: Option<Version>) -> String {
    match version {
        Some((7, Some(0))) => format!("the version that is modelled ({MODELLED})"),
        Some((7, None)) => format!("the newest 7.x at the time of the pull; modelled is {MODELLED}"),
        Some((major, Some(minor))) if (major, minor) > (7, 0) => {
            format!("newer than {MODELLED}, which is modelled: changes since then are not")
        }
        Some((major, _)) if major > 7 => {
            format!("newer than {MODELLED}, which is modelled: changes since then are not")
        }
        Some((6, Some(2))) => {
            format!("older than {MODELLED}, which is modelled; its Sentinel knows host names already")
        }
        Some((5 | 6, _)) => {
            format!("older than {MODELLED}, which is modelled: its Sentinel takes no names of hosts (6.2 does)")
        }
        Some(_) => {
            format!("much older than {MODELLED}, which is modelled: it does not even know `replicaof` (5.0 does)")
        }
        None => format!("says no version; modelled is {MODELLED}"),
    }
}
