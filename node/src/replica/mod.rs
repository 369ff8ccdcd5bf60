//! The replica: this node's copy of the chain, and its part in deciding the next block.
pub mod application;
pub mod proposal;
pub mod rotation;
