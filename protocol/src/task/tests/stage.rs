//! A small world for the task rules: operators with keys, a benchmark, a model, and time.

use std::collections::BTreeMap;

use probity_primitives::transcript::{Answer, Fold, Header, Record, Transcript};
use probity_primitives::vrf::VrfSecret;
use probity_primitives::{
    Address, Amount, ArtifactId, BoundedString, BoundedVec, Bps, ContentHash, Domain, Hash, Height,
    Keypair, Network, OperatorId, Score, TaskId,
};

use crate::bank::Bucket;
use crate::beacon::Beacon;
use crate::event::{Event, TaskPhase};
use crate::ledger::{Context, Ledger};
use crate::params::Params;
use crate::registry::{
    Artifact, ArtifactFile, ArtifactKind, ArtifactStatus, Benchmark, Direction, Manifest,
    StatePoint,
};
use crate::staking::{self, message::Bond, message::Registration};
use crate::task::message::{
    Attestation, Commit, Committed, JuryCommit, JuryReveal, PostOpenings, RequestTask, Reveal,
    Statement,
};
use crate::task::{
    Member, Mode, Phase, Standing, Submission, Task, TaskError, VerdictOfItem, jury, member,
    phases, request,
};

pub(crate) const ITEMS: u32 = 100;
/// Items that the model answers wrongly.
pub(crate) const WRONG: [u32; 10] = [3, 13, 23, 33, 43, 53, 63, 73, 83, 93];
const ENGINE: Hash = Hash::ZERO;

#[derive(Clone)]
pub(crate) struct Player {
    pub(crate) key: Keypair,
    pub(crate) account: Address,
}

#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) ledger: Ledger,
    pub(crate) ctx: Context,
    pub(crate) players: BTreeMap<OperatorId, Player>,
    pub(crate) requester: Address,
    benchmark: ArtifactId,
    model: ArtifactId,
}

impl Stage {
    /// So many operators with equal stakes.
    pub(crate) fn new(operators: u8) -> Self {
        let requester = account(&Keypair::from_seed([200; 32]));
        let mut stage = Self {
            ledger: Ledger::default(),
            ctx: Context::new(Height(0), Hash::of(Domain::Genesis, "stage")),
            players: BTreeMap::new(),
            requester,
            benchmark: ArtifactId::default(),
            model: ArtifactId::default(),
        };
        *stage.ledger.params.get_mut() = Params::development();
        stage.endow(Bucket::Free(requester), 100_000);
        stage.endow(Bucket::AuditPool, 1_000);
        for seed in 1..=operators {
            stage.enrol(seed);
        }
        stage.register_artifacts();
        staking::start_epoch(&mut stage.ledger, &mut stage.ctx);
        stage.ctx.events.clear();
        stage
    }

    fn endow(&mut self, bucket: Bucket, tokens: u64) {
        self.ledger.endow(bucket, Amount::from_tokens(tokens)).unwrap();
    }

    fn enrol(&mut self, seed: u8) {
        let (key, owner) = (Keypair::from_seed([seed; 32]), Keypair::from_seed([!seed; 32]));
        let (owner, account) = (account(&owner), account(&key));
        let registration = Registration {
            key: key.public(),
            vrf: VrfSecret::from_seed([seed; 32]).unwrap().public(),
            name: BoundedString::new(format!("operator-{seed}")).unwrap(),
            commission: Bps::new(1_000),
            classes: BoundedVec::from_vec(vec![0]).unwrap(),
        };
        let operator =
            staking::enrol(&mut self.ledger, &mut self.ctx, owner, &registration).unwrap();
        self.endow(Bucket::Free(owner), 50_000);
        let bond = Bond { operator, amount: Amount::from_tokens(50_000) };
        staking::bond(&mut self.ledger, &mut self.ctx, owner, &bond).unwrap();
        self.players.insert(operator, Player { key, account });
    }

    fn register_artifacts(&mut self) {
        let dataset = self.register(ArtifactKind::Dataset, "data", None);
        let promise = Benchmark {
            definition: Hash::of(Domain::Benchmark, "digits"),
            dataset,
            class: 0,
            items: ITEMS,
            metric: BoundedString::new("accuracy").unwrap(),
            fold: Fold::Mean,
            direction: Direction::HigherIsBetter,
            lowest: Score::ZERO,
            highest: Score::ONE,
            sigma: 1_000,
            delta: 0,
            harness: 1,
            engines: BoundedVec::new(),
        };
        self.benchmark = self.register(ArtifactKind::Benchmark, "bench", Some(promise));
        self.model = self.register(ArtifactKind::Model, "model", None);
    }

