//! Typed client of a node's HTTP API.
