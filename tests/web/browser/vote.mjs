// A vote by keyboard alone, with a real keystore; what leaves the page; and a page that notices.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { Watch, accessible, tabTo } from "./stage.mjs";

const AMOUNT = "1234";

async function fill(page, selector, text) {
  await tabTo(page, selector);
  await page.keyboard.press("Control+A");
  await page.keyboard.type(text);
}

/** Chooses a file in a field that has the focus. */
async function choose(page, selector, file) {
  await tabTo(page, selector);
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.keyboard.press("Space")]);
  await chooser.setFiles(file);
}

export async function vote(browser, base, { referendum, account, keystore, passphrase, seed }) {
  const watch = new Watch();
  const context = await browser.newContext();
  const onlooker = await (await browser.newContext()).newPage();
  await onlooker.goto(`${base}/gov/${referendum}`);
  const before = await onlooker.locator("#tally").innerText();

  const page = await watch.page(context);
  await page.goto(`${base}/gov/${referendum}`);
  await fill(page, "#v-account", account);
  await tabTo(page, "#v-side");
  await page.keyboard.press("A");
  await fill(page, "#v-amount", AMOUNT);
  await tabTo(page, "#v-conviction");
  await page.keyboard.press("ArrowDown");
  await tabTo(page, "#vote-form button");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/vote\?/);

  await page.locator("#sign-form").waitFor();
  assert.match(await page.locator("#sign-here").innerText(), /made the same bytes/);
  assert.match(await page.locator("#unsigned-text").innerText(), /side: aye/);
  await accessible(page, watch);
  await choose(page, "#keystore", keystore);
  await fill(page, "#passphrase", `${passphrase}x`);
  await page.keyboard.press("Enter");
  await page.getByText("the passphrase does not open this keystore").waitFor();
  await fill(page, "#passphrase", passphrase);
  await page.keyboard.press("Enter");
  // The button that sends has the focus once there is something to send.
  await page.locator("#send:focus").waitFor();
  assert.equal(await page.locator("#passphrase").inputValue(), "");
  await tabTo(page, "#signed a");
  const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
  const file = JSON.parse(readFileSync(await download.path(), "utf8"));
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await page.locator("#sign-said[data-outcome='ok']").waitFor();

  assert.equal(watch.sent.length, 1, "one request with a body");
  const [{ method, url, body }] = watch.sent;
  assert.deepEqual([method, url], ["POST", `${base}/api/v1/txs`]);
  assert.equal(body.toString("hex"), file.tx, "what was sent is what can be downloaded");
  const secrets = [passphrase, seed, Buffer.from(seed, "hex").toString("latin1"), JSON.parse(readFileSync(keystore, "utf8")).crypto.cipher.message];
  for (const secret of secrets) {
    assert.ok(!body.includes(Buffer.from(secret, "latin1")) && !body.toString("hex").includes(secret), "no secret in what was sent");
    for (const asked of watch.asked) assert.ok(!asked.includes(secret), "no secret in an address");
  }
  const kept = await page.evaluate(async () => [localStorage.length, sessionStorage.length, document.cookie, (await indexedDB.databases()).length]);
  assert.deepEqual(kept, [0, 0, "", 0], "nothing is kept");

  // Whoever looks at the page sees the tally change without loading it again.
  await onlooker.waitForFunction((old) => document.getElementById("tally").innerText !== old, before);
  await page.goto(`${base}/gov/${referendum}?account=${account}`);
  assert.match(await page.locator("#position ~ dl").innerText(), /aye/i);
  watch.complaints = watch.complaints.filter((text) => !/status of 404/.test(text));
  watch.quiet();
  await onlooker.context().close();
  await context.close();
}

/** Whoever has no scripts is told how to vote all the same, while a vote is open. */
export async function voteWithoutScripts(browser, base, { referendum }) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${base}/gov/${referendum}`);
  assert.match(await page.locator("main").innerText(), /probity gov vote/);
  await page.locator("#vote-form button").waitFor();
  await context.close();
}

/** What a form of a proposal makes is made again by the page, and compared. */
export async function propose(browser, base, { account }) {
  const watch = new Watch();
  const context = await browser.newContext();
  const page = await watch.page(context);
  for (const asked of ["kind=change&first=task.provisional_blocks&second=48&track=parameters", `kind=text&first=${"00".repeat(32)}&track=root`]) {
    await page.goto(`${base}/gov/new?${asked}&account=${account}&title=More+time`);
    await page.locator("#sign-form").waitFor();
    assert.match(await page.locator("#sign-here").innerText(), /made the same bytes/, asked);
  }
  watch.quiet();
  assert.deepEqual(watch.sent, [], "nothing is sent before it is signed");
  await context.close();
}

/** Signing where there is no network: read, sign, download. */
export async function signOffline(browser, base, { referendum, account, keystore, passphrase }) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const asked = `${base}/gov/${referendum}/vote?account=${account}&side=nay&amount=7&conviction=unlocked&file=true`;
  const unsigned = await (await context.request.get(asked)).text();
  await page.goto(`${base}/sign`);
  await page.locator("#unsigned-file").waitFor();
  await context.setOffline(true);
  const file = (text) => ({ name: "unsigned.json", mimeType: "application/json", buffer: Buffer.from(text) });
  await page.locator("#unsigned-file").setInputFiles(file(unsigned.replace("side: nay", "side: aye")));
  await page.getByText("says something else than its bytes").waitFor();
  await page.locator("#unsigned-file").setInputFiles(file(unsigned));
  await page.locator("#unsigned-text").waitFor();
  assert.equal((await page.locator("#unsigned-text").innerText()).trim(), JSON.parse(unsigned).text.join("\n"));
  await page.locator("#keystore").setInputFiles(keystore);
  await page.locator("#passphrase").fill(passphrase);
  await page.locator("#sign-form button").click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#signed a").click()]);
  const signed = JSON.parse(readFileSync(await download.path(), "utf8"));
  assert.equal(signed.schema, "probity.signed-tx/v1");
  await context.setOffline(false);
  await context.close();
  return signed;
}
