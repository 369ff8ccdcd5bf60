// Checking a certificate in the page: what was checked, step by step, and what was not.

import { MAX_CERTIFICATE_BYTES, NOT_CHECKED, verify } from "./certificate.js";
import { element, field, status } from "./dom.js";

/** Shows every step as it is taken, and how it ended. */
async function show(place, text, genesis) {
  const steps = element("ol", { class: "steps" });
  const verdict = element("p", { class: "big", role: "status", id: "verdict" }, "Checking …");
  place.replaceChildren(verdict, steps);
  try {
    for await (const { name, found } of verify(text, genesis)) {
      steps.append(element("li", {}, element("strong", {}, name), ": ", found));
    }
    verdict.textContent = "The certificate holds.";
    verdict.dataset.holds = "true";
  } catch (error) {
    verdict.textContent = `Refused: ${error.message}`;
    verdict.dataset.holds = "false";
  }
  const not = NOT_CHECKED.map((what) => element("li", {}, what));
  place.append(element("h3", {}, "What this does not show"), element("ul", {}, ...not));
}

const trusted = (given) => {
  const genesis = given.trim().toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(genesis)) throw new Error("a genesis hash has 64 hexadecimal digits");
  return genesis;
};

/** On a result's page: a button that fetches the certificate and checks it. */
export function verifyHere(place) {
  const outcome = element("div", {});
  const button = element("button", { type: "button" }, "Check it in this page");
  const genesis = field("Genesis hash that you trust", "trusted-genesis", { value: place.dataset.genesis, autocomplete: "off", spellcheck: "false" });
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const answer = await fetch(place.dataset.certificate);
      if (!answer.ok) throw new Error(`the node has no certificate (${answer.status})`);
      await show(outcome, await answer.text(), trusted(genesis.made.value));
    } catch (error) {
      outcome.replaceChildren(element("p", { role: "status" }, error.message));
    } finally {
      button.disabled = false;
    }
  });
  place.replaceChildren(genesis.row, element("p", {}, button), outcome);
}

/** On a page of its own: a file that is chosen or dropped. */
export function verifyFile(place) {
  const outcome = element("div", {});
  const chosen = field("Certificate", "certificate-file", { type: "file", accept: "application/json,.json" });
  const genesis = field("Genesis hash that you trust", "trusted-genesis", { value: place.dataset.genesis, autocomplete: "off", spellcheck: "false" });
  const said = status("verify-said");
  const check = async (file) => {
    said.textContent = "";
    try {
      if (file.size > MAX_CERTIFICATE_BYTES) throw new Error("the file is longer than any certificate");
      await show(outcome, await file.text(), trusted(genesis.made.value));
    } catch (error) {
      said.textContent = error.message;
    }
  };
  chosen.made.addEventListener("change", () => {
    const [file] = chosen.made.files;
    if (file) check(file);
  });
  place.addEventListener("dragover", (event) => event.preventDefault());
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) check(file);
  });
  place.replaceChildren(genesis.row, chosen.row, element("p", { class: "soft" }, "Or drop the file here. It stays in this page."), said, outcome);
}
