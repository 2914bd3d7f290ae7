//! What the actions have in common that bring bytes from elsewhere into the machine and back.
//!
//! The network is that of this host: bytes go to a file of this host, and when they are whole
//! and right, into the machine.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Cancelled, with_causes};
use goldsmith_core::fetch::FetchError;
use goldsmith_core::remote::{ObjectPath, ObjectStore, RemoteError};

use super::{ActionError, Call, InputRecord, Kind, Values, files, optional};
use crate::machine::{Attributes, MachineError, NodeKind};

pub(super) const OWNER: InputRecord = optional(
    "expectedBucketOwner",
    Kind::Text,
    "account that must own the bucket",
);

/// Digits of an account.
const ACCOUNT_DIGITS: usize = 12;

/// The account that must own a bucket.
pub(super) fn owner(values: &Values) -> Result<Option<&str>, ActionError> {
    let Some(owner) = values
        .text("expectedBucketOwner")
        .filter(|text| !text.is_empty())
    else {
        return Ok(None);
    };
    let is_account = owner.len() == ACCOUNT_DIGITS && owner.bytes().all(|b| b.is_ascii_digit());
    if !is_account {
        return refused(format!(
            "`expectedBucketOwner` is `{owner}`, not an account of {ACCOUNT_DIGITS} digits"
        ));
    }
    Ok(Some(owner))
}

/// What an input says of a bucket.
pub(super) fn object(name: &str, text: &str) -> Result<ObjectPath, ActionError> {
    let message = || format!("`{name}` is `{text}`, not `s3://bucket/key`");
    ObjectPath::parse(text).ok_or_else(|| ActionError::Refused(message()))
}

/// The store of objects.
pub(super) fn objects<'a>(
    call: &Call<'a>,
    action: &str,
) -> Result<&'a dyn ObjectStore, ActionError> {
    let message = || {
        format!(
            "`{action}` needs an object store, and this run has none: give it keys \
             (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE), and for a store that \
             is not AWS's its address (AWS_ENDPOINT_URL_S3)"
        )
    };
    call.services
        .objects
        .ok_or_else(|| ActionError::Refused(message()))
}

/// Does `work` with a context that ends when the step's time does: what this host does for a
/// step is bound by it as programs of the machine are.
pub(super) fn in_time<T>(
    call: &Call<'_>,
    work: impl FnOnce(&Cx) -> Result<T, ActionError>,
) -> Result<T, ActionError> {
    let Some(limit) = call.timeout else {
        return work(call.cx);
    };
    let mut cx = call.cx.clone();
    cx.cancel = call.cx.cancel.part();
    let is_late = AtomicBool::new(false);
    let (done, watched) = mpsc::channel::<()>();
    let result = std::thread::scope(|scope| {
        scope.spawn(|| {
            let watched = watched;
            if watched.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                is_late.store(true, Ordering::SeqCst);
                cx.cancel.cancel();
            }
        });
        let result = work(&cx);
        drop(done);
        result
    });
    match result {
        Err(ActionError::Machine(MachineError::Cancelled(_)))
            if is_late.load(Ordering::SeqCst) && !call.cx.cancel.is_cancelled() =>
        {
            Err(ActionError::Machine(MachineError::TimedOut(limit)))
        }
        result => result,
    }
}

/// Puts a file of this host into the machine.
pub(super) fn deliver(
    call: &Call<'_>,
    cx: &Cx,
    scratch: &Path,
    to: &str,
) -> Result<(), ActionError> {
    let failed = |error| ActionError::Refused(format!("cannot read a scratch file: {error}"));
    let mut file = File::open(scratch).map_err(failed)?;
    call.machine
        .put(cx, to, &mut file, &Attributes::default())
        .map_err(ActionError::from)
}

/// Refuses to write where no file can be.
pub(super) fn check_target(call: &Call<'_>, values: &Values, to: &str) -> Result<(), ActionError> {
    if call.machine.stat(call.cx, to)? == Some(NodeKind::Directory) {
        return refused(format!(
            "`{to}` is a directory: for a file in it, let `destination` end in `/`"
        ));
    }
    files::check_overwrite(call, values, to)
}

/// A destination as a path of the machine; `\` at its end means a directory as `/` does.
pub(super) fn destination(values: &Values) -> Result<String, ActionError> {
    let path = files::absolute(values.required("destination")?)?;
    Ok(match path.strip_suffix('\\') {
        Some(directory) => format!("{directory}/"),
        None => path,
    })
}

/// Whether a name that somebody else chose can be one of a file.
pub(super) fn is_file_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\0'])
}

pub(super) fn refused<T>(message: String) -> Result<T, ActionError> {
    Err(ActionError::Refused(message))
}

impl From<Cancelled> for ActionError {
    fn from(cancelled: Cancelled) -> Self {
        Self::Machine(cancelled.into())
    }
}

impl From<RemoteError> for ActionError {
    fn from(error: RemoteError) -> Self {
        match error {
            RemoteError::Cancelled(cancelled) => cancelled.into(),
            error => Self::Refused(with_causes(&error)),
        }
    }
}

impl From<FetchError> for ActionError {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Cancelled(cancelled) => cancelled.into(),
            error => Self::Refused(with_causes(&error)),
        }
    }
}
