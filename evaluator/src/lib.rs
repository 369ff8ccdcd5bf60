//! Fetches artifacts by hash, runs benchmarks and builds transcripts.
