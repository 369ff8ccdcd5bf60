//! Numbers, identifiers and times in the form in which pages show them.

use askama::Template;
use askama::filters::HtmlSafe;
use probity_primitives::{Amount, Height, Ppm, Score};

/// Digits in groups of three.
pub(super) fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && digits.len().saturating_sub(place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub(super) fn count(number: impl Into<u128>) -> String {
    grouped(&number.into().to_string())
}

/// Tokens with all their decimals, the whole ones in groups.
pub(super) fn tokens(amount: Amount) -> String {
    let text = amount.to_string();
    match text.split_once('.') {
        Some((whole, part)) => format!("{}.{part}", grouped(whole)),
        None => grouped(&text),
    }
}

/// Tokens with so many decimals, rounded down, so that the points of a column stand in one line.
pub(super) fn aligned(amount: Amount, decimals: usize) -> String {
    let text = tokens(amount);
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let part: String = part.chars().chain(std::iter::repeat('0')).take(decimals).collect();
    format!("{whole}.{part}")
}

/// Tokens to at most two decimals, rounded down.
pub(super) fn roughly(amount: Amount) -> String {
    let text = tokens(amount);
    match text.split_once('.') {
        Some((whole, part)) if part.len() > 2 => {
            let part: String = part.chars().take(2).collect();
            let more = if whole == "0" && part == "00" { ">" } else { "" };
            format!("{more}{whole}.{part}")
        }
        Some(_) | None => text,
    }
}

/// A score to four decimals, half away from zero.
pub(super) fn score(score: Score) -> String {
    let micros = i128::from(score.micros());
    let half = if micros < 0 { -50 } else { 50 };
    let tens = micros.saturating_add(half) / 100;
    let sign = if tens < 0 { "\u{2212}" } else { "" };
    let size = tens.unsigned_abs();
    format!("{sign}{}.{:04}", size / 10_000, size % 10_000)
}

/// A score without the zeros at its end.
pub(super) fn short_score(score: Score) -> String {
    let text = score.to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Micro-units as a decimal without the zeros at its end.
pub(super) fn micros(micros: u64) -> String {
    short_score(Score::from_micros(i64::try_from(micros).unwrap_or(i64::MAX)))
}

/// A share to one decimal, rounded down: `33.4 %`.
pub(super) fn share(share: Ppm) -> String {
    let tenths = share.parts() / 1_000;
    format!("{}.{}\u{a0}%", tenths / 10, tenths % 10)
}

/// One part of a whole in parts per million, rounded down; none of nothing.
pub(super) fn part(part: u128, whole: u128) -> Ppm {
    let parts = part.checked_mul(1_000_000).and_then(|parts| parts.checked_div(whole));
    Ppm::new(parts.and_then(|parts| u32::try_from(parts).ok()).unwrap_or_default())
}

/// So many bytes.
pub(super) fn bytes(bytes: u64) -> String {
    for (unit, size) in [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)] {
        if bytes >= size {
            let tenths = bytes.saturating_mul(10) / size;
            return format!("{}.{}\u{a0}{unit}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes}\u{a0}B")
}

/// A length of time in its two largest units; a short one in milliseconds or tenths of a second.
pub(super) fn duration(ms: u64) -> String {
    match ms {
        1..=999 => return format!("{ms}\u{a0}ms"),
        1_000..=9_949 if !ms.is_multiple_of(1_000) => {
            let tenths = ms.saturating_add(50) / 100;
            return format!("{}.{}\u{a0}s", tenths / 10, tenths % 10);
        }
        0 | 1_000.. => {}
    }
    let seconds = ms / 1_000;
    let units = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];
    let first = units.iter().position(|(_, size)| seconds >= *size).unwrap_or(3);
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (unit, size) in units.iter().skip(first).take(2) {
        let count = rest / size;
        rest %= size;
        if count > 0 || parts.is_empty() {
            parts.push(format!("{count}\u{a0}{unit}"));
        }
    }
    parts.join("\u{a0}")
}

/// A length of time that is reckoned and not measured: no finer than it can be meant.
pub(super) fn about(ms: u64) -> String {
    let seconds = ms.saturating_add(500) / 1_000;
    let (unit, more) = match seconds {
        0..=119 => return format!("{seconds}\u{a0}s"),
        120..=7_199 => (60, 30),
        7_200..=172_799 => (3_600, 1_800),
        172_800.. => (86_400, 43_200),
    };
    duration((seconds.saturating_add(more) / unit).saturating_mul(unit).saturating_mul(1_000))
}

/// How often something happened, for people.
pub(super) fn times(count: u64) -> String {
    match count {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{} times", self::count(more)),
    }
}

/// An identifier, shortened to what tells it from others by eye; the whole is in its title.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(source = "<code title=\"{{ whole }}\">{{ start }}…{{ end }}</code>", ext = "html")]
pub(super) struct Short {
    whole: String,
    start: String,
    end: String,
}

impl HtmlSafe for Short {}

impl Short {
    pub(super) fn of(id: &impl ToString) -> Self {
        let whole = id.to_string();
        // An address begins with the name of its network, which tells nobody apart.
        let prefix = whole.find('1').filter(|place| *place < 8 && whole.starts_with('p'));
        let start = whole.chars().take(prefix.unwrap_or(3).saturating_add(5)).collect();
        let end = whole.chars().skip(whole.chars().count().saturating_sub(6)).collect();
        Self { whole, start, end }
    }
}

/// How the height of blocks goes with time, as far as a page needs it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub(super) height: Height,
    /// The time between blocks in milliseconds, as it was lately.
    pub(super) pace: u64,
}

impl Clock {
    /// A height with how far it is from now.
    pub(super) fn at(self, height: Height) -> When {
        let apart =
            |from: Height, to: Height| about(to.0.saturating_sub(from.0).saturating_mul(self.pace));
        let distance = match height.cmp(&self.height) {
            std::cmp::Ordering::Less => format!("about {} ago", apart(height, self.height)),
            std::cmp::Ordering::Equal => "now".to_owned(),
            std::cmp::Ordering::Greater => format!("in about {}", apart(self.height, height)),
        };
        When { height: height.0, past: height <= self.height, distance }
    }

    /// How long so many blocks take.
    pub(super) fn length(self, blocks: u64) -> String {
        about(blocks.saturating_mul(self.pace))
    }
}

/// A height and how far it is from now. The time is reckoned from the pace of the latest blocks.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(
    source = "{% if past %}<a href=\"/blocks/{{ height }}\">block {{ height }}</a>\
              {% else %}block {{ height }}{% endif %} \
              <span class=\"soft\">{{ distance }}</span>",
    ext = "html"
)]
pub(super) struct When {
    height: u64,
    past: bool,
    distance: String,
}

