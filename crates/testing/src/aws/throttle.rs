//! How many calls an account may make of a service in a region: a bucket that fills with time.

use super::model::{Protocol, Service};
use super::refusal::Refusal;
use super::world::World;

/// A rate of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many at once.
    pub burst: u32,
    /// So many more by each second of the fake's clock.
    pub per_second: u32,
}

/// What is left of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    /// Thousandths of a call.
    left: i64,
    /// When that was so, in milliseconds.
    at: i64,
}

/// Takes a call out of its bucket.
pub(super) fn take(
    world: &mut World,
    account: &str,
    region: &str,
    service: Service,
) -> Result<(), Refusal> {
    let Some(rate) = world.options.rate else {
        return Ok(());
    };
    let now = world.milliseconds();
    let most = i64::from(rate.burst) * 1000;
    let key = (account.to_owned(), region.to_owned(), service.name());
    let bucket = world.buckets.entry(key).or_insert(Bucket {
        left: most,
        at: now,
    });
    let filled = (now - bucket.at) * i64::from(rate.per_second);
    bucket.left = most.min(bucket.left + filled);
    bucket.at = now;
    if bucket.left >= 1000 {
        bucket.left -= 1000;
        return Ok(());
    }
    Err(refusal(service))
}

/// As each service says that it is too much.
pub(crate) fn refusal(service: Service) -> Refusal {
    match service.model().protocol {
        Protocol::Ec2 => Refusal::new("RequestLimitExceeded", "Request limit exceeded."),
        Protocol::Query => Refusal::new("Throttling", "Rate exceeded"),
        Protocol::Json => Refusal::new("ThrottlingException", "Rate exceeded"),
        Protocol::RestJson => Refusal {
            reason: Some("ACCOUNT_THROTTLED"),
            ..Refusal::new("RequestThrottledException", "Rate exceeded")
        },
    }
}
