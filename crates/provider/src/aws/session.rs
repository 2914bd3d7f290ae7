//! What calls share: settings, keys, regions, connections.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use goldsmith_core::cx::Cx;
use goldsmith_core::remote::RemoteError;

use super::api::Service;
use super::credentials::{Chain, Credentials, CredentialsError, Keys};
use super::imds::Imds;
use super::profile::Profile;
use super::rate::Rate;
use super::settings::Settings;
use crate::http::client::{Client, Kind};
use crate::mask::register;

/// Keys that end sooner than this, in seconds, are renewed.
const RENEWAL: i64 = 300;
/// What services that are not AWS's sign with when nobody says.
const ANY_REGION: &str = "us-east-1";

/// AWS, or what speaks like it: a store of objects, a store of parameters, the metadata of an
/// instance, images. Asks for nothing until it is used. A clone, and what [`Aws::at`] gives,
/// shares connections and keys with it.
#[derive(Clone)]
pub struct Aws {
    shared: Arc<Shared>,
    /// Instead of that of the settings.
    region: Option<String>,
    /// ARN of the role to do everything as.
    role: Option<String>,
}

/// What all handles have in common.
struct Shared {
    settings: Settings,
    imds: Imds,
    /// Instead of what the settings say.
    credentials: Option<Arc<dyn Credentials>>,
    client: Mutex<Option<Client>>,
    /// Without a role.
    keys: Mutex<Option<Keys>>,
    /// Of roles.
    assumed: Mutex<BTreeMap<String, Keys>>,
    /// Numbers of accounts, by role.
    accounts: Mutex<BTreeMap<Option<String>, String>>,
    region: Mutex<Option<String>>,
    endpoints: Mutex<BTreeMap<Service, Option<String>>>,
    /// Regions of buckets, where they are elsewhere.
    buckets: Mutex<BTreeMap<String, String>>,
    rates: Mutex<BTreeMap<(Service, String), Arc<Rate>>>,
}

