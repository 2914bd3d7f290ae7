//! What somebody said of AWS: in variables, in the files of `~/.aws`.
//!
//! Values come in plain: this crate reads no environment. The files are read at first use.

use std::collections::BTreeMap;
use std::path::PathBuf;

use goldsmith_core::secret::Secret;

/// Where an instance asks about itself when nobody says otherwise.
const METADATA: &str = "http://169.254.169.254";
/// The same over IPv6.
const METADATA_IPV6: &str = "http://[fd00:ec2::254]";
/// Where a container asks for credentials by a path.
const CONTAINER: &str = "http://169.254.170.2";
/// Where one asks by what address one is seen.
const ADDRESS_SERVICE: &str = "https://checkip.amazonaws.com";

/// Where credentials, region and endpoints come from.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name of the keys, when they are given directly.
    pub access_key_id: Option<String>,
    /// The key to it.
    pub secret_access_key: Option<Secret<String>>,
    /// What temporary keys have besides.
    pub session_token: Option<Secret<String>>,
    /// The profile of the files; `None` is `default`, which need not exist.
    pub profile: Option<String>,
    /// As `~/.aws/config`.
    pub config_file: Option<PathBuf>,
    /// As `~/.aws/credentials`.
    pub credentials_file: Option<PathBuf>,
    /// Where a container asks for credentials.
    pub container: Option<Container>,
    /// Such as `eu-north-1`. Else it comes from the profile or the instance.
    pub region: Option<String>,
    /// Where services are, instead of at AWS: by service (`s3`, `ssm`), or for all of them
    /// under an empty name. Then objects are asked for as `ENDPOINT/BUCKET/KEY`.
    pub endpoints: BTreeMap<String, String>,
    /// Whether the endpoints of the profile count as well.
    pub uses_profile_endpoints: bool,
    /// Where an instance asks about itself; `None` when it must not.
    pub metadata: Option<String>,
    /// URL that answers with the address of who asks.
    pub address_service: String,
    /// How connections are made.
    pub http: crate::Settings,
}

/// Where a container asks for credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// The whole URL.
    pub url: String,
    /// Sent along.
    pub token: Option<Secret<String>>,
    /// A file with what is sent along; read at every use.
    pub token_file: Option<PathBuf>,
}

/// Nothing said: the profile `default`, else the instance.
impl Default for Settings {
    fn default() -> Self {
        Self::from_env(&BTreeMap::new(), crate::Settings::default())
    }
}

