//! The messages of governance.

use probity_dao::action::Change;
use probity_dao::{Action, Ballot, Conviction};

use super::sheet::Sheet;
use crate::governance::message::{
    CastVote, Delegate, RemoveVote, SubmitReferendum, TrimDelegation, Undelegate,
};

pub(super) fn submit_referendum(sheet: &mut Sheet, message: &SubmitReferendum) {
    let SubmitReferendum { track, title, action: asked } = message;
    sheet.line("track", track);
    sheet.quoted("title", title);
    sheet.part("action", |sheet| action(sheet, asked));
}

pub(super) fn cast_vote(sheet: &mut Sheet, message: &CastVote) {
    let CastVote { referendum, ballot } = *message;
    sheet.line("referendum", referendum);
    sheet.part("ballot", |sheet| match ballot {
        Ballot::Whole { side, conviction: lock, amount } => sheet.part("whole", |sheet| {
            sheet.line("side", side.name());
            conviction(sheet, lock);
            sheet.amount("amount", amount);
        }),
        Ballot::Split { aye, nay, abstain } => sheet.part("split", |sheet| {
            sheet.amount("aye", aye);
            sheet.amount("nay", nay);
            sheet.amount("abstain", abstain);
        }),
    });
}

pub(super) fn remove_vote(sheet: &mut Sheet, message: &RemoveVote) {
    let RemoveVote { referendum } = message;
    sheet.line("referendum", referendum);
}

pub(super) fn delegate(sheet: &mut Sheet, message: &Delegate) {
    let Delegate { track, to, amount, conviction: lock } = *message;
    sheet.line("track", track);
    sheet.line("to", to);
    sheet.amount("amount", amount);
    conviction(sheet, lock);
}

pub(super) fn undelegate(sheet: &mut Sheet, message: &Undelegate) {
    let Undelegate { track } = message;
    sheet.line("track", track);
}

pub(super) fn trim_delegation(sheet: &mut Sheet, message: &TrimDelegation) {
    let TrimDelegation { account, track } = message;
    sheet.line("account", account);
    sheet.line("track", track);
}

fn action(sheet: &mut Sheet, action: &Action) {
    match action {
        Action::Text { hash } => sheet.part("text", |sheet| sheet.line("hash", hash)),
        Action::ChangeParameters { changes } => sheet.part("change_parameters", |sheet| {
            sheet.parts("changes", changes, |sheet, Change { path, before, after }| {
                sheet.quoted("path", path);
                sheet.quoted("before", before);
                sheet.quoted("after", after);
            });
        }),
        Action::Spend { to, amount } => sheet.part("spend", |sheet| {
            sheet.line("to", to);
            sheet.amount("amount", *amount);
        }),
        Action::CancelReferendum { referendum } => sheet.part("cancel_referendum", |sheet| {
            sheet.line("referendum", referendum);
        }),
        Action::RevertSlash { slash } => {
            sheet.part("revert_slash", |sheet| sheet.line("slash", slash));
        }
        Action::ResumeWindow { window } => {
            sheet.part("resume_window", |sheet| sheet.line("window", window));
        }
        Action::RevertWindow { window } => {
            sheet.part("revert_window", |sheet| sheet.line("window", window));
        }
        Action::Mint { amount } => {
            sheet.part("mint", |sheet| sheet.amount("amount", *amount));
        }
        Action::Upgrade { version, height } => sheet.part("upgrade", |sheet| {
            sheet.line("version", version);
            sheet.line("height", height);
        }),
        Action::CancelUpgrade { version } => {
            sheet.part("cancel_upgrade", |sheet| sheet.line("version", version));
        }
        Action::Pause { blocks } => sheet.part("pause", |sheet| sheet.line("blocks", blocks)),
        Action::RuleDispute { dispute, ruling } => sheet.part("rule_dispute", |sheet| {
            sheet.line("dispute", dispute);
            sheet.line("ruling", ruling.name());
        }),
    }
}

/// The name, and how many lock periods it stands for.
fn conviction(sheet: &mut Sheet, conviction: Conviction) {
    let periods = conviction.periods();
    sheet.line("conviction", format_args!("{}, locked for {periods} periods", conviction.name()));
}
