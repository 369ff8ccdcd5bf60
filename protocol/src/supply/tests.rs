//! Minting within its caps, the flow of what was minted, and what pays validators.
#![expect(clippy::arithmetic_side_effects, reason = "the numbers of tests are small")]

use probity_primitives::{Address, Amount, Bps, Hash, Height, Keypair, Network, Ppm};
use proptest::prelude::*;

use super::*;
use crate::bank::Bucket;
use crate::event::Event;
use crate::ledger::{Context, Ledger};
use crate::params::Params;
use crate::pause;
use crate::task::phases;

const POOLS: [Bucket; 3] = [Bucket::AuditPool, Bucket::RewardPool, Bucket::Treasury];

fn units(units: u128) -> Amount {
    Amount::from_units(units)
}

fn holder() -> Address {
    Address::of(&Keypair::from_seed([7; 32]).public(), Network::Test)
}

/// 1 000 000 units out of genesis, and work that earned as many.
fn world() -> (Ledger, Context) {
    let mut ledger = Ledger::default();
    *ledger.params.get_mut() = Params::development();
    ledger.endow(Bucket::Free(holder()), units(1_000_000)).unwrap();
    open_books(&mut ledger);
    credit(&mut ledger, 1_000_000, units(1)).unwrap();
    (ledger, Context::new(Height(5), Hash::ZERO))
}

fn pass(ledger: &mut Ledger, ctx: &mut Context, blocks: u64) {
    for _ in 0..blocks {
        ctx.height = ctx.height.next().unwrap();
        phases::end_block(ledger, ctx);
        if crate::staking::epoch::begins(ledger, ctx) {
            end_epoch(ledger, ctx);
        }
        assert_eq!(ledger.total(), ledger.supply.get().expected());
    }
}

fn held(ledger: &Ledger) -> [u128; 3] {
    POOLS.map(|pool| ledger.balance(pool).units())
}

#[test]
fn more_than_any_cap_is_refused_with_the_three_figures() {
    let (mut ledger, mut ctx) = world();
    let of = |ledger: &Ledger| {
        let Caps { year, compute, ever } = caps(ledger, Height(5));
        [year, compute, ever].map(Amount::units)
    };
    assert_eq!(of(&ledger), [50_000, 1_000_000, 1_000_000]);
    let error = mint(&mut ledger.clone(), &mut ctx.clone(), units(50_001)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "0.000050001 is beyond a cap of supply: 0.00005 of this year's, 0.001 of verified work's, \
         0.001 of all time's"
    );
    mint(&mut ledger, &mut ctx, units(20_000)).unwrap();
    assert_eq!(of(&ledger), [30_000, 980_000, 980_000]);
    ledger.issuance.get_mut().earned = units(20_007);
    assert_eq!(of(&ledger), [30_000, 7, 980_000]);
    let refused = |ledger: &Ledger, amount| {
        mint(&mut ledger.clone(), &mut Context::new(Height(5), Hash::ZERO), units(amount)).is_err()
    };
    assert!(refused(&ledger, 8) && !refused(&ledger, 7));
    ledger.issuance.get_mut().earned = units(1_000_000);
    ledger.supply.get_mut().minted = units(999_995);
    assert_eq!(of(&ledger)[2], 5);
    assert!(refused(&ledger, 6) && !refused(&ledger, 5));
}

#[test]
fn minting_nothing_is_refused() {
    let (mut ledger, mut ctx) = world();
    assert_eq!(mint(&mut ledger, &mut ctx, Amount::ZERO), Err(SupplyError::Nothing));
}

#[test]
fn what_is_minted_flows_evenly_and_to_the_unit_into_the_pools() {
    let (mut ledger, mut ctx) = world();
    // 20 % to the audit pool, 40 % to the reward pool; nobody validates, so nobody is paid.
    let id = mint(&mut ledger, &mut ctx, units(10_007)).unwrap();
    assert_eq!(ledger.balance(Bucket::Stream(id)), units(10_007));
    assert_eq!(ledger.supply.get().minted, units(10_007));
    pass(&mut ledger, &mut ctx, 9);
    assert_eq!(held(&ledger), [0, 0, 0]);
    pass(&mut ledger, &mut ctx, 1);
    // floor(10007 * 10 / 60) = 1667: 333.4 and 666.8 rounded down, the rest to the treasury.
    assert_eq!(held(&ledger), [333, 666, 668]);
    pass(&mut ledger, &mut ctx, 49);
    assert!(ledger.balance(Bucket::Stream(id)) > Amount::ZERO);
    pass(&mut ledger, &mut ctx, 1);
    assert_eq!(held(&ledger).iter().sum::<u128>(), 10_007);
    assert!(ledger.issuance.get().streams.is_empty() && ledger.schedule.is_empty());
}

#[test]
fn a_stream_keeps_the_shares_it_was_minted_with() {
    let (mut ledger, mut ctx) = world();
    mint(&mut ledger, &mut ctx, units(10_000)).unwrap();
    ledger.params.get_mut().supply.reward_pool = Bps::ZERO;
    pass(&mut ledger, &mut ctx, 60);
    assert_eq!(held(&ledger)[1], 3_996);
}

