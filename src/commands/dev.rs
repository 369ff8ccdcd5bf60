//! `probity dev`: a whole network in one process, for whoever builds something on it.
//!
//! Four validators and twelve evaluators, with accounts that have tokens and the bundled dataset,
//! benchmark and models registered. The accounts come from a phrase that everybody knows, so they
//! are the same in every run; nothing of value may ever be sent to them.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use probity_keys::derive::{Path as KeyPath, Role, derive};
use probity_keys::mnemonic::Phrase;
use probity_primitives::{Address, Amount, ContentHash, Hash, Keypair};
use probity_runtime::genesis::GenesisAccount;
use serde::Serialize;

use crate::cli::{Dev, Global};
use crate::commands::genesis::{add_account, now_ms};
use crate::commands::told_to_end;
use crate::demo::cast::{Cast, account, text};
use crate::demo::network::{Network, Start};
use crate::demo::shelf::Shelf;
use crate::demo::story;
use crate::exit::{Code, Failure, OrFail};
use crate::home::{self, Place};
use crate::output;
use crate::wallet::Wallet;

/// The phrase that everybody knows: entropy of zeros.
const PHRASE: &str = "abandon abandon abandon abandon abandon abandon abandon abandon abandon \
                      abandon abandon abandon abandon abandon abandon abandon abandon abandon \
                      abandon abandon abandon abandon abandon art";
/// What each account has.
const BALANCE: u64 = 100_000;
/// What marks a folder as one that may be emptied.
const MARK: &str = "probity-dev";

/// What a program needs to know to use the network.
#[derive(Debug, Serialize)]
struct Ready {
    schema: &'static str,
    url: String,
    chain_id: String,
    genesis_hash: Hash,
    state: PathBuf,
    phrase: &'static str,
    accounts: Vec<Account>,
}

/// An account whose key everybody knows.
#[derive(Debug, Serialize)]
struct Account {
    address: Address,
    path: String,
    /// The seed of its key, in hexadecimal digits: what a key file holds.
    seed: Hash,
    balance: Amount,
}

pub(crate) async fn run(global: &Global, arguments: &Dev) -> Result<(), Failure> {
    let quiet = Global { quiet: global.quiet || arguments.silent, ..global.clone() };
    let state = State::of(arguments)?;
    let accounts = accounts(arguments.accounts)?;
    let (cast, fresh) = cast(&state.folder, &accounts)?;
    let start = Start {
        home: &state.folder,
        block_time: Duration::from_millis(arguments.block_time),
        api: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port))),
        target: ContentHash::default(),
    };
    let network = Network::start(global, &cast, &start).await?;
    let prepared = prepare(&quiet, &network, &cast, fresh).await;
    let outcome = match prepared {
        Ok(url) => serve(&quiet, arguments, &state, &cast, url, accounts).await,
        Err(failure) => Err(failure),
    };
    network.stop().await;
    outcome
}

/// Registers what is bundled, unless that was done before.
async fn prepare(
    global: &Global,
    network: &Network,
    cast: &Cast,
    fresh: bool,
) -> Result<String, Failure> {
    let client = network.client()?;
    let url = client.base_url().trim_end_matches('/').to_owned();
    if fresh {
        let wallet = Wallet::open(client, cast.publisher.clone()).await?;
        for item in Shelf::bundled()?.all() {
            story::register(&wallet, network, item).await?;
            output::say(global, &format!("registered {} ({})", item.name(), item.id()));
        }
    }
    Ok(url)
}

/// Says that it is ready, and waits for the end.
async fn serve(
    global: &Global,
    arguments: &Dev,
    state: &State,
    cast: &Cast,
    url: String,
    accounts: Vec<Account>,
) -> Result<(), Failure> {
    let ready = Ready {
        schema: "probity.dev/v1",
        url,
        chain_id: cast.genesis.chain_id.to_string(),
        genesis_hash: cast.genesis.hash(),
        state: state.folder.clone(),
        phrase: PHRASE,
        accounts,
    };
    if let Some(file) = &arguments.accounts_out {
        let text = serde_json::to_string_pretty(&ready).or_fail(Code::Other, "the accounts")?;
        home::replace(file, text.as_bytes())?;
    }
    match global.output {
        // One line, so that a program reads exactly that much.
        output::Format::Json => {
            output::print(&serde_json::to_string(&ready).or_fail(Code::Other, "the answer")?)?;
        }
        output::Format::Text if arguments.silent => {}
        output::Format::Text => output::print(&ready.text())?,
    }
    told_to_end().await
}

