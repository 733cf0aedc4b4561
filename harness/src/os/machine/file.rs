//! The file `raw/machine.toml`: the machine and the software of a run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::build::BuildFacts;
use crate::os::part::Part;
use crate::os::placement::{Cpus, Placement};

/// The machine and the software of a run, never a host, user, address or path.
///
/// A fact that is not known is absent or empty. So is a field that was added after the run was recorded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MachineFile {
    /// The model of the CPU.
    pub cpu: String,
    /// The number of CPUs that this process could use.
    pub cpus: usize,
    /// The memory in MiB.
    pub memory_mib: u64,
    /// The release of the kernel.
    pub kernel: String,
    /// The frequency governor; empty where there is none.
    pub governor: String,
    /// `virtual machine` where the CPU says that it is one.
    pub virtualisation: String,
    /// The abbreviated commit, with `+` where the checkout differed from it.
    pub commit: String,
    /// The database's version, in runs recorded before there was a table for each service.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub database: String,
    /// Whether the database was external, in runs recorded before there was a table for each service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_is_external: Option<bool>,
    /// The vendor, family, model number and stepping of the CPU, in the kernel's words; on ARM the implementer, architecture,
    /// variant, part and revision.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cpu_id: String,
    /// The version of the CPU's microcode.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub microcode: String,
    /// The number of sockets of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sockets: Option<usize>,
    /// The number of cores of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cores: Option<usize>,
    /// The number of simultaneous threads per core (SMT); 1 where there is no SMT, or it is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads_per_core: Option<usize>,
    /// The CPUs of each core that has several (SMT); empty where there is no SMT, and in runs recorded before it was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shared_cores: Vec<Cpus>,
    /// The number of memory nodes (NUMA).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_nodes: Option<usize>,
    /// The clock of CPU 0 in MHz when the run began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mhz: Option<u64>,
    /// The maximum clock of CPU 0 in MHz.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_mhz: Option<u64>,
    /// Whether the clock may rise above its base by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turbo: Option<bool>,
    /// The swap space in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub swap_mib: Option<u64>,
    /// The kernel's policy for transparent huge pages: `always`, `madvise` or `never`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub huge_pages: String,
    /// The name and version of the distribution.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub distribution: String,
    /// The hypervisor; empty where none was detected.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hypervisor: String,
    /// The kind of container that the harness ran in; empty where none was detected.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub container: String,
    /// The kernel's clock source.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub clock_source: String,
    /// The words of the kernel's command line about isolated CPUs, ticks and mitigations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub boot: Vec<String>,
    /// The quota in CPUs' worth of time that control groups set for the harness and all parts that it started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup_cpus: Option<f64>,
    /// The CPUs that control groups allowed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cgroup_cpuset: String,
    /// The memory limit of control groups, in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup_memory_mib: Option<u64>,
    /// The number of files that a process may have open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_files: Option<u64>,
    /// The full hash of the commit.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub commit_hash: String,
    /// The number of files that differed from the commit, not counting results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_files: Option<usize>,
    /// A hash of what differed from the commit; absent where nothing did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<String>,
    /// How servers were built; empty in runs recorded before it was.
    #[serde(skip_serializing_if = "BuildFacts::is_empty")]
    pub build: BuildFacts,
    /// The caches of CPU 0, by level and kind, with the CPUs that share each.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub caches: BTreeMap<String, String>,
    /// The state of the mitigation of each known CPU vulnerability.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub mitigations: BTreeMap<String, String>,
    /// The kernel settings that affect connections and memory.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sysctls: BTreeMap<String, String>,
    /// The versions of the tools, as they print them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tools: BTreeMap<String, String>,
    /// The database's settings, in runs recorded before there was a table for each service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_settings: Option<BTreeMap<String, String>>,
    /// The services that the servers used, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<String, ServiceFacts>,
    /// The version of each crate in the lock file; all versions of a crate that occurs more than once.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub crates: BTreeMap<String, String>,
}

/// Facts about a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceFacts {
    /// The version, in the service's own words.
    pub version: String,
    /// Whether the service is external: the harness neither started, placed nor observed it.
    pub external: bool,
    /// The settings that affect the figures, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
}

impl MachineFile {
    /// The services that the servers used, by name. Runs recorded before there was a table for each have a single
    /// one, called `database`.
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

impl MachineFile {
    /// The pairs of parts that share a core, which each slows the other down; `None` where that is not known, in runs
    /// recorded before it was.
    #[must_use]
    pub fn parts_sharing_cores(&self, cpus: &Placement) -> Option<Vec<(Part, Part)>> {
        let is_known = !self.shared_cores.is_empty() || self.threads_per_core == Some(1);
        is_known.then(|| cpus.sharing_cores(&self.shared_cores))
    }
}

/// The name of the only service in runs that did not record its name.
pub(super) const UNNAMED: &str = "database";
