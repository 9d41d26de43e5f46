//! Failures that need not be written out: those of the battery that `check` puts deployments through, as far as they mean the
//! same in every cluster, with how often they come where nobody knows it better. The rates are round numbers to begin with and
//! no measurements.

use toml::{Table, Value};

/// What `failures` is, to have all presets.
pub(crate) const ALL: &str = "battery";

/// One failure.
pub(crate) struct Preset {
    /// Its name, that of the battery.
    pub(crate) name: &'static str,
    /// How often it comes in a year if the sweep says nothing else.
    pub(crate) per_year: i64,
    /// It passes by itself.
    pub(crate) passes: bool,
    /// Its faults in the words of scenario files.
    faults: &'static str,
}

/// All of them.
pub(crate) const PRESETS: &[Preset] = &[
    Preset { name: "master-dies", per_year: 4, passes: false, faults: "at = '0s', kill = 'master'" },
    Preset { name: "master-host-dies", per_year: 1, passes: false, faults: "at = '0s', power-loss = 'master'" },
    Preset { name: "master-freezes", per_year: 4, passes: false, faults: "at = '0s', pause = 'master', for = '60s'" },
    Preset { name: "master-cut-off", per_year: 4, passes: false, faults: "at = '0s', isolate = 'master', for = '60s'" },
    Preset {
        name: "sentinel-then-master",
        per_year: 1,
        passes: false,
        faults: "at = '0s', kill = 'sentinel-1' }, { then-after = '20s', kill = 'master', origin = true",
    },
    Preset { name: "short-stall", per_year: 365, passes: true, faults: "at = '0s', pause = 'master', for = '1500ms'" },
    Preset {
        name: "one-sentinel-blind",
        per_year: 12,
        passes: true,
        faults: "at = '0s', drop = { from = 'sentinel-1', to = 'master' }, for = '60s'",
    },
    Preset {
        name: "slow-network",
        per_year: 12,
        passes: true,
        faults: "at = '0s', link = { a = 'master', latency = '300ms..900ms', loss = '2%' }, for = '60s'",
    },
];

impl Preset {
    /// `faults` of a scenario file.
    pub(crate) fn faults(&self) -> Value {
        let text = format!("faults = [{{ {} }}]", self.faults);
        let table: Table = text.parse().unwrap_or_default();
        table.get("faults").cloned().unwrap_or(Value::Array(Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_failures_of_the_battery_that_a_usual_cluster_can_have() {
        let base: Table = "[cluster]\n[[clients]]\nworkload = { sadd = 1 }\n".parse().unwrap();
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/explore.md")).unwrap();
        for preset in PRESETS {
            let passes = if preset.passes { " yes" } else { "" };
            let (begins, ends) = (format!("| `{}` | ", preset.name), format!(" | {} |{passes} |", preset.per_year));
            assert!(page.lines().any(|line| line.starts_with(&begins) && line.ends_with(&ends)), "{begins}…{ends}");
            assert!(splitbrain::battery::failures::Failure::named(preset.name).is_some(), "{}", preset.name);
            assert!(preset.faults().as_array().is_some_and(|faults| !faults.is_empty()), "{}", preset.name);
            assert_eq!(crate::failure::check(&base, &preset.faults()), Ok(()), "{}", preset.name);
        }
    }
}
