//! Writing measured values with few words.

use std::fmt;

use probity_metrics::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use probity_metrics::metrics::MetricType;
use probity_metrics::metrics::gauge::ConstGauge;

/// Writes gauges into one answer.
pub(super) struct Writer<'a>(DescriptorEncoder<'a>);

impl<'a> Writer<'a> {
    pub(super) const fn new(encoder: DescriptorEncoder<'a>) -> Self {
        Self(encoder)
    }

    /// One number.
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        let gauge = ConstGauge::new(value);
        gauge.encode(self.0.encode_descriptor(name, help, None, gauge.metric_type())?)
    }

    /// One number for each set of labels.
    pub(super) fn gauges<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, f64)>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (labels, value) in values {
            family.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    /// One number that only grows for each set of labels.
    pub(super) fn counters<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (L, u64)>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (labels, value) in values {
            family.encode_family(&labels)?.encode_counter::<L, u64, u64>(&value, None)?;
        }
        Ok(())
    }
}

/// A whole number as a metric.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "metrics are floats; amounts of 2^53 base units and more lose their last digits"
)]
pub(super) fn number(value: impl Into<u128>) -> f64 {
    value.into() as f64
}

/// A length as a metric.
pub(super) fn count(value: usize) -> f64 {
    number(u64::try_from(value).unwrap_or(u64::MAX))
}

/// Yes as 1, no as 0.
pub(super) fn flag(value: bool) -> f64 {
    f64::from(u8::from(value))
}
