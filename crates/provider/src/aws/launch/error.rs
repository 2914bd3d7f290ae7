//! What can go wrong besides what a call says.

use goldsmith_core::failure::{Class, Failure};

/// A machine that could not be had, or no image of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// Nobody says what to launch.
    #[error("no type of instance is named")]
    NoType,
    /// What is told to `cloud-init` is too long.
    #[error("the user data has {length} bytes, and EC2 takes 16384")]
    UserData {
        /// In bytes.
        length: usize,
    },
    /// The lease is no name.
    #[error("`{lease}` cannot name things of EC2")]
    Lease {
        /// As it was given.
        lease: String,
    },
    /// There is none of any type.
    #[error("{region} has no capacity for any of the instance types: {}", tried.join("; "))]
    NoCapacity {
        /// Where.
        region: String,
        /// Each type, and what was said of it.
        tried: Vec<String>,
    },
    /// What it runs on can be reached by no address.
    #[error("the instance `{id}` has no {kind} address")]
    NoAddress {
        /// The machine.
        id: String,
        /// `public`, `private`.
        kind: &'static str,
    },
    /// Nobody but the network says who it is.
    #[error("the console of the instance `{id}` does not show the keys of its `sshd`")]
    NoHostKey {
        /// The machine.
        id: String,
        /// The last lines of the console.
        said: String,
    },
    /// Nobody answers for it at Systems Manager.
    #[error("Systems Manager does not hear of the agent of the instance `{id}`")]
    NoAgent {
        /// The machine.
        id: String,
    },
    /// Nobody says by which address we are seen.
    #[error("`{service}` does not say by which address this computer is seen: {detail}")]
    NoOwnAddress {
        /// URL.
        service: String,
        /// Why.
        detail: String,
    },
    /// Another image has the name.
    #[error("an image named `{name}` is there already")]
    NameTaken {
        /// The name.
        name: String,
    },
}

impl Failure for LaunchError {
    fn class(&self) -> Class {
        match self {
            Self::NoType | Self::UserData { .. } | Self::NameTaken { .. } => Class::Config,
            Self::Lease { .. } => Class::Bug,
            Self::NoCapacity { .. }
            | Self::NoAddress { .. }
            | Self::NoHostKey { .. }
            | Self::NoAgent { .. }
            | Self::NoOwnAddress { .. } => Class::Remote,
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::NoType => "name at least one, such as `m7i.large`",
            Self::UserData { .. } => "have it fetch the rest from elsewhere",
            Self::NoCapacity { .. } => {
                "name more types, or a subnet in another zone; the first that there is any of is taken"
            }
            Self::NoAddress { kind: "public", .. } => {
                "ask for a public address, or reach the machine by its private one"
            }
            Self::NoHostKey { said, .. } => {
                let said = match said.as_str() {
                    "" => "it shows nothing at all".to_owned(),
                    said => format!("it ends with: {said}"),
                };
                return vec![
                    said,
                    "cloud-init prints the keys when it is done: the image must have it, and a serial console"
                        .to_owned(),
                ];
            }
            Self::NoAgent { .. } => {
                return vec![
                    "the image must have the agent, and the instance a profile whose role has `AmazonSSMManagedInstanceCore`"
                        .to_owned(),
                    "the subnet must have a way to Systems Manager: a NAT gateway, a public address, or endpoints for `ssm` and `ssmmessages`"
                        .to_owned(),
                ];
            }
            Self::NoOwnAddress { .. } => "say which address may reach the machine",
            Self::NameTaken { .. } => "give the new image a version, or a name, of its own",
            Self::Lease { .. } | Self::NoAddress { .. } => return Vec::new(),
        };
        vec![hint.to_owned()]
    }
}
