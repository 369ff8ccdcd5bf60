// Transactions: from what a person chose to the bytes that are signed and sent.
//
// The bytes are made here and not by the node, so that a node that lies about them is found out.

import { address } from "./bech32m.js";
import { concat, hex, unhex, utf8 } from "./bytes.js";
import { amount } from "./codec.js";
import { tagged } from "./hash.js";
import { SignedTx, TxBody } from "./types/messages.js";

export const UNSIGNED = "probity.unsigned-tx/v1";
export const SIGNED = "probity.signed-tx/v1";

/** What a signature and its key add to a body's bytes. */
const SIGNATURE_BYTES = 96;

/** Which part of the fee depends on the kind of a message: runtime/src/message.rs. */
const FEES = {
  transfer: "transfer",
  bond: "staking", unbond: "staking", withdraw: "staking", unjail: "staking",
  submit_referendum: "governance", cast_vote: "governance", remove_vote: "governance",
  delegate: "governance", undelegate: "governance", trim_delegation: "governance",
};

/** The account of a key: `network` is "main" or "test". */
export function accountOf(key, network) {
  const version = network === "main" ? 0 : 1;
  return address("account", concat(Uint8Array.of(version), tagged("ADDRESS", key).subarray(0, 20)));
}

/** The name of the only kind in a message. */
export const kindOf = (message) => Object.keys(message)[0];

/** A body with the fixed fee of its kind and its bytes. */
export function withFee(body, fees) {
  const part = FEES[kindOf(body.message)];
  if (part === undefined) throw new Error(`no fee is known here for ${kindOf(body.message)}`);
  const bytes = TxBody({ ...body, fee: "0" }).length + SIGNATURE_BYTES;
  return { ...body, fee: (BigInt(fees[part]) + BigInt(fees.per_byte) * BigInt(bytes)).toString() };
}

/** The hash that a signature of this body covers. */
export const signedHash = (body, genesis) => tagged("TX-SIGN", unhex(genesis, 32), TxBody(body));

/** A signed transaction: its bytes and its name. */
export function signed(body, key, signature) {
  const tx = SignedTx({ body, key: hex(key), signature: hex(signature) });
  return { tx, hash: hex(tagged("TX", tx)) };
}

/** The file of a signed transaction, as the command line reads it. */
export const signedFile = (body, genesis, { tx, hash }) => ({
  schema: SIGNED, chain_id: body.chain, genesis_hash: genesis, hash, tx: hex(tx),
});

/** The units of an amount that a person typed in tokens. */
export function units(tokens) {
  const found = /^(\d{1,20})(?:\.(\d{1,9}))?$/.exec(tokens.trim());
  if (found === null) throw new Error(`${JSON.stringify(tokens)} is not an amount of tokens`);
  const text = (BigInt(found[1]) * 1_000_000_000n + BigInt((found[2] ?? "").padEnd(9, "0"))).toString();
  amount(text);
  return text;
}

/** How many bytes a text has. */
export const byteLength = (text) => utf8(text).length;
