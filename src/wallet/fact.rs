//! What a transaction brought about, in a line for whoever sent it.
//!
//! Facts of governance, disputes and money are sentences, since people send what causes them by hand.
//! The others are what programs bring about, and are shown as they are.

use probity_dao::Conviction;
use probity_dao::tally::{Ballot, Power, Side as VoteSide};
use probity_protocol::Event as Rule;
use probity_protocol::dispute::{Ruling, Side};
use probity_runtime::Event;
use probity_runtime::text::SYMBOL;

/// A fact in words.
pub(super) fn words(event: &Event) -> String {
    match event {
        Event::Rule(fact) => rule(fact).unwrap_or_else(|| format!("{fact:?}")),
        Event::Governance(fact) => governance(fact).unwrap_or_else(|| format!("{fact:?}")),
    }
}

fn rule(fact: &Rule) -> Option<String> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others are what programs bring about")]
    Some(match fact {
        Rule::Transferred { from, to, amount } => {
            format!("{from} paid {amount} {SYMBOL} to {to}")
        }
        Rule::Bonded { operator, by, amount } => {
            format!("{by} put {amount} {SYMBOL} behind {operator}")
        }
        Rule::Unbonding { operator, by, amount, until } => format!(
            "{amount} {SYMBOL} of {by} leave {operator}, and can be withdrawn from block {until} on"
        ),
        Rule::Withdrawn { operator, by, amount } => {
            format!("{by} withdrew {amount} {SYMBOL} from {operator}")
        }
        Rule::DisputeOpened { dispute, task, member, aggregate, bond } => {
            let about = if *aggregate { "the result" } else { "the transcript of a member" };
            format!(
                "dispute {dispute} is about {about} of the task {task}, against {member}; {bond} \
                 {SYMBOL} are put up for it"
            )
        }
        Rule::DisputeAnswered { dispute, item } => {
            format!("leaf {item} is open in dispute {dispute}")
        }
        Rule::DisputeLocated { dispute, items: (first, last) } if first == last => {
            format!("dispute {dispute} comes down to item {first}")
        }
        Rule::DisputeLocated { dispute, items: (first, last) } => {
            format!("dispute {dispute} comes down to the items {first} to {last}")
        }
        Rule::MemberImplicated { dispute, member } => {
            format!("{member} is accused too in dispute {dispute}")
        }
        Rule::DisputeJuryDrawn { dispute, level, draw, seats, outside } => {
            let whence = if *outside { "outside the committee" } else { "all other operators" };
            format!(
                "a jury of {seats} seats sits in dispute {dispute}, level {level}, draw {draw}, \
                 from {whence}"
            )
        }
        Rule::DisputeVoted { dispute, operator, vote } => {
            format!("{operator} votes in dispute {dispute}: {}", ruled(*vote))
        }
        Rule::BallotLeaked { dispute, operator } => {
            format!("the vote of {operator} in dispute {dispute} was known too early")
        }
        Rule::DisputeRuled { dispute, level, ruling, .. } => {
            format!("level {level} of dispute {dispute} ruled: {}", ruled(*ruling))
        }
        Rule::AppealFunded { dispute, side, by, amount } => {
            format!("{by} put up {amount} {SYMBOL} for the {} in dispute {dispute}", name(*side))
        }
        Rule::DisputeAppealed { dispute, level } => {
            format!("dispute {dispute} is appealed, and on level {level} now")
        }
        Rule::DisputeClosed { dispute, ruling, staked, returned, jurors, burned, .. } => format!(
            "dispute {dispute} is closed: {}; of {staked} {SYMBOL} put up {returned} went back, \
             {jurors} to jurors, {burned} were burned",
            ruled(*ruling)
        ),
        _ => return None,
    })
}

fn governance(fact: &probity_dao::Event) -> Option<String> {
    use probity_dao::Event as Fact;
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others are of the end of a block")]
    Some(match fact {
        Fact::ReferendumSubmitted { referendum, track, deposit, until, .. } => format!(
            "referendum {referendum} is submitted on the {track} track, with a deposit of \
             {deposit} {SYMBOL}; prepared until block {until}"
        ),
        Fact::VoteCast { referendum, account, ballot, carried } => {
            format!(
                "{account} votes on referendum {referendum}: {}",
                ballot_words(ballot, *carried)
            )
        }
        Fact::VoteRemoved { referendum, account } => {
            format!("{account} took its vote on referendum {referendum} back")
        }
        Fact::PowerDelegated { account, track, to, amount, conviction } => format!(
            "{account} gave {to} the votes of {amount} {SYMBOL} at {} on the {track} track",
            times(*conviction)
        ),
        Fact::PowerUndelegated { account, track, to, amount, until } => format!(
            "{account} took the votes of {amount} {SYMBOL} on the {track} track back from {to}; \
             the tokens are locked until block {until}"
        ),
        Fact::DelegationTrimmed { account, track, from, amount } => format!(
            "the delegation of {account} on the {track} track is {amount} {SYMBOL} now, not {from}"
        ),
        _ => return None,
    })
}

/// A ballot in words, with what others have delegated.
pub(crate) fn ballot_words(ballot: &Ballot, carried: Power) -> String {
    let own = match ballot {
        Ballot::Whole { side, conviction, amount } => {
            let side = match side {
                VoteSide::Aye => "aye",
                VoteSide::Nay => "nay",
                VoteSide::NayWithVeto => "nay with veto",
            };
            format!("{side} with {amount} PBY at {}", times(*conviction))
        }
        Ballot::Split { aye, nay, abstain } => {
            format!("{aye} PBY aye, {nay} PBY nay, {abstain} PBY neither")
        }
    };
    if carried.tokens.is_zero() {
        return own;
    }
    format!("{own}, and with {} PBY that are delegated", carried.tokens)
}

/// A conviction as what it multiplies tokens by.
pub(crate) const fn times(conviction: Conviction) -> &'static str {
    match conviction {
        Conviction::Unlocked => "0.1x",
        Conviction::Once => "1x",
        Conviction::Twice => "2x",
        Conviction::Thrice => "3x",
        Conviction::FourTimes => "4x",
        Conviction::FiveTimes => "5x",
        Conviction::SixTimes => "6x",
    }
}

/// A ruling in words.
pub(crate) const fn ruled(ruling: Ruling) -> &'static str {
    match ruling {
        Ruling::Uphold => "the result stands",
        Ruling::Overturn => "the result falls",
        Ruling::Void => "void: the result stands, nobody was at fault",
    }
}

const fn name(side: Side) -> &'static str {
    match side {
        Side::Challenger => "challenger",
        Side::Defender => "defender",
    }
}
