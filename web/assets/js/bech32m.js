// Addresses as text: bech32m (BIP 350) around a version byte and twenty bytes.

import { concat } from "./bytes.js";

const LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const PLAIN = 0x2bc830a3;
const STEPS = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
/** The readable part by kind and by the version byte. */
const PREFIXES = { account: ["pby", "pbyt"], operator: ["pbyval", "pbytval"] };

function checksum(values) {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    STEPS.forEach((step, i) => {
      if ((top >>> i) & 1) sum ^= step;
    });
  }
  return sum >>> 0;
}

const expanded = (prefix) => [
  ...Array.from(prefix, (letter) => letter.charCodeAt(0) >>> 5),
  0,
  ...Array.from(prefix, (letter) => letter.charCodeAt(0) & 31),
];

function regroup(values, from, to, pad) {
  const out = [];
  let held = 0;
  let bits = 0;
  for (const value of values) {
    held = (held << from) | value;
    bits += from;
    while (bits >= to) {
      bits -= to;
      out.push((held >>> bits) & ((1 << to) - 1));
    }
    held &= (1 << bits) - 1;
  }
  if (pad && bits > 0) out.push((held << (to - bits)) & ((1 << to) - 1));
  if (!pad && (bits >= from || held !== 0)) throw new Error("the address has bits to spare");
  return out;
}

/** The text of a version byte and twenty bytes; `kind` is "account" or "operator". */
export function address(kind, bytes) {
  const prefix = PREFIXES[kind][bytes[0]];
  const data = regroup(bytes, 8, 5, true);
  const sum = checksum([...expanded(prefix), ...data, 0, 0, 0, 0, 0, 0]) ^ PLAIN;
  const tail = [25, 20, 15, 10, 5, 0].map((shift) => (sum >>> shift) & 31);
  return `${prefix}1${[...data, ...tail].map((value) => LETTERS[value]).join("")}`;
}

/** The version byte and the twenty bytes of a text. */
export function parseAddress(kind, text) {
  const refuse = (why) => new Error(`${JSON.stringify(text)} is not an ${kind}: ${why}`);
  if (typeof text !== "string" || text !== text.toLowerCase()) throw refuse("it is not in lower case");
  const cut = text.lastIndexOf("1");
  const prefix = text.slice(0, cut);
  const values = Array.from(text.slice(cut + 1), (letter) => LETTERS.indexOf(letter));
  if (cut < 1 || values.length < 6 || values.includes(-1)) throw refuse("it is not bech32m");
  if (checksum([...expanded(prefix), ...values]) !== PLAIN) throw refuse("its checksum does not hold");
  const bytes = Uint8Array.from(regroup(values.slice(0, -6), 5, 8, false));
  if (bytes.length !== 21) throw refuse(`it holds ${bytes.length} bytes, not 21`);
  if (PREFIXES[kind][bytes[0]] !== prefix) throw refuse(`its prefix is ${prefix}`);
  return concat(bytes);
}
