//! A small world in which results are disputed: a committee that lies at one item, a challenger
//! from outside, and juries that find what is true.

use probity_primitives::transcript::{Answer, Fold, Transcript};
use probity_primitives::{Address, Amount, BoundedVec, Domain, Hash, Keypair, OperatorId, TaskId};

use crate::bank::Bucket;
use crate::dispute::message::{
    AnswerDispute, Ballot, Challenge, Difference, DisputeCommit, DisputeReveal, FundAppeal,
    OpenDispute, PlayDispute, Rival, Stretch,
};
use crate::dispute::{
    self, Bench, Dispute, DisputeError, Evidence, Question, Ruling, Rung, Side, Stage as At,
};
use crate::event::{Event, TaskPhase};
use crate::ledger::{Context, Ledger};
use crate::task::tests::stage::{Stage, WRONG, account};
use crate::task::{Mode, Opened, Outcome, Phase, VerdictOfItem};

/// How many operators there are.
pub(super) const OPERATORS: u8 = 12;

/// What is true at an item.
pub(super) fn truth(item: u32) -> Opened {
    content(item, WRONG.contains(&item))
}

fn content(item: u32, wrong: bool) -> Opened {
    Opened {
        item: Hash::of(Domain::Item, &item),
        prompt: Hash::of(Domain::Prompt, &item),
        answer: Answer::Label(item.saturating_add(u32::from(wrong))),
        score: if wrong { 0 } else { 1_000_000 },
    }
}

/// What a juror says who finds `right` at an item.
pub(super) fn finding(right: &[Opened]) -> Evidence {
    let first = right.first().unwrap();
    let mut accepted: Vec<_> = right.iter().map(|one| (one.answer.clone(), one.score)).collect();
    accepted.sort();
    Evidence::Item(VerdictOfItem {
        item: first.item,
        prompt: first.prompt,
        accepted: accepted.try_into().unwrap(),
    })
}

/// How a juror votes.
pub(super) type Vote = Option<(Ruling, Evidence)>;

#[derive(Clone)]
pub(super) struct Arena {
    pub(super) stage: Stage,
    pub(super) task: TaskId,
    /// The item that the liars lie at.
    pub(super) lie: u32,
    /// The members that lie.
    pub(super) liars: Vec<OperatorId>,
    /// Who disputes.
    pub(super) challenger: Address,
}

impl Arena {
    /// A provisional result: the members that `lies` picks are false at one item, which was not
    /// drawn in the spot check; `change` sets parameters first.
    pub(super) fn new(
        mode: Mode,
        change: impl Fn(&mut crate::params::Params),
        lies: impl Fn(&[crate::task::Member]) -> Option<Vec<OperatorId>>,
    ) -> Self {
        for lie in WRONG {
            let mut stage = Stage::new(OPERATORS);
            change(stage.ledger.params.get_mut());
            for _ in 0..40 {
                let task = stage.request(mode);
                stage.reach(task, TaskPhase::Commit);
                let Some(liars) = lies(&stage.committee(task)) else { continue };
                let false_one = without(lie);
                stage.play(task, |operator| {
                    if liars.contains(&operator) { false_one.clone() } else { WRONG.to_vec() }
                });
                let Phase::Provisional { drawn, .. } = &stage.task(task).phase else { continue };
                if drawn.contains(&lie) {
                    continue;
                }
                stage.ctx.events.clear();
                let mut arena = Self { challenger: stage.requester, stage, task, lie, liars };
                arena.challenger = arena.friend(199, 100_000);
                return arena;
            }
        }
        panic!("the spot check finds every lie");
    }

    /// Every member lies.
    pub(super) fn captured() -> Self {
        Self::captured_by(|_| ())
    }

    pub(super) fn captured_by(change: impl Fn(&mut crate::params::Params)) -> Self {
        Self::new(Mode::Exact, change, |members| {
            let all: Vec<OperatorId> = members.iter().map(|member| member.operator).collect();
            (all.len() >= 4).then_some(all)
        })
    }

    /// Nobody lies.
    pub(super) fn honest() -> Self {
        Self::new(Mode::Exact, |_| (), |members| (members.len() >= 4).then(Vec::new))
    }

    /// Four seats of seven lie, and three other operators do not.
    pub(super) fn majority() -> Self {
        Self::new(
            Mode::Exact,
            |_| (),
            |members| {
                let mut liars = Vec::new();
                let mut seats = 0;
                for member in members {
                    if seats < 4 {
                        seats += member.seats.0;
                        liars.push(member.operator);
                    }
                }
                let honest = members.len().saturating_sub(liars.len());
                (seats == 4 && honest == 3).then_some(liars)
            },
        )
    }

