//! The services that the servers of a run need.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Lease, Origin, SERVICES, Service, ServiceError, of_family};
use crate::database::counters::CounterReader;
use crate::database::{self, Counters, Database};
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

/// Whether `server` needs `service`.
fn needs(server: &Server, service: &dyn Service) -> bool {
    let mut given = server.needs.iter().filter_map(|need| giving(need));
    given.any(|given| given.name() == service.name())
}

/// The service of that name, or the first that is a database of that family.
fn giving(need: &str) -> Option<&'static dyn Service> {
    SERVICES.into_iter().find(|service| service.name() == need).or_else(|| of_family(need))
}

/// Services that run for as long as this lives.
#[derive(Default)]
pub struct Services {
    leases: Vec<Lease>,
    /// What counts the work of each lease's database, once that has begun; absent where there is no database.
    counting: Vec<Option<CounterReader>>,
    /// Services that this machine cannot start, and why.
    missing: Vec<(&'static dyn Service, String)>,
}

impl Services {
    /// Takes each of `needed`, and starts those that are private and down. One whose programs are not installed is
    /// missing, unless no other is left: it costs the servers that need it.
    ///
    /// # Errors
    /// The interruption; any other says in one sentence what is wrong and what to do.
    pub fn acquire(
        root: &Path,
        needed: &[&'static dyn Service],
        stop: &Stop,
    ) -> Result<Services, ServiceError> {
        let mut services = Services::default();
        for service in needed {
            match Lease::acquire(root, *service, stop) {
                Ok(lease) => services.leases.push(lease),
                Err(error @ ServiceError::NotInstalled { .. })
                    if services.missing.len() + 1 < needed.len() =>
                {
                    services.missing.push((*service, error.to_string()));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(services)
    }

    /// Passes if every service that `server` needs is there.
    ///
    /// # Errors
    /// Why one of them is not, and what to do, in one sentence.
    pub fn check_needs(&self, server: &Server) -> Result<(), String> {
        let is_needed = |service: &dyn Service| needs(server, service);
        match self.missing.iter().find(|(service, _)| is_needed(*service)) {
            Some((_, reason)) => Err(reason.clone()),
            None => Ok(()),
        }
    }

    /// The leases.
    pub fn iter(&self) -> impl Iterator<Item = &Lease> {
        self.leases.iter()
    }

    /// The lease on the database that `server` needs, if it needs one.
    #[must_use]
    pub fn database_lease(&self, server: &Server) -> Option<&Lease> {
        self.iter().find(|lease| lease.database().is_some() && needs(server, lease.service()))
    }

    /// The database that `server` needs, if it needs one.
    #[must_use]
    pub fn database(&self, server: &Server) -> Option<&Database> {
        self.database_lease(server)?.database()
    }

    /// Begins to count what the databases do. Until the first server starts, no other client queries them.
    pub fn begin_counting(&mut self) {
        let reader = |lease: &Lease| lease.database().and_then(CounterReader::new);
        self.counting = self.leases.iter().map(reader).collect();
    }

    /// What the database that `server` needs has counted, without what reading it costs; absent if it needs none, or if
    /// it was not begun to count.
    #[must_use]
    pub fn counters(&self, server: &Server) -> Option<Counters> {
        let mut counted = self.leases.iter().zip(&self.counting);
        let (lease, reader) = counted
            .find(|(lease, _)| lease.database().is_some() && needs(server, lease.service()))?;
        reader.as_ref()?.read(lease.database()?)
    }

    /// The variables that `server` must be started with, and their values.
    pub fn environment<'a>(
        &'a self,
        server: &'a Server,
    ) -> impl Iterator<Item = (&'static str, &'a SecretUrl)> {
        let needed = self.iter().filter(|lease| needs(server, lease.service()));
        needed.map(|lease| (lease.service().variable(), lease.url()))
    }

    /// Removes the rows that `server` was asked to insert into its database.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn remove_insertions(&self, server: &Server) -> Result<(), ServiceError> {
        match self.database(server) {
            Some(database) => Ok(database.remove_insertions()?),
            None => Ok(()),
        }
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
        self.leases.into_iter().try_for_each(Lease::stop)
    }
}

impl FromIterator<Lease> for Services {
    fn from_iter<I: IntoIterator<Item = Lease>>(leases: I) -> Services {
        Services { leases: leases.into_iter().collect(), ..Services::default() }
    }
}
