//! The pages' scripts: plain modules, part of the program, without a build step.
//!
//! # Invariants
//! - What is served is a name of the table below: a path never reaches a disk.
//! - Every module that a module imports is in the table too.

use axum::extract::Path;
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use probity_api::Code;

use crate::error::ApiError;

macro_rules! files {
    ($($name:literal,)*) => {
        &[$(($name, include_str!(concat!("../assets/js/", $name)))),*]
    };
}

/// Every module by its name.
const FILES: &[(&str, &str)] = files! {
    "bech32m.js",
    "blake3.js",
    "bytes.js",
    "certificate.js",
    "codec.js",
    "dom.js",
    "draft.js",
    "hash.js",
    "json.js",
    "keystore.js",
    "live.js",
    "page.js",
    "proof.js",
    "score.js",
    "scrypt.js",
    "sign.js",
    "signature.js",
    "text.js",
    "trail.js",
    "transaction.js",
    "types/messages.js",
    "types/shared.js",
    "types/state.js",
    "verify.js",
};

/// A module. It is asked for again each time and not sent again if it is the same.
pub(crate) async fn script(Path(name): Path<String>, uri: Uri) -> Result<Response, ApiError> {
    let missing = || ApiError::new(Code::RouteNotFound, format!("{:?} is not a route", uri.path()));
    let (_, text) = FILES.iter().find(|(known, _)| *known == name).ok_or_else(missing)?;
    let media = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    Ok((media, *text).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The folder that a module is in, with a slash at its end.
    fn folder(name: &str) -> &str {
        name.rfind('/').map_or("", |at| &name[..=at])
    }

    #[test]
    fn every_module_that_is_imported_is_served_and_none_from_elsewhere() {
        let mut imports = 0;
        for (name, text) in FILES {
            let quoted =
                text.lines().filter(|line| line.contains("import") || line.starts_with('}'));
            for line in quoted {
                let Some(found) = line.split('"').find(|part| part.ends_with(".js")) else {
                    continue;
                };
                assert!(found.starts_with("./") || found.starts_with("../"), "{name}: {line}");
                let path = found.trim_start_matches("./");
                let path = path
                    .strip_prefix("../")
                    .map_or_else(|| format!("{}{path}", folder(name)), str::to_owned);
                assert!(FILES.iter().any(|(known, _)| *known == path), "{name} imports {path}");
                imports += 1;
            }
        }
        assert!(imports > 40, "{imports}");
    }

    #[test]
    fn no_module_makes_markup_of_text_or_code_of_text() {
        for (name, text) in FILES {
            for banned in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "new Function",
                "localStorage",
                "sessionStorage",
                "indexedDB",
                "document.cookie",
            ] {
                assert!(!text.contains(banned), "{name} has {banned}");
            }
        }
    }
}
