// What a person chose in a form, as the message that it means: made here from the form's own
// fields, to be compared with what the node made of them.

import { units } from "./transaction.js";

/** The fields of a form's address that say nothing of the message. */
const plainAmount = (given) => units(given.replaceAll(",", "").replace(/\s*PBY\s*$/, ""));

function vote(referendum, fields) {
  const [side, conviction] = [fields.get("side"), fields.get("conviction")];
  const whole = { side, conviction, amount: plainAmount(fields.get("amount") ?? "") };
  return { cast_vote: { referendum: Number(referendum), ballot: { whole } } };
}

function delegation(fields) {
  const track = fields.get("track");
  if (fields.get("back") === "true") return { undelegate: { track } };
  const amount = plainAmount(fields.get("amount") ?? "");
  return { delegate: { track, to: fields.get("to").trim(), amount, conviction: fields.get("conviction") } };
}

function whole(given) {
  if (!/^\d{1,20}$/.test(given)) throw new Error(`${JSON.stringify(given)} is no whole number`);
  return BigInt(given);
}

/** A parameter's value as JSON, found by its place. */
function valueAt(all, path) {
  const found = path.split(".").reduce((value, name) => (Object.hasOwn(value ?? {}, name) ? value[name] : undefined), all);
  if (found === undefined || (typeof found === "object" && found !== null)) throw new Error(`there is no parameter ${path}`);
  return JSON.stringify(found);
}

function change(path, given, all) {
  const before = valueAt(all, path);
  // Amounts are texts in JSON; people leave the quotes out.
  const after = before.startsWith('"') && !given.startsWith('"') ? `"${given}"` : given;
  return { change_parameters: { changes: [{ path, before, after }] } };
}

/** What each kind of proposal does with its fields. */
const ACTIONS = {
  change,
  spend: (to, tokens) => ({ spend: { to, amount: plainAmount(tokens) } }),
  text: (hash) => ({ text: { hash } }),
  mint: (tokens) => ({ mint: { amount: plainAmount(tokens) } }),
  upgrade: (version, height) => ({ upgrade: { version: whole(version), height: whole(height) } }),
  cancel_upgrade: (version) => ({ cancel_upgrade: { version: whole(version) } }),
  cancel: (referendum) => ({ cancel_referendum: { referendum: whole(referendum) } }),
  revert_slash: (slash) => ({ revert_slash: { slash: whole(slash) } }),
  resume_window: (window) => ({ resume_window: { window: whole(window) } }),
  revert_window: (window) => ({ revert_window: { window: whole(window) } }),
  pause: (blocks) => ({ pause: { blocks: whole(blocks) } }),
  rule: (dispute, ruling) => ({ rule_dispute: { dispute: whole(dispute), ruling } }),
};

function proposal(fields, all) {
  const [kind, track, title] = ["kind", "track", "title"].map((name) => fields.get(name)?.trim());
  if (!Object.hasOwn(ACTIONS, kind ?? "") || !track || !title) return null;
  const [first, second] = ["first", "second"].map((name) => fields.get(name)?.trim() ?? "");
  return { submit_referendum: { track, title, action: ACTIONS[kind](first, second, all) } };
}

/**
 * The message that the address of a form's answer means, or null for a form whose message is not
 * made here. A change of a parameter says what it is now: `all` are the parameters in force.
 */
export function messageOf(address, all) {
  const { pathname, searchParams } = new URL(address);
  const referendum = /^\/gov\/(\d+)\/vote$/.exec(pathname);
  if (referendum !== null) return vote(referendum[1], searchParams);
  if (pathname === "/gov/new") return proposal(searchParams, all);
  return pathname === "/gov/delegate" ? delegation(searchParams) : null;
}

/** The account that the form was filled in for. */
export const senderOf = (address) => new URL(address).searchParams.get("account")?.trim() ?? null;
