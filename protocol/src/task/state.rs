//! What tasks store.

mod audit;
mod jury;
mod outcome;
mod submission;
mod task;

pub use audit::{Audit, AuditEntry, AuditPhase, AuditTerms};
pub use jury::{Jury, JuryBallot, JuryPhase, VerdictOfItem};
pub use outcome::{Correction, Counting, MemberOutcome, Outcome, OutcomeState};
pub use submission::{Opened, Revealed, Standing, Submission};
pub use task::{Due, Frozen, Member, Mode, Phase, Request, Task, VoidReason};
