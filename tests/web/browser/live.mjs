// A page that keeps itself fresh: while it is seen, and from where it was.

import assert from "node:assert/strict";

import { Watch } from "./stage.mjs";

const HEIGHT = "#tip [data-field='height']";

const height = async (page) => Number((await page.locator(HEIGHT).innerText()).replaceAll(",", ""));

/** Waits until a page says a height of its own accord. */
const reaches = (page, wanted) => page.waitForFunction(
  ([selector, least]) => Number(document.querySelector(selector).innerText.replaceAll(",", "")) >= least,
  [HEIGHT, wanted],
);

/** Has the page believe that its tab is hidden, or seen. */
const hide = (page, hidden) => page.evaluate((now) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => now });
  document.dispatchEvent(new Event("visibilitychange"));
}, hidden);

export async function live(browser, base) {
  const watch = new Watch();
  const context = await browser.newContext();
  const page = await watch.page(context);
  const other = await (await browser.newContext()).newPage();
  await Promise.all([page.goto(base), other.goto(base)]);
  await reaches(page, (await height(page)) + 1);
  assert.equal(await page.locator("#live-said").getAttribute("aria-live"), "polite");

  await hide(page, true);
  // What was on its way when it was hidden may still arrive.
  await reaches(other, (await height(other)) + 2);
  const [asked, stood] = [watch.asked.length, await height(page)];
  await reaches(other, (await height(other)) + 4);
  assert.equal(watch.asked.length, asked, "a hidden page asks for nothing");
  assert.equal(await height(page), stood);

  await hide(page, false);
  await reaches(page, stood + 4);
  const resumed = watch.asked.slice(asked).find((url) => url.includes("/api/v1/events"));
  assert.match(resumed, /[?&]after=\d+-\d+/, "it goes on where it was");
  watch.quiet();
  assert.deepEqual(watch.sent, []);
  await other.context().close();
  await context.close();
}