impl std::fmt::Debug for Aws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Aws")
            .field("settings", &self.shared.settings)
            .field("region", &self.region)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl Aws {
    /// With the keys that the settings lead to.
    pub fn new(settings: Settings) -> Self {
        Self::made(settings, None)
    }

    /// With keys from elsewhere.
    pub fn with_credentials(settings: Settings, credentials: Arc<dyn Credentials>) -> Self {
        Self::made(settings, Some(credentials))
    }

    fn made(settings: Settings, credentials: Option<Arc<dyn Credentials>>) -> Self {
        let imds = Imds::new(settings.metadata.as_deref());
        Self {
            shared: Arc::new(Shared {
                settings,
                imds,
                credentials,
                client: Mutex::default(),
                keys: Mutex::default(),
                assumed: Mutex::default(),
                accounts: Mutex::default(),
                region: Mutex::default(),
                endpoints: Mutex::default(),
                buckets: Mutex::default(),
                rates: Mutex::default(),
            }),
            region: None,
            role: None,
        }
    }

    /// The same in a region, as a role (its ARN) when one is given.
    #[must_use]
    pub fn at(&self, region: &str, role: Option<&str>) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            region: Some(region.to_owned()),
            role: role.map(str::to_owned),
        }
    }

    pub(super) fn imds(&self) -> &Imds {
        &self.shared.imds
    }

    /// How fast a service of a region is asked.
    pub(super) fn rate(&self, service: Service, region: &str) -> Arc<Rate> {
        let mut rates = lock(&self.shared.rates);
        Arc::clone(rates.entry((service, region.to_owned())).or_default())
    }

    /// The number of the account that asks.
    pub(crate) fn account(&self, cx: &Cx) -> Result<String, RemoteError> {
        if let Some(account) = lock(&self.shared.accounts).get(&self.role) {
            return Ok(account.clone());
        }
        let account = self.caller(cx)?;
        lock(&self.shared.accounts).insert(self.role.clone(), account.clone());
        Ok(account)
    }

    /// The client, made at first use; `Err` in words.
    pub(super) fn client(&self, cx: &Cx) -> Result<Client, String> {
        let mut slot = lock(&self.shared.client);
        if let Some(client) = &*slot {
            return Ok(client.clone());
        }
        let proxies = &self.shared.settings.http.proxies;
        for proxy in [&proxies.http, &proxies.https] {
            register(cx, proxy.as_deref().unwrap_or_default());
        }
        let client = Client::new(&self.shared.settings.http, Kind::Service)
            .map_err(|detail| cx.redactor.redact(&detail))?;
        Ok(slot.insert(client).clone())
    }

    /// Keys that are good for a while.
    pub(super) fn keys(&self, cx: &Cx, what: &str) -> Result<Keys, RemoteError> {
        let now = cx.clock().unix_seconds();
        let is_good = |keys: &&Keys| keys.expires.is_none_or(|end| end - now > RENEWAL);
        if let Some(role) = &self.role {
            let mut assumed = lock(&self.shared.assumed);
            if let Some(keys) = assumed.get(role).filter(is_good) {
                return Ok(keys.clone());
            }
            let plain = Self {
                role: None,
                ..self.clone()
            };
            let keys = plain.assume(cx, role)?;
            keys.register(cx);
            assumed.insert(role.clone(), keys.clone());
            return Ok(keys);
        }
        let mut slot = lock(&self.shared.keys);
        if let Some(keys) = slot.as_ref().filter(is_good) {
            return Ok(keys.clone());
        }
        let chain = Chain {
            settings: &self.shared.settings,
            imds: &self.shared.imds,
        };
        let keys = match &self.shared.credentials {
            Some(credentials) => credentials.keys(cx),
            None => chain.keys(cx),
        };
        let keys = keys.map_err(|error| match error {
            CredentialsError::Missing(detail) => RemoteError::NoCredentials {
                what: what.to_owned(),
                detail: cx.redactor.redact(&detail),
            },
            CredentialsError::Cancelled(cancelled) => cancelled.into(),
        })?;
        keys.register(cx);
        Ok(slot.insert(keys).clone())
    }

    /// Keys that a service found too old are asked for again.
    pub(super) fn forget_keys(&self) {
        match &self.role {
            Some(role) => drop(lock(&self.shared.assumed).remove(role)),
            None => *lock(&self.shared.keys) = None,
        }
    }

    /// Where a service is, when it is not AWS's.
    pub(super) fn endpoint(&self, service: Service) -> Result<Option<String>, String> {
        let mut known = lock(&self.shared.endpoints);
        if let Some(endpoint) = known.get(&service) {
            return Ok(endpoint.clone());
        }
        let endpoint = self.shared.settings.endpoint(service)?;
        known.insert(service, endpoint.clone());
        Ok(endpoint)
    }

    /// The region to sign for.
    pub(super) fn region(
        &self,
        cx: &Cx,
        what: &str,
        has_endpoint: bool,
    ) -> Result<String, RemoteError> {
        if let Some(region) = &self.region {
            return plain(region, what);
        }
        let mut slot = lock(&self.shared.region);
        if let Some(region) = &*slot {
            return Ok(region.clone());
        }
        let wrong = |detail: String| RemoteError::NotConfigured {
            what: what.to_owned(),
            detail,
        };
        let settings = &self.shared.settings;
        let profile = settings.read_profile().map_err(wrong)?.unwrap_or_default();
        let said = settings.region.as_deref().or(profile.get("region"));
        let region = match said {
            Some(region) => region.to_owned(),
            None if has_endpoint => ANY_REGION.to_owned(),
            None => self.shared.imds.get(cx, "placement/region").map_err(|error| match error {
                super::imds::ImdsError::Cancelled(cancelled) => cancelled.into(),
                error => wrong(format!(
                    "nobody says in which region: set AWS_REGION (the profile says nothing, and {error})"
                )),
            })?,
        };
        let region = plain(&region, what)?;
        Ok(slot.insert(region).clone())
    }

    /// The region of a bucket, where S3 has told it.
    pub(super) fn bucket_region(&self, bucket: &str) -> Option<String> {
        lock(&self.shared.buckets).get(bucket).cloned()
    }

    pub(super) fn set_bucket_region(&self, bucket: &str, region: &str) {
        lock(&self.shared.buckets).insert(bucket.to_owned(), region.to_owned());
    }
}

impl Keys {
    /// Makes them known to the context, so that nothing shows them.
    fn register(&self, cx: &Cx) {
        cx.redactor.add(&self.secret_access_key);
        if let Some(token) = &self.session_token {
            cx.redactor.add(token);
        }
    }
}

impl Settings {
    pub(super) fn profile_name(&self) -> &str {
        self.profile.as_deref().unwrap_or("default")
    }

    /// Where a service is, when it is not AWS's.
    fn endpoint(&self, service: Service) -> Result<Option<String>, String> {
        for name in [service.name(), ""] {
            if let Some(url) = self.endpoints.get(name) {
                return Ok(Some(url.clone()));
            }
        }
        if !self.uses_profile_endpoints {
            return Ok(None);
        }
        let profile = self.read_profile()?.unwrap_or_default();
        let own = profile.get(&format!("{}.endpoint_url", service.name()));
        Ok(own.or(profile.get("endpoint_url")).map(str::to_owned))
    }

    /// `None` when no file has it.
    pub(super) fn read_profile(&self) -> Result<Option<Profile>, String> {
        let (config, credentials) = (&self.config_file, &self.credentials_file);
        Profile::read(
            self.profile_name(),
            config.as_deref(),
            credentials.as_deref(),
        )
    }
}

/// A region that can stand in a name of a host.
fn plain(region: &str, what: &str) -> Result<String, RemoteError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if region.is_empty() || !region.chars().all(is_plain) {
        return Err(RemoteError::NotConfigured {
            what: what.to_owned(),
            detail: format!("`{region}` is no region"),
        });
    }
    Ok(region.to_owned())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
