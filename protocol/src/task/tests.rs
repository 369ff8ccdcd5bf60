//! Tasks from request to payment, and every way in which a member can fail.

mod acts;
mod audits;
mod correlated;
mod evasion;
mod faults;
mod juries;
mod paused;
mod prices;
mod requests;
mod retired;
mod rounds;
mod rulings;
mod stage;
mod statements;
mod sums;
mod thresholds;
mod wash;
