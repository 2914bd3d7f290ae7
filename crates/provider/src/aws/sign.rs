//! Signatures of requests (Signature Version 4).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use goldsmith_core::digest::Sha256;

use super::api::Service;
use super::credentials::Keys;

/// Who signs, for where and when.
pub(super) struct Signer<'a> {
    pub(super) keys: &'a Keys,
    pub(super) region: &'a str,
    /// As endpoints and signatures call it.
    pub(super) service: &'a str,
    /// Seconds since 1970.
    pub(super) now: i64,
}

impl Signer<'_> {
    /// The headers to add to a request, whose body they are over when its digest is given; `Err`
    /// in words.
    pub(super) fn headers(
        &self,
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: Option<&Sha256>,
    ) -> Result<Vec<(String, String)>, String> {
        let mut settings = SigningSettings::default();
        if self.service == Service::S3.name() {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        let token = self.keys.session_token.as_ref();
        let identity = aws_credential_types::Credentials::new(
            self.keys.access_key_id.clone(),
            self.keys.secret_access_key.expose().clone(),
            token.map(|token| token.expose().clone()),
            None,
            "goldsmith",
        )
        .into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(self.time())
            .settings(settings)
            .build()
            .map_err(|error| error.to_string())?;
        let given = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let body = match body {
            Some(digest) => SignableBody::Precomputed(digest.to_string()),
            None => SignableBody::UnsignedPayload,
        };
        let request =
            SignableRequest::new(method, url, given, body).map_err(|error| error.to_string())?;
        let output = sign(request, &params.into()).map_err(|error| error.to_string())?;
        let (headers, _) = output.into_parts().0.into_parts();
        let headers = headers
            .into_iter()
            .map(|header| (header.name().to_owned(), header.value().to_owned()));
        Ok(headers.collect())
    }

    fn time(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(u64::try_from(self.now).unwrap_or(0))
    }
}
