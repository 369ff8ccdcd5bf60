//! What the fuzzers start from is accepted, and what is near it or far from it breaks nothing.

#[cfg(test)]
mod mutation;
#[cfg(test)]
mod seeds;
