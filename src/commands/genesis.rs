//! `probity genesis`: making the one document that everybody of a chain agrees on.
//!
//! A document grows step by step. Each step checks the whole of it before it replaces the file, so
//! that what is there was valid at every moment; whether somebody could decide a block is checked
//! by `validate`, since a document has nobody in it at first.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use probity_primitives::{Amount, BoundedString, BoundedVec, Bps, Domain, Hash};
use probity_protocol::Params;
use probity_runtime::genesis::{GENESIS_SCHEMA, GenesisAccount, GenesisOperator, Token};
use probity_runtime::{Chain, Genesis};
use serde::Serialize;

use crate::cli::{GenesisFile, GenesisVerb, Global, NewValidator, ParamsKind, Shape};
use crate::exit::{Code, Failure, OrFail};
use crate::home::{self, Place};
use crate::output;

/// What a document comes to.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    schema: &'static str,
    file: PathBuf,
    chain_id: String,
    genesis_hash: Hash,
    accounts: usize,
    operators: usize,
    supply: Amount,
}

pub(crate) fn run(global: &Global, verb: GenesisVerb) -> Result<(), Failure> {
    match verb {
        GenesisVerb::New { chain_id, shape, file } => {
            let path = path(global, file.file)?;
            let genesis = blank(&chain_id, shape)?;
            genesis.validate().or_fail(Code::Config, "cannot make the document")?;
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).or_fail(Code::Other, "cannot make the folder")?;
            }
            home::write_new(&path, genesis.to_json().as_bytes())?;
            show(global, path, &genesis)
        }
        GenesisVerb::AddAccount { address, balance, file } => change(global, file, |genesis| {
            add_account(genesis, GenesisAccount { address, balance })
        }),
        GenesisVerb::AddValidator { validator, file } => {
            change(global, file, |genesis| add_operator(genesis, operator(*validator)?))
        }
        GenesisVerb::Validate { file } => {
            let path = path(global, file)?;
            let genesis = home::genesis(&path)?;
            let what = format!("{} is no beginning of a chain", path.display());
            Chain::genesis(&genesis).or_fail(Code::Config, &what)?;
            show(global, path, &genesis)
        }
        GenesisVerb::Hash { file } => {
            let path = path(global, file)?;
            let genesis = home::genesis(&path)?;
            let summary = Summary::of(path, &genesis)?;
            output::show(global.output, &summary, |summary| summary.genesis_hash.to_string())
        }
    }
}

/// A document with nobody in it.
pub(crate) fn blank(chain_id: &str, shape: Shape) -> Result<Genesis, Failure> {
    let time_ms = shape.time.map_or_else(now_ms, Ok)?;
    let (params, governance) = match shape.params {
        ParamsKind::Main => (Params::default(), probity_dao::Params::default()),
        ParamsKind::Development => (Params::development(), probity_dao::Params::development()),
    };
    Ok(Genesis {
        schema: text(GENESIS_SCHEMA, "the schema")?,
        chain_id: text(chain_id, "--chain-id")?,
        network: shape.network.into(),
        time_ms,
        token: Token { symbol: text("PBY", "the symbol")?, decimals: 9 },
        protocol: probity_runtime::upgrade::fresh(),
        params,
        governance,
        accounts: BoundedVec::new(),
        operators: BoundedVec::new(),
        beacon_seed: Hash::of(Domain::Genesis, &("beacon", chain_id, time_ms)),
    })
}

/// Adds an account in its place; one that is there already is refused.
pub(crate) fn add_account(genesis: &mut Genesis, account: GenesisAccount) -> Result<(), Failure> {
    let mut accounts: Vec<_> = genesis.accounts.iter().copied().collect();
    let place = accounts.binary_search_by_key(&account.address, |known| known.address);
    match place {
        Ok(_) => {
            let message = format!("{} is in the document already", account.address);
            return Err(Failure::new(Code::Config, message));
        }
        Err(place) => accounts.insert(place, account),
    }
    genesis.accounts = BoundedVec::from_vec(accounts).or_fail(Code::Config, "the accounts")?;
    Ok(())
}

/// Adds an operator.
pub(crate) fn add_operator(
    genesis: &mut Genesis,
    operator: GenesisOperator,
) -> Result<(), Failure> {
    let all = genesis.operators.iter().cloned().chain([operator]).collect();
    genesis.operators = BoundedVec::from_vec(all).or_fail(Code::Config, "the operators")?;
    Ok(())
}

fn operator(validator: NewValidator) -> Result<GenesisOperator, Failure> {
    let NewValidator { owner, key, beacon, name, bond, commission } = validator;
    Ok(GenesisOperator {
        owner,
        key,
        vrf: beacon,
        name: text(&name, "--name")?,
        commission: Bps::new(commission),
        classes: BoundedVec::from_vec(vec![0]).or_fail(Code::Other, "the classes")?,
        bonded: bond,
    })
}

fn change(
    global: &Global,
    file: GenesisFile,
    step: impl FnOnce(&mut Genesis) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let path = path(global, file.file)?;
    let mut genesis = home::genesis(&path)?;
    step(&mut genesis)?;
    genesis.validate().or_fail(Code::Config, "the document is left as it was")?;
    home::replace(&path, genesis.to_json().as_bytes())?;
    show(global, path, &genesis)
}

fn path(global: &Global, named: Option<PathBuf>) -> Result<PathBuf, Failure> {
    named.map_or_else(|| Ok(Place::of(global)?.genesis()), Ok)
}

fn show(global: &Global, path: PathBuf, genesis: &Genesis) -> Result<(), Failure> {
    let summary = Summary::of(path, genesis)?;
    output::show(global.output, &summary, Summary::text)
}

impl Summary {
    /// What a document comes to.
    pub(crate) fn of(file: PathBuf, genesis: &Genesis) -> Result<Self, Failure> {
        let balances = genesis.accounts.iter().map(|account| account.balance);
        let bonds = genesis.operators.iter().map(|operator| operator.bonded);
        Ok(Self {
            schema: "probity.genesis-summary/v1",
            file,
            chain_id: genesis.chain_id.to_string(),
            genesis_hash: genesis.hash(),
            accounts: genesis.accounts.len(),
            operators: genesis.operators.len(),
            supply: Amount::sum(balances.chain(bonds)).or_fail(Code::Config, "the supply")?,
        })
    }

    fn text(&self) -> String {
        let Self { schema: _, file, chain_id, genesis_hash, accounts, operators, supply } = self;
        format!(
            "file      {}\nchain     {chain_id}\nhash      {genesis_hash}\naccounts  {accounts}\n\
             operators {operators}\nsupply    {supply}",
            file.display()
        )
    }
}

/// The clock in milliseconds since 1970.
pub(crate) fn now_ms() -> Result<u64, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).or_fail(Code::Other, "the clock")?;
    u64::try_from(now.as_millis()).or_fail(Code::Other, "the clock")
}

fn text<const MAX: usize>(text: &str, what: &str) -> Result<BoundedString<MAX>, Failure> {
    BoundedString::new(text).or_fail(Code::Usage, what)
}
