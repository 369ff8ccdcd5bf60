//! Fields of JSON documents that are made here.

use serde_json::Value;

/// Sets a field of an object; anything else stays as it is.
pub(crate) fn set(object: &mut Value, name: impl Into<String>, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.into(), value);
    }
}
