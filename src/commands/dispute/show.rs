//! Disputes, for people.

use probity_client::ListArgs;
use probity_primitives::{Amount, Height};
use probity_protocol::dispute::{
    Bench, Claim, Dispute, Funder, Level, Question, Rung, Side, Stage,
};
use probity_protocol::task::JuryPhase;
use probity_runtime::query::{DisputeFilter, DisputeView};
use probity_runtime::text::SYMBOL;

use super::missing;
use crate::cli::Global;
use crate::exit::Failure;
use crate::output::{self, Table};
use crate::wallet::fact::ruled;
use crate::wallet::{client, failed};

pub(super) async fn list(
    global: &Global,
    filter: &DisputeFilter,
    limit: usize,
    at: Option<Height>,
) -> Result<(), Failure> {
    let args = ListArgs { limit: Some(limit), cursor: None };
    let list = client(global)?.disputes(filter, at, &args).await.map_err(failed)?;
    output::show(global.output, &list, |list| {
        let mut table = Table::new(&[">id", "about", "state", ">due", "task"]);
        for DisputeView { id, dispute, .. } in &list.data {
            table.row(vec![
                id.to_string(),
                kind(&dispute.claim).to_owned(),
                state(dispute),
                dispute.due.to_string(),
                dispute.task.to_string(),
            ]);
        }
        let more = if list.next.is_some() { "there are more: --limit, up to 200\n" } else { "" };
        format!("{}{more}", table.text())
    })
}

pub(super) async fn show(global: &Global, id: u64, at: Option<Height>) -> Result<(), Failure> {
    let client = client(global)?;
    let view = client.dispute(id, at).await.map_err(failed)?;
    let task = client.task(&view.data.dispute.task).await.map_err(failed)?.data.task;
    let mut costs = String::new();
    if let Stage::Ladder { rung: Rung::Appeal { ruling, half, until, .. }, .. } =
        &view.data.dispute.stage
    {
        for side in [ruling.loser(), other(ruling.loser())] {
            let last = if side == ruling.loser() { half } else { until };
            let missing = missing(&view.data.dispute, &task, side)?;
            costs.push_str(&format!(
                "for an appeal the {} side has to put up {missing} {SYMBOL} more, until block {last}\n",
                name(side)
            ));
        }
    }
    output::show(global.output, &view, |view| detail(&view.data) + &costs)
}

fn detail(view: &DisputeView) -> String {
    let DisputeView { id, dispute, ballots } = view;
    let Dispute { task, round, challenger, claim, opened, due, levels, .. } = dispute;
    let due = if dispute.is_closed() { String::new() } else { format!(", due at block {due}") };
    let mut text = format!(
        "dispute {id}: {}\nstate: {}{due}\nopened at block {opened} by {} against {}\n\
         task {task}, round {round}\n",
        kind(claim),
        state(dispute),
        funder(*challenger),
        claim.member(),
    );
    let mut table = Table::new(&[">level", ">challenger", ">defender", ">votes", "ruling"]);
    for (number, level) in levels.iter().enumerate() {
        let Level { challenger, defender, votes, ruling } = level;
        let put_up = |pot: &probity_protocol::dispute::Pot| {
            format!("{} {SYMBOL}", pot.sum().unwrap_or(Amount::ZERO))
        };
        table.row(vec![
            number.to_string(),
            put_up(challenger),
            put_up(defender),
            votes.iter().filter(|vote| vote.vote.is_some()).count().to_string(),
            ruling.map_or("-", ruled).to_owned(),
        ]);
    }
    text.push_str(&table.text());
    if let Stage::Ladder { rung: Rung::Jury { bench }, .. } = &dispute.stage {
        let Bench { jurors, draw, .. } = bench;
        let seats: u64 = jurors.iter().map(|juror| u64::from(juror.seats.0)).sum();
        text.push_str(&format!(
            "a jury of {} operators with {seats} seats sits (draw {draw}); {} have sent something\n",
            jurors.len(),
            ballots.len()
        ));
    }
    text
}

