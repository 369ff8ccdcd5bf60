//! Wide numbers in JSON: as decimal text, since a number of 128 bits is more than most readers keep,
//! and more than a tagged enum can be read with.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serializer};

/// Writes a number as text.
///
/// # Errors
/// What the serializer refuses.
pub fn serialize<S: Serializer>(value: &i128, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Reads a number from the text that it is written as, and from no other.
///
/// # Errors
/// For what is not a number's only text.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i128, D::Error> {
    let text = <Cow<'de, str> as Deserialize>::deserialize(deserializer)?;
    let value: i128 = text.parse().map_err(serde::de::Error::custom)?;
    if value.to_string() != text {
        let what = format!("{text:?} is not how {value} is written");
        return Err(serde::de::Error::custom(what));
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Sum {
            #[serde(with = "super")]
            sum: i128,
        },
    }

    #[test]
    fn a_wide_number_survives_in_a_tagged_enum() {
        for sum in [0, -7, i128::MAX, i128::MIN] {
            let text = serde_json::to_string(&Tagged::Sum { sum }).unwrap();
            assert_eq!(text, format!("{{\"kind\":\"Sum\",\"sum\":\"{sum}\"}}"));
            assert_eq!(serde_json::from_str::<Tagged>(&text).unwrap(), Tagged::Sum { sum });
        }
    }

    #[test]
    fn another_text_of_the_same_number_is_refused() {
        for sum in ["+7", "007", "-0", " 7", "7.0", ""] {
            let text = format!("{{\"kind\":\"Sum\",\"sum\":\"{sum}\"}}");
            assert!(serde_json::from_str::<Tagged>(&text).is_err(), "{sum:?}");
        }
    }
}
