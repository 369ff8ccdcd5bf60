// A browser, and what must never happen in it.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";

import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** How long one step may take, in milliseconds. */
const PATIENCE = 90_000;

/** What it is called by Debian and by others; ../prepare.sh looks for the same names. */
const NAMES = ["chromium", "chromium-browser", "google-chrome"];

export async function browser() {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const executablePath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((place) => existsSync(place));
  assert.ok(executablePath, `none of ${NAMES.join(", ")} is there; ../prepare.sh browser installs one`);
  // Tests may run as root in a container, where the browser's own sandbox cannot.
  const opened = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  // A machine that builds and runs a network besides is slow; the whole has its bound elsewhere.
  const newContext = opened.newContext.bind(opened);
  opened.newContext = async (options) => {
    const context = await newContext(options);
    context.setDefaultTimeout(PATIENCE);
    return context;
  };
  return opened;
}

/** What a page said and asked for. */
export class Watch {
  constructor() {
    this.complaints = [];
    this.sent = [];
    this.asked = [];
    this.paused = false;
  }

  async page(context) {
    // Told by the browser itself, also where a console would stay silent.
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
      });
    });
    const page = await context.newPage();
    // From here on a file is asked of the test and not of a person; told late, it would be missed.
    page.on("filechooser", () => {});
    page.on("console", (message) => {
      if (!this.paused && ["error", "warning"].includes(message.type())) this.complain(page, message.text());
    });
    page.on("pageerror", (error) => this.complain(page, error.message));
    page.on("request", (request) => {
      this.asked.push(request.url());
      if (request.method() !== "GET") {
        this.sent.push({ method: request.method(), url: request.url(), body: request.postDataBuffer() });
      }
    });
    return page;
  }

  complain(page, text) {
    this.complaints.push(`${new URL(page.url(), "http://none").pathname}: ${text}`);
  }

  /** Nothing was said since the last time. */
  quiet() {
    const said = this.complaints.splice(0);
    assert.deepEqual(said, []);
  }
}

/** Nothing on the page is out of reach by the rules of WCAG 2.2 AA. */
export async function accessible(page, watch) {
  watch.paused = true;
  // The rules are not part of the page: they are brought in past its policy, and nothing that they
  // do is held against it.
  await page.evaluate(AXE);
  const violations = await page.evaluate(async (tags) => {
    const { violations: found } = await window.axe.run(document, { runOnly: tags, resultTypes: ["violations"] });
    return found.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(" | ")}`);
  }, RULES);
  watch.paused = false;
  assert.deepEqual(violations, [], new URL(page.url()).pathname);
}

/** Nothing makes the page itself wider than its window. */
export async function fits(page) {
  const [wide, window_] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= window_, `${new URL(page.url()).pathname} is ${wide} wide in a window of ${window_}`);
}

/** Presses Tab until an element has the focus. */
export async function tabTo(page, selector) {
  for (let i = 0; i < 300; i += 1) {
    const there = await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector);
    if (there) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`${selector} cannot be reached with Tab`);
}
