//! The marks of consensus: the newest height and round of each kind of message.
//!
//! A validator never goes back to an earlier height or round, so one mark a kind says all: what
//! lies above is new, the same bytes at the mark are the same message sent again, and anything
//! else could be the second of two.
//!
//! Spec: `docs/spec/27-signing.md`.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{Hash, Height, PublicKey, codec};

use super::slots::Slots;
use super::{GuardError, Keep, Owner, Slashable, check_owner, damaged};

const MAGIC: [u8; 8] = *b"PRBTYV01";
/// The most bytes of a value.
const MAX_BYTES: usize = 4_096;

/// A kind of consensus message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Standing for a block in a round.
    Proposal,
    /// The first vote of a round.
    Prevote,
    /// The second vote of a round.
    Precommit,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Proposal => "proposal",
            Self::Prevote => "prevote",
            Self::Precommit => "precommit",
        })
    }
}

/// The newest place at which a kind of message was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Mark {
    /// The height.
    pub height: Height,
    /// The round.
    pub round: u32,
    /// The hash of what was signed; none if only the place is known, and then nothing may be
    /// signed there.
    pub digest: Option<Hash>,
}

impl Mark {
    const fn place(&self) -> (Height, u32) {
        (self.height, self.round)
    }
}

/// The marks of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize)]
pub struct Marks {
    /// The newest proposal.
    pub proposal: Option<Mark>,
    /// The newest prevote.
    pub prevote: Option<Mark>,
    /// The newest precommit.
    pub precommit: Option<Mark>,
}

impl Marks {
    /// The mark of a kind.
    #[must_use]
    pub const fn of(&self, step: Step) -> Option<Mark> {
        match step {
            Step::Proposal => self.proposal,
            Step::Prevote => self.prevote,
            Step::Precommit => self.precommit,
        }
    }

    fn set(&mut self, step: Step, mark: Mark) {
        *(match step {
            Step::Proposal => &mut self.proposal,
            Step::Prevote => &mut self.prevote,
            Step::Precommit => &mut self.precommit,
        }) = Some(mark);
    }

    /// Whether a message is above the mark of its kind, the very one at the mark, or refused.
    fn judge(&self, step: Step, new: &Mark) -> Judgement {
        let Some(mark) = self.of(step) else { return Judgement::Above };
        if new.place() > mark.place() {
            Judgement::Above
        } else if *new == mark && new.digest.is_some() {
            Judgement::Same
        } else {
            Judgement::Below(mark)
        }
    }

    /// Raises the mark of a kind; a place that is known with two digests keeps none.
    fn raise(&mut self, step: Step, other: Mark) {
        let raised = match self.of(step) {
            Some(mark) if mark.place() > other.place() => return,
            Some(mark) if mark.place() == other.place() && mark.digest != other.digest => {
                Mark { digest: None, ..other }
            }
            Some(_) | None => other,
        };
        self.set(step, raised);
    }
}

enum Judgement {
    Above,
    Same,
    Below(Mark),
}

/// Keeps the marks of one key on one chain, in a file unless told otherwise.
#[derive(Debug)]
pub struct VoteGuard {
    owner: Owner,
    state: Mutex<State>,
    refusals: AtomicU64,
    contradictions: AtomicU64,
}

#[derive(Debug)]
struct State {
    keeper: Box<dyn Keep>,
    /// The newest messages that may be signed, kept or not.
    marks: Marks,
    /// The marks that are durable.
    kept: Marks,
}

type File = ([u8; 8], Hash, [u8; 32], Marks);

impl VoteGuard {
    /// Opens the marks of `owner` in `folder`, or begins them.
    ///
    /// # Errors
    /// [`GuardError`]; nothing may be signed then.
    pub fn open(folder: &Path, owner: Owner) -> Result<Self, GuardError> {
        let path = folder.join(file_name(&owner.key));
        let (slots, value) = Slots::open(path.clone(), &encode(&owner, &Marks::default()))?;
        let guard = Self::read(&path, &value, Box::new(slots))?;
        check_owner(&path, guard.owner, owner)?;
        Ok(guard)
    }

