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

/** What pages are asked besides their paths, where that makes them another page. */
const asked = ({ referendum, account, seen }) => [
  `/compare?a=${seen["/models/{id}"]}&b=${seen["/models/{id}"]}`,
  `/gov/${referendum}?account=${account}`,
  `/gov/new?kind=change&account=${account}&title=More+time&first=task.provisional_blocks&second=48&track=parameters`,
  `/gov/delegate?account=${account}&to=${account}&track=root&amount=5&conviction=once`,
  `/search?q=${account}`,
  "/search?q=nothing+of+that+name",
  "/results?state=overturned",
];

/** What a page needs to be asked, or it is none. */
const NEEDED = { "/gov/{id}/vote": ({ account }) => `?account=${account}&side=aye&amount=5&conviction=once` };

/** The paths of every page of the web's own table, with what this network has in it. */
export function paths(known) {
  const of = (pattern) => {
    const path = pattern.replace(/\{[^}]*\}/, () => {
      assert.ok(pattern in known.seen, `the network has nothing to show on ${pattern}`);
      return known.seen[pattern];
    });
    return path + (NEEDED[pattern]?.(known) ?? "");
  };
  assert.ok(known.pages.length > 30, `${known.pages.length} pages`);
  return [...known.pages.map(of), ...asked(known)];
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
  // An address that nobody has is a page too; the browser itself remarks on its status.
  assert.equal((await page.goto(`${base}/nowhere`)).status(), 404);
  await fits(page);
  if (rules) await accessible(page, watch);
  watch.complaints = watch.complaints.filter((text) => !/status of 404/.test(text));
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
  await context.close();
}
