//! What a document carries over, and what it is refused for.

use super::*;

const A: Hash = Hash::from_bytes([1; 32]);
const B: Hash = Hash::from_bytes([2; 32]);
const CHAIN: Hash = Hash::from_bytes([7; 32]);

fn owner() -> Owner {
    Owner { genesis: CHAIN, key: PublicKey::from_bytes([9; 32]) }
}

fn place() -> (TaskId, u8, Statement) {
    (TaskId(A), 1, Statement::Commitment)
}

/// A folder in which votes of height 5 and one commitment were signed.
fn used() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let votes = VoteGuard::open(folder.path(), owner()).unwrap();
    for step in [Step::Proposal, Step::Prevote, Step::Precommit] {
        votes.leave(step, Height(5), 2, A).unwrap();
    }
    let statements = StatementGuard::open(folder.path(), owner()).unwrap();
    statements.allow(place(), Stated { digest: A, until: Height(9) }, Height(5)).unwrap();
    folder
}

fn exported(folder: &tempfile::TempDir) -> Interchange {
    let document = Interchange::export(folder.path(), folder.path(), CHAIN).unwrap();
    Interchange::from_json(&serde_json::to_vec(&document).unwrap()).unwrap()
}

#[test]
fn what_one_folder_refuses_another_refuses_after_an_import() {
    let document = exported(&used());
    let other = tempfile::tempdir().unwrap();
    let imported = document.import(other.path(), other.path(), CHAIN).unwrap();
    assert_eq!(imported, Imported { keys: 1, raised: 1 });
    let votes = VoteGuard::open(other.path(), owner()).unwrap();
    for step in [Step::Proposal, Step::Prevote, Step::Precommit] {
        assert!(votes.allow(step, Height(5), 2, B).is_err());
        assert!(votes.allow(step, Height(4), 7, A).is_err());
        votes.allow(step, Height(5), 2, A).unwrap();
    }
    let statements = StatementGuard::open(other.path(), owner()).unwrap();
    let stated = |digest| Stated { digest, until: Height(9) };
    assert!(statements.allow(place(), stated(B), Height(5)).is_err());
    statements.allow(place(), stated(A), Height(5)).unwrap();
    assert_eq!(exported(&other), document);
}

#[test]
fn importing_again_or_an_old_document_changes_nothing() {
    let folder = used();
    let old = exported(&folder);
    let votes = VoteGuard::open(folder.path(), owner()).unwrap();
    votes.leave(Step::Prevote, Height(8), 0, B).unwrap();
    drop(votes);
    let new = exported(&folder);
    for document in [&old, &new, &old] {
        assert_eq!(document.import(folder.path(), folder.path(), CHAIN).unwrap().raised, 0);
        assert_eq!(exported(&folder), new);
    }
}

#[test]
fn a_document_of_another_chain_or_version_is_refused_before_anything_is_written() {
    let document = exported(&used());
    let other = tempfile::tempdir().unwrap();
    let refused = document.import(other.path(), other.path(), B);
    assert!(matches!(refused, Err(InterchangeError::OtherChain { .. })));
    let mut newer = document;
    newer.metadata.interchange_format_version = "2".to_owned();
    let refused = Interchange::from_json(&serde_json::to_vec(&newer).unwrap());
    assert!(matches!(refused, Err(InterchangeError::Version(_))));
    newer.metadata.interchange_format_version = VERSION.to_owned();
    newer.data[0].signed_prevotes[0].height = "many".to_owned();
    assert!(matches!(
        newer.import(other.path(), other.path(), CHAIN),
        Err(InterchangeError::Malformed(_))
    ));
    assert!(files(other.path()).unwrap().is_empty());
}

#[test]
fn marks_of_another_chain_are_left_out() {
    let folder = used();
    let elsewhere = Owner { genesis: B, key: PublicKey::from_bytes([8; 32]) };
    let votes = VoteGuard::open(folder.path(), elsewhere).unwrap();
    votes.leave(Step::Prevote, Height(1), 0, A).unwrap();
    let keys: Vec<_> = exported(&folder).data.iter().map(|signed| signed.pubkey).collect();
    assert_eq!(keys, [owner().key]);
}
