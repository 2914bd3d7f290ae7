//! From a lease to a machine that can be told from others.

use std::net::Ipv4Addr;
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::ledger::{Resource, ResourceKind};
use goldsmith_core::machine::{CloudError, Machine, Start};
use goldsmith_core::recipe::MachineReach;
use goldsmith_core::remote::RemoteError;

use super::host_key::host_keys;
use super::{AwsMachines, LaunchError};
use crate::aws::ec2::{Base, Device, Instance, Launched, Launching, until};
use crate::aws::tunnel::Tunnel;

/// Where `sshd` listens.
const PORT: u16 = 22;
/// How long a console may take to show the keys: some are read every few minutes only.
const CONSOLE: Duration = Duration::from_mins(15);
/// How long an agent may take to be heard of, on a machine whose `sshd` has its keys.
const AGENT: Duration = Duration::from_mins(10);
/// Characters of a console that an error shows.
const SAID_CHARS_MAX: usize = 300;

impl AwsMachines {
    pub(super) fn start(&self, cx: &Cx, start: &Start<'_>) -> Result<Machine, CloudError> {
        let base = self.aws.base(cx, start.image)?;
        let vpc = match &self.place.subnet {
            Some(subnet) => Some(self.aws.vpc_of(cx, subnet)?),
            None => None,
        };
        let from = self.let_in(cx)?;
        let name = format!("goldsmith-{}", start.lease);
        let key = self.begin(cx, start, (ResourceKind::KeyPair, ""))?;
        let tags = self.tags(cx, start.tags, &key);
        let imported = self.aws.import_key_pair(cx, &name, start.public_key, &tags);
        self.known(cx, &key, imported)?;
        self.made(cx, key, &name)?;

        let group = self.begin(cx, start, (ResourceKind::SecurityGroup, ""))?;
        let tags = self.tags(cx, start.tags, &group);
        let description = format!("ssh to a machine of goldsmith, lease {}", start.lease);
        let made = self
            .aws
            .create_group(cx, &name, &description, vpc.as_deref(), &tags);
        let group_id = self.known(cx, &group, made)?;
        self.made(cx, group, &group_id)?;
        if let Some(from) = from {
            let who = "who makes the image";
            self.aws.open_group(cx, &group_id, (from, PORT), who)?;
        }

        let id = self.instance(cx, start, &base, (&name, &group_id))?;
        let instance = self.aws.instance_runs(cx, &id)?;
        cx.note(format!("the instance `{id}` runs"));
        let host_keys = self.host_keys(cx, &id)?;
        let (address, port) = self.way(cx, start.lease, &instance)?;
        Ok(Machine {
            lease: start.lease.to_owned(),
            host_keys,
            id,
            address,
            port,
            user: self.place.user.clone(),
        })
    }

    /// The only address that may reach the port of a machine; `None`: nobody may.
    fn let_in(&self, cx: &Cx) -> Result<Option<Ipv4Addr>, CloudError> {
        Ok(match self.place.reach {
            MachineReach::Ssm => None,
            MachineReach::Ssh {
                from: Some(from), ..
            } => Some(from),
            MachineReach::Ssh { from: None, .. } => Some(self.own_address(cx)?),
        })
    }

    /// Where one connects to reach the `sshd` of a machine.
    fn way(&self, cx: &Cx, lease: &str, instance: &Instance) -> Result<(String, u16), CloudError> {
        if let MachineReach::Ssh { is_private, .. } = self.place.reach {
            return Ok((address(instance, is_private)?, PORT));
        }
        let tunnel = self.tunnel(cx, &instance.id)?;
        let port = tunnel.port();
        self.tunnels().insert(lease.to_owned(), tunnel);
        Ok((Ipv4Addr::LOCALHOST.to_string(), port))
    }

    /// Waits until sessions with a machine can be had.
    fn tunnel(&self, cx: &Cx, id: &str) -> Result<Tunnel, CloudError> {
        let what = format!("the agent of the instance `{id}`");
        let found = until(cx, &what, AGENT, || {
            if !self.aws.has_agent(cx, id)? {
                return Ok(None);
            }
            self.aws.start_session(cx, id)
        });
        let first = found.map_err(|error| match error {
            RemoteError::Failed { what: of, .. } if of == what => {
                LaunchError::NoAgent { id: id.to_owned() }.into()
            }
            error => CloudError::from(error),
        })?;
        cx.note(format!(
            "the agent of `{id}` is there: it is reached by sessions of Systems Manager"
        ));
        Tunnel::open(cx, &self.aws, id, first)
    }

