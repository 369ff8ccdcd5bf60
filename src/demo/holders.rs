//! What holders of tokens decide: an upgrade that is called off, what is minted, and who does not
//! get the treasury.
//!
//! Nothing here is special to the demonstration: each step is a transaction that anyone could send,
//! and what happens in between is the rules' doing.

use probity_dao::{Action, Ballot, Conviction, ReferendumId, Side, Stage, Track};
use probity_primitives::{Amount, BoundedString, Height};
use probity_protocol::Bucket;
use probity_runtime::governance::message::{CastVote, Delegate, SubmitReferendum};
use probity_runtime::message::Transfer;
use probity_runtime::{Chain, Message};

use super::people::Person;
use super::scene::Scene;
use crate::exit::{Code, Failure, OrFail};

/// How far ahead the upgrade is planned: it never comes.
const AHEAD: u64 = 2_000;

/// Holders agree to an upgrade, find a fault in it, and call it off before it takes effect.
pub(super) async fn call_off(scene: &Scene<'_>) -> Result<(), Failure> {
    let chain = scene.chain()?;
    let version = chain.ledger().protocol.get().version.saturating_add(1);
    let height = Height(chain.height().0.saturating_add(AHEAD));
    let action = Action::Upgrade { version, height };
    let upgrade = submit(scene, Person::Ada, Track::Root, "The next protocol", action).await?;
    tokio::try_join!(
        whole(scene, Person::Ada, upgrade, (Side::Aye, Conviction::Once)),
        whole(scene, Person::Ben, upgrade, (Side::Aye, Conviction::Once)),
    )?;
    let approved = |chain: &Chain| match chain.dao().referenda.get(&upgrade)?.stage {
        Stage::Approved { enact_at, .. } => Some(enact_at),
        Stage::Preparing { .. }
        | Stage::Queued
        | Stage::Deciding { .. }
        | Stage::Enacted { .. }
        | Stage::Rejected { .. }
        | Stage::TimedOut { .. }
        | Stage::Vetoed { .. }
        | Stage::Cancelled { .. }
        | Stage::Failed { .. } => None,
    };
    let enact_at = scene.until("the upgrade does not pass", approved).await?;
    scene.say(&format!(
        "Cleo finds a fault in the new version: until block {enact_at} it can be called off, and \
         the cancel track is quick"
    ));
    let action = Action::CancelReferendum { referendum: upgrade };
    let cancel = submit(scene, Person::Cleo, Track::Cancel, "Not this version", action).await?;
    tokio::try_join!(
        whole(scene, Person::Ada, cancel, (Side::Aye, Conviction::Once)),
        whole(scene, Person::Ben, cancel, (Side::Aye, Conviction::Once)),
        whole(scene, Person::Cleo, cancel, (Side::Aye, Conviction::Once)),
    )?;
    ended(scene, cancel).await?;
    ended(scene, upgrade).await
}

/// Holders mint what evaluation has earned, by a vote that a delegation decides, and turn down who
/// would empty the treasury with tokens bought for the vote.
pub(super) async fn decide_on_money(scene: &Scene<'_>) -> Result<(), Failure> {
    let (giver, to) = (Person::Ben, Person::Ada);
    let delegate = Delegate {
        track: Track::Supply,
        to: to.address(),
        amount: giver.tokens(),
        conviction: Conviction::Twice,
    };
    scene.send(giver.key(), Message::Delegate(delegate)).await?;
    let too_much = Action::Mint { amount: Amount::from_tokens(1_000_000) };
    let refusal =
        scene.refused(Person::Ada.key(), proposal(Track::Supply, "A million more", too_much)?);
    scene.say(&format!("Ada asks for a million: {}", refusal.await?));
    let chain = scene.chain()?;
    let amount = earned(&chain);
    let (title, action) = ("What evaluation has earned", Action::Mint { amount });
    let supply = submit(scene, Person::Ada, Track::Supply, title, action).await?;
    tokio::try_join!(
        whole(scene, Person::Ada, supply, (Side::Aye, Conviction::Thrice)),
        whole(scene, Person::Cleo, supply, (Side::Nay, Conviction::Thrice)),
    )?;
    let grab = raid(scene).await?;
    tokio::try_join!(
        whole(scene, Person::Ada, grab, (Side::Nay, Conviction::Once)),
        whole(scene, Person::Cleo, grab, (Side::Nay, Conviction::Once)),
    )?;
    ended(scene, grab).await?;
    ended(scene, supply).await
}

