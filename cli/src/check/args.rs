//! The command line of `check`.

use super::battery::Played;
use super::deployment::Given;
use clap::Args;
use std::path::PathBuf;

/// `check`
#[derive(Debug, Args)]
pub struct Check {
    /// sentinel.conf, redis.conf, docker-compose.yml, Kubernetes manifests, rendered charts, values of the Redis chart, install
    /// scripts; or folders of them. Everything that is given is one deployment, a Compose file one of its own.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// How deployments are judged.
    #[command(flatten)]
    pub deployment: Given,

    /// How failures are played.
    #[command(flatten)]
    pub battery: Played,

    /// Write one JSON document to a file, or to standard output in place of the text.
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,
}
