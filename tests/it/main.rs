//! Whole-system tests: the program as its users run it.

#![cfg(test)]

mod chain;
mod cli;
mod clock;
mod dispute;
mod errors;
mod eval;
mod gov;
mod key;
mod kill;
mod kill_often;
mod operate;
mod operate_faults;
mod overturned;
mod safety;
mod sim;
mod sim_questions;
mod snapshot;
mod stage;
mod support;
mod terminal;
mod tx;
mod upgrade;
mod validator;
mod web;
