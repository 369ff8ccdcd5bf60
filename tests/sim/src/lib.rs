//! Whole replicas in one thread.
