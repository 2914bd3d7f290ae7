//! What calls share: settings, keys, regions, connections.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use goldsmith_core::cx::Cx;
use goldsmith_core::remote::RemoteError;

use super::api::Service;
use super::credentials::{Chain, Credentials, CredentialsError, Keys};
use super::imds::Imds;
use super::profile::Profile;
use super::settings::Settings;
use crate::http::client::{Client, Kind};
use crate::mask::register;

/// Keys that end sooner than this, in seconds, are renewed.
const RENEWAL: i64 = 300;
/// What services that are not AWS's sign with when nobody says.
const ANY_REGION: &str = "us-east-1";

/// AWS, or what speaks like it: a store of objects, a store of parameters, the metadata of an
/// instance. Asks for nothing until it is used; share one, it keeps connections and keys.
pub struct Aws {
    settings: Settings,
    imds: Imds,
    /// Instead of what the settings say.
    credentials: Option<Arc<dyn Credentials>>,
    client: Mutex<Option<Client>>,
    keys: Mutex<Option<Keys>>,
    region: Mutex<Option<String>>,
    /// Regions of buckets, where they are elsewhere.
    buckets: Mutex<BTreeMap<String, String>>,
}

impl std::fmt::Debug for Aws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let settings = &self.settings;
        f.debug_struct("Aws")
            .field("settings", settings)
            .finish_non_exhaustive()
    }
}

impl Aws {
    /// With the keys that the settings lead to.
    pub fn new(settings: Settings) -> Self {
        let imds = Imds::new(settings.metadata.as_deref());
        Self {
            settings,
            imds,
            credentials: None,
            client: Mutex::default(),
            keys: Mutex::default(),
            region: Mutex::default(),
            buckets: Mutex::default(),
        }
    }

    /// With keys from elsewhere.
    pub fn with_credentials(settings: Settings, credentials: Arc<dyn Credentials>) -> Self {
        Self {
            credentials: Some(credentials),
            ..Self::new(settings)
        }
    }

    pub(super) const fn imds(&self) -> &Imds {
        &self.imds
    }

    /// The client, made at first use; `Err` in words.
    pub(super) fn client(&self, cx: &Cx) -> Result<Client, String> {
        let mut slot = lock(&self.client);
        if let Some(client) = &*slot {
            return Ok(client.clone());
        }
        let proxies = &self.settings.http.proxies;
        for proxy in [&proxies.http, &proxies.https] {
            register(cx, proxy.as_deref().unwrap_or_default());
        }
        let client = Client::new(&self.settings.http, Kind::Service)
            .map_err(|detail| cx.redactor.redact(&detail))?;
        Ok(slot.insert(client).clone())
    }

    /// Keys that are good for a while.
    pub(super) fn keys(&self, cx: &Cx, what: &str) -> Result<Keys, RemoteError> {
        let mut slot = lock(&self.keys);
        let now = cx.clock().unix_seconds();
        let is_good = |keys: &&Keys| keys.expires.is_none_or(|end| end - now > RENEWAL);
        if let Some(keys) = slot.as_ref().filter(is_good) {
            return Ok(keys.clone());
        }
        let chain = Chain {
            settings: &self.settings,
            imds: &self.imds,
        };
        let keys = match &self.credentials {
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
        *lock(&self.keys) = None;
    }

    /// Where a service is, when it is not AWS's.
    pub(super) fn endpoint(&self, service: Service) -> Result<Option<String>, String> {
        for name in [service.name(), ""] {
            if let Some(url) = self.settings.endpoints.get(name) {
                return Ok(Some(url.clone()));
            }
        }
        if !self.settings.uses_profile_endpoints {
            return Ok(None);
        }
        let profile = self.settings.read_profile()?.unwrap_or_default();
        let own = profile.get(&format!("{}.endpoint_url", service.name()));
        Ok(own.or(profile.get("endpoint_url")).map(str::to_owned))
    }

    /// The region to sign for.
    pub(super) fn region(
        &self,
        cx: &Cx,
        what: &str,
        has_endpoint: bool,
    ) -> Result<String, RemoteError> {
        let mut slot = lock(&self.region);
        if let Some(region) = &*slot {
            return Ok(region.clone());
        }
        let wrong = |detail: String| RemoteError::NotConfigured {
            what: what.to_owned(),
            detail,
        };
        let profile = self
            .settings
            .read_profile()
            .map_err(wrong)?
            .unwrap_or_default();
        let said = self.settings.region.as_deref().or(profile.get("region"));
        let region = match said {
            Some(region) => region.to_owned(),
            None if has_endpoint => ANY_REGION.to_owned(),
            None => self.imds.get(cx, "placement/region").map_err(|error| match error {
                super::imds::ImdsError::Cancelled(cancelled) => cancelled.into(),
                error => wrong(format!(
                    "nobody says in which region: set AWS_REGION (the profile says nothing, and {error})"
                )),
            })?,
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if region.is_empty() || !region.chars().all(is_plain) {
            return Err(wrong(format!("`{region}` is no region")));
        }
        Ok(slot.insert(region).clone())
    }

    /// The region of a bucket, where S3 has told it.
    pub(super) fn bucket_region(&self, bucket: &str) -> Option<String> {
        lock(&self.buckets).get(bucket).cloned()
    }

    pub(super) fn set_bucket_region(&self, bucket: &str, region: &str) {
        lock(&self.buckets).insert(bucket.to_owned(), region.to_owned());
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

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
