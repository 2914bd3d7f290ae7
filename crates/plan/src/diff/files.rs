//! Files of two images.

use std::cmp::Ordering;

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, a pipe or a socket.
    Other,
}

/// A path of an image.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct File {
    /// From `/`.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes of a file.
    pub size: u64,
    /// Where a link points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// What differs of a path that is in both images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// It is a thing of another kind.
    Kind,
    /// The bytes of a file, or where a link points.
    Content,
    /// Permission bits.
    Mode,
    /// Owner or group.
    Owner,
}

/// A path in two forms.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    /// As it was.
    pub old: File,
    /// As it is.
    pub new: File,
    /// What differs; never empty.
    pub what: Vec<What>,
}

/// What changed, in the order of paths.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct FileDiff {
    /// Only in the new image.
    pub added: Vec<File>,
    /// Only in the old image.
    pub removed: Vec<File>,
    /// In both, and different.
    pub changed: Vec<Change>,
}

impl FileDiff {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// Compares two lists, each in the order of paths. `differs` is asked for files of one size.
pub fn files<E>(
    old: &[File],
    new: &[File],
    mut differs: impl FnMut(&File, &File) -> Result<bool, E>,
) -> Result<FileDiff, E> {
    let mut diff = FileDiff::default();
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return Ok(diff),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => a.path.cmp(&b.path),
        };
        match order {
            Ordering::Less => diff.removed.extend(old.next().cloned()),
            Ordering::Greater => diff.added.extend(new.next().cloned()),
            Ordering::Equal => {
                let (Some(a), Some(b)) = (old.next(), new.next()) else {
                    return Ok(diff);
                };
                let what = compare(a, b, &mut differs)?;
                if !what.is_empty() {
                    diff.changed.push(Change {
                        old: a.clone(),
                        new: b.clone(),
                        what,
                    });
                }
            }
        }
    }
}

fn compare<E>(
    old: &File,
    new: &File,
    differs: &mut impl FnMut(&File, &File) -> Result<bool, E>,
) -> Result<Vec<What>, E> {
    let mut what = Vec::new();
    if old.kind != new.kind {
        what.push(What::Kind);
    } else if old.size != new.size
        || old.target != new.target
        || (old.kind == Kind::File && old.size > 0 && differs(old, new)?)
    {
        what.push(What::Content);
    }
    // Nothing asks for the permissions of a link.
    if old.mode != new.mode && new.kind != Kind::Link {
        what.push(What::Mode);
    }
    if (old.uid, old.gid) != (new.uid, new.gid) {
        what.push(What::Owner);
    }
    Ok(what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `/path kind size mode uid`.
    fn list(lines: &[&str]) -> Vec<File> {
        let file = |line: &&str| {
            let words: Vec<&str> = line.split(' ').collect();
            File {
                path: words[0].to_owned(),
                kind: match words[1] {
                    "f" => Kind::File,
                    "d" => Kind::Directory,
                    _ => Kind::Link,
                },
                size: words[2].parse().unwrap(),
                mode: u32::from_str_radix(words[3], 8).unwrap(),
                uid: words[4].parse().unwrap(),
                gid: 0,
                target: None,
            }
        };
        lines.iter().map(file).collect()
    }

    #[test]
    fn every_way_to_differ() {
        let old = list(&[
            "/a f 1 644 0",
            "/b f 5 644 0",
            "/c f 5 644 0",
            "/d d 0 755 0",
            "/e l 3 777 0",
            "/g f 0 644 0",
        ]);
        let new = list(&[
            "/b f 5 600 7",
            "/c f 5 644 0",
            "/d f 9 755 0",
            "/e l 3 755 0",
            "/f f 1 644 0",
            "/g f 0 644 0",
        ]);
        let mut asked = Vec::new();
        let diff = files(&old, &new, |a, _| {
            asked.push(a.path.clone());
            Ok::<_, ()>(a.path == "/c")
        })
        .unwrap();
        assert_eq!(asked, ["/b", "/c"], "what has one size and something in it");
        let paths = |list: &[File]| list.iter().map(|f| f.path.clone()).collect::<Vec<_>>();
        assert_eq!(paths(&diff.removed), ["/a"]);
        assert_eq!(paths(&diff.added), ["/f"]);
        let changed: Vec<_> = diff
            .changed
            .iter()
            .map(|c| (c.new.path.as_str(), c.what.clone()))
            .collect();
        let expected = [
            ("/b", vec![What::Mode, What::Owner]),
            ("/c", vec![What::Content]),
            ("/d", vec![What::Kind]),
        ];
        assert_eq!(changed, expected);
        assert_eq!(files(&old, &new, |_, _| Err("no")), Err("no"));
    }
}
