//! `probity testnet`: a network of processes on this machine, as its users run it.
//!
//! ```text
//! DIR/node-0 ...      a home for each validator, with its log and its pid file
//! DIR/keys            a rich account, to pay for things with
//! DIR/compose.yaml    the same network in containers
//! ```
//!
//! # Reading order
//! [`init`] writes the folder, [`process`] starts and ends one node, [`mod@run`] does it for all.

mod init;
mod process;
mod run;

use std::path::{Path, PathBuf};

use crate::cli::{Global, TestnetVerb};
use crate::commands::block_on;
use crate::exit::{Code, Failure};

/// What the folder of a node begins with.
const NODE: &str = "node-";

pub(crate) fn run(global: &Global, verb: TestnetVerb) -> Result<(), Failure> {
    match verb {
        TestnetVerb::Init(arguments) => init::init(global, &arguments),
        TestnetVerb::Start { folder, wait } => block_on(run::start(global, &folder.folder, wait)),
        TestnetVerb::Status { folder } => block_on(run::status(global, &folder.folder)),
        TestnetVerb::Stop { folder, wait } => block_on(run::stop(global, &folder.folder, wait)),
    }
}

/// The homes of a network, in the order of their numbers.
fn homes(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut homes: Vec<(u16, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let number =
            entry.file_name().to_str().and_then(|name| name.strip_prefix(NODE)?.parse().ok());
        homes.extend(number.map(|number| (number, entry.path())));
    }
    if homes.is_empty() {
        let message = format!("{} holds no homes", folder.display());
        return Err(
            Failure::new(Code::Config, message).hint("make them with `probity testnet init`")
        );
    }
    homes.sort();
    Ok(homes.into_iter().map(|(_, home)| home).collect())
}
