//! Versions of Python distributions (PEP 440): `1!2.0rc1.post2.dev3+local`, in every spelling that
//! the standard normalizes. What is no such version sorts before all that are.

use std::cmp::Ordering;

use super::digits;

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    match (Version::parse(a), Version::parse(b)) {
        (Some(x), Some(y)) => x.compare(&y),
        (Some(_), None) => Ordering::Greater,
        (None, Some(_)) => Ordering::Less,
        (None, None) => a.cmp(b),
    }
}

/// The parts, in small letters; numbers as their digits.
struct Version {
    epoch: String,
    release: Vec<String>,
    /// `a`, `b` or `rc`, and its number.
    pre: Option<(&'static str, String)>,
    post: Option<String>,
    dev: Option<String>,
    local: Option<Vec<String>>,
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let mut rest = text.strip_prefix('v').unwrap_or(&text);
        let mut epoch = String::new();
        if let Some((before, after)) = rest.split_once('!') {
            number(before)?.clone_into(&mut epoch);
            rest = after;
        }
        let (public, local) = match rest.split_once('+') {
            Some((public, local)) => (public, Some(local)),
            None => (rest, None),
        };
        rest = public;
        let mut release = Vec::new();
        loop {
            let (part, after) = leading_digits(rest);
            if part.is_empty() {
                return None;
            }
            release.push(part.to_owned());
            rest = after;
            match rest.strip_prefix('.') {
                Some(after) if after.starts_with(|c: char| c.is_ascii_digit()) => rest = after,
                _ => break,
            }
        }
        let pre = take(
            &mut rest,
            &[
                ("alpha", "a"),
                ("beta", "b"),
                ("preview", "rc"),
                ("pre", "rc"),
                ("a", "a"),
                ("b", "b"),
                ("c", "rc"),
                ("rc", "rc"),
            ],
        );
        let mut post = take(&mut rest, &[("post", "p"), ("rev", "p"), ("r", "p")]).map(|it| it.1);
        if post.is_none()
            && let Some(after) = rest.strip_prefix('-')
        {
            let (part, after) = leading_digits(after);
            if !part.is_empty() {
                post = Some(part.to_owned());
                rest = after;
            }
        }
        let dev = take(&mut rest, &[("dev", "d")]).map(|it| it.1);
        if !rest.is_empty() {
            return None;
        }
        let local = match local {
            None => None,
            Some(local) => {
                let parts: Vec<String> = local.split(['.', '-', '_']).map(str::to_owned).collect();
                let is_part = |part: &String| {
                    !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric())
                };
                if !parts.iter().all(is_part) {
                    return None;
                }
                Some(parts)
            }
        };
        Some(Self {
            epoch,
            release,
            pre,
            post,
            dev,
            local,
        })
    }

    fn compare(&self, other: &Self) -> Ordering {
        digits(&self.epoch, &other.epoch)
            .then_with(|| {
                let length = self.release.len().max(other.release.len());
                let part = |version: &Self, at: usize| {
                    version.release.get(at).cloned().unwrap_or_default()
                };
                (0..length)
                    .map(|at| digits(&part(self, at), &part(other, at)))
                    .find(|order| order.is_ne())
                    .unwrap_or(Ordering::Equal)
            })
            .then_with(|| self.phase().cmp(&other.phase()))
            .then_with(|| match (&self.pre, &other.pre) {
                (Some(a), Some(b)) => a.0.cmp(b.0).then_with(|| digits(&a.1, &b.1)),
                _ => Ordering::Equal,
            })
            .then_with(|| some_after_none(self.post.as_ref(), other.post.as_ref()))
            .then_with(|| match (&self.dev, &other.dev) {
                (Some(a), Some(b)) => digits(a, b),
                (a, b) => b.is_some().cmp(&a.is_some()),
            })
            .then_with(|| local(self.local.as_deref(), other.local.as_deref()))
    }

    /// A `dev` release of a final comes before its pre-releases, these before the final.
    const fn phase(&self) -> u8 {
        match (&self.pre, &self.post, &self.dev) {
            (None, None, Some(_)) => 0,
            (Some(_), _, _) => 1,
            _ => 2,
        }
    }
}

fn some_after_none(a: Option<&String>, b: Option<&String>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => digits(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

/// Numbers after words, fewer parts before more.
fn local(a: Option<&[String]>, b: Option<&[String]>) -> Ordering {
    let (Some(a), Some(b)) = (a, b) else {
        return a.is_some().cmp(&b.is_some());
    };
    let order = a.iter().zip(b).map(|(x, y)| match (number(x), number(y)) {
        (Some(x), Some(y)) => digits(x, y),
        (Some(_), None) => Ordering::Greater,
        (None, Some(_)) => Ordering::Less,
        (None, None) => x.cmp(y),
    });
    order
        .into_iter()
        .find(|order| order.is_ne())
        .unwrap_or_else(|| a.len().cmp(&b.len()))
}

fn number(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then_some(text)
}

fn leading_digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

/// Takes one of the words with what may separate it, and its number.
fn take(rest: &mut &str, words: &[(&str, &'static str)]) -> Option<(&'static str, String)> {
    let after = rest.strip_prefix(['.', '-', '_']).unwrap_or(rest);
    let (name, after) = words
        .iter()
        .find_map(|(word, name)| Some((*name, after.strip_prefix(word)?)))?;
    // The separator belongs to the number, also where there is none.
    let after = after.strip_prefix(['.', '-', '_']).unwrap_or(after);
    let (digits, left) = leading_digits(after);
    *rest = left;
    Some((name, digits.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::ascending;
    use super::*;

    #[test]
    fn orders() {
        // The examples of the standard.
        ascending(
            compare,
            &[
                "1.dev0",
                "1.0.dev456",
                "1.0a1",
                "1.0a2.dev456",
                "1.0a12.dev456",
                "1.0a12",
                "1.0b1.dev456",
                "1.0b2",
                "1.0b2.post345.dev456",
                "1.0b2.post345",
                "1.0rc1.dev456",
                "1.0rc1",
                "1.0",
                "1.0+abc.5",
                "1.0+abc.7",
                "1.0+5",
                "1.0.post456.dev34",
                "1.0.post456",
                "1.0.15",
                "1.1.dev1",
                "1!0.1",
            ],
        );
        ascending(compare, &["2.0-final-x", "0.1"]);
        for (a, b) in [
            ("1.0-1", "1.0.post1"),
            ("v1.0", "1"),
            ("1.0ALPHA", "1.0a0"),
            ("1.0.RC_2", "1.0rc2"),
            ("1.0-r4", "1.0.post4"),
            ("1.0+ubuntu-1", "1.0+ubuntu.1"),
        ] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
        }
    }
}