impl HtmlSafe for When {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_grouped_and_keep_every_decimal() {
        let units = Amount::from_units;
        assert_eq!(tokens(Amount::from_tokens(1_234_567)), "1,234,567");
        assert_eq!(tokens(units(1_000_000_000_000_001)), "1,000,000.000000001");
        assert_eq!(tokens(units(999)), "0.000000999");
        assert_eq!(roughly(units(999)), ">0.00");
        assert_eq!(roughly(units(1_239_999_999)), "1.23");
        assert_eq!(roughly(Amount::from_tokens(100)), "100");
        assert_eq!(aligned(units(1_239_999_999), 2), "1.23");
        assert_eq!(aligned(Amount::from_tokens(1_400), 2), "1,400.00");
        assert_eq!(aligned(units(5_100_000_000), 9), "5.100000000");
    }

    #[test]
    fn scores_are_rounded_to_four_decimals() {
        let of = |micros| score(Score::from_micros(micros));
        assert_eq!(of(987_654), "0.9877");
        assert_eq!(of(999_950), "1.0000");
        assert_eq!(of(-1_500_049), "\u{2212}1.5000");
        assert_eq!(of(0), "0.0000");
        assert_eq!(of(-49), "0.0000");
    }

    #[test]
    fn a_length_of_time_has_its_two_largest_units() {
        assert_eq!(duration(0), "0\u{a0}s");
        assert_eq!(duration(203), "203\u{a0}ms");
        assert_eq!(duration(1_449), "1.4\u{a0}s");
        assert_eq!(duration(2_000), "2\u{a0}s");
        assert_eq!(duration(61_000), "1\u{a0}min\u{a0}1\u{a0}s");
        assert_eq!(duration(3_600_000), "1\u{a0}h");
        assert_eq!(duration(90_061_000), "1\u{a0}d\u{a0}1\u{a0}h");
    }

    #[test]
    fn a_reckoned_time_is_told_no_finer_than_it_is_known() {
        assert_eq!(about(400), "0\u{a0}s");
        assert_eq!(about(84_600), "85\u{a0}s");
        assert_eq!(about(178_000), "3\u{a0}min");
        assert_eq!(about(5_390_000), "1\u{a0}h\u{a0}30\u{a0}min");
        assert_eq!(about(10_000_000), "3\u{a0}h");
        assert_eq!(about(200_000_000), "2\u{a0}d");
    }

    #[test]
    fn how_often_is_told_in_words() {
        assert_eq!([0, 1, 2, 1_200].map(times), ["never", "once", "twice", "1,200 times"]);
    }

    #[test]
    fn an_identifier_is_shortened_to_its_two_ends() {
        let hash = "00f1e2d3c4b5a6978899aabbccddeeff00112233445566778899aabbccddeeff";
        let shown = Short::of(&hash).to_string();
        assert_eq!(shown, format!("<code title=\"{hash}\">00f1e2d3…ddeeff</code>"));
    }

    #[test]
    fn heights_to_come_are_told_with_their_distance() {
        let clock = Clock { height: Height(100), pace: 6_000 };
        assert!(clock.at(Height(110)).to_string().contains("in about 60\u{a0}s"));
        assert!(clock.at(Height(90)).to_string().contains("href=\"/blocks/90\""));
        assert!(clock.at(Height(100)).to_string().contains("now"));
    }
}
