//! `infrastructure` blocks: where an image is made that cannot be made on this computer.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::diagnostic::Span;

/// Where an image is made and tried.
#[derive(Debug, Clone)]
pub enum Infrastructure {
    /// Instances of AWS.
    Aws(AwsInfrastructure),
}

/// `infrastructure "aws"`. Keys come from where AWS's own tools find them, never from the project.
#[derive(Debug, Clone)]
pub struct AwsInfrastructure {
    /// The label of its block.
    pub name: String,
    /// The place of its block.
    pub span: Span,
    /// `eu-north-1`.
    pub region: String,
    /// ARN of the role to do everything as.
    pub role: Option<String>,
    /// Base URL of what speaks like AWS.
    pub endpoint: Option<String>,
    /// Types in the order in which they are tried; the next one where there is no capacity. At
    /// least one.
    pub types: Vec<String>,
    /// Id of the subnet; `None`: one that the account has by itself.
    pub subnet: Option<String>,
    /// Whether machines get an address that all the world can reach; `None`: as the subnet says.
    pub has_public_address: Option<bool>,
    /// How documents get there.
    pub reach: MachineReach,
    /// Name of the instance profile that they have.
    pub profile: Option<String>,
    /// Bought by the moment, and taken away at any.
    pub is_spot: bool,
    /// What `cloud-init` is told, as it is.
    pub user_data: Option<String>,
    /// Who is let in: `admin`, `ec2-user`, `ubuntu`.
    pub user: String,
    /// Disks; those of the image that are not named here are as the image has them.
    pub volumes: Vec<AwsVolume>,
    /// Written on everything that is made.
    pub tags: BTreeMap<String, String>,
}

/// How a machine is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MachineReach {
    /// By SSH, through a port that is open to one address.
    Ssh {
        /// Whether by the address within its network.
        is_private: bool,
        /// The address that is let in; `None`: the one by which this computer is seen.
        from: Option<Ipv4Addr>,
    },
    /// By SSH within a session of Systems Manager: no port is open to anybody. The instance needs a
    /// profile that its agent may speak to Systems Manager by.
    Ssm,
}

/// A `volume` block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwsVolume {
    /// `/dev/sdf`; `None`: the root, wherever the image has it.
    pub device: Option<String>,
    /// In GiB; `None`: as the image has it.
    pub gib: Option<u64>,
    /// `gp3`, `io2` ...
    pub kind: Option<String>,
    /// Operations a second.
    pub iops: Option<u64>,
    /// In MiB a second.
    pub throughput: Option<u64>,
    /// Whether it is encrypted though nobody says by which key.
    pub is_encrypted: bool,
    /// Id, ARN or alias of the key that it is encrypted by.
    pub key: Option<String>,
}
