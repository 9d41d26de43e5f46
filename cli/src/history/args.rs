//! `history` on the command line.

use crate::html::Html;
use clap::Args;
use clap::builder::PossibleValuesParser;
use splitbrain_checker::history::Model;
use splitbrain_scenarios::quantity;
use std::path::PathBuf;
use std::time::Duration;

/// `history`
#[derive(Debug, Args)]
pub struct History {
    /// Histories: files of JSON lines, or folders of them. A folder with a manifest.jsonl is judged by it.
    #[arg(required_unless_present = "self_test", value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// What the objects are; told from the operations if not given. A manifest has its own.
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Model::ALL.map(Model::name)))]
    pub model: Option<String>,

    /// What every object holds at first, as JSON: null, 0, [], "" or false if not given, as its model has it.
    #[arg(long, value_name = "JSON")]
    pub init: Option<String>,

    /// Show an order that explains all operations, where there is one.
    #[arg(long)]
    pub witness: bool,

    /// Draw the anomalies in the terminal.
    #[arg(long)]
    pub text: bool,

    /// Write one JSON document to a file, or to standard output in place of the text.
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,

    /// The page, with a drawing of every anomaly.
    #[command(flatten)]
    pub page: Html,

    /// Steps of the search per key before it is undecided.
    #[arg(long, value_name = "N", default_value_t = 20_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub budget_nodes: u64,

    /// Memory of the search per key, like 512mb, before it is undecided.
    #[arg(long, value_name = "SIZE", default_value = "1gb", value_parser = size)]
    pub budget_memory: u64,

    /// End after so long; what is not decided by then is unknown.
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub budget_time: Option<Duration>,

    /// Histories judged at the same time; one per processor if not given. Has no influence on verdicts.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,

    /// Compare the checkers with one another on N random small histories of every model; exits 4 if they disagree.
    #[arg(long, value_name = "N", conflicts_with = "files", value_parser = clap::value_parser!(u64).range(1..))]
    pub self_test: Option<u64>,
}

fn size(text: &str) -> Result<u64, String> {
    let bytes = quantity::bytes(text).map_err(|expected| format!("found `{text}`, expected {expected}"))?;
    if bytes == 0 { Err("no search can do without memory".to_owned()) } else { Ok(bytes) }
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration = quantity::duration(text).map_err(|expected| format!("found `{text}`, expected {expected}"))?;
    Ok(Duration::from_nanos(duration.0))
}
