//! Machines of EC2 for as long as an image is made on one: started, told from others, stopped,
//! made an image of, ended.
//!
//! ```text
//! lease ──► key pair ──► security group ──► instance ──► runs ──► host keys, from its console
//!             │            one /32, port 22    types in turn          │
//!             │            or nothing at all                          └─► (its agent ──► tunnel)
//!             └── each in the ledger before it is made, with a name that follows from the lease
//! end ────► tunnel ──► instance gone ──► security group ──► key pair ──► crossed off
//! ```
//!
//! A machine answers for itself only by `IMDSv2`, and none of its disks outlives it.

mod address;
mod capture;
mod check;
mod end;
mod error;
mod finished;
mod host_key;
mod start;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use goldsmith_core::cx::Cx;
use goldsmith_core::ledger::{Ledger, Resource, ResourceKind};
use goldsmith_core::machine::{Capture, Captured, Cloud, CloudError, Machine, Start};
use goldsmith_core::recipe::AwsInfrastructure;

pub use self::error::LaunchError;
use super::ec2::Instance;
use super::leftovers::PROVIDER;
use super::mark::{MADE, OPERATION};
use super::tunnel::Tunnel;
use super::{Aws, Settings};
use crate::target::aws::check_name;

/// Machines of one account in one region.
pub struct AwsMachines {
    aws: Aws,
    settings: Settings,
    place: AwsInfrastructure,
    ledger: Arc<dyn Ledger>,
    /// The ways to machines without a port, by lease.
    tunnels: Mutex<BTreeMap<String, Tunnel>>,
}

impl std::fmt::Debug for AwsMachines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AwsMachines")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl AwsMachines {
    /// Machines as `place` has them. What is made is written down in `ledger`.
    pub fn new(mut settings: Settings, place: AwsInfrastructure, ledger: Arc<dyn Ledger>) -> Self {
        if let Some(endpoint) = &place.endpoint {
            settings.endpoints = BTreeMap::from([(String::new(), endpoint.clone())]);
        }
        let aws = Aws::new(settings.clone()).at(&place.region, place.role.as_deref());
        Self {
            aws,
            settings,
            place,
            ledger,
            tunnels: Mutex::default(),
        }
    }

    /// The client of the region, as whoever looks for leftovers there needs it.
    pub const fn client(&self) -> &Aws {
        &self.aws
    }

    /// A thing of a lease as the ledger has it.
    fn resource(
        &self,
        cx: &Cx,
        lease: &str,
        (kind, more): (ResourceKind, &str),
        owner: &str,
    ) -> Result<Resource, CloudError> {
        Ok(Resource {
            provider: PROVIDER.to_owned(),
            account: self.aws.account(cx)?,
            region: self.place.region.clone(),
            kind,
            operation: format!("{}{kind}{more}", of_lease(lease)),
            id: None,
            owner: owner.to_owned(),
        })
    }

    fn tunnels(&self) -> MutexGuard<'_, BTreeMap<String, Tunnel>> {
        self.tunnels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is written on a thing. What people say comes first, what we know it by is not theirs
    /// to say.
    fn tags(
        &self,
        cx: &Cx,
        own: &BTreeMap<String, String>,
        resource: &Resource,
    ) -> BTreeMap<String, String> {
        let mut tags = self.place.tags.clone();
        tags.extend(own.clone());
        tags.entry("Name".to_owned())
            .or_insert_with(|| format!("goldsmith: {}", resource.owner));
        tags.insert(OPERATION.to_owned(), resource.operation.clone());
        tags.insert(MADE.to_owned(), cx.clock().unix_seconds().to_string());
        tags
    }

    /// Adds to the ledger what a thing is called.
    fn made(&self, cx: &Cx, resource: Resource, id: &str) -> Result<(), CloudError> {
        let made = Resource {
            id: Some(id.to_owned()),
            ..resource
        };
        // Somebody who wants to stop wants this to be known the more.
        self.ledger.made(&cx.uncancelled(), &made)
    }
}

/// What the names of all operations of a lease begin with.
fn of_lease(lease: &str) -> String {
    format!("{lease}.")
}

impl Cloud for AwsMachines {
    fn name(&self) -> String {
        format!("aws {}", self.place.region)
    }

    fn is_taken(&self, cx: &Cx, name: &str) -> Result<bool, CloudError> {
        check_name(name)?;
        Ok(self.aws.image_named(cx, name)?.is_some())
    }

    fn launch(&self, cx: &Cx, start: &Start<'_>) -> Result<Machine, CloudError> {
        check::check_lease(start.lease)?;
        check::check_place(&self.place)?;
        let started = self.start(cx, start);
        if started.is_err() {
            self.clean(cx, start.lease);
        }
        started
    }

    fn taken_away(&self, cx: &Cx, machine: &Machine) -> Result<Option<String>, CloudError> {
        let found = self.aws.instances(cx, "instance-id", &machine.id)?;
        let gone = found.into_iter().find(Instance::is_going);
        Ok(gone.map(|instance| instance.reason.unwrap_or(instance.state)))
    }

    fn stop(&self, cx: &Cx, machine: &Machine) -> Result<(), CloudError> {
        // One that is bought by the moment cannot be stopped: making an image of it does that.
        if !self.place.is_spot {
            self.aws.stop_instance(cx, &machine.id)?;
        }
        Ok(())
    }

    fn capture(
        &self,
        cx: &Cx,
        machine: &Machine,
        capture: &Capture<'_>,
    ) -> Result<Captured, CloudError> {
        self.image_of(cx, machine, capture)
    }

    fn keep(&self, cx: &Cx, captured: &Captured) -> Result<(), CloudError> {
        self.keep_image(cx, captured)
    }

    fn discard(&self, cx: &Cx, captured: &Captured) -> Result<(), CloudError> {
        self.discard_image(cx, captured)
    }

    fn end(&self, cx: &Cx, lease: &str) -> Result<(), CloudError> {
        self.end_all(cx, lease)
    }
}
