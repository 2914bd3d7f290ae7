//! Patterns over paths.
//!
//! ```text
//! /etc/ssh/*_host_*     `*` and `?` stay inside one part of the path
//! /var/log/**           at the end: whatever is no folder, at any depth
//! /var/lib/**/user-data in between: any number of folders, also none
//! /etc/{passwd,group}-  one of
//! ~/.ssh/id_*           in every home: passwd's, `/home/*`, `/root`, `/etc/skel`
//! ```

use std::collections::BTreeSet;

use crate::view::Kind;

/// One pattern for each home and each of the choices in braces.
pub(super) fn expand(pattern: &str, homes: &BTreeSet<String>) -> Vec<String> {
    let rooted: Vec<String> = match pattern.strip_prefix('~') {
        Some(rest) => homes.iter().map(|home| format!("{home}{rest}")).collect(),
        None => vec![pattern.to_owned()],
    };
    rooted.iter().flat_map(|pattern| braces(pattern)).collect()
}

/// Every reading of the braces of a pattern.
pub(crate) fn braces(pattern: &str) -> Vec<String> {
    let Some((open, close)) = pattern
        .find('{')
        .and_then(|open| Some((open, open + pattern[open..].find('}')?)))
    else {
        return vec![pattern.to_owned()];
    };
    pattern[open + 1..close]
        .split(',')
        .flat_map(|choice| {
            braces(&format!(
                "{}{choice}{}",
                &pattern[..open],
                &pattern[close + 1..]
            ))
        })
        .collect()
}

/// The part before the first wildcard.
pub(super) fn literal_prefix(pattern: &str) -> &str {
    &pattern[..pattern.find(['*', '?']).unwrap_or(pattern.len())]
}

/// Whether a pattern without braces and `~` names a path.
pub(crate) fn matches(pattern: &str, path: &str, kind: Kind) -> bool {
    if pattern.ends_with("/**") && kind == Kind::Folder {
        return false;
    }
    let pattern: Vec<&str> = pattern.split('/').collect();
    let path: Vec<&str> = path.split('/').collect();
    match_parts(&pattern, &path)
}

fn match_parts(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((&"**", [])), _) => !path.is_empty(),
        (Some((&"**", rest)), _) => (0..path.len()).any(|skip| match_parts(rest, &path[skip..])),
        (Some((part, rest)), Some((name, path))) => {
            match_name(part.as_bytes(), name.as_bytes()) && match_parts(rest, path)
        }
        _ => false,
    }
}

/// `*` and `?` over one name, in time proportional to the product of the lengths.
pub(crate) fn match_name(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, n));
            p += 1;
        } else if pattern.get(p).is_some_and(|&c| c == b'?' || c == name[n]) {
            p += 1;
            n += 1;
        } else if let Some((at, tried)) = star {
            star = Some((at, tried + 1));
            p = at + 1;
            n = tried + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&c| c == b'*')
}
