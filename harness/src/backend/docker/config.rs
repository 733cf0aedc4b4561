//! What compose makes of compose.yaml and .env.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::backend::limits::Asked;
use crate::os::cgroup::Limits;
use crate::os::part::{Part, PerPart};

/// What compose makes of compose.yaml and .env.
#[derive(Debug, Deserialize)]
pub(super) struct Config {
    services: BTreeMap<String, Service>,
}

#[derive(Debug, Deserialize)]
struct Service {
    image: Option<String>,
    #[serde(default)]
    cpu_quota: Value,
    #[serde(default)]
    cpu_period: Value,
    #[serde(default)]
    mem_limit: Value,
}

/// The service of compose.yaml that shows a part's limits: all servers have the same, and the network's probe too; so do
/// all databases.
fn service_of(part: Part) -> &'static str {
    match part {
        Part::Server => "netprobe",
        Part::Db => "mysql",
        Part::Load => "load",
    }
}

impl Config {
    /// Reads what `docker compose config --format json` printed.
    pub(super) fn parse(json: &str) -> Result<Config, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// Whether there is such a service.
    pub(super) fn has(&self, service: &str) -> bool {
        self.services.contains_key(service)
    }

    /// The image that a service names.
    pub(super) fn image(&self, service: &str) -> Option<&str> {
        self.services.get(service)?.image.as_deref()
    }

    /// The CPUs and memory that each part asks for; absent where its service is missing.
    pub(super) fn asked(&self) -> Asked {
        let of = |service: &Service| {
            let (quota, period) = (number(&service.cpu_quota), number(&service.cpu_period));
            let quota = quota.filter(|quota| *quota > 0.0);
            Limits {
                cpus: quota.zip(period).map(|(quota, period)| quota / period),
                memory_mib: number(&service.mem_limit).map(|bytes| (bytes / 1_048_576.0) as u64),
                ..Limits::default()
            }
        };
        Asked(PerPart::from_fn(|part| self.services.get(service_of(part)).map(of)))
    }
}

/// Compose writes some numbers as text.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composes_json_is_understood() {
        let json = r#"{"name": "x", "services": {
            "mysql": {"image": "mysql:9", "cpu_quota": "1600000", "cpu_period": 100000, "mem_limit": "68719476736"},
            "netprobe": {"cpu_quota": 600000, "cpu_period": 100000}}}"#;
        let config = Config::parse(json).unwrap();
        let Asked(asked) = config.asked();
        assert_eq!(
            asked.db,
            Some(Limits { cpus: Some(16.0), memory_mib: Some(65_536), ..Limits::default() })
        );
        assert_eq!(asked.server.and_then(|limits| limits.cpus), Some(6.0));
        assert!(asked.load.is_none() && !config.has("load"));
        assert_eq!(config.image("mysql"), Some("mysql:9"));
    }
}
