//! The nearest valid word to a wrong one, for error messages.

/// `"; did you mean `x`?"`, or nothing where no candidate is near.
#[must_use]
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= candidate.len().div_ceil(2))
        .map(|(_, candidate)| format!("; did you mean `{candidate}`?"))
        .unwrap_or_default()
}

/// What to say after a TOML error about an unknown key.
///
/// The parser's message names the unknown field first and the known ones after it, each in
/// backticks; for any other message there is nothing to suggest.
#[must_use]
pub fn nearest_key(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    match quoted.next() {
        Some(word) if message.starts_with("unknown ") => did_you_mean(word, quoted),
        Some(_) | None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_suggested_and_a_far_one_is_not() {
        assert_eq!(did_you_mean("scael", ["shape", "scale"]), "; did you mean `scale`?");
        assert_eq!(did_you_mean("zebra", ["shape", "scale"]), "");
    }
}
