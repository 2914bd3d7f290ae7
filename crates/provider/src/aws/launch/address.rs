//! By which address this computer is seen from outside.

use std::net::Ipv4Addr;

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::with_causes;
use goldsmith_core::fetch::Fetch as _;
use goldsmith_core::machine::CloudError;

use super::{AwsMachines, LaunchError};
use crate::HttpFetch;

/// More than an address and a line end.
const ANSWER_BYTES_MAX: u64 = 256;

impl AwsMachines {
    /// The address that our connections come from.
    pub(super) fn own_address(&self, cx: &Cx) -> Result<Ipv4Addr, CloudError> {
        let service = &self.settings.address_service;
        let failed = |detail: String| LaunchError::NoOwnAddress {
            service: service.clone(),
            detail,
        };
        let answer = HttpFetch::new(self.settings.http.clone()).get(cx, service, ANSWER_BYTES_MAX);
        cx.cancel.check()?;
        let answer = answer.map_err(|error| failed(with_causes(&error)))?;
        let text = String::from_utf8_lossy(&answer);
        let address = text.trim().parse();
        Ok(address.map_err(|_| failed("its answer is no address".to_owned()))?)
    }
}
