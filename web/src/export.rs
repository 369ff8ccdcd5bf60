//! Results in the forms that other ecosystems read.
//!
//! Each form is a pure function of [`Facts`], so that they all say the same. None of them is proof:
//! that is the certificate, which each names by the task.
//!
//! # Invariants
//! - What is not known is left out, never made up: a SHA-256 that nobody stated, an interval of a
//!   metric that has none, an address of a node that is not known to be reachable.
//! - Text of strangers is escaped for the form that it is put into.
//!
//! # Not here
//! Tokens of verification that only others may give (`verifyToken` of Hugging Face).
//!
//! Spec: `docs/spec/24-api.md`.

mod bom;
mod facts;
mod plain;
mod shared;
mod statement;
mod yaml;

use std::fmt;
use std::str::FromStr;

pub(crate) use facts::Facts;

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Every Eval Ever, the shared schema of evaluations.
    EveryEvalEver,
    /// An entry of `.eval_results/` in a model's repository.
    EvalResults,
    /// The `model-index` of a model card.
    ModelIndex,
    /// An in-toto statement.
    InToto,
    /// A bill of materials in the form of `CycloneDX`.
    CycloneDx,
    /// Metadata of a token that stands for a model.
    Ainft,
    /// A row for each evaluator.
    Csv,
    /// A picture.
    Badge,
}

impl Format {
    /// Every form.
    pub(crate) const ALL: [Self; 8] = [
        Self::EveryEvalEver,
        Self::EvalResults,
        Self::ModelIndex,
        Self::InToto,
        Self::CycloneDx,
        Self::Ainft,
        Self::Csv,
        Self::Badge,
    ];

    /// The form's name in a path.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::EveryEvalEver => "every-eval-ever",
            Self::EvalResults => "eval-results",
            Self::ModelIndex => "model-index",
            Self::InToto => "in-toto",
            Self::CycloneDx => "cyclonedx",
            Self::Ainft => "ainft",
            Self::Csv => "csv",
            Self::Badge => "badge",
        }
    }

    /// Its media type.
    pub(crate) const fn media(self) -> &'static str {
        match self {
            Self::EveryEvalEver | Self::Ainft => "application/json",
            Self::EvalResults | Self::ModelIndex => "application/yaml",
            Self::InToto => "application/vnd.in-toto+json",
            Self::CycloneDx => "application/vnd.cyclonedx+json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Badge => "image/svg+xml",
        }
    }

    /// The result in this form.
    pub(crate) fn write(self, facts: &Facts<'_>) -> String {
        match self {
            Self::EveryEvalEver => shared::every_eval_ever(facts),
            Self::EvalResults => yaml::eval_results(facts),
            Self::ModelIndex => yaml::model_index(facts),
            Self::InToto => statement::in_toto(facts),
            Self::CycloneDx => bom::cyclonedx(facts),
            Self::Ainft => statement::ainft(facts),
            Self::Csv => plain::csv(facts),
            Self::Badge => plain::badge(facts),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|format| format.name() == text).ok_or_else(|| {
            let all: Vec<&str> = Self::ALL.into_iter().map(Self::name).collect();
            let shown: String = text.chars().take(40).collect();
            format!("{shown:?} is none of {}", all.join(", "))
        })
    }
}

/// A document as text that ends its last line.
fn document(value: &serde_json::Value) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}
