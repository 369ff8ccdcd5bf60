//! People who send transactions to whichever node they find, and ask until they have an answer.
//!
//! # Not here
//! Tasks and artifacts: their rules are held by the worlds of `simulations/`.

use probity_primitives::{Amount, Height, TxHash};
use probity_protocol::staking::message::{Bond, Unbond};
use probity_runtime::evidence::Evidence;
use probity_runtime::message::Transfer;
use probity_runtime::{Genesis, Message, SignedTx};

use crate::audit::Audit;
use crate::broken::Broken;
use crate::cast;
use crate::chance::Chance;
use crate::plan::Plan;

/// Most evidence that waits for someone to report it.
const REPORTS: usize = 4;
/// Most transactions that one person waits for.
const PATIENCE: usize = 3;

/// A transaction that was sent and not seen in a block.
#[derive(Debug, Clone)]
struct Sent {
    tx: SignedTx,
    hash: TxHash,
    acknowledged: bool,
}

/// Everyone with money.
#[derive(Debug)]
pub struct People {
    waiting: Vec<Vec<Sent>>,
    /// Evidence that nobody has sent yet.
    evidence: Vec<Evidence>,
    /// How many were acknowledged in all.
    pub acknowledged: u64,
}

impl People {
    /// So many people; the first own the operators.
    #[must_use]
    pub fn new(count: u8) -> Self {
        let waiting = (0..count).map(|_| Vec::new()).collect();
        Self { waiting, evidence: Vec::new(), acknowledged: 0 }
    }

    /// What someone sends now: something new, or something that had no answer yet.
    ///
    /// # Errors
    /// [`Broken::Setup`] if a message cannot be made.
    pub fn send(
        &mut self,
        plan: &Plan,
        genesis: &Genesis,
        audit: &Audit,
        enrolled: &[u8],
        chance: &mut Chance,
    ) -> Result<Option<SignedTx>, Broken> {
        self.settle(audit);
        let number = chance.place(self.waiting.len());
        let people = u8::try_from(self.waiting.len()).unwrap_or(u8::MAX);
        let Some(mine) = self.waiting.get_mut(number) else { return Ok(None) };
        let number = u8::try_from(number).unwrap_or(u8::MAX);
        if mine.len() >= PATIENCE || (!mine.is_empty() && chance.permille(400)) {
            return Ok(mine.get(chance.place(mine.len())).map(|sent| sent.tx.clone()));
        }
        let account = audit.chain().ledger().accounts.get(&cast::account(number));
        let first = account.map_or(0, |account| account.nonce);
        let nonce = mine.last().map_or(first, |sent| sent.tx.body.nonce.saturating_add(1));
        let expiry = Height(audit.tip().0.saturating_add(chance.between(3, 14)));
        let newcomer = enrolled.contains(&number) && number >= plan.validators && first < 2;
        let message = match (newcomer, nonce) {
            (false, _) if !self.evidence.is_empty() => self.evidence.pop().map(Evidence::message),
            (true, 0) => cast::enrol(genesis, number)?.first().cloned(),
            (true, 1) => cast::enrol(genesis, number)?.last().cloned(),
            (true | false, _) => wish(plan, number, people, chance)?,
        };
        let Some(message) = message else { return Ok(None) };
        let tx = cast::signed(genesis, number, nonce, expiry, message);
        mine.push(Sent { hash: tx.hash(), tx: tx.clone(), acknowledged: false });
        Ok(Some(tx))
    }

    /// A node saw a validator contradict itself: someone will say so.
    pub fn report(&mut self, evidence: Evidence) {
        if self.evidence.len() < REPORTS {
            self.evidence.push(evidence);
        }
    }

    /// Someone who has no answer yet asks again.
    pub fn insist(&mut self, audit: &Audit, chance: &mut Chance) -> Option<SignedTx> {
        self.settle(audit);
        let all: Vec<&Sent> = self.waiting.iter().flatten().collect();
        all.get(chance.place(all.len())).map(|sent| sent.tx.clone())
    }

    /// A node took a transaction.
    pub fn acknowledge(&mut self, tx: &TxHash) {
        for sent in self.waiting.iter_mut().flatten().filter(|sent| sent.hash == *tx) {
            if !sent.acknowledged {
                self.acknowledged = self.acknowledged.saturating_add(1);
            }
            sent.acknowledged = true;
        }
    }

    /// What stands in a block, or never will, is waited for no longer.
    fn settle(&mut self, audit: &Audit) {
        let tip = audit.tip();
        for mine in &mut self.waiting {
            mine.retain(|sent| !audit.has(&sent.hash) && sent.tx.body.expiry > tip);
        }
    }

    /// Whether nobody waits for what was acknowledged.
    pub fn is_content(&mut self, audit: &Audit) -> bool {
        self.settle(audit);
        self.open().is_none()
    }

    fn open(&self) -> Option<&Sent> {
        self.waiting.iter().flatten().find(|sent| sent.acknowledged)
    }

    /// What someone still waits for.
    #[must_use]
    pub fn complaint(&self) -> Option<Broken> {
        self.open().map(|sent| Broken::Forgotten { tx: sent.hash, expiry: sent.tx.body.expiry })
    }
}

/// What someone wants: to pay, to bond, to leave.
fn wish(
    plan: &Plan,
    number: u8,
    people: u8,
    chance: &mut Chance,
) -> Result<Option<Message>, Broken> {
    let someone = u8::try_from(chance.below(u64::from(people))).unwrap_or(0);
    let tokens = Amount::from_tokens(chance.between(1, 2_000));
    // A twin may not come to hold a third of the power, or nothing is promised any more.
    let twin = plan.twin.then(|| plan.validators.saturating_sub(1));
    let validator = u8::try_from(chance.below(u64::from(plan.validators))).unwrap_or(0);
    let kind = chance.below(10);
    if kind < 7 || twin.is_some() && (kind == 9 || Some(validator) == twin) {
        return Ok(Some(Message::Transfer(Transfer {
            to: cast::account(someone),
            amount: tokens,
        })));
    }
    if kind < 9 {
        let operator = cast::keys(validator)?.operator;
        return Ok(Some(Message::Bond(Bond { operator, amount: tokens })));
    }
    let operator = cast::keys(number)?.operator;
    let amount = chance.permille(900).then_some(tokens);
    Ok(Some(Message::Unbond(Unbond { operator, amount })))
}
