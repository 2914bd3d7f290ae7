//! `file` URLs: a mirror in a directory.

use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use goldsmith_core::cx::Cx;
use goldsmith_core::fetch::{Expected, FetchError};

use crate::part::Part;

/// The path of a `file` URL; `None` for other URLs.
pub(crate) fn path_of(url: &str) -> Option<PathBuf> {
    let rest = url.strip_prefix("file://")?;
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    path.starts_with('/')
        .then(|| OsString::from_vec(percent_decode(path)).into())
}

/// The bytes that a part of a URL stands for.
pub(crate) fn percent_decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digit = |offset: usize| {
            let byte = *bytes.get(at + offset)?;
            u8::try_from((byte as char).to_digit(16)?).ok()
        };
        if let (b'%', Some(high), Some(low)) = (bytes[at], digit(1), digit(2)) {
            out.push(high << 4 | low);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    out
}

/// Reads a small document.
pub(crate) fn get(path: &Path, url: &str, limit: u64) -> Result<Vec<u8>, FetchError> {
    let mut bytes = Vec::new();
    open(path, url)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| failed(url, &error))?;
    if bytes.len() as u64 > limit {
        return Err(FetchError::TooLarge {
            url: url.to_owned(),
            limit,
        });
    }
    Ok(bytes)
}

/// Copies a file and checks it. Not resumed: reading again costs what checking does.
pub(crate) fn download(
    cx: &Cx,
    source: &Path,
    url: &str,
    expected: Expected,
    target: &Path,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(), FetchError> {
    let mut file = open(source, url)?;
    let Some(mut part) = Part::open(cx, target)? else {
        return Ok(());
    };
    part.discard()?;
    let mut buffer = vec![0; 1 << 20];
    // One byte too many is enough to know that the file is another one.
    while part.len() <= expected.size {
        cx.cancel.check()?;
        let read = file
            .read(&mut buffer)
            .map_err(|error| failed(url, &error))?;
        if read == 0 {
            break;
        }
        part.append(&buffer[..read])?;
        progress(read as u64);
    }
    if let Err(detail) = part.check(expected) {
        part.discard()?;
        return Err(FetchError::Mismatch {
            url: url.to_owned(),
            detail,
        });
    }
    part.finish(target)
}

fn open(path: &Path, url: &str) -> Result<File, FetchError> {
    let file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => FetchError::NotFound {
            url: url.to_owned(),
        },
        _ => failed(url, &error),
    })?;
    match file.metadata() {
        Ok(data) if data.is_file() => Ok(file),
        Ok(_) => Err(failed(url, &"not a regular file")),
        Err(error) => Err(failed(url, &error)),
    }
}

fn failed(url: &str, detail: &dyn std::fmt::Display) -> FetchError {
    FetchError::Failed {
        url: url.to_owned(),
        tries: 1,
        detail: detail.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (url, path) in [
            ("file:///srv/a%20b", Some("/srv/a b")),
            ("file://localhost/srv", Some("/srv")),
            ("file:///100%", Some("/100%")),
            ("file://elsewhere/srv", None),
            ("http://h/", None),
        ] {
            assert_eq!(path_of(url), path.map(PathBuf::from), "{url}");
        }
    }
}
