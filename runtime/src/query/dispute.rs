//! Disputes: to be read, to be acted on by an operator, and results that could be disputed.

use probity_primitives::{Address, Amount, ContentHash, Hash, Height, OperatorId, Seats, TaskId};
use probity_protocol::dispute::{
    self, Claim, Dispute, DisputeBallot, Funder, Question, Rung, Side, Stage,
};
use probity_protocol::task::{AuditEntry, Due, Outcome, Phase, Revealed, Submission, Task};
use probity_protocol::{Bucket, Ledger};
use serde::{Deserialize, Serialize};

use super::task::{TaskFiles, files};
use super::{MAX_PAGE, MAX_SCAN, Page, following, page};

/// A dispute and what its jurors have sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeView {
    /// Its number.
    pub id: u64,
    /// All that is stored of it.
    pub dispute: Dispute,
    /// What each juror of the jury that sits has sent.
    pub ballots: Vec<(OperatorId, DisputeBallot)>,
}

/// Which disputes are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DisputeFilter {
    /// About this task.
    pub task: Option<TaskId>,
    /// Whether only those that are open.
    pub open: bool,
}

/// The part that an operator has in a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "part")]
pub enum DisputePart {
    /// It was drawn for the jury that sits.
    Juror {
        /// Its seats.
        seats: Seats,
        /// What it has sent.
        ballot: Option<DisputeBallot>,
    },
    /// Leaves are opened for a side, and its own transcript is the one.
    Side {
        /// The side.
        side: Side,
        /// Whether the transcript is the one that it revealed as a member or an auditor.
        revealed: bool,
    },
    /// Its transcript is the challenger's, and other members' leaves may hold what is in dispute.
    Accuser {
        /// As for a side.
        revealed: bool,
    },
}

/// A member that is not accused in a dispute about its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspect {
    /// Which.
    pub member: OperatorId,
    /// Its published leaf list.
    pub transcript: ContentHash,
    /// The root under which its leaves stand.
    pub root: Hash,
}

/// An open dispute that an operator must act in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeSeat {
    /// The dispute's number.
    pub id: u64,
    /// The dispute.
    pub dispute: Dispute,
    /// The task that it is about.
    pub task: Task,
    /// The files that are needed to run an item again.
    pub files: TaskFiles,
    /// The operator's part.
    pub part: DisputePart,
    /// Whose leaves an accuser may compare.
    #[serde(default)]
    pub suspects: Vec<Suspect>,
}

/// A result that an account could dispute now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disputable {
    /// The task.
    pub task_id: TaskId,
    /// The task.
    pub task: Task,
    /// The files that it is about.
    pub files: TaskFiles,
    /// The result.
    pub outcome: Outcome,
    /// The bond that the account would need.
    pub bond: Amount,
    /// What it would earn for each seat that is proven false.
    pub bounty: Amount,
    /// How many challenges of it have failed.
    pub failed: u8,
    /// The last block that may carry the dispute.
    pub until: Height,
    /// What the members have revealed.
    pub revealed: Vec<(OperatorId, Revealed)>,
}

/// The results that an account could dispute, and what it could pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputableView {
    /// The account.
    pub account: Address,
    /// What it has.
    pub balance: Amount,
    /// The results, those that can be disputed for the shortest time first.
    pub results: Vec<Disputable>,
}

/// A dispute, if there is one.
#[must_use]
pub fn dispute(ledger: &Ledger, id: u64) -> Option<DisputeView> {
    Some(view(ledger, id, ledger.disputes.get(&id)?))
}

/// Disputes in the order in which they were opened.
#[must_use]
pub fn disputes(
    ledger: &Ledger,
    filter: DisputeFilter,
    after: Option<u64>,
    limit: usize,
) -> Page<DisputeView, u64> {
    let DisputeFilter { task, open } = filter;
    page(ledger.disputes.range(following(after)), limit, |id, dispute| {
        let wanted = task.is_none_or(|task| task == dispute.task) && !(open && dispute.is_closed());
        wanted.then(|| view(ledger, *id, dispute))
    })
}

/// The open disputes in which an operator must act: as a juror, or with its own leaves.
#[must_use]
pub fn dispute_seats(ledger: &Ledger, operator: &OperatorId) -> Vec<DisputeSeat> {
    let mut seats = Vec::new();
    for (id, dispute) in open_disputes(ledger) {
        let Some(task) = ledger.tasks.get(&dispute.task) else { continue };
        let suspects = suspects(ledger, task, dispute);
        let accuser = accuser(ledger, dispute, operator).filter(|_| !suspects.is_empty());
        let parts =
            [juror(ledger, id, dispute, operator), side(ledger, dispute, operator), accuser];
        seats.extend(parts.into_iter().flatten().map(|part| DisputeSeat {
            id,
            dispute: dispute.clone(),
            task: task.clone(),
            files: files(ledger, task),
            part,
            suspects: match part {
                DisputePart::Accuser { .. } => suspects.clone(),
                DisputePart::Juror { .. } | DisputePart::Side { .. } => Vec::new(),
            },
        }));
    }
    seats
}

/// The results that an account could dispute at a height as a whole, at most [`MAX_PAGE`].
#[must_use]
pub fn disputable(ledger: &Ledger, account: Address, now: Height) -> DisputableView {
    let due = ledger.schedule.iter().take(MAX_SCAN);
    let results = due.filter_map(|((_, due), ())| {
        if let Due::Task(id) = due { one_disputable(ledger, *id, account, now) } else { None }
    });
    DisputableView {
        account,
        balance: ledger.balance(Bucket::Free(account)),
        results: results.take(MAX_PAGE).collect(),
    }
}

