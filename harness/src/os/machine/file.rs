//! `raw/machine.toml`: what a run ran on, and with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the run ran on: names of things and what they said of themselves, never a host, user, address or path.
///
/// What nothing tells is absent or empty, and so is what runs recorded before there was a field for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MachineFile {
    /// The CPU's model.
    pub cpu: String,
    /// How many CPUs this process could use.
    pub cpus: usize,
    /// In MiB.
    pub memory_mib: u64,
    /// The kernel's release.
    pub kernel: String,
    /// The frequency governor, if there is one.
    pub governor: String,
    /// Whether it is a virtual machine, if the CPU tells.
    pub virtualisation: String,
    /// The commit, with `+` where the checkout differed from it.
    pub commit: String,
    /// In runs recorded before there was a table for each service: the database's version.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub database: String,
    /// In those runs: whether the database was external.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_is_external: Option<bool>,
    /// The CPU's maker, family, model number and stepping, as the kernel names them.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cpu_id: String,
    /// The CPU's microcode.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub microcode: String,
    /// Sockets of the whole machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sockets: Option<usize>,
    /// Cores of the whole machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cores: Option<usize>,
    /// Simultaneous threads of a core (SMT); 1 where there are none, or they are off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads_per_core: Option<usize>,
    /// Memory nodes (NUMA).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_nodes: Option<usize>,
    /// The first CPU's clock when the run began, in MHz.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mhz: Option<u64>,
    /// Its highest clock, in MHz.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_mhz: Option<u64>,
    /// Whether the clock may rise above its base by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turbo: Option<bool>,
    /// In MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap_mib: Option<u64>,
    /// When memory comes in huge pages: always, on demand, never.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub huge_pages: String,
    /// The distribution and its version.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub distribution: String,
    /// The hypervisor, if one tells.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hypervisor: String,
    /// The container's kind, if the harness ran in one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub container: String,
    /// What the kernel reads the time from.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub clock_source: String,
    /// What the kernel was told at its start about isolated CPUs, ticks and mitigations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub boot: Vec<String>,
    /// CPUs' worth of time that the control groups allowed the harness and all parts it started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup_cpus: Option<f64>,
    /// The CPUs that they allowed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cgroup_cpuset: String,
    /// The memory that they allowed, in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup_memory_mib: Option<u64>,
    /// Files that a process may have open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_files: Option<u64>,
    /// The commit's whole hash.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub commit_hash: String,
    /// How many files of the checkout differed from the commit, results apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_files: Option<usize>,
    /// A name for what the checkout's files held beyond the commit; absent where they held nothing more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<String>,
    /// The first CPU's caches, by level and kind, with the CPUs that share each.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub caches: BTreeMap<String, String>,
    /// What the kernel does about each known flaw of CPUs.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub mitigations: BTreeMap<String, String>,
    /// The kernel's settings that bear on connections and memory.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sysctls: BTreeMap<String, String>,
    /// What each tool calls its version.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tools: BTreeMap<String, String>,
    /// In runs recorded before there was a table for each service: the database's settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_settings: Option<BTreeMap<String, String>>,
    /// The services that the servers used, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<String, ServiceFacts>,
    /// The version of each crate in the lock file; of one that is there twice, all of them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub crates: BTreeMap<String, String>,
}

/// What a service said of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceFacts {
    /// Its version, as it names it.
    pub version: String,
    /// Whether the harness neither started, placed nor observed it.
    pub external: bool,
    /// Its settings that bear on the figures, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
}

impl MachineFile {
    /// The services that the servers used, by name. A run that was recorded before there was a table for each has one,
    /// `database`.
    #[must_use]
    pub fn services(&self) -> BTreeMap<String, ServiceFacts> {
        if self.database.is_empty() {
            return self.services.clone();
        }
        let database = ServiceFacts {
            version: self.database.clone(),
            external: self.database_is_external.unwrap_or_default(),
            settings: self.database_settings.clone().unwrap_or_default(),
        };
        BTreeMap::from([(UNNAMED.to_owned(), database)])
    }
}

/// The name of the one service of runs that did not record its name.
pub(super) const UNNAMED: &str = "database";