    /// Opens a file of marks, whoever it is of.
    ///
    /// # Errors
    /// [`GuardError`], also if there is no such file.
    pub fn open_file(path: &Path) -> Result<Self, GuardError> {
        let (slots, value) = Slots::open_present(path.to_owned())?;
        Self::read(path, &value, Box::new(slots))
    }

    /// The marks of `owner` that `keeper` kept, or their beginning if it kept none.
    ///
    /// # Errors
    /// [`GuardError`] if `kept` is damaged or of another owner.
    pub fn kept_by(
        keeper: Box<dyn Keep>,
        owner: Owner,
        kept: Option<&[u8]>,
    ) -> Result<Self, GuardError> {
        let path = Path::new("the keeper's value");
        let guard = match kept {
            Some(value) => Self::read(path, value, keeper)?,
            None => Self::of(owner, Marks::default(), keeper),
        };
        check_owner(path, guard.owner, owner)?;
        Ok(guard)
    }

    fn read(path: &Path, value: &[u8], keeper: Box<dyn Keep>) -> Result<Self, GuardError> {
        let (magic, genesis, key, marks): File =
            codec::decode(value, MAX_BYTES).map_err(|error| damaged(path, error))?;
        if magic != MAGIC {
            return Err(damaged(path, "it is no file of votes"));
        }
        let owner = Owner { genesis, key: PublicKey::from_bytes(key) };
        Ok(Self::of(owner, marks, keeper))
    }

    fn of(owner: Owner, marks: Marks, keeper: Box<dyn Keep>) -> Self {
        let state = Mutex::new(State { keeper, marks, kept: marks });
        Self { owner, state, refusals: AtomicU64::new(0), contradictions: AtomicU64::new(0) }
    }

    /// Allows a message to be signed. Its signature may be shown to nobody before [`Self::leave`] has
    /// returned.
    ///
    /// # Errors
    /// [`GuardError::Slashable`] for other bytes at or below the mark; nothing may be signed then.
    pub fn allow(
        &self,
        step: Step,
        height: Height,
        round: u32,
        digest: Hash,
    ) -> Result<(), GuardError> {
        let new = Mark { height, round, digest: Some(digest) };
        let mut state = self.state()?;
        match state.marks.judge(step, &new) {
            Judgement::Same => Ok(()),
            Judgement::Above => {
                state.marks.set(step, new);
                Ok(())
            }
            Judgement::Below(mark) => Err(self.refuse(step, &new, &mark)),
        }
    }

    /// Lets a signed message go to others; its mark is durable when this returns. An older message
    /// than the newest one may go again: what it was is not known any more, so whoever sends it must
    /// have had it allowed.
    ///
    /// # Errors
    /// [`GuardError::Slashable`] for other bytes at the mark; any other error when the mark cannot be
    /// kept. The message must stay here then.
    pub fn leave(
        &self,
        step: Step,
        height: Height,
        round: u32,
        digest: Hash,
    ) -> Result<(), GuardError> {
        let new = Mark { height, round, digest: Some(digest) };
        let mut state = self.state()?;
        match state.marks.judge(step, &new) {
            Judgement::Same => self.keep(&mut state, step),
            Judgement::Above => {
                state.marks.set(step, new);
                self.keep(&mut state, step)
            }
            Judgement::Below(mark) if mark.place() == new.place() => {
                Err(self.refuse(step, &new, &mark))
            }
            Judgement::Below(_) => Ok(()),
        }
    }

