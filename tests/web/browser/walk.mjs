// Every route in light and dark, wide and narrow; and once more without a script.

import assert from "node:assert/strict";

import { Watch, accessible, fits } from "./stage.mjs";

const LOOKS = [
  // The rules of accessibility differ by colours and by width; each is seen once with each.
  { colorScheme: "light", width: 1280, rules: true },
  { colorScheme: "dark", width: 360, rules: true },
  { colorScheme: "light", width: 360, rules: false },
  { colorScheme: "dark", width: 1280, rules: false },
];

/** The paths of every page, with what this network has in it. */
export function paths({ referendum, task, model, dataset, benchmark, operator, account, height, tx }) {
  return [
    "/", "/board", `/board/${benchmark}`, "/models", `/models/${model}`, "/datasets", `/datasets/${dataset}`,
    "/benchmarks", `/benchmarks/${benchmark}`, "/results", `/results/${task}`,
    `/compare?a=${task}&b=${task}`, "/validators", `/validators/${operator}`, "/disputes", "/gov", "/gov/params",
    "/gov/new", "/gov/delegate", `/gov/${referendum}`, `/gov/${referendum}?account=${account}`,
    `/gov/${referendum}/vote?account=${account}&side=aye&amount=5&conviction=once`,
    "/supply", "/network", "/blocks", `/blocks/${height}`, `/txs/${tx}`, `/accounts/${account}`,
    `/search?q=${account}`, "/sign", "/verify", "/docs", "/api", "/a11y",
  ];
}

async function walkOnce(browser, base, all, { colorScheme, width, rules }) {
  const watch = new Watch();
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 }, reducedMotion: "reduce" });
  const page = await watch.page(context);
  for (const path of all) {
    const answer = await page.goto(base + path, { waitUntil: "load" });
    assert.equal(answer.status(), 200, path);
    await fits(page);
    if (rules) await accessible(page, watch);
  }
  watch.quiet();
  assert.deepEqual(watch.sent, [], "reading sends nothing");
  const elsewhere = watch.asked.filter((url) => !url.startsWith(`${base}/`));
  assert.deepEqual(elsewhere, [], "a page asks nobody else for anything");
  await context.close();
}

/** Every page, in every look. */
export async function walk(browser, base, known) {
  const all = paths(known);
  await Promise.all(LOOKS.map((look) => walkOnce(browser, base, all, look)));
  return all.length;
}

/** Without scripts every page still says what it has to say. */
export async function readWithoutScripts(browser, base, known) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  for (const path of paths(known)) {
    const answer = await page.goto(base + path);
    assert.equal(answer.status(), 200, path);
    assert.ok((await page.locator("h1").innerText()).length > 0, path);
    assert.ok((await page.locator("main").innerText()).length > 80, path);
  }
  await page.goto(`${base}/gov/${known.referendum}`);
  assert.match(await page.locator("main").innerText(), /probity gov vote/, "there is a way to vote without scripts");
  await context.close();
}
