// What the node's own code made, for comparison: written by web/tests/it/scripts.rs.

import { readFileSync } from "node:fs";

export const vectors = JSON.parse(readFileSync(process.env.PROBITY_VECTORS, "utf8"));

/** A module of the pages. */
export const asset = (name) => import(new URL(`../../../web/assets/js/${name}`, import.meta.url));
