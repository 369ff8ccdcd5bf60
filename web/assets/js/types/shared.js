// Types that transactions and the state share.

import {
  account, adjacent, choice, hash, i128, i64, list, operator, option, signature, string, struct,
  u16, u32, u64, u8,
} from "../codec.js";

export const ArtifactKind = choice(
  "model", "dataset", "benchmark", "harness", "service", "workflow",
);
export const ArtifactFile = struct({ path: string, size: u64, blake3: hash, sha256: hash });
export const Relation = choice(
  "fine_tuned", "quantized", "merged", "distilled", "trained_on", "measures", "derived_from",
);
export const Parent = struct({ id: hash, relation: Relation, share: u16 });
export const Contributor = struct({ account, weight: u32 });
export const Fold = choice("mean", "root_mean");
export const Direction = choice("higher_is_better", "lower_is_better");
export const Benchmark = struct({
  definition: hash, dataset: hash, class: u16, items: u32, metric: string, fold: Fold,
  direction: Direction, lowest: i64, highest: i64, sigma: u64, delta: u64, harness: u32,
  engines: list(hash),
});
export const Manifest = struct({
  kind: ArtifactKind, name: string, version: string, licence: string, files: list(ArtifactFile),
  parents: list(Parent), contributors: list(Contributor), card: hash, terms: hash,
  benchmark: option(Benchmark),
});
export const Mode = choice("exact", "tolerant");
export const Statement = adjacent("statement", "hash", { commit: hash, reveal: hash });
export const Attestation = struct({
  task: hash, round: u8, operator, statement: Statement, signature,
});
export const Committed = struct({
  score: i64, answers_root: hash, attachments_root: hash, private_root: hash, salt: hash,
});
export const Answer = adjacent("kind", "value", {
  label: u32, choice: u16, tokens: list(u32), number: i64,
});
export const Leaf = struct({
  index: u32, item: hash, prompt: hash, answer: Answer, score: i64, prefix_sum: i128,
});
export const Path = list(hash);
export const Opening = struct({ leaf: Leaf, path: Path });
export const Reveal = struct({
  committed: Committed, engine: hash, last: Opening, transcript: hash, attestation: Attestation,
});
