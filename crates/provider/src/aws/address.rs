//! Where a request goes: the URL of a service, a bucket, an object.

use super::api::{Operation, Place, Service};

/// What a URL is made of.
pub(super) struct Target<'a> {
    pub(super) operation: &'static Operation,
    /// Instead of AWS's own.
    pub(super) endpoint: Option<&'a str>,
    pub(super) region: &'a str,
    /// Bucket and key, for S3.
    pub(super) object: Option<(&'a str, &'a str)>,
    /// What stands in the path, for others.
    pub(super) path: &'a [(&'static str, String)],
    pub(super) query: &'a [(&'static str, String)],
}

impl Target<'_> {
    /// The URL; `Err` says in words why there is none.
    pub(super) fn url(&self) -> Result<String, String> {
        let (base, path) = match (self.operation.service, self.object) {
            (Service::S3, Some((bucket, key))) => self.object_place(bucket, key)?,
            (service, _) => {
                let own = || {
                    format!(
                        "https://{}.{}.{}",
                        service.name(),
                        self.region,
                        self.suffix()
                    )
                };
                (self.endpoint.map_or_else(own, str::to_owned), self.path())
            }
        };
        let base = base.trim_end_matches('/');
        let mut query: Vec<String> = Vec::new();
        if let Some((_, fixed)) = self.operation.uri.split_once('?') {
            query.push(fixed.to_owned());
        }
        let pair = |(name, value): &(&str, String)| format!("{name}={}", encoded(value, ""));
        query.extend(self.query.iter().map(pair));
        let query = if query.is_empty() {
            String::new()
        } else {
            format!("?{}", query.join("&"))
        };
        let url = format!("{base}{path}{query}");
        let parsed = reqwest::Url::parse(&url).ok();
        let parsed =
            parsed.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        // The text is not shown: there may be a password in it.
        let service = self.operation.service;
        let parsed = parsed
            .ok_or_else(|| format!("the endpoint of {service} is no `http` or `https` URL"))?;
        // Parsing resolves `.` and `..`, which in a key are just letters.
        if !parsed.path().ends_with(&path) {
            return Err("a key with `.` or `..` between slashes cannot be sent".to_owned());
        }
        Ok(parsed.into())
    }

    /// The path of the operation, filled in.
    fn path(&self) -> String {
        let uri = self.operation.uri;
        let path = uri.split_once('?').map_or(uri, |(path, _)| path);
        let filled = self
            .path
            .iter()
            .fold(path.to_owned(), |path, (name, value)| {
                path.replace(&format!("{{{name}}}"), &encoded(value, ""))
            });
        debug_assert!(!filled.contains('{'), "{filled}");
        filled
    }

    fn object_place(&self, bucket: &str, key: &str) -> Result<(String, String), String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
        if !(3..=255).contains(&bucket.len()) || !bucket.chars().all(is_plain) {
            return Err(format!("`{bucket}` is no name of a bucket"));
        }
        let has_key = self
            .operation
            .inputs
            .iter()
            .any(|input| input.name == "Key");
        if has_key && key.is_empty() {
            return Err("the key of the object is missing".to_owned());
        }
        let below = if has_key {
            format!("/{}", encoded(key, "/"))
        } else {
            String::new()
        };
        if let Some(endpoint) = self.endpoint {
            return Ok((endpoint.to_owned(), format!("/{bucket}{below}")));
        }
        let (region, suffix) = (self.region, self.suffix());
        // A name with dots fits no certificate.
        let is_host = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if bucket.len() <= 63 && bucket.chars().all(is_host) {
            let path = if below.is_empty() {
                "/".to_owned()
            } else {
                below
            };
            Ok((format!("https://{bucket}.s3.{region}.{suffix}"), path))
        } else {
            Ok((
                format!("https://s3.{region}.{suffix}"),
                format!("/{bucket}{below}"),
            ))
        }
    }

    /// The domain of the region's partition.
    fn suffix(&self) -> &'static str {
        const SUFFIXES: [(&str, &str); 7] = [
            ("cn-", "amazonaws.com.cn"),
            ("us-iso-", "c2s.ic.gov"),
            ("us-isob-", "sc2s.sgov.gov"),
            ("us-isof-", "csp.hci.ic.gov"),
            ("eu-isoe-", "cloud.adc-e.uk"),
            ("eusc-", "amazonaws.eu"),
            ("", "amazonaws.com"),
        ];
        let found = SUFFIXES
            .iter()
            .find(|(start, _)| self.region.starts_with(start));
        found.map_or("amazonaws.com", |(_, suffix)| suffix)
    }
}