/// The folder of the chain; a temporary one goes with this value.
struct State {
    folder: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

impl State {
    fn of(arguments: &Dev) -> Result<Self, Failure> {
        let Some(folder) = &arguments.state else {
            let temporary = tempfile::Builder::new().prefix("probity-dev-").tempdir();
            let temporary = temporary.or_fail(Code::Other, "no temporary folder")?;
            return Ok(Self { folder: temporary.path().to_owned(), _temporary: Some(temporary) });
        };
        let what = format!("cannot use {}", folder.display());
        let ours = folder.join(MARK).exists();
        let empty = folder.read_dir().map_or(true, |mut entries| entries.next().is_none());
        if !ours && !empty {
            let message =
                format!("{} holds something else than a development chain", folder.display());
            return Err(Failure::new(Code::Usage, message).hint("name a new folder with --state"));
        }
        if arguments.reset && ours {
            std::fs::remove_dir_all(folder).or_fail(Code::Other, &what)?;
        }
        std::fs::create_dir_all(folder).or_fail(Code::Other, &what)?;
        let folder = folder.canonicalize().or_fail(Code::Other, &what)?;
        std::fs::write(folder.join(MARK), "").or_fail(Code::Other, &what)?;
        Ok(Self { folder, _temporary: None })
    }
}

/// Who takes part, with the document that the folder has or a new one; whether it is new.
fn cast(folder: &Path, accounts: &[Account]) -> Result<(Cast, bool), Failure> {
    let mut cast = Cast::new(now_ms()?)?;
    let nodes = folder.join("nodes");
    let first = std::fs::read_dir(&nodes).ok().and_then(|mut homes| homes.next()?.ok());
    if let Some(first) = first {
        cast.genesis = home::genesis(&Place::under(&first.path()).genesis())?;
        return Ok((cast, false));
    }
    cast.genesis.chain_id = text("probity-dev")?;
    for Account { address, balance, .. } in accounts {
        let entry = GenesisAccount { address: *address, balance: *balance };
        add_account(&mut cast.genesis, entry)?;
    }
    cast.genesis.validate().or_fail(Code::Config, "the genesis document does not hold")?;
    Ok((cast, true))
}

/// The accounts of the phrase that everybody knows.
fn accounts(count: u32) -> Result<Vec<Account>, Failure> {
    let phrase = Phrase::parse(PHRASE).or_fail(Code::Other, "the phrase")?;
    let seed = phrase.seed("");
    let one = |number: u32| {
        let path = KeyPath::of(number, Role::Owner, 0).or_fail(Code::Other, "the path")?;
        let secret = derive(&*seed, &path);
        let key: Keypair = secret.keypair();
        Ok(Account {
            address: account(&key),
            path: path.to_string(),
            seed: Hash::from_bytes(*secret.as_bytes()),
            balance: Amount::from_tokens(BALANCE),
        })
    };
    (0..count).map(one).collect()
}

impl Ready {
    fn text(&self) -> String {
        let Self { schema: _, url, chain_id, genesis_hash, state, phrase, accounts } = self;
        let mut table = output::Table::new(&["account", "seed", ">tokens"]);
        for Account { address, path: _, seed, balance } in accounts {
            table.row(vec![address.to_string(), seed.to_string(), balance.to_string()]);
        }
        format!(
            "{}\nphrase   {phrase}\nNEVER send anything of value to these accounts: everybody has \
             their keys.\n\nchain    {chain_id}\ngenesis  {genesis_hash}\nstate    {}\nready at {url}",
            table.text(),
            state.display()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accounts_are_the_same_in_every_run_and_differ_from_each_other() {
        let addresses = |count| {
            let accounts = accounts(count).unwrap();
            accounts.iter().map(|account| account.address.to_string()).collect::<Vec<_>>()
        };
        let (few, many) = (addresses(3), addresses(10));
        assert_eq!(few, many[..3]);
        let distinct: std::collections::BTreeSet<_> = many.iter().collect();
        assert_eq!(distinct.len(), 10);
    }

    #[test]
    fn a_folder_with_something_else_in_it_is_never_emptied() {
        let folder = tempfile::tempdir().unwrap();
        let precious = folder.path().join("precious");
        std::fs::write(&precious, "x").unwrap();
        let arguments = Dev {
            block_time: 1,
            port: 0,
            accounts: 1,
            accounts_out: None,
            state: Some(folder.path().to_owned()),
            reset: true,
            silent: true,
        };
        assert!(State::of(&arguments).is_err());
        assert!(precious.exists());
    }
}
