// Proofs that a state holds an entry: a path of a Jellyfish Merkle tree over BLAKE3.
//
// docs/spec/20-blocks.md. A path is a leaf and its siblings from the bottom up; each node is hashed
// under the domain of state nodes, so that a path leads to one root for one key and one value.

import { concat, hex, same, utf8 } from "./bytes.js";
import { tagged } from "./hash.js";

const EMPTY = utf8("SPARSE_MERKLE_PLACEHOLDER_HASH__");
const LEAF = utf8("JMT::LeafNode");
const INNER = utf8("JMT::IntrnalNode");
const DEEPEST = 256;

const node = (...parts) => tagged("STATE-NODE", ...parts);
const inner = (left, right) => node(INNER, left, right);

/** Reads the bytes of a path: a leaf that may be absent, and a list of siblings. */
function read(bytes) {
  let at = 0;
  const take = (count) => {
    if (at + count > bytes.length) throw new Error("the path of a state proof is cut off");
    at += count;
    return bytes.subarray(at - count, at);
  };
  const pair = () => ({ first: take(32), second: take(32) });
  const [present] = take(1);
  if (present > 1) throw new Error("the path of a state proof cannot be read");
  const leaf = present === 1 ? pair() : null;
  const count = new DataView(Uint8Array.from(take(4)).buffer).getUint32(0, true);
  if (count > DEEPEST) throw new Error(`a state proof has ${count} siblings`);
  const siblings = Array.from({ length: count }, () => {
    const [kind] = take(1);
    if (kind === 0) return EMPTY;
    const { first, second } = pair();
    if (kind === 1) return inner(first, second);
    if (kind === 2) return node(LEAF, first, second);
    throw new Error("the path of a state proof cannot be read");
  });
  if (at !== bytes.length) throw new Error("the path of a state proof has bytes to spare");
  return { leaf, siblings };
}

const bit = (bytes, place) => (bytes[place >> 3] >> (7 - (place & 7))) & 1;

/** Checks that the state under `root` has `value` at the bytes of a key. */
export function checkProof(root, key, value, path) {
  const { leaf, siblings } = read(path);
  if (leaf === null) throw new Error("the path shows that there is no entry");
  const place = tagged("STATE-KEY", key);
  if (!same(leaf.first, place)) throw new Error("the path is of another key");
  if (!same(leaf.second, node(value))) throw new Error("the path is of another value");
  let hash = node(LEAF, leaf.first, leaf.second);
  siblings.forEach((sibling, i) => {
    const right = bit(place, siblings.length - 1 - i) === 1;
    hash = right ? inner(sibling, hash) : inner(hash, sibling);
  });
  if (!same(hash, root)) throw new Error(`the path leads to ${hex(hash)} and not to the root ${hex(root)}`);
}

/** The bytes of a key of the state: the table's tag and the key. */
export const stateKey = (table, key) => concat(Uint8Array.of(table), key);
