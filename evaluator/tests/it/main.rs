//! Agents that work on a whole chain in memory, with real models and real worker processes.

#[cfg(test)]
mod dispute;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod http;
#[cfg(test)]
mod liar;
#[cfg(test)]
mod net;
#[cfg(test)]
mod restart;
#[cfg(test)]
mod work;
