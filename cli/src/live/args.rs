//! Arguments of `live`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// `live`
#[derive(Debug, Args)]
pub struct Live {
    /// A scenario file.
    #[arg(value_name = "SCENARIO")]
    pub scenario: PathBuf,

    /// So many runs, one after the other, each with a schedule of its own where the file leaves something to chance. In
    /// real time.
    #[arg(long, visible_alias = "seeds", value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u64).range(1..))]
    pub times: u64,

    /// Seed of the first run's schedule; what real processes do with it no seed decides.
    #[arg(long, value_name = "S", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..1 << 63))]
    pub seed: u64,

    /// Which network the hosts have. `auto`: namespaces where the system allows, which takes root; loopback otherwise.
    #[arg(long, value_enum, default_value_t = Network::Auto, value_name = "KIND")]
    pub network: Network,

    /// Write a recording of each run into a folder, for `conform`.
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,

    /// Leave configurations, logs and data of the processes where they are, and say where.
    #[arg(long)]
    pub keep: bool,

    /// Folder for configurations, logs and data while a run lasts. Sentinels wait for its disk before they vote: where that is
    /// busy, `/dev/shm` is in memory.
    #[arg(long, value_name = "FOLDER")]
    pub scratch: Option<PathBuf>,

    /// Write one JSON document to a file, or to standard output in place of the text.
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,
}

/// A network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Network {
    /// Namespaces where the system allows.
    Auto,
    /// A network namespace per host.
    Namespaces,
    /// An address of loopback per host: nothing can be cut off.
    Loopback,
}
