//! Whether two runs had the same machine, as far as figures depend on it.

use std::fmt::Display;

use super::MachineFile;

/// Memory may differ by this part: what the firmware and the kernel keep for themselves varies.
const MEMORY: f64 = 0.05;

/// The facts in which two machines differ so that their figures cannot be compared, each as `what (first's, second's)`.
/// What one of them does not know is not held against them; neither are the code's commit nor the crates, which a
/// comparison may be about.
#[must_use]
pub fn differences(here: &MachineFile, there: &MachineFile) -> Vec<String> {
    let mut facts = Vec::new();
    differ(&mut facts, "cpu", &here.cpu, &there.cpu);
    differ(&mut facts, "number of CPUs", here.cpus, there.cpus);
    let (a, b) = (here.memory_mib as f64, there.memory_mib as f64);
    if (a - b).abs() > MEMORY * a.max(b) {
        differ(&mut facts, "memory in MiB", here.memory_mib, there.memory_mib);
    }
    differ(&mut facts, "kernel", &here.kernel, &there.kernel);
    differ(&mut facts, "frequency governor", or_none(&here.governor), or_none(&there.governor));
    let (a, b) = (or_none(&here.virtualisation), or_none(&there.virtualisation));
    differ(&mut facts, "virtualisation", a, b);
    known(&mut facts, "hypervisor", &here.hypervisor, &there.hypervisor);
    differ(&mut facts, "database", &here.database, &there.database);
    if let Some((a, b)) = here.threads_per_core.zip(there.threads_per_core) {
        differ(&mut facts, "threads per core", a, b);
    }
    let (a, b) = (here.database_is_external, there.database_is_external);
    differ(&mut facts, "whether the database is somebody else's", a, b);
    for (setting, a) in &here.database_settings {
        if let Some(b) = there.database_settings.get(setting) {
            known(&mut facts, setting, a, b);
        }
    }
    known(&mut facts, "huge pages", &here.huge_pages, &there.huge_pages);
    if let Some((a, b)) = here.turbo.zip(there.turbo) {
        differ(&mut facts, "turbo", a, b);
    }
    if let Some((a, b)) = here.cgroup_cpus.zip(there.cgroup_cpus) {
        differ(&mut facts, "CPUs allowed by control groups", a, b);
    }
    for (flaw, a) in &here.mitigations {
        if let Some(b) = there.mitigations.get(flaw) {
            known(&mut facts, &format!("mitigation of {flaw}"), a, b);
        }
    }
    facts
}

fn differ<T: PartialEq + Display>(facts: &mut Vec<String>, what: &str, here: T, there: T) {
    if here != there {
        facts.push(format!("{what} ({here}, {there})"));
    }
}

fn known(facts: &mut Vec<String>, what: &str, here: &str, there: &str) {
    if !here.is_empty() && !there.is_empty() {
        differ(facts, what, here, there);
    }
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_figures_depend_on_tells_machines_apart() {
        let here = MachineFile {
            cpu: "A".into(),
            cpus: 2,
            memory_mib: 1000,
            commit: "x".into(),
            threads_per_core: Some(1),
            mitigations: [("spectre_v2".into(), "Retpolines".into())].into(),
            ..MachineFile::default()
        };
        let like = MachineFile { memory_mib: 1049, commit: "y+".into(), ..here.clone() };
        assert_eq!(differences(&here, &like), [""; 0]);
        let older = MachineFile { threads_per_core: None, mitigations: [].into(), ..here.clone() };
        assert_eq!(differences(&here, &older), [""; 0]);
        let there = MachineFile {
            cpu: "B".into(),
            memory_mib: 2000,
            governor: "powersave".into(),
            threads_per_core: Some(2),
            mitigations: [("spectre_v2".into(), "Vulnerable".into())].into(),
            ..here.clone()
        };
        assert_eq!(
            differences(&here, &there),
            [
                "cpu (A, B)",
                "memory in MiB (1000, 2000)",
                "frequency governor (none, powersave)",
                "threads per core (1, 2)",
                "mitigation of spectre_v2 (Retpolines, Vulnerable)",
            ]
        );
    }
}
