//! Ways to make one score, and earnings, out of many reports: ours, and others'.
//!
//! # Reading order
//! [`round`] has the trait; [`ours`] and [`others`] are what implements it, and [`arena`] plays one
//! scenario under all of them. [`yuma`] is the consensus that weighs reports by stake and pays agreement, in its versions;
//! [`copier`] and [`retention`] are what it does to a copier and to an honest majority.
//!
//! # Not here
//! The protocol's own rules: they are called, never copied.
//!
//! Spec: `docs/spec/19-figures.md`.

pub mod arena;
pub mod copier;
pub mod matrix;
pub mod others;
pub mod ours;
pub mod retention;
pub mod round;
pub mod yuma;

/// The nearest single-precision number.
#[expect(clippy::as_conversions, reason = "there is no other way to round to single precision")]
pub(crate) const fn single(x: f64) -> f32 {
    x as f32
}
