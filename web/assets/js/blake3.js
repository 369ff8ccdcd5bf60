// BLAKE3 in its plain mode, 32 bytes long: what names files, blocks and transactions here.
//
// Written from the paper's description; the test vectors of its authors hold it.
// Words are 32 bits in Uint32Array, so that no number leaves the exact range.

const IV = Uint32Array.of(
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
);
const ORDER = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
const CHUNK_START = 1;
const CHUNK_END = 2;
const PARENT = 4;
const ROOT = 8;
const BLOCK = 64;
const CHUNK = 1024;

const rotate = (word, by) => (word >>> by) | (word << (32 - by));

function mix(v, a, b, c, d, x, y) {
  v[a] = v[a] + v[b] + x;
  v[d] = rotate(v[d] ^ v[a], 16);
  v[c] = v[c] + v[d];
  v[b] = rotate(v[b] ^ v[c], 12);
  v[a] = v[a] + v[b] + y;
  v[d] = rotate(v[d] ^ v[a], 8);
  v[c] = v[c] + v[d];
  v[b] = rotate(v[b] ^ v[c], 7);
}

function compress(chain, block, counter, length, flags) {
  const v = new Uint32Array(16);
  v.set(chain);
  v.set(IV.subarray(0, 4), 8);
  v[12] = counter % 0x1_0000_0000;
  v[13] = Math.floor(counter / 0x1_0000_0000);
  v[14] = length;
  v[15] = flags;
  let m = block;
  for (let round = 0; round < 7; round += 1) {
    mix(v, 0, 4, 8, 12, m[0], m[1]);
    mix(v, 1, 5, 9, 13, m[2], m[3]);
    mix(v, 2, 6, 10, 14, m[4], m[5]);
    mix(v, 3, 7, 11, 15, m[6], m[7]);
    mix(v, 0, 5, 10, 15, m[8], m[9]);
    mix(v, 1, 6, 11, 12, m[10], m[11]);
    mix(v, 2, 7, 8, 13, m[12], m[13]);
    mix(v, 3, 4, 9, 14, m[14], m[15]);
    const before = m;
    m = Uint32Array.from(ORDER, (place) => before[place]);
  }
  return Uint32Array.from({ length: 8 }, (_, i) => v[i] ^ v[i + 8]);
}

function words(bytes) {
  const padded = new Uint8Array(BLOCK);
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  return Uint32Array.from({ length: 16 }, (_, i) => view.getUint32(4 * i, true));
}

/** A node that is not compressed yet: it may turn out to be the root. */
const node = (chain, block, counter, length, flags) => ({ chain, block, counter, length, flags });
const value = ({ chain, block, counter, length, flags }) => compress(chain, block, counter, length, flags);

function chunk(bytes, counter) {
  let chain = IV;
  let at = 0;
  let flags = CHUNK_START;
  while (bytes.length - at > BLOCK) {
    chain = compress(chain, words(bytes.subarray(at, at + BLOCK)), counter, BLOCK, flags);
    at += BLOCK;
    flags = 0;
  }
  const last = bytes.subarray(at);
  return node(chain, words(last), counter, last.length, flags | CHUNK_END);
}

function parent(left, right) {
  const block = new Uint32Array(16);
  block.set(value(left));
  block.set(value(right), 8);
  return node(IV, block, 0, BLOCK, PARENT);
}

/** The tree over bytes that begin at a chunk: the left side is the largest full one. */
function tree(bytes, counter) {
  if (bytes.length <= CHUNK) return chunk(bytes, counter);
  const chunks = Math.ceil(bytes.length / CHUNK);
  let left = 1;
  while (2 * left < chunks) left *= 2;
  const cut = left * CHUNK;
  return parent(tree(bytes.subarray(0, cut), counter), tree(bytes.subarray(cut), counter + left));
}

/** The hash of bytes. */
export function blake3(bytes) {
  const root = tree(bytes, 0);
  const out = value({ ...root, flags: root.flags | ROOT });
  const view = new DataView(new ArrayBuffer(32));
  out.forEach((word, i) => view.setUint32(4 * i, word, true));
  return new Uint8Array(view.buffer);
}
