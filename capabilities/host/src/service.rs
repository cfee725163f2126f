//! Which service this process is: what each has of its own on the way from the first message to serving.

use crate::files::{self, Files, FilesDescriptors};
use crate::http;
use crate::log::{self, LogWriter};
use crate::net::{self, Net};
use crate::process::{self, Programs};
use cloison_contract::host::http::Secret;
use cloison_contract::host::{FilesService, HostService, HttpService, LogService, NetService, ProcessService};
use cloison_contract::message::{Machine, ToZone};
use cloison_sandbox::ServiceContents;
use cloison_transport::account::Account;
use cloison_transport::control::{Control, ControlError};
use cloison_zone::native::ffi::Code;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

/// A service, with what has come with it.
#[derive(Debug)]
pub(crate) enum ReceivedService {
    Files(FilesService, FilesDescriptors),
    Http(HttpService, Machine, Vec<Secret>),
    Log(LogService, OwnedFd),
    Net(NetService, Machine),
    Process(ProcessService),
}

/// Why a service cannot be received.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiveError {
    #[error(transparent)]
    Control(#[from] ControlError),
    #[error("the message behind `Serve` is not what the service needs")]
    Unexpected,
    #[error("that is no service of this program")]
    NotServed,
    #[error(transparent)]
    Descriptor(#[from] std::io::Error),
}

impl ReceivedService {
    /// The messages that follow the first one.
    pub(crate) fn receive(service: HostService, control: &Control, status: &OwnedFd) -> Result<Self, ReceiveError> {
        match service {
            // A microprocess has it when it begins.
            HostService::Env(_) | HostService::Sqlite(_) => Err(ReceiveError::NotServed),
            HostService::Files(files) => {
                let mut roots = Vec::new();
                for _ in &files.roots {
                    let (message, descriptors) = control.receive::<ToZone>()?;
                    match (message, <[OwnedFd; 1]>::try_from(descriptors)) {
                        (ToZone::Folder, Ok([folder])) => roots.push(folder),
                        _ => return Err(ReceiveError::Unexpected),
                    }
                }
                let scratch = files.scratch_bytes.map(|_| status.try_clone()).transpose()?;
                Ok(Self::Files(files, FilesDescriptors { roots, scratch }))
            }
            HostService::Http(http) => {
                let machine = machine(control)?;
                let secrets = secrets(control, http.secrets.len())?;
                Ok(Self::Http(http, machine, secrets))
            }
            HostService::Log(log) => match control.receive::<ToZone>()? {
                (ToZone::Log, descriptors) => {
                    let [file] = <[OwnedFd; 1]>::try_from(descriptors).map_err(|_| ReceiveError::Unexpected)?;
                    Ok(Self::Log(log, file))
                }
                _ => Err(ReceiveError::Unexpected),
            },
            HostService::Process(process) => Ok(Self::Process(process)),
            HostService::Net(net) => Ok(Self::Net(net, machine(control)?)),
        }
    }

    /// What its sandbox has inside.
    pub(crate) fn contents(&self, threads: u32) -> ServiceContents<'_> {
        match self {
            Self::Files(files, descriptors) => files::contents(files, descriptors, threads),
            Self::Http(http, ..) => net::contents(&http.network(), threads),
            Self::Log(..) => log::contents(threads),
            Self::Net(net, _) => net::contents(net, threads),
            Self::Process(_) => process::contents(threads),
        }
    }

    /// Descriptors that it keeps besides those of its folders.
    pub(crate) fn kept(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Log(_, file) => Some(file.as_fd()),
            Self::Files(..) | Self::Http(..) | Self::Net(..) | Self::Process(_) => None,
        }
    }

    /// The functions of its manifest.
    pub(crate) fn symbols(&self) -> fn(&str) -> Option<Code> {
        match self {
            Self::Files(..) => files::symbol,
            Self::Http(..) => http::symbol,
            Self::Log(..) => log::symbol,
            Self::Net(..) => net::symbol,
            Self::Process(_) => process::symbol,
        }
    }

    /// Makes it the one that these functions serve. From inside the jail.
    pub(crate) fn serve(self, account: Account, control: &Arc<Control>) -> Result<(), &'static str> {
        match self {
            Self::Files(service, descriptors) => {
                files::ignore_large_files();
                files::serve(Files::new(service, descriptors, account))
            }
            Self::Http(service, machine, secrets) => {
                net::serve(Net::new(service.network(), machine.clone(), account, control.clone()))?;
                let net = net::served().ok_or("there is no network")?;
                http::serve(service, &machine, secrets, net, control.clone())
            }
            Self::Log(service, file) => {
                files::ignore_large_files();
                log::serve(LogWriter::new(&service, file, control.clone()))
            }
            Self::Process(service) => {
                process::ignore_broken_pipes();
                process::serve(Programs::new(service, control.clone()))
            }
            Self::Net(service, machine) => net::serve(Net::new(service, machine, account, control.clone())),
        }
    }
}

/// As many as the configuration has.
fn secrets(control: &Control, count: usize) -> Result<Vec<Secret>, ReceiveError> {
    match control.receive::<ToZone>()? {
        (ToZone::Secrets(secrets), descriptors) if descriptors.is_empty() && secrets.len() == count => Ok(secrets),
        _ => Err(ReceiveError::Unexpected),
    }
}

fn machine(control: &Control) -> Result<Machine, ReceiveError> {
    match control.receive::<ToZone>()? {
        (ToZone::Machine(machine), descriptors) if descriptors.is_empty() => Ok(machine),
        _ => Err(ReceiveError::Unexpected),
    }
}
