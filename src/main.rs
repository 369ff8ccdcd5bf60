//! The `probity` command line.
fn main() {}
