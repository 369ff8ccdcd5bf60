//! The engine profile: what must be equal for two runs to agree bit by bit.
//!
//! AVX-512 kernels give other last bits for other batch sizes; without them the engine gives the
//! same bits for every batch size, and on dense networks the bits of onnxruntime. The engine reads
//! this setting once, from its process's environment, so it is set when a worker starts and
//! checked before the first model is loaded.
//!
//! Spec: `docs/spec/22-evaluator.md`.

use probity_primitives::BoundedString;
use probity_primitives::transcript::EngineProfile;

use super::EngineError;

/// Raised whenever the harness could give another answer to the same question.
pub const HARNESS_VERSION: u32 = 1;

const VARIABLE: &str = "TRACT_CPU_ISA";

/// The variables, and their values, that a worker's environment consists of.
#[must_use]
pub fn environment() -> Vec<(&'static str, &'static str)> {
    if cfg!(target_arch = "x86_64") {
        vec![(VARIABLE, "-avx512f,-avx512vnni,-avx512fp16")]
    } else {
        Vec::new()
    }
}

/// The profile of this build on this machine.
#[must_use]
pub fn profile() -> EngineProfile {
    EngineProfile {
        engine: text("tract-onnx 0.23.9"),
        precision: text("f32"),
        batch: 1,
        instructions: text(instructions()),
    }
}

#[cfg(target_arch = "x86_64")]
fn instructions() -> &'static str {
    if std::arch::is_x86_feature_detected!("fma") { "x86_64+fma" } else { "x86_64" }
}

#[cfg(not(target_arch = "x86_64"))]
const fn instructions() -> &'static str {
    std::env::consts::ARCH
}

/// Only short constants come here; one above its limit would show as an empty field in every
/// report.
fn text<const MAX: usize>(text: &str) -> BoundedString<MAX> {
    BoundedString::new(text).unwrap_or_default()
}

/// Refuses to compute in a process with other settings than [`environment`]'s.
pub(super) fn check_environment() -> Result<(), EngineError> {
    let expected = environment().first().map(|(_, value)| (*value).to_owned());
    let found = std::env::var(VARIABLE).ok();
    if found == expected {
        return Ok(());
    }
    Err(EngineError::Environment { name: VARIABLE.to_owned(), found, expected })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_the_profile_says_something() {
        let EngineProfile { engine, precision, batch, instructions } = profile();
        assert!(!engine.is_empty() && !precision.is_empty() && !instructions.is_empty());
        assert_eq!(batch, 1);
    }

    #[test]
    fn a_process_without_the_setting_may_not_compute() {
        // The test process has no such variable, so on x86_64 the check must fail.
        let found = std::env::var(VARIABLE).ok();
        assert_eq!(found, None);
        assert_eq!(check_environment().is_err(), !environment().is_empty());
    }
}
