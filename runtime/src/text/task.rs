//! The messages of tasks.

use probity_primitives::transcript::{Answer, Leaf, Opening};
use probity_protocol::task::message::{
    Attestation, Commit, Committed, JuryCommit, JuryReveal, PostOpenings, ReportUnavailable,
    RequestTask, Reveal, Statement, SubmitEvidence,
};
use probity_protocol::task::{Mode, VerdictOfItem};

use super::sheet::Sheet;

pub(super) fn request_task(sheet: &mut Sheet, message: &RequestTask) {
    let RequestTask { benchmark, artifact, mode, fee, value_at_risk, commit_blocks } = message;
    sheet.line("benchmark", benchmark);
    sheet.line("artifact", artifact);
    sheet.line(
        "mode",
        match mode {
            Mode::Exact => "exact",
            Mode::Tolerant => "tolerant",
        },
    );
    sheet.amount("fee", *fee);
    sheet.amount("value_at_risk", *value_at_risk);
    sheet.optional("commit_blocks", *commit_blocks, "which means the default", Sheet::line);
}

pub(super) fn commit(sheet: &mut Sheet, message: &Commit) {
    let Commit { attestation } = message;
    attested(sheet, "attestation", attestation);
}

fn attested(sheet: &mut Sheet, name: &str, attestation: &Attestation) {
    let Attestation { task, round, operator, statement, signature } = attestation;
    let (kind, hash) = match statement {
        Statement::Commit(hash) => ("commit", hash),
        Statement::Reveal(hash) => ("reveal", hash),
    };
    sheet.part(name, |sheet| {
        sheet.line("task", task);
        sheet.line("round", round);
        sheet.line("operator", operator);
        sheet.line("statement", kind);
        sheet.line("hash", hash);
        sheet.line("signature", signature);
    });
}

pub(super) fn reveal(sheet: &mut Sheet, message: &Reveal) {
    let Reveal { committed, engine, last, transcript, attestation } = message;
    let Committed { score, answers_root, attachments_root, private_root, salt } = committed;
    sheet.part("committed", |sheet| {
        sheet.line("score", score);
        sheet.line("answers_root", answers_root);
        sheet.line("attachments_root", attachments_root);
        sheet.line("private_root", private_root);
        sheet.line("salt", salt);
    });
    sheet.line("engine", engine);
    sheet.part("last", |sheet| opening(sheet, last));
    sheet.line("transcript", transcript);
    attested(sheet, "attestation", attestation);
}

pub(super) fn opening(sheet: &mut Sheet, opening: &Opening) {
    let Opening { leaf, path } = opening;
    let Leaf { index, item, prompt, answer, score, prefix_sum } = leaf;
    sheet.part("leaf", |sheet| {
        sheet.line("index", index);
        sheet.line("item", item);
        sheet.line("prompt", prompt);
        answered(sheet, answer);
        sheet.line("score", score);
        sheet.line("prefix_sum", prefix_sum);
    });
    sheet.values("path", path.steps());
}

pub(super) fn answered(sheet: &mut Sheet, answer: &Answer) {
    let kind = match answer {
        Answer::Label(_) => "label",
        Answer::Choice(_) => "choice",
        Answer::Tokens(_) => "tokens",
        Answer::Number(_) => "number",
    };
    sheet.part("answer", |sheet| {
        sheet.line("kind", kind);
        match answer {
            Answer::Label(label) => sheet.line("value", label),
            Answer::Choice(choice) => sheet.line("value", choice),
            Answer::Tokens(tokens) => sheet.values("value", tokens),
            Answer::Number(number) => sheet.line("value", format_args!("{number} micro-units")),
        }
    });
}

pub(super) fn report_unavailable(sheet: &mut Sheet, message: &ReportUnavailable) {
    let ReportUnavailable { operator, task, round } = message;
    sheet.line("operator", operator);
    sheet.line("task", task);
    sheet.line("round", round);
}

pub(super) fn post_openings(sheet: &mut Sheet, message: &PostOpenings) {
    let PostOpenings { operator, task, round, openings } = message;
    sheet.line("operator", operator);
    sheet.line("task", task);
    sheet.line("round", round);
    sheet.parts("openings", openings, opening);
}

pub(super) fn jury_commit(sheet: &mut Sheet, message: &JuryCommit) {
    let JuryCommit { operator, task, draw, commitment } = message;
    sheet.line("operator", operator);
    sheet.line("task", task);
    sheet.line("draw", draw);
    sheet.line("commitment", commitment);
}

pub(super) fn jury_reveal(sheet: &mut Sheet, message: &JuryReveal) {
    let JuryReveal { operator, task, draw, verdicts, salt } = message;
    sheet.line("operator", operator);
    sheet.line("task", task);
    sheet.line("draw", draw);
    sheet.parts("verdicts", verdicts, verdict);
    sheet.line("salt", salt);
}

pub(super) fn verdict(sheet: &mut Sheet, verdict: &VerdictOfItem) {
    let VerdictOfItem { item, prompt, accepted } = verdict;
    sheet.line("item", item);
    sheet.line("prompt", prompt);
    sheet.parts("accepted", accepted, |sheet, (answer, score)| {
        answered(sheet, answer);
        sheet.line("score", score);
    });
}

pub(super) fn submit_evidence(sheet: &mut Sheet, message: &SubmitEvidence) {
    let SubmitEvidence { first, second, key } = message;
    attested(sheet, "first", first);
    attested(sheet, "second", second);
    sheet.line("key", key);
}
