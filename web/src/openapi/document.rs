//! The document itself.

use std::collections::BTreeMap;

use probity_api::{Code, OCTET_STREAM, PROBLEM_JSON, list_schema};
use serde_json::{Map, Value, json};

use super::{Answer, Entry, Kind, Query, Taken};
use crate::fields::set;

/// The fields of every view, with the types that JSON has for them.
const VIEWS: &str = include_str!("../../openapi/views.json");

const HASH: &str = "^[0-9a-f]{64}$";

/// The `OpenAPI` document of all entries, whose paths are below `base`.
pub(crate) fn document(base: &str, entries: &[Entry]) -> Value {
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for entry in entries {
        let operation = operation(entry);
        paths.entry(entry.path).or_default().insert(entry.method.to_owned(), operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Probity",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
            "description": "A node's API. Amounts are texts of base units, scores are millionths, \
                            bytes are hexadecimal. Unknown parameters are refused.",
        },
        "servers": [{ "url": base }],
        "paths": paths,
        "components": { "schemas": schemas(), "responses": { "problem": problem() } },
    })
}

fn operation(entry: &Entry) -> Value {
    let Entry { method, path, says } = entry;
    let answer = match says.answer {
        Answer::One(name) => media("application/json", reference(&envelope_name(name))),
        Answer::List(name) => media("application/json", reference(&list_name(name))),
        Answer::File(kind) => media(kind, json!({})),
    };
    let mut parameters: Vec<Value> = names(path).map(path_parameter).collect();
    parameters.extend(says.query.iter().map(query_parameter));
    let mut operation = json!({
        "operationId": operation_id(method, path),
        "summary": says.summary,
        "parameters": parameters,
        "responses": {
            says.status.to_string(): { "description": "as asked", "content": answer },
            "default": { "$ref": "#/components/responses/problem" },
        },
    });
    if let (Some(taken), Some(fields)) = (says.body, operation.as_object_mut()) {
        fields.insert("requestBody".to_owned(), body(taken));
    }
    operation
}

/// The names between braces in a path.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|rest| rest.split('}').next())
}

/// `get /results/{task}/export/{format}` is `get_results_task_export_format`.
fn operation_id(method: &str, path: &str) -> String {
    let words = path.split(['/', '{', '}', '.']).filter(|word| !word.is_empty());
    words.fold(method.to_owned(), |id, word| format!("{id}_{word}"))
}

fn path_parameter(name: &str) -> Value {
    let schema = match name {
        "address" | "account" => kind(Kind::Account),
        "operator" => kind(Kind::Operator),
        "hash" | "task" => kind(Kind::Hash),
        "height" | "index" => kind(Kind::Number),
        "key" => json!({ "type": "string", "pattern": "^([0-9a-f]{2})+$" }),
        _ => json!({ "type": "string" }),
    };
    json!({ "name": name, "in": "path", "required": true, "schema": schema })
}

fn query_parameter(query: &Query) -> Value {
    let Query { name, kind: of, required } = *query;
    json!({ "name": name, "in": "query", "required": required, "schema": kind(of) })
}

fn kind(kind: Kind) -> Value {
    match kind {
        Kind::Hash => json!({ "type": "string", "pattern": HASH }),
        Kind::Account => json!({ "type": "string", "pattern": "^pbyt?1[0-9a-z]+$" }),
        Kind::Operator => json!({ "type": "string", "pattern": "^pbyt?val1[0-9a-z]+$" }),
        Kind::Number => json!({ "type": "integer", "minimum": 0 }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Word => json!({ "type": "string" }),
        Kind::Limit => json!({ "type": "integer", "minimum": 1, "maximum": 200, "default": 50 }),
    }
}

fn body(taken: Taken) -> Value {
    let bytes = json!({ "schema": {} });
    let content = match taken {
        Taken::File => json!({ OCTET_STREAM: bytes }),
        Taken::Preview => media("application/json", json!({ "type": "object" })),
        Taken::Transaction => {
            let digits = json!({ "type": "string", "pattern": "^([0-9a-f]{2})+$" });
            let document = json!({
                "type": "object", "required": ["tx"], "properties": { "tx": digits },
                "additionalProperties": false,
            });
            json!({ OCTET_STREAM: bytes, "application/json": { "schema": document } })
        }
    };
    json!({ "required": true, "content": content })
}

fn media(kind: &str, schema: Value) -> Value {
    json!({ kind: { "schema": schema } })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// `probity.status/v1` as a component's name.
fn envelope_name(schema: &str) -> String {
    schema.replace('/', "_")
}

fn list_name(schema: &str) -> String {
    envelope_name(&list_schema(schema))
}

/// Two components for each view: one thing, and a list of them.
fn schemas() -> Map<String, Value> {
    let views: BTreeMap<String, BTreeMap<String, Value>> =
        serde_json::from_str(VIEWS).unwrap_or_default();
    let mut schemas = Map::new();
    for (name, fields) in views {
        let properties: Map<String, Value> =
            fields.iter().map(|(field, of)| (field.clone(), json!({ "type": of }))).collect();
        let required: Vec<&String> = fields.keys().collect();
        let data = json!({
            "type": "object", "properties": properties, "required": required,
            "additionalProperties": false,
        });
        let list = json!({ "type": "array", "items": data });
        schemas.insert(list_name(&name), envelope(&list_schema(&name), &list, true));
        schemas.insert(envelope_name(&name), envelope(&name, &data, false));
    }
    schemas
}

fn envelope(schema: &str, data: &Value, pages: bool) -> Value {
    let mut properties = json!({
        "schema": { "const": schema },
        "chain_id": { "type": "string" },
        "height": { "type": "integer", "minimum": 0 },
        "data": data,
    });
    let mut required = vec!["schema", "chain_id", "height", "data"];
    if pages {
        set(&mut properties, "next", json!({ "type": ["string", "null"] }));
        required.push("next");
    }
    json!({
        "type": "object", "properties": properties, "required": required,
        "additionalProperties": false,
    })
}

fn problem() -> Value {
    let codes: Vec<&str> = Code::ALL.into_iter().map(Code::as_str).collect();
    let text = json!({ "type": "string" });
    let schema = json!({
        "type": "object",
        "required": ["type", "title", "status", "detail", "code", "retryable"],
        "properties": {
            "type": text, "title": text, "detail": text,
            "status": { "type": "integer" },
            "code": { "type": "string", "examples": codes },
            "retryable": { "type": "boolean" },
            "retry_at_height": { "type": "integer" },
            "nonces": { "type": "object" },
        },
        "additionalProperties": false,
    });
    json!({ "description": "what was wrong", "content": media(PROBLEM_JSON, schema) })
}
