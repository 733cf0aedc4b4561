//! Where a service's programs are.

use std::env;
use std::path::PathBuf;

use super::{Service, ServiceError};

/// The path of a program; Debian keeps servers where the PATH of a normal user does not lead.
///
/// # Errors
/// When it is not installed.
pub(super) fn program(
    service: &dyn Service,
    program: &'static str,
) -> Result<PathBuf, ServiceError> {
    program_in(service, program, &[])
}

/// The path of a program that distributions also put into one of `folders`.
///
/// # Errors
/// When it is not installed.
pub(super) fn program_in(
    service: &dyn Service,
    program: &'static str,
    folders: &[PathBuf],
) -> Result<PathBuf, ServiceError> {
    let path = env::var_os("PATH").unwrap_or_default();
    folders
        .iter()
        .cloned()
        .chain(env::split_paths(&path))
        .chain(["/usr/sbin", "/usr/local/sbin", "/usr/libexec"].map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|program| program.is_file())
        .ok_or(ServiceError::NotInstalled { program, variable: service.variable() })
}
