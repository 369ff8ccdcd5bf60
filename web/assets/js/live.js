// Keeping a page fresh: when a block comes, the parts marked `data-live` are read again and swapped
// one by one, by their ids.
//
// The stream is resumed where it was cut off. Nothing is asked for while the page is hidden, a part
// that has the focus is left alone, and what changed is said once, politely, to screen readers.

import { element } from "./dom.js";

/** At most one reading in so many milliseconds. */
const PAUSE = 1_500;

const parts = [...document.querySelectorAll("[data-live][id]")].map((part) => part.id);
const said = element("p", { id: "live-said", "aria-live": "polite", class: "unseen" });
document.body.append(said);

let stream = null;
let last = null;
let due = null;
let reading = false;

/** The page as it is now. The browser makes a document of it and runs nothing in it. */
function read() {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.responseType = "document";
    request.timeout = 10_000;
    request.onload = () => (request.status === 200 && request.response ? resolve(request.response) : reject(new Error("no page")));
    request.onerror = () => reject(new Error("no answer"));
    request.ontimeout = request.onerror;
    request.open("GET", window.location.href);
    request.setRequestHeader("accept", "text/html");
    request.send();
  });
}

function swap(fresh) {
  const changed = [];
  for (const id of parts) {
    const [before, after] = [document.getElementById(id), fresh.getElementById(id)];
    if (before === null || after === null || before.contains(document.activeElement) || before.isEqualNode(after)) continue;
    before.replaceWith(document.importNode(after, true));
    changed.push(id);
  }
  return changed;
}

async function refresh() {
  due = null;
  if (document.hidden || reading) return;
  reading = true;
  try {
    const changed = swap(await read());
    if (changed.some((id) => id !== "tip")) {
      said.textContent = `Updated: ${changed.filter((id) => id !== "tip").join(", ").replaceAll("-", " ")}`;
    }
  } catch {
    // The next block is another chance.
  } finally {
    reading = false;
  }
}

function open() {
  if (stream !== null || document.hidden) return;
  const after = last === null ? "" : `&after=${last}`;
  stream = new EventSource(`/api/v1/events?kind=block${after}`);
  stream.addEventListener("block", (event) => {
    last = event.lastEventId;
    due ??= setTimeout(refresh, PAUSE);
  });
  stream.addEventListener("problem", () => {
    // What was missed is not kept any more; the page itself is whole.
    last = null;
    close();
    open();
  });
}

function close() {
  stream?.close();
  stream = null;
  clearTimeout(due);
  due = null;
}

document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
open();
