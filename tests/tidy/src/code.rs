//! Telling code from comments, texts and tests.

/// A source with comments and the contents of texts blanked out; lines stay where they are.
#[must_use]
pub fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = skipped_len(rest);
        if skipped == 0 {
            out.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        } else {
            let (gone, kept) = rest.split_at_checked(skipped).unwrap_or((rest, ""));
            out.extend(gone.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = kept;
        }
    }
    out
}

/// The part of a source before its test module: rules are held to more than their tests.
#[must_use]
pub fn without_tests(text: &str) -> &str {
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    text.get(..end).unwrap_or(text)
}

/// Whether every line of a file is test code.
#[must_use]
pub fn is_test_file(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// Whether `word` occurs in `line` with no letter, digit or underscore beside it.
#[must_use]
pub fn has_word(line: &str, word: &str) -> bool {
    let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(start, found)| {
        let before = line.get(..start).and_then(|part| part.chars().next_back());
        let after =
            line.get(start.saturating_add(found.len())..).and_then(|part| part.chars().next());
        !joins(before) && !joins(after)
    })
}

/// How many bytes from here on are a comment or a text.
fn skipped_len(rest: &str) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return end_of(rest, 2, "*/");
    }
    if rest.starts_with("r#\"") {
        return end_of(rest, 3, "\"#");
    }
    if rest.starts_with("'\"'") {
        return 3;
    }
    if rest.starts_with('"') {
        return quoted_len(rest);
    }
    0
}

fn end_of(rest: &str, from: usize, mark: &str) -> usize {
    let tail = rest.get(from..).unwrap_or_default();
    tail.find(mark).map_or(rest.len(), |at| at.saturating_add(from).saturating_add(mark.len()))
}

fn quoted_len(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at.saturating_add(1),
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_texts_are_blanked_and_lines_stay() {
        let source =
            "let a = \"f32 \\\" f64\"; // f32\nlet b = 1; /* f64\n f32 */ let c = '\"';\nend";
        let bare = bare(source);
        assert!(!bare.contains("f32") && !bare.contains("f64"), "{bare}");
        assert_eq!(bare.lines().count(), 4);
        assert!(bare.contains("let c") && bare.ends_with("end"));
    }

    #[test]
    fn a_raw_text_ends_at_its_own_mark() {
        assert!(bare("x(r#\"a \"f32\" b\"#) + f64").trim_end().ends_with("+ f64"));
        assert!(!bare("x(r#\"a \"f32\" b\"#)").contains("f32"));
    }

    #[test]
    fn the_test_module_is_cut_off() {
        let source = "fn rule() {}\n#[cfg(test)]\nmod tests { use f64; }";
        assert_eq!(without_tests(source), "fn rule() {}\n");
    }

    #[test]
    fn a_word_inside_a_longer_name_is_not_that_word() {
        assert!(has_word("x as f32;", "f32") && !has_word("my_f32x", "f32"));
        assert!(has_word("my_f32 f32", "f32"));
    }
}
