//! `probity validator`: registering and editing operators, and moving stake.
//!
//! Every verb makes one message and leaves the rest to [`crate::wallet`]. Reads are in [`reads`].

mod reads;

use probity_primitives::{BoundedString, BoundedVec, Bps, Epoch, OperatorId};
use probity_protocol::staking::message::{
    Bond, EditOperator, KeyUse, RegisterOperator, Registration, RotateOperatorKey, Unbond, Unjail,
    Withdraw,
};
use probity_runtime::Message;

use crate::cli::{self, Global, TxFlags, ValidatorVerb};
use crate::commands::block_on;
use crate::exit::{Code, Details, Failure, OrFail};
use crate::keyfile::{self, KeySource};
use crate::wallet::{self, Sender, failed};

pub(crate) use self::reads::account;

pub(crate) fn run(global: &Global, verb: ValidatorVerb) -> Result<(), Failure> {
    match verb {
        ValidatorVerb::Register(given) => block_on(register(global, &given)),
        ValidatorVerb::Edit(given) => edit(global, &given),
        ValidatorVerb::RotateKey(given) => block_on(rotate(global, &given)),
        ValidatorVerb::Stake { operator, amount, flags } => {
            send(global, &flags, Message::Bond(Bond { operator, amount }))
        }
        ValidatorVerb::Unstake { operator, amount, all: _, flags } => {
            send(global, &flags, Message::Unbond(Unbond { operator, amount }))
        }
        ValidatorVerb::Withdraw { operator, epoch, flags } => {
            block_on(withdraw(global, operator, epoch, &flags))
        }
        ValidatorVerb::Unjail { operator, flags } => {
            send(global, &flags, Message::Unjail(Unjail { operator }))
        }
        ValidatorVerb::List => block_on(reads::list(global)),
        ValidatorVerb::Show { operator } => block_on(reads::show(global, operator)),
        ValidatorVerb::Rewards { operator } => block_on(reads::rewards(global, operator)),
        ValidatorVerb::Slashes { operator } => block_on(reads::slashes(global, operator)),
    }
}

fn send(global: &Global, flags: &TxFlags, message: Message) -> Result<(), Failure> {
    block_on(wallet::send(global, flags, message))
}

/// The hot key signs that it is to be an operator of this owner: nobody can take another's key out
/// of service by registering it.
async fn register(global: &Global, given: &cli::RegisterOperator) -> Result<(), Failure> {
    let cli::RegisterOperator { key, beacon, name, commission, classes, flags } = given;
    let passphrase = key.passphrase(&flags.passphrase);
    let source = KeySource { key: &key.operator_key, passphrase: &passphrase };
    let hot = keyfile::open(global, &source)?;
    let sender = Sender::open(global, flags).await?;
    let owner = sender.address;
    let registration = Registration {
        key: hot.public(),
        vrf: *beacon,
        name: BoundedString::new(name).or_fail(Code::Usage, "--name")?,
        commission: Bps::new(*commission),
        classes: self::classes(classes)?,
    };
    let proof = KeyUse::Register(owner).agree(sender.chain.genesis_hash, &hot);
    crate::output::say(global, &format!("operator {}", OperatorId::of(&owner, &hot.public())));
    let message = Message::RegisterOperator(RegisterOperator { registration, proof });
    sender.send(global, flags, message).await
}

async fn rotate(global: &Global, given: &cli::RotateKey) -> Result<(), Failure> {
    let cli::RotateKey { operator, key, flags } = given;
    let passphrase = key.passphrase(&flags.passphrase);
    let source = KeySource { key: &key.operator_key, passphrase: &passphrase };
    let hot = keyfile::open(global, &source)?;
    let sender = Sender::open(global, flags).await?;
    let proof = KeyUse::Rotate(*operator).agree(sender.chain.genesis_hash, &hot);
    let message = RotateOperatorKey { operator: *operator, key: hot.public(), proof };
    sender.send(global, flags, Message::RotateOperatorKey(message)).await
}

fn edit(global: &Global, given: &cli::EditOperator) -> Result<(), Failure> {
    let cli::EditOperator { operator, name, commission, classes, no_classes, flags } = given;
    let changes_classes = *no_classes || !classes.is_empty();
    let name = name.as_deref().map(BoundedString::new).transpose();
    let message = EditOperator {
        operator: *operator,
        name: name.or_fail(Code::Usage, "--name")?,
        commission: commission.map(Bps::new),
        classes: changes_classes.then(|| self::classes(classes)).transpose()?,
    };
    send(global, flags, Message::EditOperator(message))
}

/// Classes as the rules want them: ascending, each once.
fn classes(given: &[u16]) -> Result<BoundedVec<u16, 16>, Failure> {
    let mut classes = given.to_vec();
    classes.sort_unstable();
    classes.dedup();
    BoundedVec::from_vec(classes).or_fail(Code::Usage, "--class")
}

async fn withdraw(
    global: &Global,
    operator: OperatorId,
    epoch: Option<Epoch>,
    flags: &TxFlags,
) -> Result<(), Failure> {
    let sender = Sender::open(global, flags).await?;
    let epoch = match epoch {
        Some(epoch) => epoch,
        None => ripe(&sender, operator).await?,
    };
    sender.send(global, flags, Message::Withdraw(Withdraw { operator, epoch })).await
}

/// The oldest epoch whose money can be taken out.
async fn ripe(sender: &Sender, operator: OperatorId) -> Result<Epoch, Failure> {
    let Sender { client, address, .. } = sender;
    let account = client.account(address).await.map_err(failed)?;
    let leaving = account.data.leaving.iter().filter(|part| part.operator == operator);
    let oldest = leaving.min_by_key(|part| part.epoch).ok_or_else(|| {
        let message = format!("{address} has nothing on its way out of {operator}'s pool");
        Failure::new(Code::TxRejected, message)
    })?;
    // It must be ripe in the next block.
    if account.height.next().is_some_and(|next| next >= oldest.until) {
        return Ok(oldest.epoch);
    }
    let (until, now) = (oldest.until, account.height);
    let details = Details {
        code: Some("staking.not_ripe".to_owned()),
        retryable: true,
        retry_at_height: Some(until),
        ..Details::default()
    };
    let message = format!("what left in epoch {} can be taken out from {until} on", oldest.epoch);
    Err(Failure::new(Code::TxRejected, format_args!("{message}; the chain is at {now}"))
        .details(details))
}
