//! The API from outside: routes, refusals, streams, files, and the client against a real server.

#[cfg(test)]
mod blobs;
#[cfg(test)]
mod client;
#[cfg(test)]
mod client_refused;
#[cfg(test)]
mod disputes;
#[cfg(test)]
mod events;
#[cfg(test)]
mod exports;
#[cfg(test)]
mod governance;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod reads;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod scripts;
#[cfg(test)]
mod shield;
#[cfg(test)]
mod showcase;
#[cfg(test)]
mod snapshots;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod txs;
