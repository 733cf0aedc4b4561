//! What a metric is called, by programs and in sentences.

use crate::measure::block::Metric;

/// The name of a metric in files for programs: that of its figure.
pub(super) fn id(metric: Metric) -> &'static str {
    match metric {
        Metric::Goodput => "goodput_rps",
        Metric::ServerCpu => "server_cpu_us_per_req",
        Metric::DatabaseCpu => "db_cpu_us_per_req",
        Metric::P50 => "p50_us",
        Metric::P99 => "p99_us",
    }
}

/// A metric as a sentence calls it.
pub(super) fn short(metric: Metric) -> &'static str {
    match metric {
        Metric::Goodput => "goodput",
        Metric::ServerCpu => "server CPU",
        Metric::DatabaseCpu => "database CPU",
        Metric::P50 => "p50",
        Metric::P99 => "p99",
    }
}
