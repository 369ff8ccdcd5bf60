// Transactions: the page's bytes, hashes, fees and texts are the node's.

import assert from "node:assert/strict";
import { test } from "node:test";

import { asset, vectors } from "./vectors.mjs";

const { hex, unhex } = await asset("bytes.js");
const { decode } = await asset("codec.js");
const { SignedTx, TxBody } = await asset("types/messages.js");
const { accountOf, kindOf, signed, signedHash, units, withFee } = await asset("transaction.js");
const { parse } = await asset("json.js");
const { isWorded, quoted, transactionText } = await asset("text.js");

test("every transaction of a chain has the node's bytes and name", () => {
  const kinds = new Set();
  for (const { tx: text, bytes, hash } of vectors.transactions) {
    const tx = parse(text);
    assert.equal(hex(SignedTx(tx)), bytes, kindOf(tx.body.message));
    assert.deepEqual(JSON.parse(JSON.stringify(decode(SignedTx, unhex(bytes)))), JSON.parse(text));
    const made = signed(tx.body, unhex(tx.key), unhex(tx.signature));
    assert.deepEqual([hex(made.tx), made.hash], [bytes, hash]);
    assert.equal(accountOf(unhex(tx.key), "test"), tx.body.sender);
    kinds.add(kindOf(tx.body.message));
  }
  for (const kind of ["transfer", "cast_vote", "delegate", "register_artifact", "request_task", "commit", "reveal"]) {
    assert.ok(kinds.has(kind), `${kind} is not among ${[...kinds].join(", ")}`);
  }
});

test("what is built here has the node's bytes, fee, text and signed hash", () => {
  const kinds = new Set();
  for (const { body: json, bytes, text, genesis, signed_hash: expected, fee } of vectors.drafts) {
    const body = parse(json);
    assert.equal(hex(TxBody(body)), bytes, kindOf(body.message));
    assert.equal(hex(TxBody(decode(TxBody, unhex(bytes)))), bytes);
    assert.throws(() => decode(TxBody, unhex(`${bytes}00`)), /to spare/);
    assert.throws(() => decode(TxBody, unhex(bytes.slice(0, -2))), /too early/);
    assert.equal(hex(signedHash(body, genesis)), expected);
    assert.ok(isWorded(body.message));
    assert.equal(transactionText(body, genesis), text);
    assert.equal(withFee(body, vectors.fees).fee, fee);
    kinds.add(`${kindOf(body.message)} ${kindOf(body.message.submit_referendum?.action ?? { "": 0 })}`.trim());
  }
  assert.ok(kinds.size >= 17, [...kinds].join(", "));
});

test("a field too many, out of order or out of range is refused", () => {
  const body = parse(vectors.drafts[0].body);
  const { memo, ...rest } = body;
  assert.throws(() => TxBody({ ...body, more: 1 }), /fields/);
  assert.throws(() => TxBody({ memo, ...rest }), /fields/);
  assert.throws(() => TxBody({ ...body, nonce: -1 }), /not within/);
  assert.throws(() => TxBody({ ...body, nonce: 1.5 }), /whole number/);
  assert.throws(() => TxBody({ ...body, fee: "01" }), /whole number/);
  assert.throws(() => TxBody({ ...body, fee: `1${"0".repeat(39)}` }), /not within/);
  assert.throws(() => TxBody({ ...body, message: { pay: {} } }), /not one of/);
});

test("amounts are typed in tokens and counted in units", () => {
  assert.equal(units("12.5"), "12500000000");
  assert.equal(units(" 0.000000001 "), "1");
  for (const wrong of ["", "1e9", "-1", "1.0000000001", "1,5", ".5", "0x1"]) assert.throws(() => units(wrong), /amount/);
});

test("what cannot be seen is written as its number", () => {
  assert.equal(quoted("pay\u202eyap"), '"pay\\u{202e}yap"');
  assert.equal(quoted(" both ends "), '"\\u{20}both ends\\u{20}"');
  assert.equal(quoted('a "quote" \\'), '"a \\"quote\\" \\\\"');
  assert.equal(quoted("평가 é ☃"), '"평가 é ☃"');
});