fn one_disputable(
    ledger: &Ledger,
    task_id: TaskId,
    account: Address,
    now: Height,
) -> Option<Disputable> {
    let task = ledger.tasks.get(&task_id)?;
    let Phase::Provisional { committee, until, .. } = &task.phase else { return None };
    let bond = dispute::bond_now(ledger, task_id, account, now).ok()?;
    let slashing = &ledger.params.get().slashing;
    let taken = slashing.false_result.of_floor(task.frozen.seat_lock).ok()?;
    let revealed = committee.iter().filter_map(|member| {
        match ledger.submissions.get(&(task_id, member.operator))? {
            Submission::Revealed { revealed, .. } => Some((member.operator, revealed.clone())),
            Submission::Committed { .. } | Submission::Unavailable => None,
        }
    });
    Some(Disputable {
        task_id,
        task: task.clone(),
        files: files(ledger, task),
        outcome: ledger.outcomes.get(&task_id)?.clone(),
        bond,
        bounty: slashing.reporter.of_floor(taken).ok()?,
        failed: ledger.task_disputes.get(&task_id).map_or(0, |known| known.failed),
        until: *until,
        revealed: revealed.collect(),
    })
}

/// Every open dispute has exactly one planned end, so that closed ones need not be looked at.
fn open_disputes(ledger: &Ledger) -> impl Iterator<Item = (u64, &Dispute)> {
    ledger.schedule.iter().filter_map(|((_, due), ())| {
        if let Due::Dispute(id) = due { Some((*id, ledger.disputes.get(id)?)) } else { None }
    })
}

fn juror(
    ledger: &Ledger,
    id: u64,
    dispute: &Dispute,
    operator: &OperatorId,
) -> Option<DisputePart> {
    let Stage::Ladder { rung: Rung::Jury { bench }, .. } = &dispute.stage else { return None };
    let juror = bench.jurors.iter().find(|juror| juror.operator == *operator)?;
    let ballot = ledger.dispute_ballots.get(&(id, *operator)).copied();
    Some(DisputePart::Juror { seats: juror.seats, ballot })
}

/// The side whose leaf is asked for, if it is the operator's transcript.
fn side(ledger: &Ledger, dispute: &Dispute, operator: &OperatorId) -> Option<DisputePart> {
    let side = match &dispute.stage {
        Stage::Answer { .. } => Side::Defender,
        Stage::Game { game } => game.side(),
        Stage::Ladder { .. } | Stage::Closed { .. } => return None,
    };
    match side {
        Side::Defender if dispute.claim.member() == *operator => {
            Some(DisputePart::Side { side, revealed: true })
        }
        Side::Defender => None,
        Side::Challenger => {
            let revealed = challenges(ledger, dispute, operator)?;
            Some(DisputePart::Side { side, revealed })
        }
    }
}

/// Whether an operator challenges a result, and if so whether with what it has revealed.
fn challenges(ledger: &Ledger, dispute: &Dispute, operator: &OperatorId) -> Option<bool> {
    let Claim::Aggregate { root, .. } = &dispute.claim else { return None };
    let sent = (dispute.task, *operator);
    let member = matches!(ledger.submissions.get(&sent),
        Some(Submission::Revealed { revealed, .. }) if revealed.answers_root == *root);
    // What an auditor revealed is kept for as long as the pool disputes in its name.
    let auditor = matches!(ledger.audit_entries.get(&sent),
        Some(AuditEntry::Revealed { revealed }) if revealed.answers_root == *root);
    let revealed = member || auditor;
    (revealed || opened_by(ledger, dispute, operator)).then_some(revealed)
}

/// The part of a challenger that may show whose leaves are the same.
fn accuser(ledger: &Ledger, dispute: &Dispute, operator: &OperatorId) -> Option<DisputePart> {
    let Stage::Ladder { question: Question::Item { .. }, .. } = &dispute.stage else { return None };
    let revealed = challenges(ledger, dispute, operator)?;
    Some(DisputePart::Accuser { revealed })
}

/// The members that a dispute about their result does not accuse.
fn suspects(ledger: &Ledger, task: &Task, dispute: &Dispute) -> Vec<Suspect> {
    let accused = dispute::accused(ledger, task, dispute);
    let others = task.phase.committee().iter().filter(|one| !accused.contains(&one.operator));
    let revealed = others.filter_map(|member| {
        match ledger.submissions.get(&(dispute.task, member.operator))? {
            Submission::Revealed { revealed, .. } => Some(Suspect {
                member: member.operator,
                transcript: revealed.transcript,
                root: revealed.answers_root,
            }),
            Submission::Committed { .. } | Submission::Unavailable => None,
        }
    });
    revealed.collect()
}

fn opened_by(ledger: &Ledger, dispute: &Dispute, operator: &OperatorId) -> bool {
    let Funder::Account(account) = dispute.challenger else { return false };
    ledger.operators.get(operator).is_some_and(|known| {
        known.owner == account || Address::of(&known.key, account.network()) == account
    })
}

fn view(ledger: &Ledger, id: u64, dispute: &Dispute) -> DisputeView {
    let jurors = match &dispute.stage {
        Stage::Ladder { rung: Rung::Jury { bench }, .. } => bench.jurors.to_vec(),
        Stage::Ladder { rung: Rung::Appeal { .. } | Rung::Vote { .. }, .. }
        | Stage::Answer { .. }
        | Stage::Game { .. }
        | Stage::Closed { .. } => Vec::new(),
    };
    let ballots = jurors.iter().filter_map(|juror| {
        Some((juror.operator, *ledger.dispute_ballots.get(&(id, juror.operator))?))
    });
    DisputeView { id, dispute: dispute.clone(), ballots: ballots.collect() }
}