    pub(super) fn attempt<T>(
        &mut self,
        rule: impl FnOnce(&mut Ledger, &mut Context) -> Result<T, DisputeError>,
    ) -> Result<T, DisputeError> {
        let (mut ledger, mut ctx) = (self.stage.ledger.clone(), self.stage.ctx.clone());
        let done = rule(&mut ledger, &mut ctx)?;
        (self.stage.ledger, self.stage.ctx) = (ledger, ctx);
        self.stage.check_books();
        self.check_escrow();
        Ok(done)
    }

    /// The escrows of all disputes are what their pots hold.
    pub(super) fn check_escrow(&self) {
        for (id, dispute) in self.stage.ledger.disputes.iter() {
            let held = self.stage.ledger.balance(Bucket::BondEscrow(*id));
            assert_eq!(held.is_zero(), dispute.is_closed(), "dispute {id}");
        }
    }

    pub(super) fn outcome(&self) -> &Outcome {
        self.stage.ledger.outcomes.get(&self.task).unwrap()
    }

    pub(super) fn dispute(&self, id: u64) -> &Dispute {
        self.stage.ledger.disputes.get(&id).unwrap()
    }

    pub(super) fn free(&self, address: Address) -> Amount {
        self.stage.ledger.balance(Bucket::Free(address))
    }

    /// What a member has committed to.
    pub(super) fn transcript(&self, member: OperatorId) -> Transcript {
        let lies = self.liars.contains(&member);
        let wrong = if lies { without(self.lie) } else { WRONG.to_vec() };
        self.stage.transcript(self.task, &wrong)
    }

    pub(super) fn true_transcript(&self) -> Transcript {
        self.stage.transcript(self.task, &WRONG)
    }

    pub(super) fn rival(&self, member: OperatorId, published: bool) -> Rival {
        let (mine, theirs) = (self.true_transcript(), self.transcript(member));
        self.rival_of(member, &mine, published.then_some((&theirs, self.lie)))
    }

    pub(super) fn rival_of(
        &self,
        member: OperatorId,
        mine: &Transcript,
        shown: Option<(&Transcript, u32)>,
    ) -> Rival {
        Rival {
            member,
            score: mine.score(Fold::Mean).unwrap(),
            answers_root: mine.answers_root(),
            engine: Hash::ZERO,
            last: mine.open_last().unwrap(),
            difference: shown.map(|(theirs, item)| Difference {
                stated: stretch(theirs, item),
                claimed: stretch(mine, item),
            }),
        }
    }

    pub(super) fn message(&self, challenge: Challenge) -> OpenDispute {
        let round = self.stage.task(self.task).round;
        OpenDispute { task: self.task, round, challenge, bond: Amount::from_tokens(100_000) }
    }

    pub(super) fn open(&mut self, challenge: Challenge) -> Result<u64, DisputeError> {
        let (message, sender) = (self.message(challenge), self.challenger);
        self.attempt(|ledger, ctx| dispute::open(ledger, ctx, sender, &message))
    }

    /// Disputes the result with published leaves.
    pub(super) fn accuse(&mut self) -> u64 {
        let rival = self.rival(self.liars[0], true);
        self.open(Challenge::Aggregate(Box::new(rival))).unwrap()
    }

    pub(super) fn answer(&mut self, id: u64, stated: Stretch) -> Result<(), DisputeError> {
        let (message, sender) = (AnswerDispute { dispute: id, stated }, self.challenger);
        self.attempt(|ledger, ctx| dispute::answer(ledger, ctx, sender, &message))
    }

    pub(super) fn play(&mut self, id: u64, of: &Transcript) -> Result<(), DisputeError> {
        let At::Game { game } = &self.dispute(id).stage else { panic!("no game") };
        let opening = of.open(game.middle()).unwrap();
        let (message, sender) = (PlayDispute { dispute: id, opening }, self.challenger);
        self.attempt(|ledger, ctx| dispute::play(ledger, ctx, sender, &message))
    }

    pub(super) fn fund(
        &mut self,
        id: u64,
        side: Side,
        by: Address,
        amount: Amount,
    ) -> Result<(), DisputeError> {
        let message = FundAppeal { dispute: id, side, amount };
        self.attempt(|ledger, ctx| dispute::fund_appeal(ledger, ctx, by, &message))
    }

    pub(super) fn bench(&self, id: u64) -> (Question, Bench) {
        let At::Ladder { question, rung: Rung::Jury { bench } } = &self.dispute(id).stage else {
            panic!("no jury sits: {:?}", self.dispute(id).stage)
        };
        (question.clone(), bench.clone())
    }