    fn register(&mut self, kind: ArtifactKind, name: &str, bench: Option<Benchmark>) -> ArtifactId {
        let file = ArtifactFile {
            path: BoundedString::new(name).unwrap(),
            size: 1,
            blake3: ContentHash::of_file(name.as_bytes()),
            sha256: Hash::ZERO,
        };
        let manifest = Manifest {
            kind,
            name: BoundedString::new(name).unwrap(),
            version: BoundedString::new("1").unwrap(),
            licence: BoundedString::new("MIT").unwrap(),
            files: BoundedVec::from_vec(vec![file]).unwrap(),
            parents: BoundedVec::new(),
            contributors: BoundedVec::new(),
            card: ContentHash::default(),
            terms: ContentHash::default(),
            benchmark: bench.clone(),
        };
        let id = manifest.id();
        if let Some(promise) = bench {
            self.ledger.benchmarks.insert(id, promise);
        }
        let artifact = Artifact {
            manifest,
            owner: self.requester,
            registered: Height(0),
            status: ArtifactStatus::Active,
            ancestors: BoundedVec::new(),
            depth: 0,
            price: None,
            state: StatePoint::default(),
        };
        self.ledger.artifacts.insert(id, artifact);
        id
    }

    /// Runs a rule as the state machine does: on a snapshot that a refusal drops.
    pub(crate) fn attempt<T>(
        &mut self,
        rule: impl FnOnce(&mut Ledger, &mut Context) -> Result<T, TaskError>,
    ) -> Result<T, TaskError> {
        let (mut ledger, mut ctx) = (self.ledger.clone(), self.ctx.clone());
        let done = rule(&mut ledger, &mut ctx)?;
        (self.ledger, self.ctx) = (ledger, ctx);
        Ok(done)
    }

    pub(crate) fn request(&mut self, mode: Mode) -> TaskId {
        self.request_for(mode, Amount::from_tokens(100), Amount::from_tokens(100))
    }

    /// Requests a task at a fee, with a value at risk.
    pub(crate) fn request_for(&mut self, mode: Mode, fee: Amount, value: Amount) -> TaskId {
        let message = RequestTask {
            benchmark: self.benchmark,
            artifact: self.model,
            mode,
            fee,
            value_at_risk: value,
            commit_blocks: None,
        };
        let requester = self.requester;
        self.attempt(|ledger, ctx| request::request_task(ledger, ctx, requester, &message)).unwrap()
    }

    /// Lets blocks pass; the sum of all buckets stays what it must be after each.
    pub(crate) fn pass(&mut self, blocks: u64) {
        for _ in 0..blocks {
            self.ctx.height = self.ctx.height.next().unwrap();
            let output = Hash::of(Domain::Beacon, &self.ctx.height);
            self.ledger.beacon.get_mut().absorb(self.ctx.height, output);
            phases::end_block(&mut self.ledger, &mut self.ctx);
            let stalled = self.ctx.events.iter().find(|e| matches!(e, Event::Stalled { .. }));
            assert_eq!(stalled, None);
            self.check_books();
        }
    }

    pub(crate) fn check_books(&self) {
        assert_eq!(self.ledger.total(), self.ledger.supply.get().expected());
        for (id, operator) in self.ledger.operators.iter() {
            assert!(self.ledger.locked(id) <= self.ledger.bonded(id));
            assert!(operator.seat_locks >= self.ledger.locked(id));
        }
    }

    pub(crate) fn task(&self, id: TaskId) -> &Task {
        self.ledger.tasks.get(&id).unwrap()
    }

    pub(crate) fn phase(&self, id: TaskId) -> TaskPhase {
        self.task(id).phase.name()
    }

    pub(crate) fn committee(&self, id: TaskId) -> Vec<Member> {
        self.task(id).phase.committee().to_vec()
    }

    /// Lets blocks pass until a task is in a phase; a bounded number of them.
    pub(crate) fn reach(&mut self, id: TaskId, phase: TaskPhase) {
        for _ in 0..400 {
            if self.phase(id) == phase {
                return;
            }
            self.pass(1);
        }
        panic!("the task stays in {:?}", self.phase(id));
    }

