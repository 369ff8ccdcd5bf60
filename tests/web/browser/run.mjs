// The pages of a running network in a real browser.
//
// usage: node run.mjs KNOWN.json, which says where the network is and what is in it; written by
// tests/it/web.rs. Says one line for each part, and fails with the first that does not hold.

import { readFileSync } from "node:fs";

import { live } from "./live.mjs";
import { browser } from "./stage.mjs";
import { propose, signOffline, vote, voteWithoutScripts } from "./vote.mjs";
import { verify } from "./verify.mjs";
import { readWithoutScripts, walk } from "./walk.mjs";

const known = JSON.parse(readFileSync(process.argv[2], "utf8"));
const base = known.url;
const opened = await browser();
const begin = Date.now();
const told = (what) => console.log(`ok ${what} (${((Date.now() - begin) / 1000).toFixed(1)} s)`);
try {
  // First: a vote is not open for ever.
  await voteWithoutScripts(opened, base, known);
  await vote(opened, base, known);
  told("a vote by keyboard changes the tally, and nothing but it left the page");
  await verify(opened, base, known);
  told("a certificate is checked in the page and a changed one refused");
  await propose(opened, base, known);
  told("a proposal is made by the page too, and is the node's");
  await signOffline(opened, base, known);
  told("a transaction is read and signed where there is no network");
  await live(opened, base);
  told("a page keeps itself fresh, asks for nothing while it is hidden, and goes on from where it was");
  const pages = await walk(opened, base, known);
  told(`${pages} pages in four looks: no complaint, nothing too wide, nothing out of reach`);
  await readWithoutScripts(opened, base, known);
  told("all of them can be read without scripts");
} finally {
  await opened.close();
}
