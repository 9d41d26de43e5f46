//! `[network]` and `[disk]`: a named environment and what replaces parts of it.

use super::HOMES;
use crate::environment::{Dist, Environment};
use crate::nearest::{nearest, one_of};
use crate::reader::{Field, Read};
use crate::scenario::NetworkSpec;

/// Reads both sections.
pub fn read(network: Option<&Field<'_>>, disk: Option<&Field<'_>>) -> Read<NetworkSpec> {
    let mut spec = NetworkSpec {
        environment: Environment::DEFAULT.to_owned(),
        latency: None,
        loss_ppm: None,
        fsync: None,
        config_save: None,
    };
    let dist = |field: Option<Field<'_>>| -> Read<Option<Dist>> { field.map(|field| field.dist()).transpose() };
    if let Some(field) = network {
        let mut table = field.table("[network]")?;
        if let Some(field) = table.get("environment") {
            spec.environment = environment(&field)?;
        }
        spec.latency = dist(table.get("latency"))?;
        spec.loss_ppm = table.get("loss").map(|field| field.share_ppm()).transpose()?;
        table.finish(HOMES)?;
    }
    if let Some(field) = disk {
        let mut table = field.table("[disk]")?;
        spec.fsync = dist(table.get("fsync"))?;
        spec.config_save = dist(table.get("config-save"))?;
        table.finish(HOMES)?;
    }
    Ok(spec)
}

fn environment(field: &Field<'_>) -> Read<String> {
    let name = field.text()?;
    if Environment::named(name).is_some() {
        return Ok(name.to_owned());
    }
    let error = field.error(format!("there is no environment `{name}`")).expected(one_of(Environment::NAMES));
    Err(error.did_you_mean(nearest(name, Environment::NAMES.iter().copied())))
}
