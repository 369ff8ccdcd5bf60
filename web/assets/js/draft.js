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

/**
 * The message that the address of a form's answer means, or null for a form whose message is not
 * made here.
 */
export function messageOf(address) {
  const { pathname, searchParams } = new URL(address);
  const referendum = /^\/gov\/(\d+)\/vote$/.exec(pathname);
  if (referendum !== null) return vote(referendum[1], searchParams);
  return pathname === "/gov/delegate" ? delegation(searchParams) : null;
}

/** The account that the form was filled in for. */
export const senderOf = (address) => new URL(address).searchParams.get("account")?.trim() ?? null;
