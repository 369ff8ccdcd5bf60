//! Evidence signed with a key that was replaced.

use probity_primitives::{Keypair, OperatorId};

use super::evasion::statements;
use super::stage::Stage;
use crate::staking::message::{KeyUse, RotateOperatorKey};
use crate::staking::{Standing, rotate_key};
use crate::task::member;
use crate::task::message::SubmitEvidence;
use crate::task::{Mode, TaskError};

/// A stage whose first operator replaced its key, with that operator.
fn rotated(stage: &mut Stage) -> OperatorId {
    let operator = *stage.players.keys().next().unwrap();
    let key = Keypair::from_seed([250; 32]);
    let proof = KeyUse::Rotate(operator).agree(stage.ctx.chain, &key);
    let owner = stage.ledger.operator(&operator).unwrap().owner;
    let rotation = RotateOperatorKey { operator, key: key.public(), proof };
    rotate_key(&mut stage.ledger, &mut stage.ctx, owner, &rotation).unwrap();
    operator
}

fn report(stage: &mut Stage, evidence: &SubmitEvidence) -> Result<(), TaskError> {
    let reporter = stage.requester;
    stage.attempt(|ledger, ctx| member::submit_evidence(ledger, ctx, reporter, evidence))
}

#[test]
fn a_replaced_key_still_proves_what_was_stated_before_it_was_replaced() {
    let mut stage = Stage::new(12);
    let id = stage.request(Mode::Exact);
    stage.pass(1);
    let operator = rotated(&mut stage);
    // The stage signs with the key that the operator had before.
    let evidence = statements(&stage, id, operator);
    stage.pass(10);
    assert_eq!(report(&mut stage, &evidence), Ok(()));
    assert_eq!(stage.ledger.operator(&operator).unwrap().standing, Standing::Tombstoned);
}

#[test]
fn a_replaced_key_frames_nobody_in_a_task_that_came_after_it() {
    let mut stage = Stage::new(12);
    let operator = rotated(&mut stage);
    stage.pass(1);
    let id = stage.request(Mode::Exact);
    let evidence = statements(&stage, id, operator);
    let refused = report(&mut stage, &evidence);
    let reason = "the key was replaced before the task was requested";
    assert_eq!(refused, Err(TaskError::NoEvidence(reason)));
    assert_eq!(stage.ledger.operator(&operator).unwrap().standing, Standing::Active);
}