/// What a dispute rests on.
pub(super) async fn evidence(global: &Global, id: u64, at: Option<Height>) -> Result<(), Failure> {
    let view = client(global)?.dispute(id, at).await.map_err(failed)?;
    output::show(global.output, &view, |view| {
        let dispute = &view.data.dispute;
        let mut text = format!("{}\n", claim(&dispute.claim));
        if let Stage::Ladder { question, .. } = &dispute.stage {
            text.push_str(&format!("{}\n", self::question(question)));
        }
        for other in &dispute.implicated {
            text.push_str(&format!("the same leaf was shown of {other}\n"));
        }
        let mut table = Table::new(&[">level", "juror", ">seats", "vote"]);
        for (number, level) in dispute.levels.iter().enumerate() {
            for vote in &level.votes {
                let said = vote.vote.map_or("none shown", ruled).to_owned();
                let juror = vote.operator.to_string();
                table.row(vec![number.to_string(), juror, vote.seats.to_string(), said]);
            }
        }
        text + &table.text()
    })
}

const fn kind(claim: &Claim) -> &'static str {
    match claim {
        Claim::Transcript { .. } => "a transcript is false at one item",
        Claim::Aggregate { .. } => "the result is wrong",
        Claim::Withheld { .. } => "a transcript is withheld",
    }
}

fn claim(claim: &Claim) -> String {
    match claim {
        Claim::Transcript { member, item, claimed } => {
            format!("{member}'s transcript is said to be false at item {item}: {claimed:?}")
        }
        Claim::Aggregate { member, score, root, header } => format!(
            "the result is said to be wrong: {score} in the challenger's transcript with the root \
             {root}, header {header}; {member} stands for the result"
        ),
        Claim::Withheld { member, item } => {
            format!("{member} is said to withhold its transcript, and is asked for item {item}")
        }
    }
}

fn question(question: &Question) -> String {
    match question {
        Question::Item { item, stated, claimed } => {
            format!("the jury is asked for item {item}: stated {stated:?}, claimed {claimed:?}")
        }
        Question::Segment { first, last, stated, claimed } => format!(
            "the jury is asked for the sum over the items {first} to {last}: stated {stated}, \
             claimed {claimed}"
        ),
    }
}

fn state(dispute: &Dispute) -> String {
    let level = dispute.level();
    match &dispute.stage {
        Stage::Answer { item, .. } => format!("waits for the member's leaf {item}"),
        Stage::Game { game } => format!(
            "the sides look for the item on which they differ: the {} move, leaf {}",
            name(game.side()),
            game.middle()
        ),
        Stage::Ladder { rung: Rung::Jury { bench }, .. } => {
            let what = match bench.phase {
                JuryPhase::Commit { .. } => "commits",
                JuryPhase::Reveal { .. } => "shows its votes",
                JuryPhase::Done { .. } => "has voted",
            };
            format!("the jury of level {level} {what}")
        }
        Stage::Ladder { rung: Rung::Appeal { ruling, .. }, .. } => {
            format!("level {level} ruled: {}; may be appealed", ruled(*ruling))
        }
        Stage::Ladder { rung: Rung::Vote { ruling, .. }, .. } => {
            format!("waits for the holders' vote; without one: {}", ruled(*ruling))
        }
        Stage::Closed { ruling, at } => format!("closed at block {at}: {}", ruled(*ruling)),
    }
}

fn funder(funder: Funder) -> String {
    match funder {
        Funder::Account(account) => account.to_string(),
        Funder::AuditPool => "the audit pool".to_owned(),
    }
}

const fn name(side: Side) -> &'static str {
    match side {
        Side::Challenger => "challenger's",
        Side::Defender => "defender's",
    }
}

const fn other(side: Side) -> Side {
    match side {
        Side::Challenger => Side::Defender,
        Side::Defender => Side::Challenger,
    }
}
