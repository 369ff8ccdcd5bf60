//! One state machine out of the rules: transactions, blocks, state tree, genesis and queries.

pub mod certificate;
pub mod validators;