impl Settings {
    /// What the variables of the AWS tools say:
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` | keys |
    /// | `AWS_PROFILE`, `AWS_DEFAULT_PROFILE` | profile of the files |
    /// | `AWS_CONFIG_FILE`, `AWS_SHARED_CREDENTIALS_FILE` | the files; else those in `HOME` |
    /// | `AWS_REGION`, `AWS_DEFAULT_REGION` | region |
    /// | `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_S3`, `..._SSM`, `..._EC2`, `..._EBS`, `..._STS`, `..._KMS`, `..._AUTO_SCALING`, `..._SNS`, `..._EVENTBRIDGE`, `..._INSPECTOR2` | endpoints |
    /// | `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` | `true`: no endpoints but AWS's |
    /// | `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`, `..._FULL_URI` | credentials of a container |
    /// | `AWS_CONTAINER_AUTHORIZATION_TOKEN`, `..._TOKEN_FILE` | what it sends along |
    /// | `AWS_EC2_METADATA_DISABLED` | `true`: the instance is not asked |
    /// | `AWS_EC2_METADATA_SERVICE_ENDPOINT`, `..._ENDPOINT_MODE` | where the instance is asked |
    ///
    /// An empty value is none. Nothing is read or checked here.
    pub fn from_env(variables: &BTreeMap<String, String>, http: crate::Settings) -> Self {
        let get = |name: &str| variables.get(name).filter(|value| !value.is_empty());
        let first = |names: [&str; 2]| names.into_iter().find_map(get).cloned();
        let secret = |name: &str| get(name).cloned().map(Secret::new);
        let is_true = |name: &str| get(name).is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let file = |variable: &str, name: &str| match (get(variable), get("HOME")) {
            (Some(path), _) => Some(PathBuf::from(path)),
            (None, Some(home)) => Some(PathBuf::from(home).join(".aws").join(name)),
            (None, None) => None,
        };
        let container = get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
            .map(|path| format!("{CONTAINER}{path}"))
            .or_else(|| get("AWS_CONTAINER_CREDENTIALS_FULL_URI").cloned());
        let ignores_endpoints = is_true("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
        let mut endpoints = BTreeMap::new();
        for (service, variable) in [
            ("", "AWS_ENDPOINT_URL"),
            ("s3", "AWS_ENDPOINT_URL_S3"),
            ("ssm", "AWS_ENDPOINT_URL_SSM"),
            ("ec2", "AWS_ENDPOINT_URL_EC2"),
            ("ebs", "AWS_ENDPOINT_URL_EBS"),
            ("sts", "AWS_ENDPOINT_URL_STS"),
            ("kms", "AWS_ENDPOINT_URL_KMS"),
            ("autoscaling", "AWS_ENDPOINT_URL_AUTO_SCALING"),
            ("sns", "AWS_ENDPOINT_URL_SNS"),
            ("events", "AWS_ENDPOINT_URL_EVENTBRIDGE"),
            ("inspector2", "AWS_ENDPOINT_URL_INSPECTOR2"),
        ] {
            if let Some(url) = get(variable).filter(|_| !ignores_endpoints) {
                endpoints.insert(service.to_owned(), url.clone());
            }
        }
        let is_ipv6 = get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")
            .is_some_and(|mode| mode.eq_ignore_ascii_case("ipv6"));
        let metadata = get("AWS_EC2_METADATA_SERVICE_ENDPOINT").cloned();
        let metadata =
            metadata.unwrap_or_else(|| if is_ipv6 { METADATA_IPV6 } else { METADATA }.to_owned());
        Self {
            access_key_id: get("AWS_ACCESS_KEY_ID").cloned(),
            secret_access_key: secret("AWS_SECRET_ACCESS_KEY"),
            session_token: secret("AWS_SESSION_TOKEN"),
            profile: first(["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]),
            config_file: file("AWS_CONFIG_FILE", "config"),
            credentials_file: file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
            container: container.map(|url| Container {
                url,
                token: secret("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
                token_file: get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").map(PathBuf::from),
            }),
            region: first(["AWS_REGION", "AWS_DEFAULT_REGION"]),
            endpoints,
            uses_profile_endpoints: !ignores_endpoints,
            metadata: (!is_true("AWS_EC2_METADATA_DISABLED")).then_some(metadata),
            address_service: ADDRESS_SERVICE.to_owned(),
            http,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        let variables = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Settings::from_env(&variables, crate::Settings::default())
    }

    #[test]
    fn nothing_said() {
        let none = settings(&[]);
        assert_eq!(none.metadata.as_deref(), Some(METADATA));
        assert_eq!((none.config_file, none.container), (None, None));
        assert!(none.endpoints.is_empty() && none.uses_profile_endpoints);
    }

    #[test]
    fn everything_said() {
        let all = settings(&[
            ("HOME", "/home/me"),
            ("AWS_ACCESS_KEY_ID", "AKID"),
            ("AWS_SECRET_ACCESS_KEY", "hunter22"),
            ("AWS_SESSION_TOKEN", ""),
            ("AWS_DEFAULT_PROFILE", "other"),
            ("AWS_CONFIG_FILE", "/etc/aws"),
            ("AWS_REGION", ""),
            ("AWS_DEFAULT_REGION", "eu-north-1"),
            ("AWS_ENDPOINT_URL", "http://all"),
            ("AWS_ENDPOINT_URL_S3", "http://s3"),
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/creds"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "hunter23"),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6"),
        ]);
        assert!(!format!("{all:?}").contains("hunter"));
        assert_eq!(all.session_token, None);
        assert_eq!(all.profile.as_deref(), Some("other"));
        assert_eq!(all.region.as_deref(), Some("eu-north-1"));
        assert_eq!(all.config_file.unwrap().to_str(), Some("/etc/aws"));
        let credentials = all.credentials_file.unwrap();
        assert_eq!(credentials.to_str(), Some("/home/me/.aws/credentials"));
        let endpoints: Vec<_> = all.endpoints.iter().collect();
        assert_eq!(
            format!("{endpoints:?}"),
            r#"[("", "http://all"), ("s3", "http://s3")]"#
        );
        assert_eq!(all.container.unwrap().url, "http://169.254.170.2/creds");
        assert_eq!(all.metadata.as_deref(), Some(METADATA_IPV6));
    }

    #[test]
    fn no_to_instance_and_endpoints() {
        let none = settings(&[
            ("AWS_EC2_METADATA_DISABLED", "TRUE"),
            ("AWS_ENDPOINT_URL", "http://all"),
            ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"),
        ]);
        assert_eq!(none.metadata, None);
        assert!(none.endpoints.is_empty() && !none.uses_profile_endpoints);
    }
}
