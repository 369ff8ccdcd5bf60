// Certificates: what the node made holds, and nothing that differs from it does.

import assert from "node:assert/strict";
import { test } from "node:test";

import { asset, vectors } from "./vectors.mjs";

const { verify } = await asset("certificate.js");
const { parse, pretty } = await asset("json.js");
const { aggregate, fold } = await asset("score.js");

const steps = async (text, genesis) => {
  const found = [];
  for await (const step of verify(text, genesis)) found.push(step.name);
  return found;
};

test("a certificate holds, step by step", async () => {
  assert.deepEqual(vectors.certificates.map(({ text }) => parse(text).changes.length > 0), [false, true]);
  for (const { text, genesis } of vectors.certificates) {
    assert.deepEqual(await steps(text, genesis), [
      "text", "genesis", "validators", "header", "result", "artifacts", "reveals", "score",
    ]);
  }
});

test("another genesis hash, a space and a cut are refused", async () => {
  const { text, genesis } = vectors.certificates[0];
  await assert.rejects(steps(text, "0".repeat(64)), /genesis hash/);
  await assert.rejects(steps(text.replace(": ", ":  "), genesis), /one text/);
  await assert.rejects(steps(text.slice(0, -2), genesis), /JSON/);
  await assert.rejects(steps(`${text} `, genesis), /one text/);
});

/** Every place of a document that has no parts. */
function* leaves(value, path = []) {
  if (value !== null && typeof value === "object") {
    for (const key of Object.keys(value)) yield* leaves(value[key], [...path, key]);
  } else {
    yield path;
  }
}

/** Another value of the same kind. */
function changed(value) {
  if (typeof value === "boolean") return !value;
  if (value === null) return 1;
  if (typeof value !== "string") return value + (typeof value === "bigint" ? 1n : 1);
  if (/^\d+$/.test(value)) return (BigInt(value) + 1n).toString();
  const last = value.at(-1);
  return value.slice(0, -1) + (last === "0" ? "1" : "0");
}

test("whatever single field is changed, the certificate is refused", async () => {
  const { text, genesis } = vectors.certificates[0];
  const places = [...leaves(parse(text))];
  assert.ok(places.length > 300, `${places.length}`);
  for (const path of places) {
    const document = parse(text);
    const parent = path.slice(0, -1).reduce((at, key) => at[key], document);
    parent[path.at(-1)] = changed(parent[path.at(-1)]);
    await assert.rejects(steps(`${pretty(document)}\n`, genesis), Error, path.join("."));
  }
});

test("two thirds of the power are not enough", async () => {
  const { text, genesis } = vectors.certificates[0];
  const document = parse(text);
  assert.equal(document.commit.signatures.length, 4);
  document.commit.signatures.splice(0, 2);
  await assert.rejects(steps(`${pretty(document)}\n`, genesis), /not more than two thirds/);
});

test("scores fold and aggregate as the rules say", () => {
  assert.equal(fold("mean", "-7", 2), -4n);
  assert.equal(fold("root_mean", "200", 2), 10n);
  assert.throws(() => fold("root_mean", "-2", 2), /is not a score/);
  const rules = { sigma: 2_000, checks: { tolerance_low: 3, tolerance_cap: 5 } };
  const shown = [[1n, 1n], [4n, 1n]].map(([score, seats]) => ({ score, seats }));
  assert.deepEqual(aggregate(shown, "exact", rules), { median: 2n, dispersion: 1n, tolerance: 0n });
  const below = [[-1n, 1n], [-2n, 1n]].map(([score, seats]) => ({ score, seats }));
  assert.equal(aggregate(below, "tolerant", rules).median, -2n);
  assert.equal(aggregate(below, "tolerant", rules).tolerance, 6_000n);
  assert.throws(() => aggregate([], "exact", rules), /no seats/);
});
