//! The HTTP API and the pages of a node.
