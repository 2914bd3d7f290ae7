//! Versions of Alpine's apk: `1.2.3b_rc1~hash-r4`, read token by token as apk-tools reads them.

use std::cmp::Ordering;

use super::digits;

/// Kinds of tokens in the order in which a version that goes on with one sorts: the lower kind
/// is the greater version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    First,
    Number,
    Letter,
    Suffix,
    SuffixNumber,
    Hash,
    Revision,
    End,
    Invalid,
}

/// Suffixes in their order; those before [`FINAL`] come before the version without one.
const SUFFIXES: [&str; 9] = ["alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"];
const FINAL: usize = 4;

#[derive(Debug, Clone, Copy)]
struct Token<'a> {
    kind: Kind,
    text: &'a str,
}

impl Token<'_> {
    fn suffix(self) -> usize {
        SUFFIXES
            .iter()
            .position(|name| *name == self.text)
            .unwrap_or(SUFFIXES.len())
    }

    fn is_before_release(self) -> bool {
        self.kind == Kind::Suffix && self.suffix() < FINAL
    }
}

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (tokens(a), tokens(b));
    loop {
        let (x, y) = (next(&mut a), next(&mut b));
        if x.kind != y.kind {
            if x.is_before_release() || y.is_before_release() {
                return y.is_before_release().cmp(&x.is_before_release());
            }
            return y.kind.cmp(&x.kind);
        }
        let order = match x.kind {
            Kind::End => return Ordering::Equal,
            Kind::First | Kind::SuffixNumber | Kind::Revision => digits(x.text, y.text),
            // A leading zero makes it a fraction, which compares as text.
            Kind::Number if x.text.starts_with('0') || y.text.starts_with('0') => {
                x.text.cmp(y.text)
            }
            Kind::Number => digits(x.text, y.text),
            Kind::Suffix => x.suffix().cmp(&y.suffix()),
            Kind::Letter | Kind::Hash => x.text.cmp(y.text),
            Kind::Invalid => return x.text.cmp(y.text),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// What is left, and what came before it.
struct Tokens<'a> {
    rest: &'a str,
    last: Option<Kind>,
}

const fn tokens(text: &str) -> Tokens<'_> {
    Tokens {
        rest: text,
        last: None,
    }
}

fn next<'a>(tokens: &mut Tokens<'a>) -> Token<'a> {
    let (kind, text, rest) = read(tokens);
    tokens.rest = rest;
    tokens.last = Some(kind);
    Token { kind, text }
}

fn read<'a>(tokens: &Tokens<'a>) -> (Kind, &'a str, &'a str) {
    let text = tokens.rest;
    let invalid = (Kind::Invalid, text, "");
    let digits = |text: &'a str| {
        let end = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        text.split_at(end)
    };
    let number = |kind, text: &'a str| match digits(text) {
        ("", _) => invalid,
        (number, rest) => (kind, number, rest),
    };
    let Some(last) = tokens.last else {
        return number(Kind::First, text);
    };
    match text.as_bytes().first() {
        None => (Kind::End, "", ""),
        Some(b'.') if last <= Kind::Number => number(Kind::Number, &text[1..]),
        Some(b'a'..=b'z') if last <= Kind::Number => (Kind::Letter, &text[..1], &text[1..]),
        Some(b'_') if last <= Kind::SuffixNumber => {
            let rest = &text[1..];
            let end = rest
                .find(|c: char| !c.is_ascii_lowercase())
                .unwrap_or(rest.len());
            let (name, rest) = rest.split_at(end);
            if SUFFIXES.contains(&name) {
                (Kind::Suffix, name, rest)
            } else {
                invalid
            }
        }
        Some(b'0'..=b'9') if last == Kind::Suffix => number(Kind::SuffixNumber, text),
        Some(b'~') if last < Kind::Hash => {
            let end = text[1..]
                .find(|c: char| !c.is_ascii_hexdigit())
                .map_or(text.len(), |end| end + 1);
            (Kind::Hash, &text[1..end], &text[end..])
        }
        Some(b'-') if text[1..].starts_with('r') && last < Kind::Revision => {
            number(Kind::Revision, &text[2..])
        }
        Some(_) => invalid,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::ascending;
    use super::*;

    #[test]
    fn orders() {
        let runs: [&[&str]; 7] = [
            &[
                "1.0_alpha",
                "1.0_beta2",
                "1.0_pre1",
                "1.0_rc1",
                "1.0",
                "1.0_p1",
                "1.0.1",
            ],
            &[
                "0.1.0_alpha_pre2",
                "0.1.0_alpha",
                "0.1.0_alpha2",
                "0.1.3_alpha",
            ],
            &["1.0.4-r3", "1.0.4-r4", "1.0.4-r10", "1.6"],
            &["1.02", "1.03-r1", "1.06.6", "1.1", "1.12.12-r2"],
            &["2.5.1-r8", "2.5.1a-r1", "2.5.1b", "2.5.2"],
            &[
                "3.1_p9", "3.1_p16", "3.1_p17", "006", "013", "014-r1", "087-r1", "103",
            ],
            &["1.0_git20230101", "1.0_git20230717-r4", "1.0_p1"],
        ];
        for run in runs {
            ascending(compare, run);
        }
        assert_eq!(compare("1.0", "1.0-r0"), Ordering::Less);
        assert_eq!(compare("23_foo", "4_beta"), Ordering::Greater);
    }
}
