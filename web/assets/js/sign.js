// Signing in the page: the bytes are read or made here, shown as text, signed with a key that is in
// this page for one signature, and nothing but the signed transaction is ever sent.

import { hex, same, unhex } from "./bytes.js";
import { decode } from "./codec.js";
import { download, element, field, status } from "./dom.js";
import { messageOf, senderOf } from "./draft.js";
import { pretty } from "./json.js";
import { MAX_KEYSTORE_BYTES, openKeystore } from "./keystore.js";
import { sign } from "./signature.js";
import { isWorded, transactionText } from "./text.js";
import { UNSIGNED, accountOf, signed, signedFile, signedHash, withFee } from "./transaction.js";
import { TxBody } from "./types/messages.js";

const MAX_FILE_BYTES = 8 * 1024 * 1024;
/** How often it is asked what became of a transaction, and how long. */
const [ASK_EVERY, ASK_FOR] = [500, 120_000];
/** The furthest that a form's transaction may stay valid, in blocks. */
const MAX_EXPIRY = 2_000;

const ask = async (path) => {
  const answer = await fetch(`/api/v1${path}`);
  if (!answer.ok) throw new Error(`the node answers ${answer.status} to ${path}`);
  return answer.json();
};

/** Checks what the node made of a form against what this page makes of the same fields. */
async function compare(body, genesis) {
  const here = window.location.href;
  const asked = ["/status", "/params", "/governance", `/accounts/${body.sender}/pending`];
  const [status, params, governance, pending] = await Promise.all(asked.map(ask));
  const expect = (what, found, wanted) => {
    if (found !== wanted) throw new Error(`the node's ${what} is ${found}, this page's is ${wanted}; do not sign it`);
  };
  expect("chain", body.chain, status.data.chain_id);
  expect("genesis hash", genesis, status.data.genesis_hash);
  expect("sender", body.sender, senderOf(here));
  expect("nonce", body.nonce, pending.data.next);
  if (body.expiry > status.data.height + MAX_EXPIRY) throw new Error(`the transaction would stay valid until block ${body.expiry}`);
  const message = messageOf(here, { ...params.data, governance: governance.data });
  if (message === null) return "This page cannot make this message by itself: read every line.";
  const own = withFee({ ...body, memo: "", message }, params.data.fees);
  expect("bytes", hex(TxBody(body)), hex(TxBody(own)));
  return "This page made the same bytes from what you chose.";
}

/** The text of a body, and whether it is worded here. */
function words(body, genesis) {
  if (isWorded(body.message)) return transactionText(body, genesis);
  return `${pretty(body)}\nsigned_hash: ${hex(signedHash(body, genesis))}\n`;
}

/** The fields that open a keystore. */
function keyForm() {
  const file = field("Keystore file", "keystore", { type: "file", accept: "application/json,.json", required: true });
  const passphrase = field("Passphrase", "passphrase", { type: "password", autocomplete: "off", required: true });
  const button = element("button", { type: "submit", class: "main" }, "Sign");
  const form = element("form", { class: "fields", id: "sign-form" }, file.row, passphrase.row, element("div", {}, button));
  return { form, file: file.made, passphrase: passphrase.made, button };
}

async function signBody(body, genesis, form) {
  const [file] = form.file.files;
  if (!file) throw new Error("choose a keystore file");
  if (file.size > MAX_KEYSTORE_BYTES) throw new Error("the file is too long for a keystore");
  const typed = form.passphrase.value;
  form.passphrase.value = "";
  const { key, publicKey } = await openKeystore(await file.text(), typed);
  const account = accountOf(publicKey, body.sender.startsWith("pbyt") ? "test" : "main");
  if (account !== body.sender) throw new Error(`this is the key of ${account}, and the sender is ${body.sender}`);
  const made = signed(body, publicKey, await sign(key, signedHash(body, genesis)));
  return { ...made, file: `${pretty(signedFile(body, genesis, made))}\n` };
}

