//! Amounts as people give them to a command: tokens with their symbol, or base units.
//!
//! `1.5PBY` is one token and a half; `1500000000` is the same in base units. A number with a point
//! and no symbol is refused: it is not known what it counts. Nothing is rounded and nothing passes
//! through a float.

use probity_primitives::Amount;
use probity_runtime::text::SYMBOL;

/// How many digits stand after the point of a token.
const DECIMALS: usize = 9;

/// Reads an amount.
pub(crate) fn amount(text: &str) -> Result<Amount, String> {
    let Some(tokens) = text.strip_suffix(SYMBOL).map(str::trim_end) else {
        return units(text);
    };
    let (whole, part) = tokens.split_once('.').unwrap_or((tokens, "0"));
    if !is_digits(whole) || !is_digits(part) || part.len() > DECIMALS {
        return Err(format!("{text:?} is not a number of tokens with at most 9 decimals"));
    }
    units(&format!("{whole}{part:0<DECIMALS$}"))
}

fn units(text: &str) -> Result<Amount, String> {
    if !is_digits(text) {
        let forms = format!("tokens as in 1.5{SYMBOL}, or base units as in 1500000000");
        return Err(format!("{text:?} is not an amount: give {forms}"));
    }
    text.parse().map_err(|_| format!("{text:?} is more than there can be"))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_units_are_told_apart_by_the_symbol() {
        let check = |text, units| assert_eq!(amount(text), Ok(Amount::from_units(units)), "{text}");
        check("1.5PBY", 1_500_000_000);
        check("1.5 PBY", 1_500_000_000);
        check("0.000000001PBY", 1);
        check("7PBY", 7_000_000_000);
        check("7", 7);
        check("340282366920938463463374607431768211455", u128::MAX);
    }

    #[test]
    fn what_is_no_amount_is_refused_and_never_rounded() {
        let wrong = ["", "PBY", "1.5", "-1", "+1", "1e9", "1.PBY", ".5PBY", "0.0000000001PBY"];
        for text in wrong.into_iter().chain(["1,5PBY", "1 000", "1PBYPBY", "1pby", "٣"]) {
            assert!(amount(text).is_err(), "{text}");
        }
        assert!(amount("340282366920938463463374607431768211456").unwrap_err().contains("more"));
        assert!(amount("340282366920938463463374607432PBY").unwrap_err().contains("more"));
    }
}
