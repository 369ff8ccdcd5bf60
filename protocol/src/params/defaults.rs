//! The main network's defaults, and the same in the short windows of a development network.

use probity_primitives::{Amount, BoundedVec, Bps, Ppm, Seats};

use super::{
    Audits, Checks, Class, Disputes, FeeSplit, Fees, Juries, Minting, Params, Pauses, SizeStep,
    Slashing, Staking, Tasks,
};

/// Blocks in a day of six-second blocks.
const DAY: u64 = 14_400;

impl Default for Params {
    fn default() -> Self {
        let unit = Amount::from_units;
        Self {
            fees: Fees {
                transfer: unit(1_000_000),
                staking: unit(2_000_000),
                register: unit(50_000_000),
                registry: unit(5_000_000),
                request: unit(10_000_000),
                work: unit(100_000),
                evidence: unit(1_000_000),
                governance: unit(2_000_000),
                per_byte: unit(1_000),
            },
            staking: Staking {
                epoch_blocks: DAY,
                max_validators: 100,
                unbond_blocks: 28_u64.saturating_mul(DAY),
                min_bond: Amount::from_tokens(1),
                commission_step: Bps::new(100),
            },
            task: tasks(&[(750, 7), (2_750, 15), (11_000, 31), (38_000, 63)]),
            checks: Checks {
                spot_exact: 8,
                spot_tolerant: 16,
                fault_exact: 1,
                fault_tolerant: 5,
                defence: 32,
                flip_rate: Ppm::new(10_000),
                tolerance_low: 4,
                tolerance_cap: 8,
            },
            jury: Juries {
                seats: Seats(31),
                commit_blocks: 3_600,
                reveal_blocks: 1_200,
                min_operators: 10,
                fee: Ppm::new(250_000),
            },
            split: FeeSplit {
                evaluators: Bps::new(6_000),
                royalties: Bps::new(2_000),
                audit_pool: Bps::new(800),
                treasury: Bps::new(700),
                burn: Bps::new(500),
            },
            slashing: slashing(),
            audit: Audits {
                floor: Ppm::new(50_000),
                ceiling: Ppm::new(900_000),
                half_value: 133,
                seats: Seats(5),
                private_share: Ppm::new(125_000),
            },
            supply: minting(),
            pause: Pauses {
                max_blocks: 7_u64.saturating_mul(DAY),
                every_blocks: 30_u64.saturating_mul(DAY),
            },
            dispute: disputes(),
            classes: list(&[Class {
                id: 0,
                seat_price: Amount::from_tokens(3),
                seat_cost: Amount::from_tokens(2),
                compute_units: 1,
            }]),
        }
    }
}

impl Params {
    /// Short windows and small committees, for a network of a few nodes on one machine.
    ///
    /// Every inequality of [`Params::validate`] still holds.
    #[must_use]
    pub fn development() -> Self {
        let mut params = Self::default();
        params.staking.epoch_blocks = 10;
        params.staking.unbond_blocks = 560;
        params.task = tasks(&[(750, 7)]);
        params.task.open_blocks = 2;
        params.task.commit_blocks = 20;
        params.task.commit_min = 5;
        params.task.commit_max = 60;
        params.task.reveal_blocks = 8;
        params.task.spot_blocks = 8;
        params.task.provisional_blocks = 40;
        params.jury.seats = Seats(5);
        params.jury.commit_blocks = 10;
        params.jury.reveal_blocks = 6;
        params.jury.min_operators = 3;
        params.dispute.levels = list(&[Seats(5), Seats(7), Seats(9)]);
        params.dispute.commit_blocks = 10;
        params.dispute.reveal_blocks = 6;
        params.dispute.appeal_blocks = 10;
        params.dispute.clock_blocks = 10;
        params.dispute.vote_blocks = 56;
        params.slashing.delay_blocks = 20;
        params.slashing.window_blocks = 140;
        params.slashing.fault_jail_blocks = 20;
        params.slashing.false_jail_blocks = 140;
        params.supply.year_blocks = 3_650;
        params.supply.stream_blocks = 60;
        params.pause.max_blocks = 70;
        params.pause.every_blocks = 300;
        params
    }
}

fn tasks(sizes: &[(u64, u32)]) -> Tasks {
    let steps: Vec<SizeStep> = sizes
        .iter()
        .map(|(up_to, seats)| SizeStep { up_to: *up_to, seats: Seats(*seats) })
        .collect();
    Tasks {
        open_blocks: 10,
        commit_blocks: 600,
        commit_min: 100,
        commit_max: 14_400,
        reveal_blocks: 200,
        spot_blocks: 200,
        provisional_blocks: DAY,
        max_rounds: 2,
        min_operators: 3,
        sizes: list(&steps),
        seat_lock: 333,
        max_open: 10_000,
    }
}

fn minting() -> Minting {
    Minting {
        year_blocks: 365_u64.saturating_mul(DAY),
        stream_blocks: 90_u64.saturating_mul(DAY),
        lambda: Amount::from_units(100_000_000),
        audit_pool: Bps::new(2_000),
        reward_pool: Bps::new(4_000),
        reward_share: Ppm::new(10_000),
    }
}

fn disputes() -> Disputes {
    Disputes {
        levels: list(&[Seats(31), Seats(63), Seats(127)]),
        commit_blocks: 3_600,
        reveal_blocks: 1_200,
        appeal_blocks: 7_200,
        clock_blocks: 7_200,
        // Seven days of voting, a day's extension, a day to confirm and one to enact.
        vote_blocks: 10_u64.saturating_mul(DAY),
        bond: 50,
        fee: Ppm::new(250_000),
        repeat: 4,
        winner: Ppm::new(500_000),
        defender: Ppm::new(100_000),
        max_per_task: 8,
        max_per_account: 4,
    }
}

fn slashing() -> Slashing {
    Slashing {
        no_reveal: Ppm::new(20_000),
        undefended: Ppm::new(20_000),
        transcript: Ppm::new(100_000),
        equivocation: Ppm::ONE,
        equivocation_bonded: Ppm::new(50_000),
        false_result: Ppm::ONE,
        incoherent: Ppm::new(50_000),
        reporter: Ppm::new(200_000),
        audit_pool: Ppm::new(300_000),
        delay_blocks: 7_u64.saturating_mul(DAY),
        window_blocks: 7_u64.saturating_mul(DAY),
        miss_limit: 16,
        jail_blocks: 100,
        jail_doublings: 10,
        fault_jail_blocks: DAY,
        false_jail_blocks: 7_u64.saturating_mul(DAY),
    }
}

/// A list that is within its limit by construction: these are literals of this file.
fn list<T: Clone, const MAX: usize>(elements: &[T]) -> BoundedVec<T, MAX> {
    BoundedVec::from_vec(elements.to_vec()).unwrap_or_default()
}
