//! Two transcripts item by item.
//!
//! A published transcript is used only if the root that is built from it is the root that the
//! chain holds for an evaluator whose score is part of the result.
//!
//! # Invariants
//! - What cannot be had, or does not lead to the root, gives no comparison and never a wrong one.

use probity_primitives::codec;
use probity_primitives::transcript::{Header, Leaf, Record, Transcript};
use probity_primitives::{ContentHash, Hash, TaskId};
use probity_protocol::task::{Outcome, Submission};

use crate::routes::App;

/// The longest file that is read, in bytes.
const MAX_BYTES: usize = 8 << 20;

/// How a stored transcript begins.
const FORMAT: [u8; 8] = *b"PRBTYT01";

/// Two models on the same items.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Paired {
    pub(super) items: usize,
    /// Where the first scored more, and where the second did.
    pub(super) first: usize,
    pub(super) second: usize,
    /// How likely a split at least as uneven is if both are as good.
    pub(super) chance: String,
    pub(super) said: &'static str,
}

/// The two results compared by items, if transcripts of both can be had.
pub(super) async fn paired(
    app: &App,
    one: (&TaskId, &Outcome),
    two: (&TaskId, &Outcome),
) -> Option<Paired> {
    let (one, two) = (leaves(app, one).await?, leaves(app, two).await?);
    compared(&one, &two)
}

async fn leaves(app: &App, (task, outcome): (&TaskId, &Outcome)) -> Option<Vec<Leaf>> {
    let (hash, root) = published(app, task, outcome).await?;
    let path = app.backend.blob(&hash).await.ok()??;
    let read = tokio::task::spawn_blocking(move || {
        let size = std::fs::metadata(&path).ok()?.len();
        if size > u64::try_from(MAX_BYTES).ok()? {
            return None;
        }
        checked(&std::fs::read(&path).ok()?, root)
    });
    read.await.ok()?
}

/// The leaves that bytes hold, if they lead to the root.
fn checked(bytes: &[u8], root: Hash) -> Option<Vec<Leaf>> {
    let (format, header, records): ([u8; 8], Header, Vec<Record>) =
        codec::decode(bytes, MAX_BYTES).ok()?;
    let transcript = Transcript::new(header, records).ok()?;
    (format == FORMAT && transcript.answers_root() == root).then(|| transcript.leaves().to_vec())
}

/// The transcript of a member whose score counts: in the state while the result may be disputed,
/// in the certificate since.
async fn published(app: &App, task: &TaskId, outcome: &Outcome) -> Option<(ContentHash, Hash)> {
    let counted: Vec<_> = outcome
        .members
        .iter()
        .filter(|member| member.counts() && member.score == Some(outcome.score))
        .map(|member| member.operator)
        .collect();
    let chain = app.chain();
    for operator in &counted {
        let sent = chain.ledger().submissions.get(&(*task, *operator));
        if let Some(Submission::Revealed { revealed, .. }) = sent {
            return Some((revealed.transcript, revealed.answers_root));
        }
    }
    let certificate = app.backend.result_certificate(task).await.ok()??;
    let shown = certificate.reveals.iter().find(|shown| counted.contains(&shown.operator.value))?;
    let root = outcome.members.iter().find(|one| one.operator == shown.operator.value)?;
    Some((shown.reveal.transcript, root.answers_root))
}

fn compared(one: &[Leaf], two: &[Leaf]) -> Option<Paired> {
    let same = one.len() == two.len() && one.iter().zip(two).all(|(a, b)| a.item == b.item);
    if !same || one.is_empty() {
        return None;
    }
    let count = |better: fn(&Leaf, &Leaf) -> bool| {
        one.iter().zip(two).filter(|(a, b)| better(a, b)).count()
    };
    let (first, second) = (count(|a, b| a.score > b.score), count(|a, b| a.score < b.score));
    let chance = chance(first, second);
    let said = if chance < 0.05 { "told apart" } else { "not told apart" };
    let chance = if chance < 0.0001 { "below 0.0001".to_owned() } else { format!("{chance:.4}") };
    Some(Paired { items: one.len(), first, second, chance, said })
}

/// The two-sided sign test: how likely `a` against `b` or a more uneven split is with even odds.
fn chance(a: usize, b: usize) -> f64 {
    let n = a.saturating_add(b);
    let fewer = a.min(b);
    // Logarithms of the terms of the binomial distribution, each from the one before it.
    let number = |value: usize| f64::from(u32::try_from(value).unwrap_or(u32::MAX));
    let mut term = number(n) * -std::f64::consts::LN_2;
    let mut sum = term.exp();
    for k in 1..=fewer {
        term += (number(n.saturating_sub(k).saturating_add(1)) / number(k)).ln();
        sum += term.exp();
    }
    (2.0 * sum).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_test_has_its_known_values() {
        for (a, b, expected) in [
            (0, 0, 1.0),
            (5, 0, 0.0625),
            (10, 0, 0.001_953_125),
            (7, 3, 0.343_75),
            (15, 5, 0.041_389),
            (50, 50, 1.0),
        ] {
            assert!((chance(a, b) - expected).abs() < 1e-5, "{a} {b}: {}", chance(a, b));
            assert!((chance(a, b) - chance(b, a)).abs() < 1e-12);
        }
    }

    #[test]
    fn a_transcript_with_another_root_is_not_used() {
        let header = Header {
            model: ContentHash::default(),
            dataset: ContentHash::default(),
            benchmark: Hash::ZERO,
            tokenizer: ContentHash::default(),
            harness: 1,
            engine: Hash::ZERO,
            few_shot: probity_primitives::BoundedVec::new(),
            seed: 0,
            items: 1,
        };
        let record = |score| Record {
            item: Hash::ZERO,
            prompt: Hash::ZERO,
            answer: probity_primitives::transcript::Answer::Label(1),
            score,
            attached: probity_primitives::BoundedVec::new(),
        };
        let root = Transcript::new(header.clone(), vec![record(1)]).unwrap().answers_root();
        let bytes = |score| codec::encode(&(FORMAT, header.clone(), vec![record(score)]));
        assert_eq!(checked(&bytes(1), root).unwrap().len(), 1);
        assert_eq!(checked(&bytes(2), root), None);
        assert_eq!(checked(b"nonsense", root), None);
    }

    #[test]
    fn only_the_same_items_are_compared() {
        let leaf = |item: u8, score| Leaf {
            index: 0,
            item: Hash::from_bytes([item; 32]),
            prompt: Hash::ZERO,
            answer: probity_primitives::transcript::Answer::Label(1),
            score,
            prefix_sum: 0,
        };
        let one = [leaf(1, 1), leaf(2, 1), leaf(3, 0)];
        let two = [leaf(1, 0), leaf(2, 1), leaf(3, 1)];
        let paired = compared(&one, &two).unwrap();
        assert_eq!((paired.items, paired.first, paired.second), (3, 1, 1));
        assert_eq!(compared(&one, &[leaf(9, 0), leaf(2, 1), leaf(3, 1)]), None);
        assert_eq!(compared(&one, &two[..2]), None);
    }
}