/** Sends a signed transaction and waits until a block has it. */
async function send({ tx, hash }, said) {
  const answer = await fetch("/api/v1/txs", { method: "POST", headers: { "content-type": "application/octet-stream" }, body: tx });
  if (!answer.ok) {
    const problem = await answer.json();
    throw new Error(`the node refuses it: ${problem.detail}`);
  }
  said.textContent = `Sent: ${hash}. It waits for a block.`;
  const until = Date.now() + ASK_FOR;
  while (Date.now() < until) {
    const found = await fetch(`/api/v1/txs/${hash}`);
    if (found.ok) {
      const { data } = await found.json();
      const { outcome } = data.outcome;
      said.textContent = outcome === "ok"
        ? `Done: block ${data.height} has it.`
        : `Block ${data.height} has it, and it was refused: ${data.outcome.reason ?? data.outcome.code}`;
      said.dataset.outcome = outcome;
      return;
    }
    await new Promise((resolve) => { setTimeout(resolve, ASK_EVERY); });
  }
  said.textContent = `Sent: ${hash}. No block has it yet; its page will say when one has.`;
}

/** Signs what is shown; `after` is what can be done with it then. */
function offer(place, body, genesis, note) {
  const said = status("sign-said");
  const after = element("div", { id: "signed" });
  const form = keyForm();
  form.form.addEventListener("submit", async (event) => {
    event.preventDefault();
    form.button.disabled = true;
    said.textContent = "Opening the keystore …";
    try {
      const made = await signBody(body, genesis, form);
      said.textContent = `Signed: ${made.hash}`;
      const button = element("button", { type: "button", class: "main", id: "send" }, "Send it");
      button.addEventListener("click", async () => {
        button.disabled = true;
        try {
          await send(made, said);
        } catch (error) {
          said.textContent = error.message;
          button.disabled = false;
        }
      });
      after.replaceChildren(element("p", {}, button, " ", download("signed.json", made.file)));
      button.focus();
    } catch (error) {
      said.textContent = error.message;
    } finally {
      form.button.disabled = false;
    }
  });
  place.replaceChildren(element("p", {}, note), form.form, said, after);
}

/** On the page of a form's answer. */
export async function signHere(place) {
  try {
    const genesis = (await ask("/status")).data.genesis_hash;
    const body = decode(TxBody, unhex(place.dataset.body));
    const shown = words(body, genesis);
    const note = await compare(body, genesis);
    if (hex(signedHash(body, genesis)) !== place.dataset.signedHash) throw new Error("the node shows another hash than its bytes have; do not sign it");
    const preview = document.getElementById("unsigned-text");
    if (isWorded(body.message) && preview.textContent.trim() !== shown.trim()) throw new Error("the node shows another text than its bytes say; do not sign it");
    offer(place, body, genesis, `${note} Sign it here with a keystore file: the file and the passphrase stay in this page.`);
  } catch (error) {
    place.replaceChildren(element("p", { class: "note", role: "alert" }, error.message));
  }
}

/** The body of an unsigned file, if all that the file says is of its bytes. */
function read(text) {
  const file = JSON.parse(text);
  if (file.schema !== UNSIGNED) throw new Error(`the file is of the schema ${file.schema}, expected ${UNSIGNED}`);
  const body = decode(TxBody, unhex(file.body));
  if (!same(TxBody(body), unhex(file.body))) throw new Error("the bytes are not the one encoding of a transaction");
  const shown = words(body, file.genesis_hash);
  const said = `${file.text.join("\n")}\n`;
  const lies = file.chain_id !== body.chain || file.signed_hash !== hex(signedHash(body, file.genesis_hash)) || (isWorded(body.message) && said !== shown);
  if (lies) throw new Error("the file says something else than its bytes; do not sign it");
  return { body, genesis: file.genesis_hash, shown };
}

/** On a page of its own: opens an unsigned file, also where there is no network. */
export function signFile(place) {
  const chosen = field("Unsigned transaction", "unsigned-file", { type: "file", accept: "application/json,.json" });
  const said = status("open-said");
  const rest = element("div", {});
  chosen.made.addEventListener("change", async () => {
    rest.replaceChildren();
    said.textContent = "";
    try {
      const [file] = chosen.made.files;
      if (!file) return;
      if (file.size > MAX_FILE_BYTES) throw new Error("the file is too long");
      const { body, genesis, shown } = read(await file.text());
      const form = element("div", {});
      rest.replaceChildren(element("pre", { id: "unsigned-text", tabindex: "0" }, element("code", {}, shown)), form);
      const own = isWorded(body.message) ? "" : "This kind has no words here: these are its fields. ";
      offer(form, body, genesis, `${own}This is all that the signature covers.`);
    } catch (error) {
      said.textContent = error.message;
    }
  });
  place.replaceChildren(chosen.row, said, rest);
}
