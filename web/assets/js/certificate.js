// Checking a result certificate in the page: from one genesis hash to the score.
//
// The steps are those of runtime/src/result_certificate/verify.rs, done anew here and not asked of
// a node. `verify` gives each step as it holds and throws at the first that does not.

import { concat, hex, same, unhex } from "./bytes.js";
import { hash, i128, i64, list, operator, u32, u64, u8 } from "./codec.js";
import { parse, pretty } from "./json.js";
import { aggregate, fold } from "./score.js";
import { checkProof, stateKey } from "./proof.js";
import { holds } from "./signature.js";
import { tagged } from "./hash.js";
import { Trail } from "./trail.js";
import { Answer, Manifest, Reveal, Statement } from "./types/shared.js";
import { Artifact, Genesis, Outcome, Task } from "./types/state.js";

const SCHEMA = "probity.certificate/v1";
export const MAX_CERTIFICATE_BYTES = 64 * 1024 * 1024;

/** The fields, in the order in which a certificate has them. */
const FIELDS = [
  "schema", "task_id", "outcome", "task", "model", "benchmark", "dataset", "reveals", "header",
  "commit", "changes", "genesis",
];
/** The tables of the state: protocol/src/ledger.rs. */
const TABLE = { operatorKeys: 0x21, artifacts: 0x30, tasks: 0x40, outcomes: 0x44 };
const NO_HASH = "0".repeat(64);

/** What this does not show, in words for people. */
export const NOT_CHECKED = [
  "That a model was run: only whoever runs the benchmark again can see that. The command is on the result's page.",
  "That the genesis hash is the network's you mean: compare it with one that you got elsewhere.",
  "That validators long gone did not sign another past: the certificate is as old as its header.",
  "The random draws and the signatures of transactions in the blocks before.",
  "Odd forms of signatures that the network refuses and some browsers accept.",
];

const exactly = (what, object, names) => {
  const found = Object.keys(object ?? {});
  if (found.join() !== names.join()) throw new Error(`${what} has the fields ${found.join(", ")} and not ${names.join(", ")}`);
};

const equal = (what, found, expected) => {
  if (found !== expected) throw new Error(`the ${what} is ${found} and not ${expected}`);
};

/** Checks that the state of the certificate's header has a value at a key. */
function proven(certificate, what, table, key, entry, type) {
  exactly(what, entry, ["value", "path"]);
  try {
    const root = unhex(certificate.header.state_root, 32);
    checkProof(root, stateKey(table, key), type(entry.value), unhex(entry.path));
  } catch (error) {
    throw new Error(`the ${what} is not in the state: ${error.message}`);
  }
}

function entries(certificate) {
  const { task_id: id, task, outcome } = certificate;
  proven(certificate, "task", TABLE.tasks, hash(id), task, Task);
  proven(certificate, "result", TABLE.outcomes, hash(id), outcome, Outcome);
  equal("evaluated artifact", outcome.value.artifact, task.value.request.artifact);
  equal("benchmark", outcome.value.benchmark, task.value.request.benchmark);
  const { phase } = task.value.phase;
  return `task ${id} is ${phase} and its result ${outcome.value.state}, by a path to the state root of the header`;
}

function artifact(certificate, what, id) {
  const entry = certificate[what];
  const { manifest } = entry.value;
  equal(`${what}'s name`, hex(tagged("MANIFEST", Manifest(manifest))), id);
  proven(certificate, what, TABLE.artifacts, hash(id), entry, Artifact);
  return `${what} ${manifest.name} ${manifest.version}`;
}

function artifacts(certificate) {
  const { request, frozen } = certificate.task.value;
  const promised = certificate.benchmark.value.manifest.benchmark;
  if (promised === null) throw new Error("the benchmark has no definition");
  const named = [
    artifact(certificate, "model", request.artifact),
    artifact(certificate, "benchmark", request.benchmark),
    artifact(certificate, "dataset", promised.dataset),
  ];
  equal("benchmark's definition", frozen.definition, promised.definition);
  for (const what of ["model", "dataset"]) {
    const main = certificate[what].value.manifest.files[0]?.blake3 ?? NO_HASH;
    equal(`${what} file`, frozen[what], main);
  }
  return `${named.join(", ")}: manifests and files are those of the task`;
}

/** What was fixed before the first item was run, as one hash. */
function transcriptHeader(frozen, engine) {
  return tagged(
    "TRANSCRIPT-HEADER", hash(frozen.model), hash(frozen.dataset), hash(frozen.definition),
    hash(NO_HASH), u32(frozen.harness), hash(engine), list(u32)([]), u64(0), u32(frozen.items),
  );
}

/** Checks that a leaf stands at its place under the root of a transcript. */
function opened({ leaf, path }, count, header, root) {
  const { index, item, prompt, answer, score, prefix_sum: sum } = leaf;
  let node = tagged("LEAF", header, u32(index), hash(item), hash(prompt), Answer(answer), i64(score), i128(sum));
  let [position, width] = [index, count];
  const steps = path.map((step) => unhex(step, 32));
  while (width > 1) {
    const alone = position % 2 === 0 && position + 1 === width;
    if (!alone) {
      const sibling = steps.shift();
      if (sibling === undefined) throw new Error("a path to a leaf is too short");
      node = position % 2 === 0 ? tagged("NODE", node, sibling) : tagged("NODE", sibling, node);
    }
    position = Math.floor(position / 2);
    width = Math.ceil(width / 2);
  }
  if (steps.length > 0) throw new Error("a path to a leaf is too long");
  if (!same(tagged("ROOT", u32(count), node, header), root)) throw new Error("a leaf is not in its transcript");
}

