//! The inequalities that a set of parameters must keep.
//!
//! Spec: `docs/spec/15-parameters.md`.

use probity_primitives::ArithmeticError;

/// Why a set of parameters is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// A computation on the parameters leaves its range.
    #[error(transparent)]
    Arithmetic(#[from] ArithmeticError),
}
