//! Two commits whose servers a run compares: each has a registry of its own.

use std::fmt;

use registry::Checkout;

use super::study_file::Study;
use super::{DefinitionError, Registry, Role, Server};

/// One of the two commits of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The commit that ratios are to: the older one, as a rule.
    Base,
    /// The commit that is tried.
    Head,
}

impl Side {
    /// The value on the axis of revisions, and what follows `@` in a server's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Side::Base => "base",
            Side::Head => "head",
        }
    }

    /// The side of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Side> {
        [Side::Base, Side::Head].into_iter().find(|side| side.name() == name)
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A commit as tables name it: the first 12 digits of its hash.
#[must_use]
pub fn short(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

/// A commit: where it is checked out, and the servers that it has.
#[derive(Clone, Debug)]
pub struct Revision {
    /// Its hash and its worktree.
    pub checkout: Checkout,
    /// Its own registry.
    pub registry: Registry,
}

impl Revision {
    /// Reads the registry of a commit that is checked out.
    ///
    /// # Errors
    /// [`DefinitionError::Revision`]: it has none, or one that this program does not understand.
    pub fn read(checkout: Checkout) -> Result<Revision, DefinitionError> {
        match Registry::read(&checkout.root.join("servers/servers.toml")) {
            Ok(registry) => Ok(Revision { checkout, registry }),
            Err(error) => Err(DefinitionError::Revision {
                commit: short(&checkout.commit).to_owned(),
                cause: error.to_string(),
            }),
        }
    }

    /// The contenders of a study, as this commit's registry has them.
    ///
    /// # Errors
    /// When the registry lacks what the study names; with the commit.
    fn contenders(&self, study: &Study) -> Result<Vec<Server>, DefinitionError> {
        let servers = study.servers_in(&self.registry).map_err(|error| {
            let commit = short(&self.checkout.commit).to_owned();
            DefinitionError::Revision { commit, cause: error.to_string() }
        })?;
        Ok(servers.into_iter().filter(|server| server.role == Role::Contender).collect())
    }
}

/// Two commits that are compared. They may be the same one: what differs then is noise.
#[derive(Clone, Debug)]
pub struct Commits {
    /// The commit that ratios are to.
    pub base: Revision,
    /// The commit that is tried.
    pub head: Revision,
}

impl Commits {
    /// What a comparison of the two asks.
    #[must_use]
    pub fn question(&self) -> String {
        Commits::question_of(&self.base.checkout.commit, &self.head.checkout.commit)
    }

    /// What a comparison of two commits asks, by their full hashes.
    #[must_use]
    pub fn question_of(base: &str, head: &str) -> String {
        let (short_base, short_head) = (short(base), short(head));
        if base == head {
            return format!(
                "How far apart are two servers of {short_head}, where nothing but noise differs?"
            );
        }
        format!("Does {short_head} cost a server more than {short_base}?")
    }

    /// The contenders of a study that `is_wanted` selects by the names that they have in the registries, each as `base`
    /// has it and then as `head` has it. Both are described by the axes that `head` gives them, but for the database, so
    /// that a commit that renames a driver can be compared with the one before.
    ///
    /// # Errors
    /// When a commit lacks a server that is wanted and that the other has.
    pub fn servers(
        &self,
        study: &Study,
        is_wanted: impl Fn(&Server) -> bool,
    ) -> Result<Vec<Server>, DefinitionError> {
        let Commits { base, head } = self;
        let (of_base, of_head) = (base.contenders(study)?, head.contenders(study)?);
        let has = |servers: &[Server], name: &str| servers.iter().any(|one| one.name == name);
        for (servers, other, has_it, lacks_it) in
            [(&of_base, &of_head, base, head), (&of_head, &of_base, head, base)]
        {
            let lacking = servers.iter().find(|one| is_wanted(one) && !has(other, &one.name));
            if let Some(Server { name, .. }) = lacking {
                let both = servers.iter().filter(|one| has(other, &one.name));
                let both: Vec<&str> = both.map(|one| one.name.as_str()).collect();
                return Err(DefinitionError::OneSided {
                    name: name.clone(),
                    has: short(&has_it.checkout.commit).to_owned(),
                    lacks: short(&lacks_it.checkout.commit).to_owned(),
                    both: if both.is_empty() { "none".into() } else { both.join(", ") },
                });
            }
        }
        let pair = |of_head: Server| {
            let of_base = of_base.iter().find(|one| one.name == of_head.name)?.clone();
            let database = of_base.axes.get("database").to_owned();
            let of_base =
                Server { axes: of_head.axes.clone().with("database", &database), ..of_base };
            Some([
                of_base.at(Side::Base.name(), base.checkout.clone()),
                of_head.at(Side::Head.name(), head.checkout.clone()),
            ])
        };
        Ok(of_head.into_iter().filter(is_wanted).filter_map(pair).flatten().collect())
    }

    /// Every contender of a study that one of the commits has, each once.
    ///
    /// # Errors
    /// When a registry lacks what the study names.
    pub fn known(&self, study: &Study) -> Result<Vec<Server>, DefinitionError> {
        let mut known = self.head.contenders(study)?;
        for server in self.base.contenders(study)? {
            if !known.iter().any(|one| one.name == server.name) {
                known.push(server);
            }
        }
        Ok(known)
    }
}
