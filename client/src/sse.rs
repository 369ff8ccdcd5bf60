//! Taking a stream of server-sent events apart.
//!
//! # Invariants
//! - A line and an event have limits; a server that exceeds them is not one of ours.
//!
//! # Not here
//! What events say, and connections: [`crate::events`].

/// The longest event, in bytes.
const MAX_EVENT_BYTES: usize = 4 << 20;

/// An event as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Message {
    /// Its kind.
    pub(crate) event: String,
    /// What it says.
    pub(crate) data: String,
}

/// Why bytes are not a stream of events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SseError {
    /// An event does not end.
    #[error("an event is longer than {MAX_EVENT_BYTES} bytes")]
    TooLong,
    /// A line is not text.
    #[error("a line is not UTF-8")]
    NotText,
}

/// What has arrived and is not yet an event.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    line: Vec<u8>,
    message: Message,
    after_return: bool,
}

impl Parser {
    /// Takes in bytes; gives the events that they complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Message>, SseError> {
        let mut complete = Vec::new();
        for &byte in bytes {
            let after_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => complete.extend(self.end_line()?),
                other => self.line.push(other),
            }
            if self.line.len().saturating_add(self.message.data.len()) > MAX_EVENT_BYTES {
                return Err(SseError::TooLong);
            }
        }
        Ok(complete)
    }

    /// An empty line ends an event; one without data is none.
    fn end_line(&mut self) -> Result<Option<Message>, SseError> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8(line).map_err(|_| SseError::NotText)?;
        if line.is_empty() {
            let message = std::mem::take(&mut self.message);
            return Ok((!message.data.is_empty()).then_some(message));
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.message.event),
            "data" => {
                if !self.message.data.is_empty() {
                    self.message.data.push('\n');
                }
                self.message.data.push_str(value);
            }
            // The record inside carries its identifier; comments keep the connection alive.
            _ => {}
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(event: &str, data: &str) -> Message {
        Message { event: event.to_owned(), data: data.to_owned() }
    }

    fn parse(chunks: &[&str]) -> Vec<Message> {
        let mut parser = Parser::default();
        chunks.iter().flat_map(|chunk| parser.push(chunk.as_bytes()).unwrap()).collect()
    }

    #[test]
    fn events_are_complete_at_an_empty_line_wherever_the_bytes_are_cut() {
        let text = ": hello\n\nid: 1-0\nevent: block\ndata: {}\n\nevent: x\ndata:a\ndata: b\n\nda";
        let expected = [message("block", "{}"), message("x", "a\nb")];
        assert_eq!(parse(&[text]), expected);
        for cut in 0..text.len() {
            let (left, right) = text.split_at(cut);
            assert_eq!(parse(&[left, right]), expected, "cut at {cut}");
        }
    }

    #[test]
    fn every_kind_of_line_end_counts_once() {
        assert_eq!(parse(&["data: a\r\n\r\ndata: b\r\rdata: c\n\n"]).len(), 3);
        assert_eq!(parse(&["data: a\r", "\n\r", "\n"]), [message("", "a")]);
    }

    #[test]
    fn an_event_that_does_not_end_is_refused() {
        let mut parser = Parser::default();
        let line = format!("data: {}\n", "x".repeat(1 << 20));
        let outcomes: Vec<_> = (0..5).map(|_| parser.push(line.as_bytes())).collect();
        assert_eq!(outcomes.last(), Some(&Err(SseError::TooLong)));
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        assert_eq!(Parser::default().push(b"data: \xff\n"), Err(SseError::NotText));
    }
}
