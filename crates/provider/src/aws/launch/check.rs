//! What is refused before anything is made.

use goldsmith_core::recipe::AwsInfrastructure;

use super::error::LaunchError;

/// Longest name of a lease: a client token has 64 characters.
const LEASE_CHARS_MAX: usize = 40;

/// Refuses what no machine can be launched by.
pub(super) fn check_place(place: &AwsInfrastructure) -> Result<(), LaunchError> {
    if place.types.is_empty() {
        return Err(LaunchError::NoType);
    }
    // 16 KiB before it is packed.
    let length = place.user_data.as_ref().map_or(0, String::len);
    if length > 16 << 10 {
        return Err(LaunchError::UserData { length });
    }
    Ok(())
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