impl Operation {
    /// Where an input stands.
    ///
    /// # Panics
    ///
    /// When the table does not have it: then the table is wrong, and every call fails alike.
    pub(super) fn place(&self, name: &str) -> Place {
        let input = self.inputs.iter().find(|input| input.name == name);
        input
            .expect("every input we give stands in the table")
            .place
    }
}

/// Everything but letters, digits, `-._~` and `keep` as `%XX`.
pub(super) fn encoded(text: &str, keep: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        let c = byte as char;
        if c.is_ascii_alphanumeric() || "-._~".contains(c) || keep.contains(c) {
            out.push(c);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::api;
    use super::*;

    fn url(
        operation: &'static Operation,
        endpoint: Option<&str>,
        region: &str,
        object: Option<(&str, &str)>,
    ) -> Result<String, String> {
        Target {
            operation,
            endpoint,
            region,
            object,
            path: &[
                ("snapshotId", "snap-1".to_owned()),
                ("blockIndex", "7/?".to_owned()),
            ],
            query: &[],
        }
        .url()
    }

    #[test]
    fn addresses() {
        let get = &api::s3::GET_OBJECT;
        for (operation, endpoint, region, object, expected) in [
            (
                get,
                None,
                "eu-north-1",
                Some(("my-bucket", "a b/ü+c")),
                "https://my-bucket.s3.eu-north-1.amazonaws.com/a%20b/%C3%BC%2Bc",
            ),
            (
                get,
                None,
                "cn-north-1",
                Some(("my.bucket", "a")),
                "https://s3.cn-north-1.amazonaws.com.cn/my.bucket/a",
            ),
            (
                get,
                Some("http://127.0.0.1:9000/"),
                "x",
                Some(("my-bucket", "/a//b")),
                "http://127.0.0.1:9000/my-bucket//a//b",
            ),
            (
                &api::s3::LIST_OBJECTS,
                None,
                "us-east-1",
                Some(("my-bucket", "ignored")),
                "https://my-bucket.s3.us-east-1.amazonaws.com/?list-type=2",
            ),
            (
                &api::s3::CREATE_MULTIPART_UPLOAD,
                Some("http://h/base"),
                "us-east-1",
                Some(("my-bucket", "k")),
                "http://h/base/my-bucket/k?uploads",
            ),
            (
                &api::ssm::GET_PARAMETER,
                None,
                "us-gov-west-1",
                None,
                "https://ssm.us-gov-west-1.amazonaws.com/",
            ),
            (
                &api::ssm::GET_PARAMETER,
                Some("http://h:80"),
                "us-east-1",
                None,
                "http://h/",
            ),
            (
                &api::ebs::PUT_SNAPSHOT_BLOCK,
                None,
                "eu-north-1",
                None,
                "https://ebs.eu-north-1.amazonaws.com/snapshots/snap-1/blocks/7%2F%3F",
            ),
        ] {
            assert_eq!(
                url(operation, endpoint, region, object).as_deref(),
                Ok(expected)
            );
        }
    }

    #[test]
    fn refusals() {
        let endpoint = Some("http://h");
        for (endpoint, bucket, key, why) in [
            (endpoint, "b@evil.test", "k", "no name of a bucket"),
            (endpoint, "b", "k", "no name of a bucket"),
            (endpoint, "bucket", "", "key of the object is missing"),
            (endpoint, "bucket", "a/../b", "`..` between slashes"),
            (endpoint, "bucket", "..", "`..` between slashes"),
            (Some("me:hunter22@h"), "bucket", "k", "is no `http`"),
        ] {
            let error = url(&api::s3::GET_OBJECT, endpoint, "x", Some((bucket, key))).unwrap_err();
            assert!(
                error.contains(why) && !error.contains("hunter22"),
                "{error}"
            );
        }
    }
}
