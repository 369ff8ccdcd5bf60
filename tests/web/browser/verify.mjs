// Certificates in the page: the node's holds, a changed one is refused.

import assert from "node:assert/strict";

import { Watch } from "./stage.mjs";

export async function verify(browser, base, { task }) {
  const watch = new Watch();
  const context = await browser.newContext();
  const page = await watch.page(context);
  await page.goto(`${base}/results/${task}`);
  await page.locator("#verify button").click();
  await page.locator("#verdict[data-holds='true']").waitFor();
  assert.ok((await page.locator("#verify ol.steps li").count()) >= 8);
  assert.match(await page.locator("#verify").innerText(), /What this does not show/);

  const certificate = await (await context.request.get(`${base}/api/v1/results/${task}/certificate`)).text();
  const file = (text) => ({ name: "certificate.json", mimeType: "application/json", buffer: Buffer.from(text) });
  await page.goto(`${base}/verify`);
  const drop = async (text, holds) => {
    await page.locator("#certificate-file").setInputFiles(file(text));
    await page.locator(`#verdict[data-holds='${holds}']`).waitFor();
    const said = await page.locator("#verdict").innerText();
    await page.locator("#certificate-file").setInputFiles([]);
    return said;
  };
  assert.match(await drop(certificate, true), /holds/);
  const { outcome } = JSON.parse(certificate);
  const better = certificate.replace(`"score": ${outcome.value.score}`, `"score": ${outcome.value.score + 1}`);
  assert.notEqual(better, certificate);
  assert.match(await drop(better, false), /the result is not in the state/);
  await page.locator("#trusted-genesis").fill("0".repeat(64));
  assert.match(await drop(certificate, false), /genesis hash/);
  assert.deepEqual(watch.sent, [], "a certificate stays in the page");
  watch.quiet();
  await context.close();
}