    pub(super) fn ballot(&self, id: u64, operator: OperatorId, vote: (Ruling, Evidence)) -> Ballot {
        let (level, draw) = (self.dispute(id).level(), self.bench(id).1.draw);
        let (vote, evidence) = vote;
        Ballot { operator, dispute: id, level, draw, vote, evidence, salt: Hash::ZERO }
    }

    pub(super) fn commit(&mut self, ballot: &Ballot) -> Result<(), DisputeError> {
        let sender = self.stage.players[&ballot.operator].account;
        let commitment = ballot.commitment(self.stage.ctx.chain);
        let Ballot { operator, dispute, level, draw, .. } = *ballot;
        let message = DisputeCommit { operator, dispute, level, draw, commitment };
        self.attempt(|ledger, ctx| dispute::commit(ledger, ctx, sender, &message))
    }

    pub(super) fn reveal(&mut self, ballot: &Ballot) -> Result<(), DisputeError> {
        let sender = self.stage.players[&ballot.operator].account;
        let message = DisputeReveal { ballot: ballot.clone() };
        self.attempt(|ledger, ctx| dispute::reveal(ledger, ctx, sender, &message))
    }

    /// Lets a jury vote; who has no vote stays silent.
    pub(super) fn vote(&mut self, id: u64, how: impl Fn(OperatorId) -> Vote) {
        let rules = self.stage.task(self.task).frozen.dispute.clone();
        let (_, bench) = self.bench(id);
        let ballots: Vec<Ballot> = bench
            .jurors
            .iter()
            .filter_map(|juror| Some(self.ballot(id, juror.operator, how(juror.operator)?)))
            .collect();
        ballots.iter().for_each(|ballot| self.commit(ballot).unwrap());
        self.stage.pass(rules.commit_blocks);
        ballots.iter().for_each(|ballot| self.reveal(ballot).unwrap());
        self.stage.pass(rules.reveal_blocks);
        self.check_escrow();
    }

    /// Everyone votes as they find: the liars' leaf is false.
    pub(super) fn vote_truly(&mut self, id: u64) {
        let evidence = finding(&[truth(self.lie)]);
        self.vote(id, |_| Some((Ruling::Overturn, evidence.clone())));
    }

    /// Everyone votes for the liars' leaf.
    pub(super) fn vote_falsely(&mut self, id: u64) {
        let evidence = finding(&[content(self.lie, false)]);
        self.vote(id, |_| Some((Ruling::Uphold, evidence.clone())));
    }

    /// Lets the time for an appeal pass.
    pub(super) fn let_stand(&mut self) {
        self.stage.pass(self.stage.task(self.task).frozen.dispute.appeal_blocks);
        self.check_escrow();
    }

    pub(super) fn ruling(&self, id: u64) -> Option<Ruling> {
        self.dispute(id).ruling()
    }

    pub(super) fn seat_price(&self) -> Amount {
        self.stage.task(self.task).frozen.seat_price
    }

    /// So many seat prices.
    pub(super) fn prices(&self, times: u128) -> Amount {
        self.seat_price().checked_mul(times).unwrap()
    }

    pub(super) fn closed(&self) -> Option<(Amount, Amount, Amount, Amount)> {
        self.stage.ctx.events.iter().rev().find_map(|event| {
            let Event::DisputeClosed { staked, returned, jurors, burned, .. } = event else {
                return None;
            };
            Some((*staked, *returned, *jurors, *burned))
        })
    }

    /// Someone with money, who is no operator.
    pub(super) fn friend(&mut self, seed: u8, tokens: u64) -> Address {
        let address = account(&Keypair::from_seed([seed; 32]));
        self.stage.ledger.endow(Bucket::Free(address), Amount::from_tokens(tokens)).unwrap();
        address
    }
}

/// What is wrong, but for one item.
pub(super) fn without(item: u32) -> Vec<u32> {
    WRONG.into_iter().filter(|other| *other != item).collect()
}

/// The leaf of an item with the one before it.
pub(super) fn stretch(of: &Transcript, item: u32) -> Stretch {
    long_stretch(of, item, item)
}

pub(super) fn long_stretch(of: &Transcript, first: u32, last: u32) -> Stretch {
    Stretch {
        before: first.checked_sub(1).map(|before| of.open(before).unwrap()),
        last: of.open(last).unwrap(),
    }
}

/// A list that is short enough.
pub(super) fn list<T, const N: usize>(elements: Vec<T>) -> BoundedVec<T, N> {
    BoundedVec::from_vec(elements).map_err(|_| "too long").unwrap()
}
