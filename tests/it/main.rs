//! Whole-system tests: the program as its users run it.

#![cfg(test)]

mod chain;
mod eval;
mod kill;
mod support;
