//! Messages of disputes, with every part that may be there and without it.

use probity_primitives::Amount;
use probity_primitives::Score;
use probity_primitives::transcript::Answer;
use probity_protocol::dispute::message::{
    AnswerDispute, Ballot, Challenge, Difference, DisputeCommit, DisputeReveal, FundAppeal,
    ImplicateMember, OpenDispute, PlayDispute, ReportBallot, Rival, Stretch,
};
use probity_protocol::dispute::{Evidence, Ruling, Side};
use probity_protocol::task::{Opened, VerdictOfItem};
use probity_runtime::Message;

use super::{hash, list, opening, operator, task};

fn stretch(before: bool) -> Stretch {
    let before = before.then(|| opening(1, Answer::Label(4)));
    Stretch { before, last: opening(2, Answer::Label(9)) }
}

fn opens(challenge: Challenge) -> Message {
    let bond = Amount::from_tokens(150);
    Message::OpenDispute(OpenDispute { task: task(), round: 2, challenge, bond })
}

fn rival(difference: Option<Difference>) -> Message {
    opens(Challenge::Aggregate(Box::new(Rival {
        member: operator(),
        score: Score::from_micros(912_500),
        answers_root: hash(71),
        engine: hash(72),
        last: opening(2, Answer::Choice(3)),
        difference,
    })))
}

fn transcript(stated: Option<Stretch>) -> Message {
    let claimed =
        Opened { item: hash(73), prompt: hash(74), answer: Answer::Number(-3), score: 250 };
    opens(Challenge::Transcript { member: operator(), item: 2, claimed, stated })
}

fn ballot(vote: Ruling, evidence: Evidence) -> Ballot {
    let operator = operator();
    Ballot { operator, dispute: 8, level: 1, draw: 2, vote, evidence, salt: hash(75) }
}

pub(crate) fn messages() -> Vec<Message> {
    let verdict = VerdictOfItem {
        item: hash(76),
        prompt: hash(77),
        accepted: list([(Answer::Label(3), 1_000_000), (Answer::Label(4), 0)]),
    };
    let found = ballot(Ruling::Overturn, Evidence::Item(verdict));
    let summed = ballot(Ruling::Uphold, Evidence::Sum(-12_000_000));
    let nothing = ballot(Ruling::Void, Evidence::Nothing);
    let difference = Difference { stated: stretch(true), claimed: stretch(false) };
    let (dispute, amount) = (8, Amount::from_units(300_000_000_001));
    vec![
        transcript(Some(stretch(true))),
        transcript(None),
        rival(Some(difference)),
        rival(None),
        opens(Challenge::Withheld { member: operator(), item: 1 }),
        Message::AnswerDispute(AnswerDispute { dispute, stated: stretch(true) }),
        Message::PlayDispute(PlayDispute { dispute, opening: opening(0, Answer::Label(1)) }),
        Message::ImplicateMember(ImplicateMember {
            dispute,
            member: operator(),
            opening: opening(2, Answer::Label(9)),
        }),
        Message::DisputeCommit(DisputeCommit {
            operator: operator(),
            dispute,
            level: 1,
            draw: 2,
            commitment: hash(78),
        }),
        Message::DisputeReveal(DisputeReveal { ballot: found }),
        Message::DisputeReveal(DisputeReveal { ballot: summed }),
        Message::ReportBallot(ReportBallot { ballot: nothing }),
        Message::FundAppeal(FundAppeal { dispute, side: Side::Challenger, amount }),
        Message::FundAppeal(FundAppeal { dispute, side: Side::Defender, amount }),
    ]
}
