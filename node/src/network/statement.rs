//! The statement that binds a network identity to an operator.
//!
//! The operator's key signs the peer's name for one chain. It travels in what identify calls the
//! agent, so that a peer has it as soon as it knows whom it speaks to:
//! `probity/0.1.0 (operator=ID key=HEX signature=HEX)`.
//!
//! # Invariants
//! - A statement counts only for the peer, the chain and the operator that it names.
//!
//! # Not here
//! Whether the key is the operator's: only the chain knows, and keys rotate.
//!
//! Spec: `docs/spec/21-network.md`.

use libp2p::PeerId;
use probity_primitives::{Domain, Hash, Keypair, OperatorId, PublicKey, Signature, codec};

/// Longest agent that is looked at, in bytes.
const MAX_AGENT: usize = 512;

/// An operator and the key that signed for a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoundOperator {
    /// The operator.
    pub operator: OperatorId,
    /// The key that signed; it must be the operator's at present to mean anything.
    pub key: PublicKey,
}

/// A signed statement about one peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    bound: BoundOperator,
    signature: Signature,
}

impl Statement {
    /// Signs that `peer` is run by `operator`, whose key `keypair` is.
    #[must_use]
    pub fn sign(genesis: &Hash, operator: OperatorId, keypair: &Keypair, peer: &PeerId) -> Self {
        let bound = BoundOperator { operator, key: keypair.public() };
        let signature = keypair.sign(Domain::PeerOperator, &sign_bytes(genesis, &bound, peer));
        Self { bound, signature }
    }

    /// The operator, if the signature is for this chain and peer.
    #[must_use]
    pub fn verify(&self, genesis: &Hash, peer: &PeerId) -> Option<BoundOperator> {
        let Self { bound, signature } = self;
        let bytes = sign_bytes(genesis, bound, peer);
        bound.key.verify(Domain::PeerOperator, &bytes, signature).is_ok().then_some(*bound)
    }
}

fn sign_bytes(genesis: &Hash, bound: &BoundOperator, peer: &PeerId) -> Vec<u8> {
    let BoundOperator { operator, key } = bound;
    codec::encode(&(genesis, operator, key, peer.to_bytes()))
}

/// What identify says about the program, with the statement if there is one.
pub(super) fn agent(program: &str, statement: Option<&Statement>) -> String {
    statement.map_or_else(
        || program.to_owned(),
        |Statement { bound: BoundOperator { operator, key }, signature }| {
            format!("{program} (operator={operator} key={key} signature={signature})")
        },
    )
}

/// The program's name, printable and short, and the statement, if there is one in its form.
pub(super) fn read_agent(agent: &str) -> (String, Option<Statement>) {
    let agent = agent.get(..MAX_AGENT).unwrap_or(agent);
    let (program, rest) = agent.split_once(" (").unwrap_or((agent, ""));
    let name = program.chars().filter(|c| c.is_ascii_graphic()).take(64).collect();
    (name, read_statement(rest))
}

fn read_statement(text: &str) -> Option<Statement> {
    let mut words = text.strip_suffix(')')?.split(' ');
    let mut word = |name: &str| words.next()?.strip_prefix(name)?.strip_prefix('=');
    let operator = word("operator")?.parse().ok()?;
    let key = word("key")?.parse().ok()?;
    let signature = word("signature")?.parse().ok()?;
    Some(Statement { bound: BoundOperator { operator, key }, signature })
}

#[cfg(test)]
mod tests {
    use probity_primitives::{Address, Network};

    use super::*;

    const GENESIS: Hash = Hash::from_bytes([7; 32]);

    fn signed(peer: &PeerId) -> (BoundOperator, Statement) {
        let pair = Keypair::from_seed([1; 32]);
        let operator = OperatorId::of(&Address::of(&pair.public(), Network::Test), &pair.public());
        let statement = Statement::sign(&GENESIS, operator, &pair, peer);
        (BoundOperator { operator, key: pair.public() }, statement)
    }

    #[test]
    fn a_statement_holds_for_its_peer_and_chain_alone() {
        let (peer, other) = (PeerId::random(), PeerId::random());
        let (bound, statement) = signed(&peer);
        assert_eq!(statement.verify(&GENESIS, &peer), Some(bound));
        assert_eq!(statement.verify(&GENESIS, &other), None);
        assert_eq!(statement.verify(&Hash::ZERO, &peer), None);
    }

    #[test]
    fn a_statement_about_another_operator_does_not_hold() {
        let peer = PeerId::random();
        let (_, statement) = signed(&peer);
        let thief = Keypair::from_seed([2; 32]).public();
        let operator = OperatorId::of(&Address::of(&thief, Network::Test), &thief);
        let bound = BoundOperator { operator, ..statement.bound };
        assert_eq!(Statement { bound, ..statement }.verify(&GENESIS, &peer), None);
    }

    #[test]
    fn a_statement_reads_back_from_the_agent() {
        let peer = PeerId::random();
        let (_, statement) = signed(&peer);
        let text = agent("probity/1", Some(&statement));
        assert!(text.len() <= MAX_AGENT, "{}", text.len());
        assert_eq!(read_agent(&text), ("probity/1".to_owned(), Some(statement)));
        assert_eq!(read_agent(&agent("probity/1", None)), ("probity/1".to_owned(), None));
    }

    #[test]
    fn what_is_no_statement_is_none_and_names_are_printable_and_short() {
        for text in ["", "x (", "x ()", "x (operator=1 key=2 signature=3)", "x (operator= key=)"] {
            assert_eq!(read_agent(text).1, None, "{text}");
        }
        let (name, _) = read_agent(&format!("a\u{1b}[31m\n{}", "b".repeat(900)));
        assert!(name.len() <= 64 && name.starts_with("a[31mb"), "{name}");
    }
}