async function reveal(certificate, genesisHash, shown, member) {
  exactly("a reveal", shown, ["key", "operator", "reveal"]);
  const { frozen, round } = certificate.task.value;
  const { committed, engine, last, transcript, attestation } = shown.reveal;
  const who = attestation.operator;
  const encoded = Reveal(shown.reveal);
  equal("revealing operator", who, member.operator);
  equal("key's operator", shown.operator.value, who);
  proven(certificate, "operator of a key", TABLE.operatorKeys, hash(shown.key), shown.operator, operator);
  equal("revealed task", attestation.task, certificate.task_id);
  equal("revealed round", attestation.round, round);
  const statement = concat(
    genesisHash, hash(attestation.task), u8(round), operator(who), Statement(attestation.statement),
  );
  const signature = unhex(attestation.signature, 64);
  if (!(await holds(unhex(shown.key, 32), "ATTESTATION", statement, signature))) {
    throw new Error(`the signature of ${who} does not hold`);
  }
  // The reveal without its attestation, which is of a fixed length, is what was signed.
  const body = encoded.subarray(0, encoded.length - (32 + 1 + 21 + 33 + 64));
  equal("signed reveal", attestation.statement.statement, "reveal");
  equal("signed reveal", attestation.statement.hash, hex(tagged("CMT1", body)));
  equal("opened leaf", last.leaf.index, frozen.items - 1);
  opened(last, frozen.items, transcriptHeader(frozen, engine), unhex(committed.answers_root, 32));
  equal("score of a transcript", fold(frozen.fold, last.leaf.prefix_sum, frozen.items), BigInt(committed.score));
  equal("answers root", committed.answers_root, member.answers_root);
  equal("revealed score", committed.score, member.score);
  hash(transcript);
  return { score: BigInt(committed.score), seats: BigInt(member.seats), counts: member.counting === "counted" };
}

async function reveals(certificate, genesisHash) {
  const members = certificate.outcome.value.members.filter((member) => member.score !== null);
  equal("number of reveals", certificate.reveals.length, members.length);
  const shown = [];
  for (const [i, member] of members.entries()) {
    shown.push(await reveal(certificate, genesisHash, certificate.reveals[i], member));
  }
  return shown;
}

function score(certificate, shown) {
  const { task, outcome } = certificate;
  const found = outcome.value;
  if (found.state === "overturned") return "none: a ruling says that the result is wrong";
  const counted = shown.filter((one) => one.counts);
  const made = aggregate(counted, task.value.request.mode, task.value.frozen);
  equal("score", BigInt(found.score), made.median);
  equal("dispersion", BigInt(found.dispersion), made.dispersion);
  equal("tolerance", BigInt(found.tolerance), made.tolerance);
  const micros = `${found.score}`.padStart(7, "0");
  return `${micros.slice(0, -6)}.${micros.slice(-6)} is the seat-weighted median of ${counted.length} operators with ${found.revealed} seats`;
}

/**
 * Checks a certificate's text, trusting one genesis hash; gives `{name, found}` for each step.
 * Throws an error that names what does not hold.
 */
export async function* verify(text, trusted) {
  if (text.length > MAX_CERTIFICATE_BYTES) throw new Error("the file is longer than any certificate");
  const certificate = parse(text);
  exactly("the certificate", certificate, FIELDS);
  equal("schema", certificate.schema, SCHEMA);
  if (`${pretty(certificate)}\n` !== text) throw new Error("the file is not the one text of its certificate: something in it was changed");
  yield { name: "text", found: "the file is the one text of its certificate, without a field too many" };

  const genesis = tagged("GENESIS", Genesis(certificate.genesis));
  equal("genesis hash", hex(genesis), trusted);
  yield { name: "genesis", found: `the chain ${certificate.genesis.chain_id} of the trusted document ${trusted}` };

  const trail = new Trail(certificate.genesis, genesis);
  for (const change of certificate.changes) {
    exactly("a change of validators", change, ["header", "commit", "next"]);
    await trail.pass(change);
  }
  yield { name: "validators", found: `${trail.members.length} validators, after ${certificate.changes.length} changes since genesis, each signed by those before` };

  await trail.arrive(certificate.header, certificate.commit);
  const { header, commit } = certificate;
  yield { name: "header", found: `height ${header.height}, signed by ${commit.signatures.length} validators with more than two thirds of the power` };

  yield { name: "result", found: entries(certificate) };
  yield { name: "artifacts", found: artifacts(certificate) };
  const shown = await reveals(certificate, genesis);
  yield { name: "reveals", found: `${shown.length} operators signed what they found, and each score adds up from an opened leaf` };
  yield { name: "score", found: score(certificate, shown) };
}