#[test]
fn one_stream_too_many_is_refused() {
    let (mut ledger, mut ctx) = world();
    for _ in 0..MAX_STREAMS {
        mint(&mut ledger, &mut ctx, units(1)).unwrap();
    }
    let refused = SupplyError::TooManyStreams { open: 16, limit: 16 };
    assert_eq!(mint(&mut ledger.clone(), &mut ctx.clone(), units(1)), Err(refused));
    pass(&mut ledger, &mut ctx, 60);
    assert!(mint(&mut ledger, &mut ctx, units(1)).is_ok());
}

#[test]
fn a_new_year_counts_from_the_supply_that_it_begins_with() {
    let (mut ledger, mut ctx) = world();
    mint(&mut ledger, &mut ctx, units(50_000)).unwrap();
    assert_eq!(caps(&ledger, Height(3_649)).year, Amount::ZERO);
    // 5 % of 1 050 000, in the year's first block and after it was written down.
    assert_eq!(caps(&ledger, Height(3_650)).year, units(52_500));
    ctx.height = Height(3_640);
    pass(&mut ledger, &mut ctx, 10);
    assert_eq!(ledger.issuance.get().year.began, Height(3_650));
    mint(&mut ledger, &mut ctx, units(52_500)).unwrap();
    assert_eq!(caps(&ledger, ctx.height).year, Amount::ZERO);
    assert_eq!(caps(&ledger, Height(7_300)).year, units(55_125));
}

#[test]
fn a_paused_stream_loses_nothing_and_ends_as_much_later() {
    let (mut ledger, mut ctx) = world();
    let id = mint(&mut ledger, &mut ctx, units(6_000)).unwrap();
    pass(&mut ledger, &mut ctx, 15);
    let before = held(&ledger);
    pause::set(&mut ledger, &mut ctx, 30).unwrap();
    pass(&mut ledger, &mut ctx, 29);
    assert_eq!(held(&ledger), before);
    assert!(ctx.events.iter().any(|event| matches!(event, Event::PutOff { .. })));
    pass(&mut ledger, &mut ctx, 60);
    assert_eq!(held(&ledger).iter().sum::<u128>(), 6_000);
    assert_eq!(ledger.balance(Bucket::Stream(id)), Amount::ZERO);
}

/// What may happen to supply.
#[derive(Debug, Clone)]
enum Act {
    Mint(u128),
    Earn(u128),
    Burn(u128),
    Pause(u64),
    Pass(u64),
    Share(u16, u32),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0..200_000u128).prop_map(Act::Mint),
        (0..50_000u128).prop_map(Act::Earn),
        (0..5_000u128).prop_map(Act::Burn),
        (0..90u64).prop_map(Act::Pause),
        (0..400u64).prop_map(Act::Pass),
        (0..6_000u16, 0..1_000_001u32).prop_map(|(pool, share)| Act::Share(pool, share)),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_nothing_is_minted_beyond_a_cap_and_nothing_is_lost(
        acts in prop::collection::vec(act(), 1..20),
    ) {
        let (mut ledger, mut ctx) = world();
        for act in acts {
            match act {
                Act::Mint(amount) => {
                    let (amount, caps) = (units(amount), caps(&ledger, ctx.height));
                    let (mut trial, mut inner) = (ledger.clone(), ctx.clone());
                    match mint(&mut trial, &mut inner, amount) {
                        Ok(_) => {
                            prop_assert!(amount <= caps.least());
                            (ledger, ctx) = (trial, inner);
                        }
                        Err(SupplyError::BeyondCap { .. }) => prop_assert!(amount > caps.least()),
                        Err(_) => {}
                    }
                }
                Act::Earn(amount) => credit(&mut ledger, amount, units(1)).unwrap(),
                Act::Burn(amount) => {
                    ledger.burn(Bucket::Free(holder()), units(amount)).unwrap();
                }
                Act::Pause(blocks) => {
                    let _ = pause::set(&mut ledger, &mut ctx, blocks);
                }
                Act::Pass(blocks) => pass(&mut ledger, &mut ctx, blocks),
                Act::Share(pool, share) => {
                    let supply = &mut ledger.params.get_mut().supply;
                    (supply.reward_pool, supply.reward_share) = (Bps::new(pool), Ppm::new(share));
                }
            }
            let (supply, issuance) = (ledger.supply.get(), ledger.issuance.get());
            prop_assert!(supply.minted <= supply.genesis);
            prop_assert_eq!(supply.minted, issuance.minted_from_compute);
            prop_assert!(issuance.minted_from_compute <= issuance.earned);
            prop_assert!(issuance.year.minted.units() * 20 <= issuance.year.supply.units());
            for stream in &issuance.streams {
                let rest = stream.amount.checked_sub(stream.released).unwrap();
                prop_assert_eq!(ledger.balance(Bucket::Stream(stream.id)), rest);
            }
        }
        // With time, all that was minted is in the pools.
        pass(&mut ledger, &mut ctx, 200);
        prop_assert!(ledger.issuance.get().streams.is_empty());
        let minted = ledger.supply.get().minted.units();
        prop_assert_eq!(held(&ledger).iter().sum::<u128>(), minted);
    }
}
