// What people choose in a form, as the message that the page makes of it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { asset } from "./vectors.mjs";

const { messageOf } = await asset("draft.js");
const { SubmitReferendum, CastVote, Delegate, Undelegate } = await asset("types/messages.js");

const HASH = "00".repeat(32);
const IN_FORCE = { task: { provisional_blocks: 40, sizes: [{ bond: "5" }] }, governance: { burn: "7" } };

const proposed = (fields) => {
  const asked = new URLSearchParams({ account: "x", title: " More time ", track: "root", ...fields });
  const message = messageOf(`http://x/gov/new?${asked}`, IN_FORCE);
  if (message === null) return null;
  // What the codec does not know it refuses.
  SubmitReferendum({ ...message.submit_referendum });
  return message.submit_referendum;
};

test("every kind of proposal is an action with the values of its fields", () => {
  const one = proposed({ kind: "change", first: "task.provisional_blocks", second: " 48 " });
  assert.deepEqual([one.title, one.track], ["More time", "root"]);
  const changed = (path, before, after) => ({ change_parameters: { changes: [{ path, before, after }] } });
  assert.deepEqual(one.action, changed("task.provisional_blocks", "40", "48"));
  assert.deepEqual(proposed({ kind: "change", first: "task.sizes.0.bond", second: "6" }).action, changed("task.sizes.0.bond", '"5"', '"6"'));
  assert.deepEqual(proposed({ kind: "change", first: "governance.burn", second: '"8"' }).action, changed("governance.burn", '"7"', '"8"'));
  assert.deepEqual(proposed({ kind: "text", first: HASH }).action, { text: { hash: HASH } });
  assert.deepEqual(proposed({ kind: "mint", first: "1,000.5 PBY" }).action, { mint: { amount: "1000500000000" } });
  const others = {
    upgrade: ["2", "900"], cancel_upgrade: ["2"], cancel: ["3"], revert_slash: ["4"], resume_window: ["5"],
    revert_window: ["6"], pause: ["7"], rule: ["8", "overturn"],
  };
  for (const [kind, [first, second = ""]] of Object.entries(others)) {
    const [[, fields]] = Object.entries(proposed({ kind, first, second }).action);
    assert.equal(`${Object.values(fields)[0]}`, first, kind);
    if (second) assert.equal(`${Object.values(fields)[1]}`, second, kind);
  }
});

test("what is no value of a field, or no parameter, is refused", () => {
  for (const path of ["task.nothing", "task", "task.sizes", "__proto__", "constructor.name", ""]) {
    assert.throws(() => proposed({ kind: "change", first: path, second: "1" }), /no parameter/, path);
  }
  assert.throws(() => proposed({ kind: "pause", first: "1.5" }), /whole number/);
  assert.throws(() => proposed({ kind: "spend", first: "x", second: "-1" }), /amount/);
  assert.equal(proposed({ kind: "toString", first: "1" }), null);
  assert.equal(proposed({ kind: "pause", first: "1", title: " " }), null);
});

test("votes and delegations are what was chosen", () => {
  const vote = messageOf("http://x/gov/7/vote?side=nay_with_veto&amount=1.5&conviction=once").cast_vote;
  CastVote(vote);
  assert.deepEqual(vote, { referendum: 7, ballot: { whole: { side: "nay_with_veto", conviction: "once", amount: "1500000000" } } });
  const back = messageOf("http://x/gov/delegate?track=root&back=true").undelegate;
  Undelegate(back);
  assert.equal(typeof Delegate, "function");
  assert.equal(messageOf("http://x/results/1"), null);
});