    /// A transcript with the right answers everywhere but at `wrong`.
    pub(crate) fn transcript(&self, id: TaskId, wrong: &[u32]) -> Transcript {
        let frozen = &self.task(id).frozen;
        let header = Header {
            model: frozen.model,
            dataset: frozen.dataset,
            benchmark: frozen.definition,
            tokenizer: ContentHash::default(),
            harness: frozen.harness,
            engine: ENGINE,
            few_shot: BoundedVec::new(),
            seed: 0,
            items: frozen.items,
        };
        let record = |index: u32| Record {
            item: Hash::of(Domain::Item, &index),
            prompt: Hash::of(Domain::Prompt, &index),
            answer: answer(index, wrong.contains(&index)),
            score: if wrong.contains(&index) { 0 } else { 1_000_000 },
            attached: BoundedVec::new(),
        };
        Transcript::new(header, (0..frozen.items).map(record).collect()).unwrap()
    }

    fn committed(&self, transcript: &Transcript) -> Committed {
        Committed {
            score: transcript.score(Fold::Mean).unwrap(),
            answers_root: transcript.answers_root(),
            attachments_root: transcript.attachments_root(),
            private_root: Hash::ZERO,
            salt: Hash::of(Domain::Commit, "salt"),
        }
    }

    pub(crate) fn attest(
        &self,
        id: TaskId,
        operator: OperatorId,
        statement: Statement,
    ) -> Attestation {
        let (chain, round) = (self.ctx.chain, self.task(id).round);
        Attestation::sign(chain, id, round, operator, statement, &self.players[&operator].key)
    }

    pub(crate) fn commit(
        &mut self,
        id: TaskId,
        operator: OperatorId,
        transcript: &Transcript,
    ) -> Result<(), TaskError> {
        let round = self.task(id).round;
        let commitment = self.committed(transcript).commitment(self.ctx.chain, id, round, operator);
        let attestation = self.attest(id, operator, Statement::Commit(commitment));
        let account = self.players[&operator].account;
        self.attempt(|ledger, ctx| member::commit(ledger, ctx, account, &Commit { attestation }))
    }

    pub(crate) fn reveal_message(
        &self,
        id: TaskId,
        operator: OperatorId,
        transcript: &Transcript,
    ) -> Reveal {
        let committed = self.committed(transcript);
        let (last, list) = (transcript.open_last().unwrap(), ContentHash::default());
        let stated = Reveal::hash(&committed, ENGINE, &last, list);
        let attestation = self.attest(id, operator, Statement::Reveal(stated));
        Reveal { committed, engine: ENGINE, last, transcript: list, attestation }
    }

    pub(crate) fn reveal(
        &mut self,
        id: TaskId,
        operator: OperatorId,
        transcript: &Transcript,
    ) -> Result<(), TaskError> {
        let message = self.reveal_message(id, operator, transcript);
        let account = self.players[&operator].account;
        self.attempt(|ledger, ctx| member::reveal(ledger, ctx, account, &message))
    }

    /// Opens everything that a member has to open.
    pub(crate) fn open(
        &mut self,
        id: TaskId,
        operator: OperatorId,
        transcript: &Transcript,
    ) -> Result<(), TaskError> {
        let wanted = self.wanted(id, operator);
        self.open_these(id, operator, transcript, &wanted)
    }

    pub(crate) fn wanted(&self, id: TaskId, operator: OperatorId) -> Vec<u32> {
        let Phase::Spot { drawn, defence, .. } = &self.task(id).phase else { panic!("not spot") };
        let standing = self.standing(id, operator);
        let mut wanted = drawn.to_vec();
        if standing != Some(Standing::Accepted) {
            wanted.extend(defence.iter().filter(|index| !drawn.contains(index)));
        }
        wanted
    }

    pub(crate) fn open_these(
        &mut self,
        id: TaskId,
        operator: OperatorId,
        transcript: &Transcript,
        indices: &[u32],
    ) -> Result<(), TaskError> {
        let openings: Vec<_> =
            indices.iter().map(|index| transcript.open(*index).unwrap()).collect();
        let round = self.task(id).round;
        let message =
            PostOpenings { operator, task: id, round, openings: openings.try_into().unwrap() };
        let account = self.players[&operator].account;
        self.attempt(|ledger, ctx| member::post_openings(ledger, ctx, account, &message))
    }

