//! Chaos: random people doing random things, sensible and not.
//!
//! An [`Act`] is a kind and a number from which everything else about it follows, so that a
//! sequence of acts can be drawn, shrunk and kept by a property test. Each act that sends something
//! does so in a block of its own: whatever a rule breaks shows after the very transaction.

use probity_primitives::{
    Address, Amount, ArtifactId, BoundedString, BoundedVec, Bps, Domain, Epoch, Hash, Keypair,
    OperatorId, TaskId,
};
use probity_protocol::Bucket;
use probity_protocol::event::TaskPhase;
use probity_protocol::registry::message as registry;
use probity_protocol::registry::{Parent, Relation};
use probity_protocol::staking::message as staking;
use probity_protocol::task::Mode;
use probity_protocol::task::message as task;
use probity_runtime::Message;
use probity_runtime::message::Transfer;

use crate::actor::{Actor, Behaviour, NETWORK, person};
use crate::setup::synthetic;
use crate::world::{World, WorldError};

mod disputes;
mod evidence;
pub mod governance;
pub mod life;
mod plots;

/// How many kinds of acts there are.
pub const KINDS: u8 = 40;

/// One thing that someone does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Act {
    /// What; taken modulo [`KINDS`].
    pub kind: u8,
    /// Everything else about it.
    pub seed: u64,
}

/// Numbers that follow from an act.
struct Luck {
    seed: u64,
    drawn: u32,
}

impl Luck {
    fn next(&mut self) -> u128 {
        self.drawn = self.drawn.saturating_add(1);
        Hash::of(Domain::Seed, &("chaos", self.seed, self.drawn)).low_u128()
    }

    fn below(&mut self, limit: usize) -> usize {
        let limit = u128::try_from(limit.max(1)).unwrap_or(1);
        usize::try_from(self.next() % limit).unwrap_or_default()
    }

    /// One of several; `None` of none.
    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        from.get(self.below(from.len())).cloned()
    }

    /// An amount: usually of some tokens, at times nothing, tiny or absurd.
    fn amount(&mut self) -> Amount {
        match self.below(8) {
            0 => Amount::ZERO,
            1 => Amount::from_units(self.next() % 10),
            2 => Amount::from_units(u128::MAX - self.next() % 10),
            3 => Amount::from_units(self.next() % Amount::from_tokens(1).units()),
            _ => Amount::from_units(self.next() % Amount::from_tokens(9_000).units()),
        }
    }
}

impl World {
    /// Lets one thing happen. What is refused is refused; what breaks an invariant is an error.
    ///
    /// # Errors
    /// [`WorldError`] if a block does not apply as it was proposed or breaks an invariant.
    pub fn happen(&mut self, act: Act) -> Result<(), WorldError> {
        let mut luck = Luck { seed: act.seed, drawn: 0 };
        match act.kind % KINDS {
            0 | 1 | 37..=39 => {
                self.act()?;
                self.step().map(|_| ())
            }
            2 => self.pass(u64::try_from(luck.below(12)).unwrap_or_default()),
            3 => {
                self.misbehave(&mut luck);
                Ok(())
            }
            4 => self.rotate(&mut luck),
            13 if luck.below(2) == 0 => self.enlist(&mut luck),
            kind => {
                let sender = self.someone(&mut luck);
                match self.wish(kind, &sender, &mut luck)? {
                    Some((key, message)) => self.attempt(&key, message),
                    None => Ok(()),
                }
            }
        }
    }

