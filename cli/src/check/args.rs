//! The command line of `check`.

use super::battery::Played;
use super::deployment::Given;
use crate::html::Html;
use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;

/// `check`
#[derive(Debug, Args)]
pub struct Check {
    /// sentinel.conf, redis.conf, docker-compose.yml, Kubernetes manifests, rendered charts, values of the Redis chart, install
    /// scripts; or folders of them. Everything that is given is one deployment, a Compose file one of its own.
    #[arg(required_unless_present = "kind", value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Judge each file alone, as redis-sentinel or redis-server 7.0 would at start on this machine.
    #[arg(long, value_enum)]
    pub kind: Option<Kind>,

    /// The address of a name, besides those in /etc/hosts; no other names resolve.
    #[arg(long = "host", value_name = "NAME=ADDRESS", value_parser = host, requires = "kind")]
    pub hosts: Vec<(String, IpAddr)>,

    /// Directory in which Redis is started; that of the file if not given.
    #[arg(long, value_name = "DIR", requires = "kind")]
    pub directory: Option<PathBuf>,

    /// How deployments are judged.
    #[command(flatten)]
    pub deployment: Given,

    /// How failures are played.
    #[command(flatten)]
    pub battery: Played,

    /// Write one JSON document to a file, or to standard output in place of the text.
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,

    /// The page of a deployment: what was found, what failures do to it, what helps.
    #[command(flatten)]
    pub page: Html,

    /// Options of the program, as in `redis-server FILE --port 7000`.
    #[arg(last = true, value_name = "OPTION", requires = "kind")]
    pub options: Vec<OsString>,
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// redis-sentinel
    Sentinel,
    /// redis-server
    Redis,
}

fn host(text: &str) -> Result<(String, IpAddr), String> {
    let (name, address) = text.split_once('=').ok_or("expected NAME=ADDRESS")?;
    let address = address.parse().map_err(|_| format!("`{address}` is no address"))?;
    Ok((name.to_owned(), address))
}
