//! Whole tasks through the real chain, with every invariant checked after every block.

#[cfg(test)]
mod blocks;
#[cfg(test)]
mod calibrate;
#[cfg(test)]
mod certificate;
#[cfg(test)]
mod chaos;
#[cfg(test)]
mod disputes;
#[cfg(test)]
mod evidence;
#[cfg(test)]
mod genesis;
#[cfg(test)]
mod governance;
#[cfg(test)]
mod honesty;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod learning;
#[cfg(test)]
mod queries;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod state;
#[cfg(test)]
mod tasks;
#[cfg(test)]
mod upgrade;
