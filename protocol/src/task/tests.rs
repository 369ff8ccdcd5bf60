//! Tasks from request to payment, and every way in which a member can fail.

mod acts;
mod correlated;
mod evasion;
mod faults;
mod juries;
mod prices;
mod requests;
mod retired;
mod rounds;
mod rulings;
mod stage;
mod statements;
mod sums;
mod thresholds;
