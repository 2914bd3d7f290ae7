//! The port to machines that a cloud lends for as long as an image is made on one, or tried.
//!
//! ```text
//! launch ─► (documents are run on it) ─► stop ─► capture ─► end
//!                                                   └─► launch (of the image) ─► end ─► keep
//! ```
//!
//! All that is made for a machine is made under a **lease**: a name that no other machine has.
//! [`Cloud::end`] takes away whatever a lease has made, however far it came.

use std::collections::BTreeMap;

use crate::cx::Cx;
use crate::failure::Failure;

/// A failure of a cloud.
pub type CloudError = Box<dyn Failure>;

/// A machine that is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Start<'a> {
    /// What everything that is made for the machine is known by: small letters, digits and `-`.
    pub lease: &'a str,
    /// The image to start, as the cloud calls it.
    pub image: &'a str,
    /// The key that is let in, as OpenSSH writes public keys.
    pub public_key: &'a str,
    /// What it is for, for people: `build of web@1.4.0/3`.
    pub owner: &'a str,
    /// Written on everything that is made.
    pub tags: &'a BTreeMap<String, String>,
}

/// A machine that runs and can be logged in to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Of the machine that was wanted.
    pub lease: String,
    /// What the cloud calls it.
    pub id: String,
    /// Where its `sshd` is, or what leads there: whoever answers is believed only when it has one of
    /// the keys.
    pub address: String,
    /// The port there.
    pub port: u16,
    /// Who is let in by the key.
    pub user: String,
    /// Its own keys, learned from the cloud and not from the network: type and key, as in a line
    /// of `known_hosts` after the name.
    pub host_keys: Vec<String>,
}

/// An image that is to be made of a machine's disks.
#[derive(Debug, Clone, Copy)]
pub struct Capture<'a> {
    /// The name of the image. There must be none of it yet.
    pub name: &'a str,
    /// For people who see the image in a list.
    pub description: &'a str,
    /// Written on the image, and on every disk of it.
    pub tags: &'a BTreeMap<String, String>,
    /// What it is for, for people.
    pub owner: &'a str,
}

/// An image that was made. It is a leftover until it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// What the cloud calls it.
    pub id: String,
    /// The lease that it was made under.
    pub lease: String,
}

/// Lends machines, and makes images of them. What is made is in a ledger before it is made.
pub trait Cloud: Send + Sync {
    /// Such as `aws eu-north-1`, for people.
    fn name(&self) -> String;

    /// Whether an image has the name, an error where none can: asked before there is a machine, not
    /// after all the work.
    fn is_taken(&self, cx: &Cx, name: &str) -> Result<bool, CloudError>;

    /// Starts a machine and waits until its `sshd` can be told from another's. After an error, and
    /// after a cancel, nothing of the lease is left but what the ledger has.
    fn launch(&self, cx: &Cx, start: &Start<'_>) -> Result<Machine, CloudError>;

    /// Why the cloud has taken a machine away, in words; `None`: it has not.
    fn taken_away(&self, cx: &Cx, machine: &Machine) -> Result<Option<String>, CloudError>;

    /// Stops a machine, so that its disks are at rest.
    fn stop(&self, cx: &Cx, machine: &Machine) -> Result<(), CloudError>;

    /// Makes an image of all its disks and waits until it can be used. After an error nothing of
    /// it is left but what the ledger has.
    fn capture(
        &self,
        cx: &Cx,
        machine: &Machine,
        capture: &Capture<'_>,
    ) -> Result<Captured, CloudError>;

    /// From now on the image is finished.
    fn keep(&self, cx: &Cx, captured: &Captured) -> Result<(), CloudError>;

    /// Takes an image away that is not to be kept, with its disks. May be repeated.
    fn discard(&self, cx: &Cx, captured: &Captured) -> Result<(), CloudError>;

    /// Ends the machine of a lease and takes away all that was made for it. May be repeated.
    fn end(&self, cx: &Cx, lease: &str) -> Result<(), CloudError>;
}
