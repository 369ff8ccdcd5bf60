//! Messages of governance, with every part that may be there.

use probity_dao::action::Change;
use probity_dao::{Action, Ballot, Conviction, ReferendumId, Ruling, Side, Track};
use probity_primitives::{Amount, ContentHash, Height};
use probity_runtime::Message;
use probity_runtime::governance::message::{
    CastVote, Delegate, RemoveVote, SubmitReferendum, TrimDelegation, Undelegate,
};

use super::{account, list, short};

fn submit(track: Track, action: Action) -> Message {
    let title = short("More time\n\u{202e}emit eroM");
    Message::SubmitReferendum(SubmitReferendum { track, title, action })
}

pub(super) fn messages() -> Vec<Message> {
    let amount = Amount::from_units(2_000_000_001);
    let (referendum, track, conviction) = (ReferendumId(7), Track::Root, Conviction::FourTimes);
    let change = Change {
        path: short("task.sizes"),
        before: short("[{\"seats\":7,\"up_to\":750}]"),
        after: short("[]"),
    };
    let whole = Ballot::Whole { side: Side::NayWithVeto, conviction, amount };
    let split = Ballot::Split { aye: amount, nay: Amount::ZERO, abstain: Amount::from_units(1) };
    vec![
        submit(track, Action::Text { hash: ContentHash::of_file(b"text") }),
        submit(track, Action::ChangeParameters { changes: list([change]) }),
        submit(Track::LargeSpend, Action::Spend { to: account(), amount }),
        submit(Track::Cancel, Action::CancelReferendum { referendum }),
        submit(Track::Cancel, Action::RevertSlash { slash: 3 }),
        submit(Track::Cancel, Action::ResumeWindow { window: 4 }),
        submit(Track::Cancel, Action::RevertWindow { window: 5 }),
        submit(Track::Supply, Action::Mint { amount }),
        submit(track, Action::Upgrade { version: 2, height: Height(9) }),
        submit(Track::Cancel, Action::CancelUpgrade { version: 3 }),
        submit(Track::Pause, Action::Pause { blocks: 6 }),
        submit(Track::Dispute, Action::RuleDispute { dispute: 7, ruling: Ruling::Overturn }),
        Message::CastVote(CastVote { referendum, ballot: whole }),
        Message::CastVote(CastVote { referendum, ballot: split }),
        Message::RemoveVote(RemoveVote { referendum }),
        Message::Delegate(Delegate { track, to: account(), amount, conviction }),
        Message::Undelegate(Undelegate { track }),
        Message::TrimDelegation(TrimDelegation { account: account(), track }),
    ]
}
