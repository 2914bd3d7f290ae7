//! Real machines behind instances: what starts one is up to the test.

/// An instance that was launched, as a machine needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launch {
    /// Its identifier.
    pub instance: String,
    /// The image that it is of.
    pub image: String,
    /// The key that it lets in, as OpenSSH writes it.
    pub public_key: Option<String>,
    /// What `cloud-init` is told, as it came: in Base64.
    pub user_data: Option<String>,
}

/// A machine that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Its address, within its network and for all the world.
    pub address: String,
    /// What its console says.
    pub console: String,
}

/// What starts machines.
pub(super) struct Boot(pub(super) Box<dyn Fn(&Launch) -> Host + Send>);

impl std::fmt::Debug for Boot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Boot")
    }
}
