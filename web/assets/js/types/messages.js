// Transactions and everything that one may ask for, in the order of their bytes.
//
// A kind of message is appended at the end, here as in runtime/src/message.rs.

import {
  account, adjacent, amount, choice, hash, i128, i64, list, operator, option, signature, string,
  struct, tagged, tuple, u16, u32, u64, u8, unit, variants,
} from "../codec.js";
import { Answer, Attestation, Manifest, Mode, Opening, Reveal } from "./shared.js";

export const Transfer = struct({ to: account, amount });
export const Registration = struct({
  key: hash, vrf: hash, name: string, commission: u16, classes: list(u16),
});
export const RegisterOperator = struct({ registration: Registration, proof: signature });
export const EditOperator = struct({
  operator, name: option(string), commission: option(u16), classes: option(list(u16)),
});
export const RotateOperatorKey = struct({ operator, key: hash, proof: signature });
export const Bond = struct({ operator, amount });
export const Unbond = struct({ operator, amount: option(amount) });
export const Withdraw = struct({ operator, epoch: u64 });
export const Unjail = struct({ operator });
export const RegisterArtifact = struct({ manifest: Manifest });
export const TransferArtifact = struct({ artifact: hash, to: account });
export const OfferSale = struct({ artifact: hash, price: option(amount) });
export const BuyArtifact = struct({ artifact: hash, max_price: amount });
export const WithdrawArtifact = struct({ artifact: hash });
export const AdvanceState = struct({ artifact: hash, seq: u64, root: hash });
export const ClaimRoyalty = struct({ artifact: hash });
export const RequestTask = struct({
  benchmark: hash, artifact: hash, mode: Mode, fee: amount, value_at_risk: amount,
  commit_blocks: option(u64),
});
export const Commit = struct({ attestation: Attestation });
export const ReportUnavailable = struct({ operator, task: hash, round: u8 });
export const PostOpenings = struct({ operator, task: hash, round: u8, openings: list(Opening) });
export const JuryCommit = struct({ operator, task: hash, draw: u8, commitment: hash });
export const VerdictOfItem = struct({
  item: hash, prompt: hash, accepted: list(tuple(Answer, i64)),
});
export const JuryReveal = struct({
  operator, task: hash, draw: u8, verdicts: list(VerdictOfItem), salt: hash,
});
export const SubmitEvidence = struct({ first: Attestation, second: Attestation, key: hash });
export const VoteKind = choice("prevote", "precommit");
export const SignedVote = struct({
  kind: VoteKind, height: u64, round: u32, block: option(hash), validator: operator, signature,
});
export const SubmitVoteEvidence = struct({ first: SignedVote, second: SignedVote });
export const Track = choice(
  "root", "supply", "large_spend", "small_spend", "parameters", "dispute", "cancel", "pause",
);
export const Change = struct({ path: string, before: string, after: string });
export const Ruling = choice("uphold", "overturn", "void");
export const Action = variants({
  text: struct({ hash }), change_parameters: struct({ changes: list(Change) }),
  spend: struct({ to: account, amount }), cancel_referendum: struct({ referendum: u64 }),
  revert_slash: struct({ slash: u64 }), resume_window: struct({ window: u64 }),
  revert_window: struct({ window: u64 }), mint: struct({ amount }),
  upgrade: struct({ version: u32, height: u64 }), cancel_upgrade: struct({ version: u32 }),
  pause: struct({ blocks: u64 }), rule_dispute: struct({ dispute: u64, ruling: Ruling }),
});
export const SubmitReferendum = struct({ track: Track, title: string, action: Action });
export const VoteSide = choice("aye", "nay", "nay_with_veto");
export const Conviction = choice(
  "unlocked", "once", "twice", "thrice", "four_times", "five_times", "six_times",
);
export const Ballot = variants({
  whole: struct({ side: VoteSide, conviction: Conviction, amount }),
  split: struct({ aye: amount, nay: amount, abstain: amount }),
});
export const CastVote = struct({ referendum: u64, ballot: Ballot });
export const RemoveVote = struct({ referendum: u64 });
export const Delegate = struct({ track: Track, to: account, amount, conviction: Conviction });
export const Undelegate = struct({ track: Track });
export const TrimDelegation = struct({ account, track: Track });
export const Opened = struct({ item: hash, prompt: hash, answer: Answer, score: i64 });
export const Stretch = struct({ before: option(Opening), last: Opening });
export const Difference = struct({ stated: Stretch, claimed: Stretch });
export const Rival = struct({
  member: operator, score: i64, answers_root: hash, engine: hash, last: Opening,
  difference: option(Difference),
});
export const Challenge = tagged("challenge", {
  transcript: struct({ member: operator, item: u32, claimed: Opened, stated: option(Stretch) }),
  aggregate: Rival, withheld: struct({ member: operator, item: u32 }),
});
export const OpenDispute = struct({ task: hash, round: u8, challenge: Challenge, bond: amount });
export const AnswerDispute = struct({ dispute: u64, stated: Stretch });
export const PlayDispute = struct({ dispute: u64, opening: Opening });
export const ImplicateMember = struct({ dispute: u64, member: operator, opening: Opening });
export const DisputeCommit = struct({
  operator, dispute: u64, level: u8, draw: u8, commitment: hash,
});
export const Evidence = adjacent("evidence", "found", {
  item: VerdictOfItem, sum: i128, nothing: unit,
});
export const DisputeBallot = struct({
  operator, dispute: u64, level: u8, draw: u8, vote: Ruling, evidence: Evidence, salt: hash,
});
export const DisputeReveal = struct({ ballot: DisputeBallot });
export const ReportBallot = struct({ ballot: DisputeBallot });
export const Side = choice("challenger", "defender");
export const FundAppeal = struct({ dispute: u64, side: Side, amount });
export const SignedStand = struct({
  height: u64, round: u32, pol_round: option(u32), block: hash, proposer: operator, signature,
});
export const SubmitProposalEvidence = struct({ first: SignedStand, second: SignedStand });
export const Message = variants({
  transfer: Transfer, register_operator: RegisterOperator, edit_operator: EditOperator,
  rotate_operator_key: RotateOperatorKey, bond: Bond, unbond: Unbond, withdraw: Withdraw,
  unjail: Unjail, register_artifact: RegisterArtifact, transfer_artifact: TransferArtifact,
  offer_sale: OfferSale, buy_artifact: BuyArtifact, withdraw_artifact: WithdrawArtifact,
  advance_state: AdvanceState, claim_royalty: ClaimRoyalty, request_task: RequestTask,
  commit: Commit, reveal: Reveal, report_unavailable: ReportUnavailable,
  post_openings: PostOpenings, jury_commit: JuryCommit, jury_reveal: JuryReveal,
  submit_evidence: SubmitEvidence, submit_vote_evidence: SubmitVoteEvidence,
  submit_referendum: SubmitReferendum, cast_vote: CastVote, remove_vote: RemoveVote,
  delegate: Delegate, undelegate: Undelegate, trim_delegation: TrimDelegation,
  open_dispute: OpenDispute, answer_dispute: AnswerDispute, play_dispute: PlayDispute,
  implicate_member: ImplicateMember, dispute_commit: DisputeCommit,
  dispute_reveal: DisputeReveal, report_ballot: ReportBallot, fund_appeal: FundAppeal,
  submit_proposal_evidence: SubmitProposalEvidence,
});
export const TxBody = struct({
  chain: string, sender: account, nonce: u64, fee: amount, expiry: u64, memo: string,
  message: Message,
});
export const SignedTx = struct({ body: TxBody, key: hash, signature });
