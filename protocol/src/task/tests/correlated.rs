//! Offences of one window are counted together.

use probity_primitives::{Amount, Height, OperatorId};

use super::stage::Stage;
use crate::event::Event;
use crate::slashing::{self, Offence, SlashState, Verdict};

/// So many of ten equal operators are found guilty of the same offence in one window, and their
/// slashes wait for so many blocks.
fn window_with(offenders: usize, delay_blocks: u64) -> (Stage, Vec<OperatorId>) {
    let mut stage = Stage::new(10);
    stage.ledger.params.get_mut().slashing.delay_blocks = delay_blocks;
    stage.pass(1);
    let guilty: Vec<OperatorId> = stage.players.keys().copied().take(offenders).collect();
    for operator in &guilty {
        let verdict = Verdict {
            operator: *operator,
            offence: Offence::FalseTranscript,
            task: None,
            lock: Amount::from_tokens(1_000),
            committed: Height(0),
            reporter: None,
        };
        stage.attempt(|ledger, ctx| Ok(slashing::slash(ledger, ctx, verdict)?)).unwrap();
    }
    (stage, guilty)
}

#[test]
fn one_offender_of_ten_loses_nine_percent_of_its_stake_in_all() {
    let (mut stage, guilty) = window_with(1, 20);
    let whole = Amount::from_tokens(50_000);
    stage.pass(140);
    // 9 * 0.1^2 = 9 %, less the 100 tokens that were taken at once.
    let left = stage.ledger.bonded(&guilty[0]);
    assert_eq!(whole.checked_sub(left).unwrap(), Amount::from_tokens(4_500));
}

#[test]
fn four_of_ten_lose_everything() {
    let (mut stage, guilty) = window_with(4, 20);
    stage.pass(140);
    assert!(guilty.iter().all(|operator| stage.ledger.bonded(operator).is_zero()));
}

#[test]
fn beyond_half_of_the_stake_the_window_suspends_itself() {
    // Slashes that wait as long as the window lasts are still there when it ends.
    let (mut stage, guilty) = window_with(6, 200);
    let before = stage.ledger.bonded(&guilty[0]);
    stage.pass(300);
    assert!(guilty.iter().all(|operator| stage.ledger.bonded(operator) == before));
    assert!(stage.ledger.slashes.iter().all(|(_, slash)| slash.state == SlashState::Suspended));
    assert!(stage.ctx.events.iter().any(|event| matches!(
        event,
        Event::WindowClosed { suspended: true, share_ppm: 600_000, .. }
    )));
}
