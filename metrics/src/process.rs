//! What the system knows of this process, under the names that every client library uses.

use std::fmt;

use procfs::process::Process;
use procfs::{ProcError, WithCurrentSystemInfo};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Reads `/proc` at each scrape. Where it cannot be read, the metrics are left out.
#[derive(Debug)]
pub(crate) struct ProcessCollector;

/// One reading.
struct Reading {
    cpu_seconds: f64,
    resident_bytes: f64,
    virtual_bytes: f64,
    start_seconds: f64,
    open_files: f64,
    most_files: f64,
    threads: f64,
}

impl Reading {
    #[expect(
        clippy::as_conversions,
        clippy::cast_precision_loss,
        reason = "a metric is a float; 53 bits are more than any of these needs"
    )]
    fn take() -> Result<Self, ProcError> {
        let process = Process::myself()?;
        let stat = process.stat()?;
        let ticks = procfs::ticks_per_second() as f64;
        let boot = procfs::boot_time_secs()? as f64;
        let files = process.limits()?.max_open_files.soft_limit;
        Ok(Self {
            cpu_seconds: stat.utime.saturating_add(stat.stime) as f64 / ticks,
            resident_bytes: stat.rss_bytes().get() as f64,
            virtual_bytes: stat.vsize as f64,
            start_seconds: boot + stat.starttime as f64 / ticks,
            open_files: process.fd_count()? as f64,
            most_files: match files {
                procfs::process::LimitValue::Value(most) => most as f64,
                procfs::process::LimitValue::Unlimited => f64::INFINITY,
            },
            threads: stat.num_threads as f64,
        })
    }
}

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let Ok(reading) = Reading::take() else { return Ok(()) };
        let cpu = ConstCounter::new(reading.cpu_seconds);
        let help = "Processor time in user and system mode";
        let metric =
            encoder.encode_descriptor("process_cpu_seconds", help, None, cpu.metric_type())?;
        cpu.encode(metric)?;
        let gauges = [
            ("process_resident_memory_bytes", "Memory that is in use", reading.resident_bytes),
            ("process_virtual_memory_bytes", "Memory that is addressed", reading.virtual_bytes),
            ("process_start_time_seconds", "When it started, since 1970", reading.start_seconds),
            ("process_open_fds", "Open files", reading.open_files),
            ("process_max_fds", "Most open files", reading.most_files),
            ("process_threads", "Threads", reading.threads),
        ];
        for (name, help, value) in gauges {
            let gauge = ConstGauge::new(value);
            let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        Ok(())
    }
}
