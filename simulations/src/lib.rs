//! Seeded worlds that drive the very rules of the network.
