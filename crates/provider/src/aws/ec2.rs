//! Images, snapshots and launch templates, machines and what one needs (EC2).

mod group;
mod image;
mod key_pair;
mod life;
mod machine;
mod setting;
mod snapshot;
mod template;

use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::remote::RemoteError;

pub(crate) use self::group::Group;
pub(crate) use self::image::{Copying, Image, Named, Registration, Users};
pub(crate) use self::key_pair::KeyPair;
pub(crate) use self::machine::{Base, Device, Instance, Launched, Launching};
pub(crate) use self::snapshot::Snapshot;
use crate::retry::wait;

/// Entries of a page of a list: the most that EC2 gives.
const PAGE: &str = "1000";
/// Between two questions whether something is made: that much at first, later a third of what was
/// waited already, so that nothing is waited for longer by more than that.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// For how long something may not be seen after it was made.
const UNSEEN: Duration = Duration::from_mins(2);

/// Whether something comes to be seen that was made a moment ago, or was made long ago, by the
/// same token, and is gone since.
fn is_seen(
    cx: &Cx,
    mut ask: impl FnMut() -> Result<bool, RemoteError>,
) -> Result<bool, RemoteError> {
    let seen = within(cx, UNSEEN, || Ok(ask()?.then_some(())))?;
    Ok(seen.is_some())
}

/// Asks again and again until `ask` has it, at most so long.
pub(crate) fn until<T>(
    cx: &Cx,
    what: &str,
    limit: Duration,
    ask: impl FnMut() -> Result<Option<T>, RemoteError>,
) -> Result<T, RemoteError> {
    within(cx, limit, ask)?.ok_or_else(|| RemoteError::Failed {
        what: what.to_owned(),
        detail: format!("it is not ready after {} minutes", limit.as_secs() / 60),
    })
}

/// The same; `None` when it does not have it by then.
fn within<T>(
    cx: &Cx,
    limit: Duration,
    mut ask: impl FnMut() -> Result<Option<T>, RemoteError>,
) -> Result<Option<T>, RemoteError> {
    let mut waited = Duration::ZERO;
    loop {
        let found = ask()?;
        if found.is_some() || waited >= limit {
            return Ok(found);
        }
        let next = (waited / 3).clamp(FIRST_WAIT, LONGEST_WAIT);
        wait(cx, next)?;
        waited += next;
    }
}
