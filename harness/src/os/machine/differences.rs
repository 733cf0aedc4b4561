//! The differences between two runs' machines that affect the figures.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use super::build::BuildFacts;
use super::file::UNNAMED;
use super::{MachineFile, ServiceFacts};

/// The share by which memory sizes may differ: firmware and kernel reserve varying amounts.
const MEMORY: f64 = 0.05;

/// Lists the facts in which two machines differ so that their figures cannot be compared, each as `what (first's,
/// second's)`.
///
/// A fact that only one machine recorded is not a difference. The code's commit and the crates are left out too,
/// because a comparison may be about them.
#[must_use]
pub fn differences(here: &MachineFile, there: &MachineFile) -> Vec<String> {
    let mut facts = Vec::new();
    differ(&mut facts, "cpu", &here.cpu, &there.cpu);
    known(&mut facts, "family, model and stepping of the cpu", &here.cpu_id, &there.cpu_id);
    known(&mut facts, "microcode", &here.microcode, &there.microcode);
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
    if let Some((a, b)) = here.threads_per_core.zip(there.threads_per_core) {
        differ(&mut facts, "threads per core", a, b);
    }
    services(&mut facts, &here.services(), &there.services());
    known(&mut facts, "huge pages", &here.huge_pages, &there.huge_pages);
    if let Some((a, b)) = here.turbo.zip(there.turbo) {
        differ(&mut facts, "turbo", a, b);
    }
    if has_groups(here) && has_groups(there) {
        let quota = |machine: &MachineFile| {
            machine.cgroup_cpus.map_or("none".to_owned(), |cpus| format!("{cpus} CPUs"))
        };
        differ(&mut facts, "CPU quota on the run", quota(here), quota(there));
    }
    build(&mut facts, &here.build, &there.build);
    for (flaw, a) in &here.mitigations {
        if let Some(b) = there.mitigations.get(flaw) {
            known(&mut facts, &format!("mitigation of {flaw}"), a, b);
        }
    }
    facts
}

/// Whether a machine's record is of a format that has limits of control groups: older ones lack the mitigations too.
fn has_groups(machine: &MachineFile) -> bool {
    machine.open_files.is_some()
}

/// Compares how servers were built, where both runs recorded it. What only one of them sets is a difference.
fn build(facts: &mut Vec<String>, here: &BuildFacts, there: &BuildFacts) {
    if here.is_empty() || there.is_empty() {
        return;
    }
    let both = [
        ("release profile", &here.profile, &there.profile),
        ("build", &here.settings, &there.settings),
    ];
    for (what, here, there) in both {
        let names: BTreeSet<&String> = here.keys().chain(there.keys()).collect();
        for name in names {
            let of = |map: &BTreeMap<String, String>| map.get(name).cloned();
            let unset = || "not set".to_owned();
            let (a, b) = (of(here).unwrap_or_else(unset), of(there).unwrap_or_else(unset));
            differ(facts, &format!("{what}: {name}"), a, b);
        }
    }
}

/// Compares the services that both machines had. A service of only one machine is no difference: the other's servers
/// did not need it.
fn services(
    facts: &mut Vec<String>,
    here: &BTreeMap<String, ServiceFacts>,
    there: &BTreeMap<String, ServiceFacts>,
) {
    for (name, a) in here {
        let Some(b) = counterpart(name, here, there) else { continue };
        differ(facts, name, &a.version, &b.version);
        differ(facts, &format!("whether the {name} is external"), a.external, b.external);
        for (setting, a) in &a.settings {
            if let Some(b) = b.settings.get(setting) {
                known(facts, setting, a, b);
            }
        }
    }
}

/// The service called `name`; where one side did not record the name of its only service, that service.
fn counterpart<'a>(
    name: &str,
    here: &BTreeMap<String, ServiceFacts>,
    there: &'a BTreeMap<String, ServiceFacts>,
) -> Option<&'a ServiceFacts> {
    let unnamed = here.contains_key(UNNAMED) || there.contains_key(UNNAMED);
    match (unnamed, here.len(), there.len()) {
        (true, 1, 1) => there.values().next(),
        _ => there.get(name),
    }
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
    fn machines_differ_only_in_facts_that_affect_figures() {
        let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
        };
        let build = |profile: &[(&str, &str)], settings: &[(&str, &str)]| BuildFacts {
            profile: map(profile),
            settings: map(settings),
            configs: BTreeMap::new(),
        };
        let here = MachineFile {
            cpu: "A".into(),
            cpu_id: "A 1 2 3".into(),
            microcode: "0x1".into(),
            open_files: Some(1024),
            build: build(&[("lto", "thin")], &[]),
            cpus: 2,
            memory_mib: 1000,
            commit: "x".into(),
            threads_per_core: Some(1),
            mitigations: [("spectre_v2".into(), "Retpolines".into())].into(),
            ..MachineFile::default()
        };
        let like = MachineFile { memory_mib: 1049, commit: "y+".into(), ..here.clone() };
        assert_eq!(differences(&here, &like), [""; 0]);
        let older = MachineFile {
            threads_per_core: None,
            mitigations: [].into(),
            cpu_id: String::new(),
            microcode: String::new(),
            open_files: None,
            build: BuildFacts::default(),
            ..here.clone()
        };
        assert_eq!(differences(&here, &older), [""; 0]);
        let there = MachineFile {
            cpu: "B".into(),
            cpu_id: "A 1 2 4".into(),
            microcode: "0x2".into(),
            cgroup_cpus: Some(1.5),
            build: build(&[("lto", "fat")], &[("RUSTFLAGS", "-C a")]),
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
                "family, model and stepping of the cpu (A 1 2 3, A 1 2 4)",
                "microcode (0x1, 0x2)",
                "memory in MiB (1000, 2000)",
                "frequency governor (none, powersave)",
                "threads per core (1, 2)",
                "CPU quota on the run (none, 1.5 CPUs)",
                "release profile: lto (thin, fat)",
                "build: RUSTFLAGS (not set, -C a)",
                "mitigation of spectre_v2 (Retpolines, Vulnerable)",
            ]
        );
    }

    #[test]
    fn a_service_is_compared_with_the_one_of_its_name_or_with_an_unnamed_one() {
        let service = |version: &str, setting: &str| ServiceFacts {
            version: version.into(),
            external: false,
            settings: [("pages".into(), setting.into())].into(),
        };
        let with = |services: &[(&str, ServiceFacts)]| MachineFile {
            services: services
                .iter()
                .map(|(name, facts)| ((*name).into(), facts.clone()))
                .collect(),
            ..MachineFile::default()
        };
        let here = with(&[("a", service("1", "x")), ("b", service("1", "x"))]);
        let there = with(&[("a", service("2", "y")), ("c", service("3", "z"))]);
        assert_eq!(differences(&here, &there), ["a (1, 2)", "pages (x, y)"]);
        assert_eq!(differences(&here, &with(&[])), [""; 0]);

        let unnamed = MachineFile {
            database: "1".into(),
            database_is_external: Some(false),
            database_settings: Some([("pages".into(), "x".into())].into()),
            ..MachineFile::default()
        };
        assert_eq!(differences(&unnamed, &with(&[("a", service("1", "x"))])), [""; 0]);
        let differing = differences(&with(&[("a", service("2", "y"))]), &unnamed);
        assert_eq!(differing, ["a (2, 1)", "pages (y, x)"]);
    }
}
