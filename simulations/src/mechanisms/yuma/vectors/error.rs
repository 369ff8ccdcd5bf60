//! Why a file of cases cannot be run.

/// A fault of a file.
#[derive(Debug, thiserror::Error)]
pub enum VectorError {
    /// Not JSON, or a key is missing.
    #[error("not JSON of the known form: {0}")]
    Json(#[from] serde_json::Error),
    /// None of the known forms.
    #[error("no file of cases: it has neither versions and cases, nor tests, nor vectors")]
    UnknownForm,
    /// No such version.
    #[error("no version is called {0}")]
    UnknownVersion(String),
    /// A setting that nothing here knows.
    #[error("{place} sets {key} to {value}, which is not known here")]
    UnknownSetting {
        /// Which version or case.
        place: String,
        /// The setting.
        key: String,
        /// Its value.
        value: String,
    },
    /// A setting of the wrong kind.
    #[error("{place}: {key} cannot be {value}")]
    BadSetting {
        /// Which version or case.
        place: String,
        /// The setting.
        key: String,
        /// Its value.
        value: String,
    },
    /// An epoch has no weights or stakes.
    #[error("{case}: no {what} for epoch {epoch}")]
    Missing {
        /// Which case.
        case: String,
        /// Of what.
        what: &'static str,
        /// Which epoch.
        epoch: usize,
    },
    /// Rows or columns that do not fit together.
    #[error("{case}: the {what} of epoch {epoch} do not fit {validators} validators")]
    Shape {
        /// Which case.
        case: String,
        /// Of what.
        what: &'static str,
        /// Which epoch.
        epoch: usize,
        /// How many validators there are.
        validators: usize,
    },
    /// A weight or a stake that is negative or no number.
    #[error("{case}: the {what} of epoch {epoch} hold {value}")]
    Negative {
        /// Which case.
        case: String,
        /// Of what.
        what: &'static str,
        /// Which epoch.
        epoch: usize,
        /// The value.
        value: f32,
    },
    /// More epochs than a file should ask for.
    #[error("{case}: {epochs} epochs, the limit is {limit}")]
    TooLong {
        /// Which case.
        case: String,
        /// How many.
        epochs: usize,
        /// The most.
        limit: usize,
    },
    /// A vote that names no server.
    #[error("{case}: {vote:?} names no server")]
    Vote {
        /// Which test.
        case: String,
        /// The vote.
        vote: String,
    },
}
