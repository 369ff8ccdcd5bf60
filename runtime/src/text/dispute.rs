//! The messages of disputes.

use probity_protocol::dispute::message::{
    AnswerDispute, Ballot, Challenge, Difference, DisputeCommit, DisputeReveal, FundAppeal,
    ImplicateMember, OpenDispute, PlayDispute, ReportBallot, Rival, Stretch,
};
use probity_protocol::dispute::{Evidence, Ruling, Side};
use probity_protocol::task::Opened;

use super::sheet::Sheet;
use super::task::{answered, opening, verdict};

pub(super) fn open_dispute(sheet: &mut Sheet, message: &OpenDispute) {
    let OpenDispute { task, round, challenge, bond } = message;
    sheet.line("task", task);
    sheet.line("round", round);
    sheet.part("challenge", |sheet| match challenge {
        Challenge::Transcript { member, item, claimed, stated } => {
            sheet.line("challenge", "transcript");
            sheet.line("member", member);
            sheet.line("item", item);
            sheet.part("claimed", |sheet| opened(sheet, claimed));
            let otherwise = "which means that the member has to open it";
            sheet.optional("stated", stated.as_ref(), otherwise, |sheet, name, stated| {
                sheet.part(name, |sheet| stretch(sheet, stated));
            });
        }
        Challenge::Aggregate(rival) => {
            sheet.line("challenge", "aggregate");
            rival_of(sheet, rival);
        }
        Challenge::Withheld { member, item } => {
            sheet.line("challenge", "withheld");
            sheet.line("member", member);
            sheet.line("item", item);
        }
    });
    sheet.amount("bond", *bond);
}

fn rival_of(sheet: &mut Sheet, rival: &Rival) {
    let Rival { member, score, answers_root, engine, last, difference } = rival;
    sheet.line("member", member);
    sheet.line("score", score);
    sheet.line("answers_root", answers_root);
    sheet.line("engine", engine);
    sheet.part("last", |sheet| opening(sheet, last));
    let otherwise = "which means that both sides look for it";
    sheet.optional("difference", difference.as_ref(), otherwise, |sheet, name, difference| {
        let Difference { stated, claimed } = difference;
        sheet.part(name, |sheet| {
            sheet.part("stated", |sheet| stretch(sheet, stated));
            sheet.part("claimed", |sheet| stretch(sheet, claimed));
        });
    });
}

fn stretch(sheet: &mut Sheet, stretch: &Stretch) {
    let Stretch { before, last } = stretch;
    let otherwise = "since it begins with the first leaf";
    sheet.optional("before", before.as_ref(), otherwise, |sheet, name, before| {
        sheet.part(name, |sheet| opening(sheet, before));
    });
    sheet.part("last", |sheet| opening(sheet, last));
}

fn opened(sheet: &mut Sheet, content: &Opened) {
    let Opened { item, prompt, answer, score } = content;
    sheet.line("item", item);
    sheet.line("prompt", prompt);
    answered(sheet, answer);
    sheet.line("score", score);
}

pub(super) fn answer_dispute(sheet: &mut Sheet, message: &AnswerDispute) {
    let AnswerDispute { dispute, stated } = message;
    sheet.line("dispute", dispute);
    sheet.part("stated", |sheet| stretch(sheet, stated));
}

pub(super) fn play_dispute(sheet: &mut Sheet, message: &PlayDispute) {
    let PlayDispute { dispute, opening: shown } = message;
    sheet.line("dispute", dispute);
    sheet.part("opening", |sheet| opening(sheet, shown));
}

pub(super) fn implicate_member(sheet: &mut Sheet, message: &ImplicateMember) {
    let ImplicateMember { dispute, member, opening: shown } = message;
    sheet.line("dispute", dispute);
    sheet.line("member", member);
    sheet.part("opening", |sheet| opening(sheet, shown));
}

pub(super) fn dispute_commit(sheet: &mut Sheet, message: &DisputeCommit) {
    let DisputeCommit { operator, dispute, level, draw, commitment } = message;
    sheet.line("operator", operator);
    sheet.line("dispute", dispute);
    sheet.line("level", level);
    sheet.line("draw", draw);
    sheet.line("commitment", commitment);
}

pub(super) fn dispute_reveal(sheet: &mut Sheet, message: &DisputeReveal) {
    let DisputeReveal { ballot: shown } = message;
    sheet.part("ballot", |sheet| ballot(sheet, shown));
}

pub(super) fn report_ballot(sheet: &mut Sheet, message: &ReportBallot) {
    let ReportBallot { ballot: shown } = message;
    sheet.part("ballot", |sheet| ballot(sheet, shown));
}

fn ballot(sheet: &mut Sheet, ballot: &Ballot) {
    let Ballot { operator, dispute, level, draw, vote, evidence, salt } = ballot;
    sheet.line("operator", operator);
    sheet.line("dispute", dispute);
    sheet.line("level", level);
    sheet.line("draw", draw);
    sheet.line(
        "vote",
        match vote {
            Ruling::Uphold => "uphold",
            Ruling::Overturn => "overturn",
            Ruling::Void => "void",
        },
    );
    sheet.part("evidence", |sheet| match evidence {
        Evidence::Item(found) => {
            sheet.line("evidence", "item");
            sheet.part("found", |sheet| verdict(sheet, found));
        }
        Evidence::Sum(sum) => {
            sheet.line("evidence", "sum");
            sheet.line("found", sum);
        }
        Evidence::Nothing => sheet.line("evidence", "nothing"),
    });
    sheet.line("salt", salt);
}

pub(super) fn fund_appeal(sheet: &mut Sheet, message: &FundAppeal) {
    let FundAppeal { dispute, side, amount } = message;
    sheet.line("dispute", dispute);
    sheet.line(
        "side",
        match side {
            Side::Challenger => "challenger",
            Side::Defender => "defender",
        },
    );
    sheet.amount("amount", *amount);
}