    pub(crate) fn standing(&self, id: TaskId, operator: OperatorId) -> Option<Standing> {
        let Some(Submission::Revealed { standing, .. }) =
            self.ledger.submissions.get(&(id, operator))
        else {
            return None;
        };
        *standing
    }

    /// Takes a task to its result: each member works with its own wrong answers.
    pub(crate) fn play(&mut self, id: TaskId, wrong: impl Fn(OperatorId) -> Vec<u32>) {
        self.reach(id, TaskPhase::Commit);
        let members = self.committee(id);
        let work: Vec<(OperatorId, Transcript)> =
            members.iter().map(|m| (m.operator, self.transcript(id, &wrong(m.operator)))).collect();
        for (operator, transcript) in &work {
            self.commit(id, *operator, transcript).unwrap();
        }
        self.reach(id, TaskPhase::Reveal);
        for (operator, transcript) in &work {
            self.reveal(id, *operator, transcript).unwrap();
        }
        self.reach(id, TaskPhase::Spot);
        for (operator, transcript) in &work {
            self.open(id, *operator, transcript).unwrap();
        }
        self.reach(id, TaskPhase::Provisional);
    }

    /// Lets a jury vote: each juror finds its own answers wrong.
    pub(crate) fn vote(&mut self, id: TaskId, wrong: impl Fn(OperatorId) -> Option<Vec<u32>>) {
        let jury = self.ledger.juries.get(&id).unwrap().clone();
        let ballots: Vec<JuryReveal> = jury
            .jurors
            .iter()
            .filter_map(|juror| {
                let wrong = wrong(juror.operator)?;
                let verdict = |index: &u32| VerdictOfItem {
                    item: Hash::of(Domain::Item, index),
                    prompt: Hash::of(Domain::Prompt, index),
                    accepted: vec![(
                        answer(*index, wrong.contains(index)),
                        if wrong.contains(index) { 0 } else { 1_000_000 },
                    )]
                    .try_into()
                    .unwrap(),
                };
                let verdicts: Vec<VerdictOfItem> = jury.items.iter().map(verdict).collect();
                Some(JuryReveal {
                    operator: juror.operator,
                    task: id,
                    draw: jury.draws,
                    verdicts: verdicts.try_into().unwrap(),
                    salt: Hash::ZERO,
                })
            })
            .collect();
        for ballot in &ballots {
            let account = self.players[&ballot.operator].account;
            let commit = JuryCommit {
                operator: ballot.operator,
                task: id,
                draw: ballot.draw,
                commitment: ballot.commitment(self.ctx.chain),
            };
            self.attempt(|ledger, ctx| jury::jury_commit(ledger, ctx, account, &commit)).unwrap();
        }
        self.pass(self.ledger.params.get().jury.commit_blocks);
        for ballot in &ballots {
            let account = self.players[&ballot.operator].account;
            self.attempt(|ledger, ctx| jury::jury_reveal(ledger, ctx, account, ballot)).unwrap();
        }
        self.pass(self.ledger.params.get().jury.reveal_blocks);
    }

    pub(crate) fn slashes(&self) -> Vec<(OperatorId, &'static str, Amount)> {
        let slashed = |event: &Event| {
            let Event::Slashed { operator, offence, amount, .. } = event else { return None };
            Some((*operator, offence.code(), *amount))
        };
        self.ctx.events.iter().filter_map(slashed).collect()
    }

    pub(crate) fn seat_lock(&self, id: TaskId, operator: OperatorId) -> Amount {
        let seats = self
            .ledger
            .outcomes
            .get(&id)
            .and_then(|o| o.members.iter().find(|m| m.operator == operator).map(|m| m.seats))
            .or_else(|| self.committee(id).iter().find(|m| m.operator == operator).map(|m| m.seats))
            .unwrap();
        self.task(id).frozen.seat_lock.checked_mul(u128::from(seats.0)).unwrap()
    }
}

pub(crate) fn account(key: &Keypair) -> Address {
    Address::of(&key.public(), Network::Test)
}

fn answer(index: u32, wrong: bool) -> Answer {
    Answer::Label(index.saturating_add(u32::from(wrong)))
}
