//! The first layer in which two builds part.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use goldsmith_core::cx::Cx;
use goldsmith_disk::tree::{Kind, Node};
use goldsmith_plan::diff::files::FileDiff;

use super::{Build, Difference, EXCERPT, excerpt};
use crate::layer::{Kept, LayerError, Row, What};

/// The first difference in the layers that made one of the files of the disks differ; of any file,
/// when none of those does. Nothing: they part after the layers, or the layers are gone.
pub(super) fn first_difference(
    cx: &Cx,
    first: Build<'_>,
    again: Build<'_>,
    files: &FileDiff,
) -> Result<Option<Difference>, LayerError> {
    let changed = files.changed.iter().map(|change| &change.new);
    let all = changed.chain(&files.added).chain(&files.removed);
    let on_disk: BTreeSet<&str> = all.map(|file| file.path.as_str()).collect();
    let is_wanted = |path: &[u8]| {
        on_disk.is_empty() || on_disk.contains(&*format!("/{}", String::from_utf8_lossy(path)))
    };
    let names = first.image.record.layers.iter();
    for (a, b) in names.zip(&again.image.record.layers) {
        cx.cancel.check()?;
        let (Some(a), Some(b)) = (Kept::open(first.store, a), Kept::open(again.store, b)) else {
            return Ok(None);
        };
        if a.file.parts != b.file.parts {
            return Ok(None);
        }
        if let Some(found) = in_layer(cx, &a, &b, &is_wanted)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn in_layer(
    cx: &Cx,
    a: &Kept,
    b: &Kept,
    is_wanted: &dyn Fn(&[u8]) -> bool,
) -> Result<Option<Difference>, LayerError> {
    let wanted = |rows: &[Row]| -> Vec<Row> {
        let rows = rows.iter().filter(|row| is_wanted(&row.path));
        rows.cloned().collect()
    };
    let (left, right) = (wanted(&a.manifest.rows), wanted(&b.manifest.rows));
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    let title = Some(a.file.title.as_str());
    let shown = |row: &Row| goldsmith_disk::tree::display(&row.path);
    loop {
        let (old, new) = match (left.peek(), right.peek()) {
            (None, None) => return Ok(None),
            (Some(old), Some(new)) if old.path == new.path => (*old, *new),
            (Some(old), new) if new.is_none_or(|new| old.path < new.path) => {
                let what = "only the first build has it";
                return Ok(Some(Difference::of_file(title, &shown(old), what)));
            }
            (_, Some(new)) => {
                let what = "only the second build has it";
                return Ok(Some(Difference::of_file(title, &shown(new), what)));
            }
            (Some(_), None) => unreachable!("the guard above holds without a second row"),
        };
        left.next();
        right.next();
        let path = PathBuf::from(OsStr::from_bytes(&old.path));
        let content = content(cx, &a.tree.join(&path), &b.tree.join(&path), old, new);
        let content = content.map_err(LayerError::io("read", &path))?;
        if let Some(what) = described(old, new) {
            let found = Difference::of_file(title, &shown(old), &what);
            return Ok(Some(match content {
                Some(content) => content.on(found),
                None => found,
            }));
        }
        if let Some(content) = content {
            let found = Difference::of_file(title, &shown(old), "content");
            return Ok(Some(content.on(found)));
        }
    }
}

/// What a layer says differently of a path, but for the bytes of a file.
fn described(old: &Row, new: &Row) -> Option<String> {
    if old.what == new.what {
        return None;
    }
    let (
        What::Node {
            node: a, group: ga, ..
        },
        What::Node {
            node: b, group: gb, ..
        },
    ) = (&old.what, &new.what)
    else {
        return Some("one build removes it".to_owned());
    };
    let (x, y) = (&a.attributes, &b.attributes);
    let time = |node: &Node| {
        let time = node.attributes.mtime;
        format!("{}.{:09}", time.seconds, time.nanos)
    };
    let what = if std::mem::discriminant(&a.kind) != std::mem::discriminant(&b.kind) {
        "it is of another kind".to_owned()
    } else if let (Kind::File(x), Kind::File(y)) = (&a.kind, &b.kind)
        && x.size() != y.size()
    {
        format!("size {} -> {}", x.size(), y.size())
    } else if a.kind != b.kind {
        "target, numbers or holes".to_owned()
    } else if x.mode != y.mode {
        format!("mode {:04o} -> {:04o}", x.mode, y.mode)
    } else if (x.uid, x.gid) != (y.uid, y.gid) {
        format!("owner {}:{} -> {}:{}", x.uid, x.gid, y.uid, y.gid)
    } else if x.mtime != y.mtime {
        format!("time {} -> {}", time(a), time(b))
    } else if x.xattrs != y.xattrs {
        "extended attributes".to_owned()
    } else if ga != gb {
        "names of one file".to_owned()
    } else {
        "what it hides of the layers below".to_owned()
    };
    Some(what)
}

/// Where two files begin to differ, and the bytes around.
struct Content {
    at: u64,
    /// Nothing when not everybody may read them.
    bytes: Option<(String, String)>,
}

impl Content {
    fn on(self, mut difference: Difference) -> Difference {
        difference.at = Some(self.at);
        (difference.old, difference.new) = self.bytes.unzip();
        difference
    }
}

fn content(cx: &Cx, old: &Path, new: &Path, a: &Row, b: &Row) -> io::Result<Option<Content>> {
    let mode = |row: &Row| match &row.what {
        What::Node { node, .. } if matches!(node.kind, Kind::File(_)) => Some(node.attributes.mode),
        _ => None,
    };
    let (Some(x), Some(y)) = (mode(a), mode(b)) else {
        return Ok(None);
    };
    let (mut left, mut right) = (File::open(old)?, File::open(new)?);
    let Some(at) = first_byte(&mut left, &mut right)? else {
        return Ok(None);
    };
    let around = |file: &File| -> io::Result<String> {
        let before = at.min(EXCERPT.0 as u64);
        let mut bytes = vec![0; EXCERPT.0 + EXCERPT.1];
        let length = file.read_at(&mut bytes, at - before)?;
        Ok(excerpt(cx, &bytes[..length], before))
    };
    let is_public = x & y & 0o004 != 0;
    let bytes = if is_public {
        Some((around(&left)?, around(&right)?))
    } else {
        None
    };
    Ok(Some(Content { at, bytes }))
}

/// The first byte in which two files differ; one that ends sooner differs there.
fn first_byte(a: &mut File, b: &mut File) -> io::Result<Option<u64>> {
    let (mut x, mut y) = (Vec::new(), Vec::new());
    let mut at = 0;
    loop {
        x.clear();
        y.clear();
        a.by_ref().take(1 << 18).read_to_end(&mut x)?;
        b.by_ref().take(1 << 18).read_to_end(&mut y)?;
        if x != y {
            let same = x.iter().zip(&y).take_while(|(a, b)| a == b).count();
            return Ok(Some(at + same as u64));
        }
        if x.is_empty() {
            return Ok(None);
        }
        at += x.len() as u64;
    }
}
