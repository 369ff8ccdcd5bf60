// What a page needs of scripts: loaded by what is on it, so that most pages load next to nothing.

const wanted = [
  ["[data-live]", () => import("./live.js")],
  ["#sign-here", () => import("./sign.js").then(({ signHere }) => signHere(document.getElementById("sign-here")))],
  ["#sign-file", () => import("./sign.js").then(({ signFile }) => signFile(document.getElementById("sign-file")))],
  ["#verify", () => import("./verify.js").then(({ verifyHere }) => verifyHere(document.getElementById("verify")))],
  ["#verify-file", () => import("./verify.js").then(({ verifyFile }) => verifyFile(document.getElementById("verify-file")))],
];

for (const [selector, load] of wanted) {
  if (document.querySelector(selector) !== null) load();
}
