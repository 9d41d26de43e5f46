//! The rules: one function each, in a table with what it is about. A rule looks at a whole deployment and knows no other
//! rule; that a file is wrong in two ways is said twice.

mod accounts;
mod clients;
mod disks;
mod explain;
mod identity;
mod network;
mod quorum;
mod roles;
mod start;
mod surroundings;
mod timing;
mod view;

pub use explain::EXPLAINED;
pub use view::bytes;

use crate::deployment::{Deployment, Form};
use crate::finding::{Finding, Severity};
use crate::place::Place;
use crate::reading::Reading;
use view::View;

/// A rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its id.
    pub id: &'static str,
    /// How bad a finding of it is, if it does not say otherwise.
    pub severity: Severity,
    check: fn(&View<'_>, &mut Report<'_>),
}

const fn error(id: &'static str, check: fn(&View<'_>, &mut Report<'_>)) -> Rule {
    Rule { id, severity: Severity::Error, check }
}

const fn danger(id: &'static str, check: fn(&View<'_>, &mut Report<'_>)) -> Rule {
    Rule { id, severity: Severity::Danger, check }
}

const fn advice(id: &'static str, check: fn(&View<'_>, &mut Report<'_>)) -> Rule {
    Rule { id, severity: Severity::Advice, check }
}

/// All rules.
pub const RULES: &[Rule] = &[
    error("start-refused", start::refused),
    error("hostname-without-resolve", start::hostname_without_resolve),
    error("inline-comment", start::inline_comment),
    error("env-not-expanded", start::env_not_expanded),
    error("script-not-executable", start::script_not_executable),
    advice("script-interpreter-missing", start::script_interpreter),
    error("file-missing", start::file_missing),
    error("sentinel-config-readonly", disks::config_readonly),
    danger("sentinel-config-single-file-mount", disks::single_file_mount),
    danger("sentinel-state-ephemeral", disks::state_ephemeral),
    danger("sentinel-config-shared", identity::shared_file),
    error("sentinel-id-twice", identity::same_id),
    danger("master-without-persistence-autorestart", disks::empty_master),
    danger("replica-without-persistence", disks::replica_without_persistence),
    error("quorum-exceeds-sentinels", quorum::exceeds),
    danger("quorum-one", quorum::one),
    danger("quorum-differs", quorum::differs),
    advice("sentinel-count-one", quorum::count_one),
    danger("sentinel-count-two", quorum::count_two),
    danger("sentinel-count-even", quorum::count_even),
    danger("sentinel-colocated-with-master-majority", quorum::colocated),
    error("master-name-mismatch", quorum::master_name),
    error("monitor-loopback", network::monitor_loopback),
    error("bind-loopback", network::bind_loopback),
    error("protected-mode-blocks", network::protected_mode),
    error("announce-missing-nat", network::announce_missing),
    error("tls-port-mismatch", network::tls),
    error("service-undefined", network::service_undefined),
    error("sentinel-auth-pass-missing", accounts::auth_pass_missing),
    danger("masterauth-missing-on-master", accounts::masterauth_missing),
    error("masterauth-missing-on-replica", accounts::masterauth_missing_on_replica),
    error("password-mismatch", accounts::mismatch),
    error("rename-command-not-told", accounts::renamed),
    advice("no-auth", accounts::none),
    danger("down-after-too-low", timing::down_after_low),
    danger("down-after-too-high", timing::down_after_high),
    advice("down-after-high", timing::down_after_rather_high),
    advice("failover-timeout-below-down-after", timing::failover_timeout),
    advice("parallel-syncs-all", timing::parallel_syncs),
    danger("role-hardcoded", roles::hardcoded),
    error("replica-priority-zero-all", roles::priority_zero),
    danger("maxmemory-mismatch", roles::maxmemory),
    danger("min-replicas-unset", roles::min_replicas),
    danger("min-replicas-max-lag-zero", roles::max_lag),
    danger("client-fixed-master", clients::fixed_master),
    danger("no-anti-affinity", surroundings::anti_affinity),
    advice("single-host", surroundings::single_host),
    advice("no-restart-policy", surroundings::restart_policy),
    advice("depends-on-race", surroundings::depends_on),
    advice("hostname-dns-after-stop", surroundings::names_after_stop),
    advice("no-probes", surroundings::probes),
    advice("no-resource-limits", surroundings::limits),
    advice("no-pdb", surroundings::budget),
    advice("secret-undefined", surroundings::secret),
    advice("service-account-undefined", surroundings::service_account),
    advice("redis-cluster", surroundings::cluster),
];

/// Where a rule puts what it finds.
pub struct Report<'r> {
    rule: &'r Rule,
    findings: &'r mut Vec<Finding>,
}

impl Report<'_> {
    /// A finding with the severity of its rule.
    pub fn at(&mut self, place: &Place, why: impl Into<String>, fix: impl Into<String>) -> &mut Finding {
        self.with(self.rule.severity, place, why, fix)
    }

    /// A finding with a severity of its own.
    pub fn with(
        &mut self,
        severity: Severity,
        place: &Place,
        why: impl Into<String>,
        fix: impl Into<String>,
    ) -> &mut Finding {
        let id = self.rule.id;
        let same = |known: &Finding| known.id == id && known.place.file == place.file && known.place.line == place.line;
        let index = match self.findings.iter().position(same) {
            Some(index) => {
                let known = &mut self.findings[index];
                known.severity = known.severity.min(severity);
                index
            }
            None => {
                let (why, fix) = (why.into(), fix.into());
                self.findings.push(Finding { id, severity, place: place.clone(), why, fix, edits: Vec::new() });
                self.findings.len() - 1
            }
        };
        &mut self.findings[index]
    }
}

/// Everything that is wrong with what was read, worst first, then by place.
pub fn findings(reading: &Reading) -> Vec<Finding> {
    let mut findings = Vec::new();
    for deployment in &reading.deployments {
        judge(deployment, &mut findings);
    }
    for file in &reading.loose {
        start::loose(file, &mut findings);
    }
    findings.sort_by(|a, b| (a.severity, &a.place, a.id).cmp(&(b.severity, &b.place, b.id)));
    findings
}

fn judge(deployment: &Deployment, findings: &mut Vec<Finding>) {
    let view = View::of(deployment);
    for rule in RULES {
        (rule.check)(&view, &mut Report { rule, findings });
    }
    // The lines that a chart makes of its values are in no file that could be changed.
    if deployment.form == Form::ChartValues {
        findings.iter_mut().filter(|its| *its.place.file == *deployment.source).for_each(|its| its.edits.clear());
    }
}
