// What a result certificate holds: entries of the state, headers, votes, the genesis document.

import {
  account, amount, bool, choice, hash, i64, list, operator, option, signature, string, struct,
  tagged, tuple, u16, u32, u64, u8, unit, variants, vrfProof,
} from "../codec.js";
import { Fold, Manifest, Mode } from "./shared.js";

export const Network = choice("main", "test");
export const Token = struct({ symbol: string, decimals: u8 });
export const Plan = struct({ version: u32, height: u64 });
export const Protocol = struct({ version: u32, planned: option(Plan) });
export const Fees = struct({
  transfer: amount, staking: amount, register: amount, registry: amount, request: amount,
  work: amount, evidence: amount, governance: amount, per_byte: amount,
});
export const Staking = struct({
  epoch_blocks: u64, max_validators: u32, unbond_blocks: u64, min_bond: amount,
  commission_step: u16,
});
export const SizeStep = struct({ up_to: u64, seats: u32 });
export const Tasks = struct({
  open_blocks: u64, commit_blocks: u64, commit_min: u64, commit_max: u64, reveal_blocks: u64,
  spot_blocks: u64, provisional_blocks: u64, max_rounds: u8, min_operators: u32,
  sizes: list(SizeStep), seat_lock: u32, max_open: u32,
});
export const Checks = struct({
  spot_exact: u32, spot_tolerant: u32, fault_exact: u32, fault_tolerant: u32, defence: u32,
  flip_rate: u32, tolerance_low: u32, tolerance_cap: u32,
});
export const Juries = struct({
  seats: u32, commit_blocks: u64, reveal_blocks: u64, min_operators: u32, fee: u32,
});
export const FeeSplit = struct({
  evaluators: u16, royalties: u16, audit_pool: u16, treasury: u16, burn: u16,
});
export const Slashing = struct({
  no_reveal: u32, undefended: u32, transcript: u32, equivocation: u32, equivocation_bonded: u32,
  false_result: u32, incoherent: u32, reporter: u32, audit_pool: u32, delay_blocks: u64,
  window_blocks: u64, miss_limit: u32, jail_blocks: u64, jail_doublings: u32,
  fault_jail_blocks: u64, false_jail_blocks: u64,
});
export const Audits = struct({
  floor: u32, ceiling: u32, half_value: u64, seats: u32, private_share: u32,
});
export const Disputes = struct({
  levels: list(u32), commit_blocks: u64, reveal_blocks: u64, appeal_blocks: u64,
  clock_blocks: u64, vote_blocks: u64, bond: u32, fee: u32, repeat: u32, winner: u32,
  defender: u32, max_per_task: u32, max_per_account: u32,
});
export const Minting = struct({
  year_blocks: u64, stream_blocks: u64, lambda: amount, audit_pool: u16, reward_pool: u16,
  reward_share: u32,
});
export const Pauses = struct({ max_blocks: u64, every_blocks: u64 });
export const Class = struct({ id: u16, seat_price: amount, seat_cost: amount, compute_units: u64 });
export const Params = struct({
  fees: Fees, staking: Staking, task: Tasks, checks: Checks, jury: Juries, split: FeeSplit,
  slashing: Slashing, audit: Audits, dispute: Disputes, supply: Minting, pause: Pauses,
  classes: list(Class),
});
export const Deposit = variants({ fixed: amount, dispute_bond: unit });
export const Falling = struct({ high: u32, low: u32 });
export const Bar = variants({ at_least: Falling, more_than_half: unit });
export const TrackRules = struct({
  deposit: Deposit, slots: u32, prepare: u64, decide: u64, confirm: u64, enact: u64,
  approval: Bar, support: Bar,
});
export const Tracks = struct({
  root: TrackRules, supply: TrackRules, large_spend: TrackRules, small_spend: TrackRules,
  parameters: TrackRules, dispute: TrackRules, cancel: TrackRules, pause: TrackRules,
});
export const Governance = struct({
  blocks_per_day: u64, lock_period: u64, extension: u64, cool_down: u64, spend_window: u64,
  veto: u32, queue: u32, parameter_step: u32, small_spend: u32, large_spend: u32, tracks: Tracks,
});
export const GenesisAccount = struct({ address: account, balance: amount });
export const GenesisOperator = struct({
  owner: account, key: hash, vrf: hash, name: string, commission: u16, classes: list(u16),
  bonded: amount,
});
export const Genesis = struct({
  schema: string, chain_id: string, network: Network, time_ms: u64, token: Token,
  protocol: Protocol, params: Params, governance: Governance, accounts: list(GenesisAccount),
  operators: list(GenesisOperator), beacon_seed: hash,
});
export const Header = struct({
  chain_id: string, height: u64, time_ms: u64, parent: hash, proposer: operator, vrf: vrfProof,
  txs: hash, state_root: hash, validators: hash, next_validators: hash,
});
export const Validator = struct({ operator, key: hash, vrf: hash, power: u64 });
export const ValidatorSet = list(Validator);
export const Certificate = struct({
  height: u64, round: u32, block: hash, signatures: list(tuple(operator, signature)),
});
export const Standing = choice("accepted", "grey", "flagged");
export const Counting = choice("counted", "suspended", "excluded");
export const MemberOutcome = struct({
  operator, seats: u32, score: option(i64), answers_root: hash, standing: option(Standing),
  clean: option(bool), paid: amount, counting: Counting,
});
export const OutcomeState = choice("provisional", "contested", "final", "overturned");
export const Correction = struct({ from: i64, at: u64 });
export const Outcome = struct({
  benchmark: hash, artifact: hash, mode: Mode, score: i64, dispersion: u64, tolerance: u64,
  interval: option(tuple(i64, i64)), spread: tuple(i64, i64), seats: u32, revealed: u32,
  operators: u32, items: u32, members: list(MemberOutcome), jury_outside: option(bool),
  published: u64, state: OutcomeState, corrected: option(Correction),
});
export const Request = struct({
  requester: account, benchmark: hash, artifact: hash, mode: Mode, fee: amount,
  value_at_risk: amount, commit_blocks: u64,
});
export const AuditTerms = struct({ probability: u32, seats: u32 });
export const Frozen = struct({
  seats: u32, seat_price: amount, seat_lock: amount, class: u16, compute_units: u64,
  lambda: amount, items: u32, fold: Fold, range: tuple(i64, i64), sigma: u64, delta: u64,
  model: hash, dataset: hash, definition: hash, harness: u32, engines: list(hash),
  windows: Tasks, checks: Checks, jury: Juries, dispute: Disputes, split: FeeSplit,
  audit: AuditTerms,
});
export const Member = struct({ operator, seats: u32 });
export const VoidReason = choice("no_quorum", "unavailable", "no_committee", "overturned");
export const Phase = tagged("phase", {
  open: struct({ until: u64 }), commit: struct({ committee: list(Member), until: u64 }),
  reveal: struct({ committee: list(Member), until: u64 }),
  spot: struct({ committee: list(Member), drawn: list(u32), defence: list(u32), quorum: bool, until: u64 }),
  provisional: struct({ committee: list(Member), drawn: list(u32), until: u64 }),
  final: struct({ at: u64 }), void: struct({ reason: VoidReason, at: u64 }),
});
export const Task = struct({
  request: Request, frozen: Frozen, requested: u64, round: u8, reopened: bool, phase: Phase,
});
export const ArtifactStatus = choice("active", "withdrawn", "disputed");
export const Ancestor = struct({ id: hash, share: u16 });
export const StatePoint = struct({ seq: u64, root: hash });
export const Artifact = struct({
  manifest: Manifest, owner: account, registered: u64, status: ArtifactStatus,
  ancestors: list(Ancestor), depth: u8, price: option(amount), state: StatePoint,
});
