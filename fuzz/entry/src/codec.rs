//! The consensus codec, over the types that others are made of.

use std::collections::{BTreeMap, BTreeSet};

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::codec;
use probity_primitives::transcript::{Attachment, EngineProfile, Header, Leaf, Opening, Record};
use probity_primitives::{
    Address, Amount, BoundedString, BoundedVec, Bps, Hash, Height, OperatorId, Ppm, PublicKey,
    Score, Signature,
};
use probity_runtime::certificate::Certificate;
use probity_runtime::proof::StateProof;
use probity_runtime::receipt::Receipt;
use probity_runtime::{Genesis, Header as BlockHeader};

use crate::Verdict;

const LIMIT: usize = 64 * 1024;

/// How many types [`codec()`] knows.
pub const KINDS: u8 = 24;

/// The first byte chooses a type, the others are read as one of it.
///
/// # Panics
/// If something was read that does not encode to what it was read from.
#[must_use]
pub fn codec(bytes: &[u8]) -> Verdict {
    let Some((kind, bytes)) = bytes.split_first() else { return Verdict::Refused };
    match kind % KINDS {
        0 => one::<u64>(bytes),
        1 => one::<Option<bool>>(bytes),
        2 => one::<String>(bytes),
        3 => one::<Vec<u16>>(bytes),
        4 => one::<BTreeMap<u8, u16>>(bytes),
        5 => one::<BTreeSet<Hash>>(bytes),
        6 => one::<BoundedVec<Amount, 8>>(bytes),
        7 => one::<BoundedString<16>>(bytes),
        8 => one::<(Amount, Height, Score)>(bytes),
        9 => one::<(Ppm, Bps)>(bytes),
        10 => one::<Address>(bytes),
        11 => one::<OperatorId>(bytes),
        12 => one::<(PublicKey, Signature)>(bytes),
        13 => one::<EngineProfile>(bytes),
        14 => one::<Header>(bytes),
        15 => one::<Leaf>(bytes),
        16 => one::<Attachment>(bytes),
        17 => one::<Opening>(bytes),
        18 => one::<Record>(bytes),
        19 => one::<BlockHeader>(bytes),
        20 => one::<Certificate>(bytes),
        21 => one::<Receipt>(bytes),
        22 => one::<StateProof>(bytes),
        _ => one::<Genesis>(bytes),
    }
}

/// What reads as a `T` is the encoding of that `T`, and nothing longer than the limit is read.
pub(crate) fn one<T: BorshSerialize + BorshDeserialize>(bytes: &[u8]) -> Verdict {
    Verdict::of(codec::decode::<T>(bytes, LIMIT), |value| {
        assert!(bytes.len() <= LIMIT, "{} bytes were read", bytes.len());
        assert_eq!(codec::encode(&value), bytes, "{}", std::any::type_name::<T>());
    })
}
