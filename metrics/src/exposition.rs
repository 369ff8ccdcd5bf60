//! The text that a scrape is answered with.

use std::fmt;

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use crate::process::ProcessCollector;

/// The line that ends a document of metrics; it stands once, at the very end.
const END: &str = "# EOF\n";

/// Something that writes metrics in the same text form, such as a library with its own registry.
pub type Source = Box<dyn Fn(&mut String) + Send + Sync>;

/// Everything that a scrape shows.
pub struct Exposition {
    registry: Registry,
    /// Apart, because its names take no prefix.
    process: Registry,
    sources: Vec<Source>,
}

impl Exposition {
    /// The metrics of `registry` and of the process; `sources` follow them.
    #[must_use]
    pub fn new(registry: Registry, sources: Vec<Source>) -> Self {
        let mut process = Registry::default();
        process.register_collector(Box::new(ProcessCollector));
        Self { registry, process, sources }
    }

    /// The document.
    ///
    /// # Errors
    /// When a metric cannot be written.
    pub fn render(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        for registry in [&self.registry, &self.process] {
            encode(&mut text, registry)?;
            open_end(&mut text);
        }
        for source in &self.sources {
            source(&mut text);
            open_end(&mut text);
        }
        text.push_str(END);
        Ok(text)
    }
}

/// Takes the end mark away, so that more can follow.
fn open_end(text: &mut String) {
    if text.ends_with(END) {
        text.truncate(text.len().saturating_sub(END.len()));
    }
}

impl fmt::Debug for Exposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exposition").field("sources", &self.sources.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::gauge::Gauge;

    use super::*;

    fn one(name: &str, value: i64) -> Registry {
        let mut registry = Registry::default();
        let gauge = Gauge::<i64>::default();
        gauge.set(value);
        registry.register(name, "A number", gauge);
        registry
    }

    #[test]
    fn a_document_holds_every_source_and_one_end() {
        let other = one("probity_second", 8);
        let source: Source = Box::new(move |text| encode(text, &other).unwrap());
        let text = Exposition::new(one("probity_first", 7), vec![source]).render().unwrap();
        for line in ["probity_first 7", "probity_second 8"] {
            assert!(text.lines().any(|found| found == line), "{text}");
        }
        assert_eq!(text.matches("# EOF").count(), 1);
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn the_process_is_measured() {
        let text = Exposition::new(Registry::with_prefix("x"), Vec::new()).render().unwrap();
        let value = |name: &str| -> f64 {
            let line = text.lines().find(|line| line.starts_with(&format!("{name} ")));
            line.unwrap_or_else(|| panic!("{name} is missing in {text}"))
                .rsplit(' ')
                .next()
                .unwrap()
                .parse()
                .unwrap()
        };
        assert!(value("process_resident_memory_bytes") > 1e6);
        assert!(value("process_open_fds") >= 3.0);
        assert!(value("process_max_fds") >= value("process_open_fds"));
        assert!(value("process_start_time_seconds") > 1.7e9);
        assert!(value("process_cpu_seconds_total") >= 0.0);
    }
}