/// Asks for as much of the treasury as a vote may give, and then buys the tokens to win it with.
async fn raid(scene: &Scene<'_>) -> Result<ReferendumId, Failure> {
    let (raider, market) = (Person::Raider, Person::Market);
    let chain = scene.chain()?;
    let treasury = chain.ledger().balance(Bucket::Treasury);
    let most = chain.dao().params.get().large_spend.of_floor(treasury);
    let amount = most.or_fail(Code::Other, "the treasury")?;
    let action = Action::Spend { to: raider.address(), amount };
    let grab = submit(scene, raider, Track::LargeSpend, "For services rendered", action).await?;
    let bought = market.tokens();
    transfer(scene, market, raider, bought).await?;
    let all = bought.checked_add(raider.tokens()).or_fail(Code::Other, "the tokens")?;
    scene.say(&format!(
        "the raider buys {bought} PBY for the vote: at 6x they would outvote everyone"
    ));
    let says = (Side::Aye, Conviction::SixTimes);
    let refusal = scene.refused(raider.key(), ballot(grab, says, all)).await?;
    scene.say(&format!("its vote is refused: {refusal}"));
    whole(scene, raider, grab, says).await?;
    transfer(scene, raider, market, bought).await?;
    scene.say("the raider sells the tokens again: they were of no use");
    Ok(grab)
}

/// What may be minted for work that was done: the smallest of the three caps.
fn earned(chain: &Chain) -> Amount {
    probity_protocol::supply::caps(chain.ledger(), chain.height()).least()
}

/// Waits until nothing more can come of a referendum.
async fn ended(scene: &Scene<'_>, referendum: ReferendumId) -> Result<(), Failure> {
    let ended = |chain: &Chain| chain.dao().referenda.get(&referendum)?.stage.ended();
    scene.until("a referendum does not end", ended).await.map(|_| ())
}

fn proposal(track: Track, title: &str, action: Action) -> Result<Message, Failure> {
    let title = BoundedString::new(title).or_fail(Code::Other, "a title")?;
    Ok(Message::SubmitReferendum(SubmitReferendum { track, title, action }))
}

async fn submit(
    scene: &Scene<'_>,
    person: Person,
    track: Track,
    title: &str,
    action: Action,
) -> Result<ReferendumId, Failure> {
    scene.say(&format!("{}: {title}: {action}", person.name()));
    let receipt = scene.send(person.key(), proposal(track, title, action)?).await?;
    let submitted = receipt.events.iter().find_map(|event| match event.governance() {
        Some(probity_dao::Event::ReferendumSubmitted { referendum, .. }) => Some(*referendum),
        Some(_) | None => None,
    });
    submitted.ok_or_else(|| Failure::new(Code::Other, "the receipt names no referendum"))
}

fn ballot(
    referendum: ReferendumId,
    (side, conviction): (Side, Conviction),
    amount: Amount,
) -> Message {
    Message::CastVote(CastVote { referendum, ballot: Ballot::Whole { side, conviction, amount } })
}

/// Votes with all that a person has to vote with.
async fn whole(
    scene: &Scene<'_>,
    person: Person,
    referendum: ReferendumId,
    says: (Side, Conviction),
) -> Result<(), Failure> {
    scene.send(person.key(), ballot(referendum, says, person.tokens())).await.map(|_| ())
}

async fn transfer(
    scene: &Scene<'_>,
    from: Person,
    to: Person,
    amount: Amount,
) -> Result<(), Failure> {
    let message = Message::Transfer(Transfer { to: to.address(), amount });
    scene.send(from.key(), message).await.map(|_| ())
}