    /// Sends a message if its sender can pay for it.
    fn attempt(&mut self, key: &Keypair, message: Message) -> Result<(), WorldError> {
        match self.send(key, message) {
            Err(WorldError::Tx(_)) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn misbehave(&mut self, luck: &mut Luck) {
        let faults = [
            Behaviour::Inflate,
            Behaviour::Switch,
            Behaviour::Forge,
            Behaviour::Silent,
            Behaviour::Withhold,
            Behaviour::Conceal,
            Behaviour::Unable,
        ];
        // Most are honest most of the time, or no task would ever have a result.
        let fault = luck.pick(&faults).filter(|_| luck.below(4) == 0);
        let who = luck.below(self.actors.len());
        if let Some(actor) = self.actors.get_mut(who) {
            actor.behaviour = fault.unwrap_or_default();
        }
    }

    /// An operator replaces its hot key, and works with the new one if that was accepted.
    fn rotate(&mut self, luck: &mut Luck) -> Result<(), WorldError> {
        let place = luck.below(self.actors.len());
        let Some(actor) = self.actors.get(place).cloned() else { return Ok(()) };
        let key = person(luck.seed, "rotated", 0);
        let operator = actor.id();
        let proof = staking::KeyUse::Rotate(operator).agree(self.chain.genesis_hash(), &key);
        let rotation = staking::RotateOperatorKey { operator, key: key.public(), proof };
        self.attempt(&actor.owner, Message::RotateOperatorKey(rotation))?;
        let accepted =
            self.ledger().operators.get(&operator).is_some_and(|known| known.key == key.public());
        if accepted {
            self.endow(&actor.owner, &key)?;
            if let Some(actor) = self.actors.get_mut(place) {
                actor.key = key;
            }
        }
        Ok(())
    }

    /// Someone registers an operator, which works from then on if it was accepted.
    fn enlist(&mut self, luck: &mut Luck) -> Result<(), WorldError> {
        let owner = self.someone(luck);
        let Some(actor) = Actor::of(owner, luck.seed, 0) else { return Ok(()) };
        let chain = self.chain.genesis_hash();
        let proof = staking::KeyUse::Register(actor.owner_address()).agree(chain, &actor.key);
        let registration = staking::Registration {
            key: actor.key.public(),
            vrf: actor.vrf.public(),
            name: BoundedString::new("newcomer")?,
            commission: Bps::new(100),
            classes: BoundedVec::from_vec(vec![0])?,
        };
        let message = staking::RegisterOperator { registration, proof };
        self.attempt(&actor.owner, Message::RegisterOperator(message))?;
        let known = self.ledger().operators.contains(&actor.id());
        if known && !self.actors.iter().any(|other| other.id() == actor.id()) {
            self.endow(&actor.owner, &actor.key)?;
            self.actors.push(actor);
        }
        Ok(())
    }

    /// Gives a new hot key what its work costs.
    fn endow(&mut self, owner: &Keypair, key: &Keypair) -> Result<(), WorldError> {
        let (to, amount) = (Address::of(&key.public(), NETWORK), Amount::from_tokens(50));
        self.attempt(owner, Message::Transfer(Transfer { to, amount }))
    }

    fn someone(&self, luck: &mut Luck) -> Keypair {
        let owners = self.actors.iter().map(|actor| actor.owner.clone());
        let hot = self.actors.iter().map(|actor| actor.key.clone());
        let people = self.people.iter().cloned().chain(owners).chain(hot).collect::<Vec<_>>();
        luck.pick(&people).unwrap_or_else(|| person(luck.seed, "nobody", 0))
    }

    fn operator(&self, luck: &mut Luck) -> OperatorId {
        let known: Vec<OperatorId> = self.ledger().operators.iter().map(|(id, _)| *id).collect();
        luck.pick(&known).unwrap_or(self.chain.tip().proposer)
    }

    fn artifact(&self, luck: &mut Luck) -> ArtifactId {
        let known: Vec<ArtifactId> = self.ledger().artifacts.iter().map(|(id, _)| *id).collect();
        luck.pick(&known).unwrap_or_default()
    }

    /// A task in a phase, or at times any.
    fn task(&self, luck: &mut Luck, wanted: impl Fn(TaskPhase) -> bool) -> TaskId {
        let any = luck.below(8) == 0;
        let all = self.ledger().tasks.iter();
        let fit: Vec<TaskId> =
            all.filter(|(_, one)| any || wanted(one.phase.name())).map(|(id, _)| *id).collect();
        luck.pick(&fit).unwrap_or_default()
    }

    /// What someone wants, and who sends it: often someone who may, at times someone who may not.
    fn wish(
        &self,
        kind: u8,
        sender: &Keypair,
        luck: &mut Luck,
    ) -> Result<Option<(Keypair, Message)>, WorldError> {
        Ok(match kind {
            5 | 6 => {
                let to = Address::of(&self.someone(luck).public(), NETWORK);
                let message = Message::Transfer(Transfer { to, amount: luck.amount() });
                Some((sender.clone(), message))
            }
            7..=13 => Some(self.stake_wish(kind, sender, luck)),
            14..=18 => Some(self.artifact_wish(kind, sender, luck)?),
            19 | 20 => self.request_wish(luck).map(|message| (sender.clone(), message)),
            21..=23 => self.work_wish(kind, luck),
            24..=31 => Some(self.govern_wish(kind, sender, luck)?),
            _ => self.dispute_wish(kind, sender, luck)?,
        })
    }

    fn stake_wish(&self, kind: u8, sender: &Keypair, luck: &mut Luck) -> (Keypair, Message) {
        let chosen = self.operator(luck);
        let operator = chosen;
        let owner = self.actors.iter().find(|actor| actor.id() == operator);
        let owner = owner.map_or(sender, |actor| &actor.owner);
        let (key, message) = match kind {
            7 | 8 => (sender, Message::Bond(staking::Bond { operator, amount: luck.amount() })),
            9 | 10 => {
                let bonded = self.ledger().delegations.iter().map(|(key, _)| *key);
                let holding = luck.pick(&bonded.collect::<Vec<_>>());
                let (holder, operator) = holding.unzip();
                let operator = operator.unwrap_or(chosen);
                let amount = (luck.below(3) > 0).then(|| luck.amount());
                let message = Message::Unbond(staking::Unbond { operator, amount });
                return (self.key_of(holder, sender, luck), message);
            }
            11 => {
                let claims = self.ledger().claims.iter().map(|(key, _)| *key);
                let claim = luck.pick(&claims.collect::<Vec<_>>());
                let (holder, operator, epoch) = claim
                    .map_or((None, chosen, Epoch::ZERO), |(holder, operator, epoch)| {
                        (Some(holder), operator, epoch)
                    });
                let message = Message::Withdraw(staking::Withdraw { operator, epoch });
                return (self.key_of(holder, sender, luck), message);
            }
            12 => (owner, Message::Unjail(staking::Unjail { operator })),
            _ => {
                let commission = Some(self.commission_wish(&operator, luck));
                let edit =
                    staking::EditOperator { operator, name: None, commission, classes: None };
                (owner, Message::EditOperator(edit))
            }
        };
        (key.clone(), message)
    }

    /// A commission near the present one, or any.
    fn commission_wish(&self, operator: &OperatorId, luck: &mut Luck) -> Bps {
        let present = self.ledger().operators.get(operator).map(|known| known.commission.parts());
        let near = present.map(|bps| usize::from(bps).saturating_add(luck.below(100)));
        let any = luck.below(12_000);
        let wanted = near.filter(|_| luck.below(2) == 0).unwrap_or(any);
        Bps::new(u16::try_from(wanted).unwrap_or_default())
    }

    fn artifact_wish(
        &self,
        kind: u8,
        sender: &Keypair,
        luck: &mut Luck,
    ) -> Result<(Keypair, Message), WorldError> {
        let artifact = self.artifact(luck);
        let known = self.ledger().artifacts.get(&artifact);
        let owner = self.key_of(known.map(|known| known.owner), sender, luck);
        let (key, message) = match kind {
            14 => {
                let name = format!("chaos {}", luck.below(5));
                let mut manifest = synthetic(&name, u32::try_from(luck.below(9)).unwrap_or(0))?;
                let share = Bps::new(u16::try_from(luck.below(3_000)).unwrap_or(0));
                let relation = Relation::DerivedFrom;
                manifest.parents =
                    BoundedVec::from_vec(vec![Parent { id: artifact, relation, share }])?;
                let message = registry::RegisterArtifact { manifest };
                (sender.clone(), Message::RegisterArtifact(message))
            }
            15 => {
                let price = (luck.below(4) > 0).then(|| luck.amount());
                (owner, Message::OfferSale(registry::OfferSale { artifact, price }))
            }
            16 => {
                let max_price = Amount::from_units(u128::MAX);
                let message = registry::BuyArtifact { artifact, max_price };
                (sender.clone(), Message::BuyArtifact(message))
            }
            17 => {
                let to = Address::of(&self.someone(luck).public(), NETWORK);
                (owner, Message::TransferArtifact(registry::TransferArtifact { artifact, to }))
            }
            _ => match luck.below(4) {
                // What tasks are about stays in use; they would all be refused from then on.
                0 if known.is_some_and(|known| known.manifest.name.starts_with("chaos")) => {
                    (owner, Message::WithdrawArtifact(registry::WithdrawArtifact { artifact }))
                }
                1 => {
                    let seq = known.map_or(1, |known| known.state.seq.saturating_add(1));
                    let message = registry::AdvanceState { artifact, seq, root: Hash::ZERO };
                    (owner, Message::AdvanceState(message))
                }
                _ => return Ok(self.claim_wish(artifact, sender, luck)),
            },
        };
        Ok((key, message))
    }

    /// Someone claims royalties, of an artifact that has earned some if there is one.
    fn claim_wish(
        &self,
        other: ArtifactId,
        sender: &Keypair,
        luck: &mut Luck,
    ) -> (Keypair, Message) {
        let due = self.ledger().buckets.iter().filter_map(|(bucket, _)| {
            if let Bucket::RoyaltyDue(artifact) = bucket { Some(*artifact) } else { None }
        });
        let artifact = luck.pick(&due.collect::<Vec<_>>()).unwrap_or(other);
        let owner = self.ledger().artifacts.get(&artifact).map(|known| known.owner);
        let key = self.key_of(owner, sender, luck);
        (key, Message::ClaimRoyalty(registry::ClaimRoyalty { artifact }))
    }

    /// The key of an account, or at times of someone else.
    fn key_of(&self, account: Option<Address>, other: &Keypair, luck: &mut Luck) -> Keypair {
        let known = self
            .everyone()
            .into_iter()
            .find(|key| Some(Address::of(&key.public(), NETWORK)) == account);
        known.filter(|_| luck.below(5) > 0).unwrap_or_else(|| other.clone())
    }

    fn everyone(&self) -> Vec<Keypair> {
        let owners = self.actors.iter().map(|actor| actor.owner.clone());
        self.people.iter().cloned().chain(owners).collect()
    }

    fn request_wish(&self, luck: &mut Luck) -> Option<Message> {
        let (benchmark, _) = self.ledger().benchmarks.iter().next()?;
        let models: Vec<ArtifactId> = self.sheets.iter().map(|(model, _)| *model).collect();
        let artifact = luck.pick(&models)?;
        let mode = if luck.below(2) == 0 { Mode::Exact } else { Mode::Tolerant };
        let mut message = Self::request(*benchmark, artifact, mode);
        if let Message::RequestTask(request) = &mut message
            && luck.below(4) == 0
        {
            request.fee = luck.amount();
            request.value_at_risk = luck.amount();
            request.commit_blocks = Some(u64::try_from(luck.below(250)).unwrap_or_default());
        }
        Some(message)
    }

    /// Work that nobody asked for, or that contradicts itself.
    fn work_wish(&self, kind: u8, luck: &mut Luck) -> Option<(Keypair, Message)> {
        let id = self.task(luck, |phase| !matches!(phase, TaskPhase::Final | TaskPhase::Void));
        let round = self.ledger().tasks.get(&id).map_or(1, |task| task.round);
        let actor = luck.pick(&self.actors)?;
        let operator = actor.id();
        let noise = Hash::of(Domain::Seed, &luck.next());
        let state = |hash: Hash| self.attest(&actor, id, round, task::Statement::Commit(hash));
        let message = match kind {
            // Seldom: an operator that equivocated never works again.
            21 if luck.below(5) == 0 => self.evidence_wish(&actor, (id, round), luck),
            21 | 22 => match luck.below(3) {
                0 => Message::Commit(task::Commit { attestation: state(noise) }),
                1 => Message::ReportUnavailable(task::ReportUnavailable {
                    operator,
                    task: id,
                    round,
                }),
                _ => Message::PostOpenings(task::PostOpenings {
                    operator,
                    task: id,
                    round,
                    openings: BoundedVec::new(),
                }),
            },
            _ => {
                let draw = self.ledger().juries.get(&id).map_or(1, |jury| jury.draws);
                let commitment = noise;
                Message::JuryCommit(task::JuryCommit { operator, task: id, draw, commitment })
            }
        };
        Some((actor.key, message))
    }
}
