//! Small convolutions and the pooling between them, without the engine's general path.
//!
//! On images of a few hundred points the engine spends more time on rearranging its input for a
//! general matrix product, and on its pooling of two by two, than on arithmetic. [`lower`] puts
//! operators of our own in their place before the engine chooses its kernels; everything else, and
//! every convolution above [`convolution::MAX_PRODUCTS`], stays as it was.
//!
//! # Invariants
//! - Each sum is made in one order, channel by channel and tap by tap, with fused multiply-adds and
//!   the bias last. That is the engine's own order, so bits do not depend on which of the two runs,
//!   nor on the size of a batch or the width of the machine's vectors.
//!
//! # Not here
//! Strides, dilations and groups in convolutions, borders and overlaps in pools.
//!
//! Spec: `docs/spec/22-evaluator.md`.

mod convolution;
mod geometry;
mod kernel;
mod pool;
#[cfg(test)]
mod tests;

use tract_onnx::prelude::{TractError, TractResult, TypedModel};
use tract_onnx::tract_core::internal::Rewriter;

/// The same model with our operators where they apply.
///
/// # Errors
/// The engine's, when it cannot simplify the model.
pub(super) fn lower(model: TypedModel) -> TractResult<TypedModel> {
    let mut model = model.into_decluttered()?;
    if kernel::is_fast_here() {
        Rewriter::<()>::default()
            .with_rule_for("small convolution", convolution::rule)
            .with_rule_for("pool of two by two", pool::rule)
            .rewrite(&(), &mut model)?;
    }
    Ok(model)
}

/// The two sides of something flat.
fn two(sides: &[usize]) -> Option<[usize; 2]> {
    sides.try_into().ok()
}

/// What the engine is told if it does not give an operator what the graph says.
fn wrong(expected: &str) -> TractError {
    std::io::Error::other(format!("the engine did not give {expected}")).into()
}
