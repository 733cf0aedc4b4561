//! The services that the servers of a run need.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Lease, Origin, SERVICES, Service, ServiceError, of_family};
use crate::database::{self, Database};
use crate::definition::Server;
use crate::os::machine::ServiceFacts;
use crate::os::process;
use crate::os::stop::Stop;
use crate::os::url::SecretUrl;

/// The services that at least one of `servers` needs, each once.
///
/// # Errors
/// When a server needs what no service gives.
pub fn needed(servers: &[Server]) -> Result<Vec<&'static dyn Service>, ServiceError> {
    let mut needed: Vec<&'static dyn Service> = Vec::new();
    for (server, need) in servers.iter().flat_map(|s| s.needs.iter().map(move |need| (s, need))) {
        let service = giving(need).ok_or_else(|| ServiceError::NotGiven {
            server: server.name.clone(),
            need: need.clone(),
        })?;
        if needed.iter().all(|known| known.name() != service.name()) {
            needed.push(service);
        }
    }
    Ok(needed)
}

/// The service of that name, or the first that is a database of that family.
fn giving(need: &str) -> Option<&'static dyn Service> {
    SERVICES.into_iter().find(|service| service.name() == need).or_else(|| of_family(need))
}

/// Services that run for as long as this lives.
#[derive(Default)]
pub struct Services(Vec<Lease>);

impl Services {
    /// Takes each of `needed`, and starts those that are private and down.
    ///
    /// # Errors
    /// The interruption; any other says in one sentence what is wrong and what to do.
    pub fn acquire(
        root: &Path,
        needed: &[&'static dyn Service],
        stop: &Stop,
    ) -> Result<Services, ServiceError> {
        needed.iter().map(|service| Lease::acquire(root, *service, stop)).collect()
    }

    /// The leases.
    pub fn iter(&self) -> impl Iterator<Item = &Lease> {
        self.0.iter()
    }

    /// The lease on the database, if there is one.
    #[must_use]
    pub fn database_lease(&self) -> Option<&Lease> {
        self.iter().find(|lease| lease.database().is_some())
    }

    /// The database, if there is one.
    #[must_use]
    pub fn database(&self) -> Option<&Database> {
        self.iter().find_map(Lease::database)
    }

    /// The variables that `server` must be started with, and their values.
    pub fn environment(&self, server: &Server) -> impl Iterator<Item = (&'static str, &SecretUrl)> {
        let needs: Vec<_> =
            server.needs.iter().filter_map(|need| giving(need)).map(Service::name).collect();
        let needed = self.iter().filter(move |lease| needs.contains(&lease.service().name()));
        needed.map(|lease| (lease.service().variable(), lease.url()))
    }

    /// Seeds every database that does not hold the published table yet.
    ///
    /// # Errors
    /// The interruption; any other says in one sentence what is wrong and what to do.
    pub fn seed(&self, stop: &Stop) -> Result<(), ServiceError> {
        for database in self.iter().filter_map(Lease::database) {
            database.ensure_seeded(&database::bar(), stop)?;
        }
        Ok(())
    }

    /// The facts of each service, by the product's name where it is a database: the server that a variable names may
    /// be another product than the private one.
    ///
    /// A container that the backend started is external to the lease, but `observed`.
    ///
    /// # Errors
    /// When a database does not answer.
    pub fn facts(&self, observed: bool) -> Result<BTreeMap<String, ServiceFacts>, ServiceError> {
        let facts = |lease: &Lease| {
            let external = lease.origin() == Origin::External && !observed;
            let (name, version, settings) = match lease.database() {
                Some(database) => {
                    let version = database.version()?;
                    (database.family().product(&version), version, database.settings()?)
                }
                None => (lease.service().name(), String::new(), BTreeMap::new()),
            };
            Ok((name.to_owned(), ServiceFacts { version, external, settings }))
        };
        self.iter().map(facts).collect()
    }

    /// Passes if every private server still runs.
    ///
    /// # Errors
    /// Which one has ended, and where its log is, in one sentence.
    pub fn check(&self) -> Result<(), String> {
        let ended =
            self.iter().find(|lease| lease.pid().is_some_and(|pid| !process::is_running(pid)));
        let Some((lease, pid)) = ended.and_then(|lease| Some((lease, lease.pid()?))) else {
            return Ok(());
        };
        Err(format!(
            "the private {}, process {pid}, ended: read .stackmark/{}/log",
            lease.service().name(),
            lease.service().folder()
        ))
    }

    /// Ends the servers that the leases started, as dropping does, and reports if that fails.
    ///
    /// # Errors
    /// When a server cannot be waited for.
    pub fn stop(self) -> Result<(), ServiceError> {
        self.0.into_iter().try_for_each(Lease::stop)
    }
}

impl FromIterator<Lease> for Services {
    fn from_iter<I: IntoIterator<Item = Lease>>(leases: I) -> Services {
        Services(leases.into_iter().collect())
    }
}