    /// Writes down what is about to be made.
    fn begin(
        &self,
        cx: &Cx,
        start: &Start<'_>,
        what: (ResourceKind, &str),
    ) -> Result<Resource, CloudError> {
        cx.cancel.check()?;
        let resource = self.resource(cx, start.lease, what, start.owner)?;
        self.ledger.begin(cx, &resource)?;
        Ok(resource)
    }

    /// Crosses off what was refused for certain.
    pub(super) fn known<T>(
        &self,
        cx: &Cx,
        resource: &Resource,
        made: Result<T, RemoteError>,
    ) -> Result<T, CloudError> {
        if let Err(
            RemoteError::Denied { .. }
            | RemoteError::NotFound { .. }
            | RemoteError::NoCredentials { .. }
            | RemoteError::NotConfigured { .. },
        ) = &made
        {
            self.ledger.gone(&cx.uncancelled(), resource)?;
        }
        Ok(made?)
    }

    /// Launches a machine of the first type that there is one of; its id.
    fn instance(
        &self,
        cx: &Cx,
        start: &Start<'_>,
        base: &Base,
        (key_pair, group): (&str, &str),
    ) -> Result<String, CloudError> {
        let devices = self.devices(base);
        let mut tried = Vec::new();
        for (number, kind) in (1..).zip(&self.place.types) {
            // Another type is another wish, which must have another name.
            let more = format!("-{number}");
            let resource = self.begin(cx, start, (ResourceKind::Instance, &more))?;
            let launched = self.aws.launch_instance(
                cx,
                &Launching {
                    image: start.image,
                    kind,
                    token: &resource.operation,
                    key_pair,
                    group,
                    subnet: self.place.subnet.as_deref(),
                    has_public_address: self.place.has_public_address,
                    profile: self.place.profile.as_deref(),
                    user_data: self.place.user_data.as_deref(),
                    is_spot: self.place.is_spot,
                    devices: &devices,
                    tags: &self.tags(cx, start.tags, &resource),
                },
            );
            match self.known(cx, &resource, launched)? {
                Launched::Machine(id) => {
                    cx.note(format!("the instance `{id}` of type `{kind}` starts"));
                    self.made(cx, resource, &id)?;
                    return Ok(id);
                }
                Launched::NoCapacity(why) => {
                    self.ledger.gone(cx, &resource)?;
                    cx.note(format!("no capacity for `{kind}`: {why}"));
                    tried.push(format!("`{kind}`: {why}"));
                }
            }
        }
        let region = self.place.region.clone();
        Err(LaunchError::NoCapacity { region, tried }.into())
    }

    /// The disks: those that are asked for, and the others of the image, so that none stays.
    fn devices<'a>(&'a self, base: &'a Base) -> Vec<Device<'a>> {
        let asked = self.place.volumes.iter().map(|volume| Device {
            name: volume.device.as_deref().unwrap_or(&base.root),
            gib: volume.gib,
            kind: volume.kind.as_deref(),
            iops: volume.iops,
            throughput: volume.throughput,
            is_encrypted: volume.is_encrypted || volume.key.is_some(),
            key: volume.key.as_deref(),
        });
        let mut devices: Vec<Device<'_>> = asked.collect();
        for name in &base.devices {
            if devices.iter().all(|device| device.name != name) {
                devices.push(Device {
                    name,
                    ..Device::default()
                });
            }
        }
        devices
    }

    /// Waits until the console shows the keys.
    fn host_keys(&self, cx: &Cx, id: &str) -> Result<Vec<String>, CloudError> {
        let what = format!("the console of the instance `{id}`");
        let mut said = String::new();
        let found = until(cx, &what, CONSOLE, || {
            let console = self.aws.console(cx, id)?;
            let keys = host_keys(&console);
            said = console;
            Ok((!keys.is_empty()).then_some(keys))
        });
        // Any other failure than that the time is over is its own.
        found.map_err(|error| match error {
            RemoteError::Failed { what: of, .. } if of == what => {
                let skipped = said.trim().chars().count().saturating_sub(SAID_CHARS_MAX);
                let id = id.to_owned();
                let said = said.trim().chars().skip(skipped).collect();
                LaunchError::NoHostKey { id, said }.into()
            }
            error => error.into(),
        })
    }
}

fn address(instance: &Instance, is_private: bool) -> Result<String, LaunchError> {
    let (address, kind) = if is_private {
        (&instance.private_address, "private")
    } else {
        (&instance.public_address, "public")
    };
    address.clone().ok_or_else(|| LaunchError::NoAddress {
        id: instance.id.clone(),
        kind,
    })
}
