//! A table and a picture.

use super::facts::Facts;

/// Columns of the table.
const HEADING: &str = "task,model,benchmark,operator,seats,score,standing,clean,counting,paid\r\n";

/// How wide a letter of the picture is at most, in its own units.
const LETTER: usize = 7;

/// Room beside a text.
const ROOM: usize = 10;

pub(super) fn csv(facts: &Facts<'_>) -> String {
    let names = [&*facts.model.manifest.name, &*facts.benchmark.manifest.name].map(field);
    let [model, benchmark] = names;
    let word = |value: &dyn std::fmt::Debug| format!("{value:?}").to_lowercase();
    let rows = facts.outcome.members.iter().map(|member| {
        let score = member.score.map(|score| score.to_string()).unwrap_or_default();
        let standing = member.standing.map(|standing| word(&standing)).unwrap_or_default();
        let clean = member.clean.map(|clean| clean.to_string()).unwrap_or_default();
        let (operator, counting) = (member.operator, word(&member.counting));
        format!(
            "{},{model},{benchmark},{operator},{},{score},{standing},{clean},{counting},{}\r\n",
            facts.id,
            member.seats,
            member.paid.units()
        )
    });
    std::iter::once(HEADING.to_owned()).chain(rows).collect()
}

/// A text as a field: in quotes where it must be, and never a formula of a spreadsheet.
fn field(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

pub(super) fn badge(facts: &Facts<'_>) -> String {
    let label: String = facts.benchmark.manifest.name.chars().take(40).collect();
    let stands = match facts.state() {
        "final" => String::new(),
        other => format!(" ({other})"),
    };
    let value = format!("{}{stands}", facts.outcome.score);
    let width = |text: &str| text.chars().count() * LETTER + ROOM;
    let (left, right) = (width(&label), width(&value));
    let (whole, middle) = (left + right, left + right / 2);
    let (label, value) = (escaped(&label), escaped(&value));
    let ground = if facts.state() == "final" { "#1d6b35" } else { "#7a5200" };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{whole}\" height=\"20\" role=\"img\" \
         aria-label=\"{label}: {value}\"><title>{label}: {value}</title>\
         <rect width=\"{left}\" height=\"20\" fill=\"#3a3f45\"/>\
         <rect x=\"{left}\" width=\"{right}\" height=\"20\" fill=\"{ground}\"/>\
         <g fill=\"#fff\" text-anchor=\"middle\" font-family=\"DejaVu Sans, Verdana, sans-serif\" \
         font-size=\"11\"><text x=\"{}\" y=\"14\">{label}</text>\
         <text x=\"{middle}\" y=\"14\">{value}</text></g></svg>\n",
        left / 2
    )
}

/// A text in XML; what XML cannot hold is left out.
fn escaped(text: &str) -> String {
    let mut shown = String::new();
    for letter in text.chars().filter(|letter| !letter.is_control()) {
        match letter {
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '&' => shown.push_str("&amp;"),
            '"' => shown.push_str("&quot;"),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => {}
            other => shown.push(other),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_never_a_formula_nor_two_fields() {
        assert_eq!(field("plain name"), "plain name");
        assert_eq!(field("=1+1"), "'=1+1");
        assert_eq!(field("a, \"b\""), "\"a, \"\"b\"\"\"");
    }

    #[test]
    fn a_picture_holds_text_and_no_markup() {
        assert_eq!(escaped("<a & \"b\">\u{202e}\u{1b}"), "&lt;a &amp; &quot;b&quot;&gt;");
    }
}
