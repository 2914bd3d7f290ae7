//! How machines are to be.

use std::net::Ipv4Addr;

use super::error::LaunchError;

/// Longest name of a lease: a client token has 64 characters.
const LEASE_CHARS_MAX: usize = 40;
/// Where one asks by what address one is seen.
const ADDRESS_SERVICE: &str = "https://checkip.amazonaws.com";

/// Where and how machines are launched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachinePlace {
    /// `eu-north-1`.
    pub region: String,
    /// ARN of the role to do everything as.
    pub role: Option<String>,
    /// URL of what speaks like AWS.
    pub endpoint: Option<String>,
    /// Types in the order in which they are tried; the next one where there is no capacity.
    pub types: Vec<String>,
    /// Id of the subnet; else one that the account has by itself.
    pub subnet: Option<String>,
    /// Whether machines get an address that all the world can reach; `None`: as the subnet says.
    pub has_public_address: Option<bool>,
    /// Whether they are reached by the address within their network.
    pub is_private: bool,
    /// Name of the instance profile that they have.
    pub profile: Option<String>,
    /// Bought by the moment, and taken away at any.
    pub is_spot: bool,
    /// What `cloud-init` is told, as it is.
    pub user_data: Option<String>,
    /// Who is let in: `admin`, `ec2-user`, `ubuntu`.
    pub user: String,
    /// Disks; those of the image that are not named here are as the image has them.
    pub volumes: Vec<Volume>,
    /// The address that may reach them; `None`: the one that [`Self::address_service`] sees.
    pub from: Option<Ipv4Addr>,
    /// URL that answers with the address of who asks.
    pub address_service: String,
}

impl Default for MachinePlace {
    fn default() -> Self {
        Self {
            region: String::new(),
            role: None,
            endpoint: None,
            types: Vec::new(),
            subnet: None,
            has_public_address: None,
            is_private: false,
            profile: None,
            is_spot: false,
            user_data: None,
            user: "root".to_owned(),
            volumes: Vec::new(),
            from: None,
            address_service: ADDRESS_SERVICE.to_owned(),
        }
    }
}

/// A disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Volume {
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

impl MachinePlace {
    /// Refuses what no machine can be launched by.
    pub(super) fn check(&self) -> Result<(), LaunchError> {
        if self.types.is_empty() {
            return Err(LaunchError::NoType);
        }
        // 16 KiB before it is packed.
        let length = self.user_data.as_ref().map_or(0, String::len);
        if length > 16 << 10 {
            return Err(LaunchError::UserData { length });
        }
        Ok(())
    }
}

/// Refuses a lease that is no name for things of EC2.
pub(super) fn check_lease(lease: &str) -> Result<(), LaunchError> {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_name = (1..=LEASE_CHARS_MAX).contains(&lease.len()) && lease.bytes().all(is_plain);
    if is_name {
        Ok(())
    } else {
        Err(LaunchError::Lease {
            lease: lease.to_owned(),
        })
    }
}