    /// Takes in a message that a log of this process's own says was signed, without keeping its mark:
    /// it may be that it was shown to nobody.
    ///
    /// # Errors
    /// [`GuardError::BrokeOff`].
    pub fn recall(
        &self,
        step: Step,
        height: Height,
        round: u32,
        digest: Hash,
    ) -> Result<(), GuardError> {
        let new = Mark { height, round, digest: Some(digest) };
        let mut state = self.state()?;
        if let Judgement::Above = state.marks.judge(step, &new) {
            state.marks.set(step, new);
        }
        Ok(())
    }

    /// Forgets what was allowed and is not kept: whoever signed it is gone, and showed it to nobody.
    ///
    /// # Errors
    /// [`GuardError::BrokeOff`].
    pub fn forget(&self) -> Result<(), GuardError> {
        let mut state = self.state()?;
        state.marks = state.kept;
        Ok(())
    }

    /// Whether a message under this key was signed here, as far as the marks can tell: one above
    /// them was not, nor another one at a mark. Of what lies below nothing is known.
    ///
    /// # Errors
    /// [`GuardError::BrokeOff`].
    pub fn is_foreign(
        &self,
        step: Step,
        height: Height,
        round: u32,
        digest: Hash,
    ) -> Result<bool, GuardError> {
        let new = Mark { height, round, digest: Some(digest) };
        let marks = self.state()?.marks;
        Ok(match marks.judge(step, &new) {
            Judgement::Above => true,
            Judgement::Same => false,
            Judgement::Below(mark) => {
                mark.place() == new.place() && mark.digest.is_some_and(|known| known != digest)
            }
        })
    }

    /// Raises marks to what is known from elsewhere; never lowers one. Says whether one rose.
    ///
    /// # Errors
    /// [`GuardError`] if the marks cannot be kept.
    pub fn raise(&self, step: Step, mark: Mark) -> Result<bool, GuardError> {
        let mut state = self.state()?;
        let before = state.marks;
        state.marks.raise(step, mark);
        self.keep(&mut state, step)?;
        Ok(state.marks != before)
    }

    /// The marks now, kept or not.
    ///
    /// # Errors
    /// [`GuardError::BrokeOff`].
    pub fn marks(&self) -> Result<Marks, GuardError> {
        Ok(self.state()?.marks)
    }

    /// Whose marks these are.
    #[must_use]
    pub const fn owner(&self) -> Owner {
        self.owner
    }

    /// How many messages were refused as slashable since the guard was opened.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        self.refusals.load(Ordering::Relaxed)
    }

    /// How many of the refused messages contradicted the newest one of their kind, at its own place.
    #[must_use]
    pub fn contradictions(&self) -> u64 {
        self.contradictions.load(Ordering::Relaxed)
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, GuardError> {
        self.state.lock().map_err(|_| GuardError::BrokeOff)
    }

    fn refuse(&self, step: Step, new: &Mark, mark: &Mark) -> GuardError {
        let same = u64::from(new.place() == mark.place());
        self.refusals.fetch_add(1, Ordering::Relaxed);
        self.contradictions.fetch_add(same, Ordering::Relaxed);
        let ((height, round), (at, in_round)) = (new.place(), mark.place());
        Slashable::Vote { step, height, round, at, in_round }.into()
    }

    /// Makes the mark of one kind durable. Others stay as they are: what they are of may not be in
    /// the engine's log yet.
    fn keep(&self, state: &mut State, step: Step) -> Result<(), GuardError> {
        let mut kept = state.kept;
        if let Some(mark) = state.marks.of(step) {
            kept.set(step, mark);
        }
        if kept != state.kept {
            state.keeper.replace(&encode(&self.owner, &kept))?;
            state.kept = kept;
        }
        Ok(())
    }
}

/// The file of a key's marks.
fn file_name(key: &PublicKey) -> String {
    let name: String = key.to_string().chars().take(16).collect();
    format!("signing.{name}.votes")
}

fn encode(owner: &Owner, marks: &Marks) -> Vec<u8> {
    let Owner { genesis, key } = owner;
    codec::encode(&(MAGIC, genesis, key.as_bytes(), marks))
}

#[cfg(test)]
mod tests;
