//! The rules of evaluation: accounts, staking, registry, tasks, aggregation and slashing.
