// What is signed, as text for a person: the same lines as the command line shows.
//
// docs/spec/27-signing.md, runtime/src/text. Kinds that no page builds are not worded here; whoever
// opens such a transaction is shown its fields and told so.

import { hex } from "./bytes.js";
import { kindOf, signedHash } from "./transaction.js";

const UNIT = 1_000_000_000n;
const PERIODS = { unlocked: 0, once: 1, twice: 2, thrice: 4, four_times: 8, five_times: 16, six_times: 32 };

/** Letters that are no mark on paper: runtime/src/text/escape.rs. */
const UNSEEN = [
  [0x0, 0x1f], [0x7f, 0xa0], [0xad, 0xad], [0x34f, 0x34f], [0x600, 0x605], [0x61c, 0x61c],
  [0x6dd, 0x6dd], [0x70f, 0x70f], [0x890, 0x891], [0x8e2, 0x8e2], [0x115f, 0x1160],
  [0x1680, 0x1680], [0x17b4, 0x17b5], [0x180b, 0x180f], [0x2000, 0x200f], [0x2028, 0x202f],
  [0x205f, 0x206f], [0x2800, 0x2800], [0x3000, 0x3000], [0x3164, 0x3164], [0xe000, 0xf8ff],
  [0xfe00, 0xfe0f], [0xfeff, 0xfeff], [0xffa0, 0xffa0], [0xfff0, 0xfffb], [0x110bd, 0x110bd],
  [0x110cd, 0x110cd], [0x13430, 0x1345f], [0x1bca0, 0x1bca3], [0x1d173, 0x1d17a],
  [0xe0000, 0x10ffff],
];

/** A text in quotes, with whatever cannot be seen written as its number. */
export function quoted(text) {
  const letters = Array.from(text);
  const shown = letters.map((letter, i) => {
    const number = letter.codePointAt(0);
    if (letter === '"' || letter === "\\") return `\\${letter}`;
    const hidden = UNSEEN.some(([first, last]) => first <= number && number <= last);
    const edge = letter === " " && (i === 0 || i === letters.length - 1);
    return hidden || edge ? `\\u{${number.toString(16)}}` : letter;
  });
  return `"${shown.join("")}"`;
}

/** Base units in tokens, without zeros at the end. */
export function tokens(units) {
  const [whole, part] = [BigInt(units) / UNIT, BigInt(units) % UNIT];
  if (part === 0n) return whole.toString();
  return `${whole}.${part.toString().padStart(9, "0").replace(/0+$/, "")}`;
}

export const money = (units) => `${tokens(units)} PBY (${units} units)`;

const line = (name, value) => [`${name}: ${value}`];
const part = (name, ...lines) => [`${name}:`, ...lines.flat().map((one) => `  ${one}`)];
const locked = (conviction) => line("conviction", `${conviction}, locked for ${PERIODS[conviction]} periods`);
const lines = (fields, json) => Object.keys(fields).flatMap((name) => line(name, fields[name](json[name])));
const plain = (value) => value;

function ballot(json) {
  if (json.whole) {
    const { side, conviction, amount } = json.whole;
    return part("whole", line("side", side), locked(conviction), line("amount", money(amount)));
  }
  return part("split", ...lines({ aye: money, nay: money, abstain: money }, json.split));
}

const ACTIONS = {
  text: { hash: plain },
  spend: { to: plain, amount: money },
  cancel_referendum: { referendum: plain },
  revert_slash: { slash: plain },
  resume_window: { window: plain },
  revert_window: { window: plain },
  mint: { amount: money },
  upgrade: { version: plain, height: plain },
  cancel_upgrade: { version: plain },
  pause: { blocks: plain },
  rule_dispute: { dispute: plain, ruling: plain },
};

function action(json) {
  const kind = kindOf(json);
  if (kind !== "change_parameters") return part(kind, ...lines(ACTIONS[kind], json[kind]));
  const changes = json[kind].changes;
  const each = changes.flatMap((change, i) =>
    part(`${i + 1}`, ...lines({ path: quoted, before: quoted, after: quoted }, change)));
  return part(kind, line("changes", changes.length), each.map((one) => `  ${one}`));
}

const MESSAGES = {
  transfer: (m) => lines({ to: plain, amount: money }, m),
  cast_vote: (m) => [...line("referendum", m.referendum), ...part("ballot", ballot(m.ballot))],
  remove_vote: (m) => lines({ referendum: plain }, m),
  delegate: (m) => [...lines({ track: plain, to: plain, amount: money }, m), ...locked(m.conviction)],
  undelegate: (m) => lines({ track: plain }, m),
  trim_delegation: (m) => lines({ account: plain, track: plain }, m),
  submit_referendum: (m) => [
    ...lines({ track: plain, title: quoted }, m), ...part("action", action(m.action)),
  ],
};

/** Whether a message of this kind has words here. */
export const isWorded = (message) => Object.hasOwn(MESSAGES, kindOf(message));

/** The text of a transaction: all that the signature covers, and its hash. */
export function transactionText(body, genesis) {
  const kind = kindOf(body.message);
  const all = [
    line("chain", quoted(body.chain)), line("genesis_hash", genesis), line("sender", body.sender),
    line("nonce", body.nonce), line("fee", money(body.fee)), line("expiry", body.expiry),
    line("memo", quoted(body.memo)), line("message", kind),
    MESSAGES[kind](body.message[kind]).map((one) => `  ${one}`),
    line("signed_hash", hex(signedHash(body, genesis))),
  ];
  return `${all.flat().join("\n")}\n`;
}
