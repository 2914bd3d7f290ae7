//! Versions of Maven, as its `ComparableVersion` orders them: numbers, known qualifiers
//! (`alpha` < `beta` < `milestone` < `rc` < `snapshot` < release < `sp`), other words, and lists
//! that a dash begins.

use std::cmp::Ordering;

use super::digits;

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    parse(a).compare(Some(&parse(b)))
}

#[derive(Debug)]
enum Item {
    Number(String),
    Word(String),
    List(Vec<Item>),
}

/// Longest nesting that is read; more dashes than a version can have.
const DEPTH_MAX: usize = 64;

const QUALIFIERS: [&str; 7] = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];

/// Known qualifiers by their place, all others after them as text.
fn rank(word: &str) -> (usize, &str) {
    match QUALIFIERS.iter().position(|known| *known == word) {
        Some(at) => (at, ""),
        None => (QUALIFIERS.len(), word),
    }
}

const RELEASE: (usize, &str) = (5, "");

impl Item {
    fn is_null(&self) -> bool {
        match self {
            Self::Number(digits) => digits.bytes().all(|b| b == b'0'),
            Self::Word(word) => word.is_empty(),
            Self::List(items) => items.is_empty(),
        }
    }

    /// Against another item, or against nothing there.
    fn compare(&self, other: Option<&Self>) -> Ordering {
        match (self, other) {
            (Self::Number(_), None) if self.is_null() => Ordering::Equal,
            (Self::Number(_), None) => Ordering::Greater,
            (Self::Number(a), Some(Self::Number(b))) => digits(a, b),
            (Self::Number(_), Some(_)) => Ordering::Greater,
            (Self::Word(a), None) => rank(a).cmp(&RELEASE),
            (Self::Word(a), Some(Self::Word(b))) => rank(a).cmp(&rank(b)),
            (Self::Word(_), Some(_)) => Ordering::Less,
            (Self::List(items), None) => items
                .iter()
                .map(|item| item.compare(None))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal),
            (Self::List(_), Some(Self::Number(_))) => Ordering::Less,
            (Self::List(_), Some(Self::Word(_))) => Ordering::Greater,
            (Self::List(a), Some(Self::List(b))) => (0..a.len().max(b.len()))
                .map(|at| match (a.get(at), b.get(at)) {
                    (Some(x), y) => x.compare(y),
                    (None, Some(y)) => y.compare(None).reverse(),
                    (None, None) => Ordering::Equal,
                })
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal),
        }
    }
}

fn parse(version: &str) -> Item {
    let version = version.to_lowercase();
    let mut lists: Vec<Vec<Item>> = vec![Vec::new()];
    let mut word = String::new();
    let mut is_number = false;
    let open = |lists: &mut Vec<Vec<Item>>| {
        if lists.len() < DEPTH_MAX {
            lists.push(Vec::new());
        }
    };
    let push = |lists: &mut Vec<Vec<Item>>, item| {
        // `1.x` is `1-x`.
        let is_first = lists.last().is_some_and(Vec::is_empty);
        if matches!(item, Item::Word(_)) && !is_first {
            open(lists);
        }
        lists.last_mut().expect("the root stays").push(item);
    };
    for c in version.chars() {
        match c {
            '.' | '-' => {
                let item = if word.is_empty() {
                    Item::Number(String::new())
                } else {
                    item(std::mem::take(&mut word), is_number, false)
                };
                push(&mut lists, item);
                if c == '-' {
                    open(&mut lists);
                }
            }
            _ => {
                let is_digit = c.is_ascii_digit();
                if is_digit != is_number && !word.is_empty() {
                    let before = std::mem::take(&mut word);
                    push(&mut lists, item(before, is_number, is_digit));
                    open(&mut lists);
                }
                is_number = is_digit;
                word.push(c);
            }
        }
    }
    if !word.is_empty() {
        push(&mut lists, item(word, is_number, false));
    }
    // Each list is the last item of the one before.
    let mut made = normalize(lists.pop().expect("the root stays"));
    while let Some(mut list) = lists.pop() {
        list.push(Item::List(made));
        made = normalize(list);
    }
    Item::List(made)
}

fn item(text: String, is_number: bool, is_before_digit: bool) -> Item {
    if is_number {
        return Item::Number(text);
    }
    let name = match (text.as_str(), is_before_digit) {
        ("a", true) => "alpha",
        ("b", true) => "beta",
        ("m", true) => "milestone",
        ("ga" | "final" | "release", _) => "",
        ("cr", _) => "rc",
        _ => return Item::Word(text),
    };
    Item::Word(name.to_owned())
}

/// Takes out what says nothing: nulls at the end and before lists at the end.
fn normalize(mut items: Vec<Item>) -> Vec<Item> {
    let mut at = items.len();
    while at > 0 {
        at -= 1;
        if items[at].is_null() {
            items.remove(at);
        } else if !matches!(items[at], Item::List(_)) {
            break;
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::super::tests::ascending;
    use super::*;

    #[test]
    fn orders() {
        // Runs of Maven's own test of its `ComparableVersion`.
        ascending(
            compare,
            &[
                "1-alpha2snapshot",
                "1-alpha2",
                "1-alpha-123",
                "1-beta-2",
                "1-beta123",
                "1-m2",
                "1-m11",
                "1-rc",
                "1-cr2",
                "1-rc123",
                "1-SNAPSHOT",
                "1",
                "1-sp",
                "1-sp2",
                "1-sp123",
                "1-abc",
                "1-def",
                "1-pom-1",
                "1-1-snapshot",
                "1-1",
                "1-2",
                "1-123",
            ],
        );
        ascending(
            compare,
            &[
                "2.0.a", "2-1", "2.0.2", "2.0.123", "2.1.0", "2.1-a", "2.1b", "2.1-c", "2.1-1",
                "2.1.0.1", "2.2", "2.123", "11.a2", "11.a11", "11.b2", "11.m2", "11", "11.a",
                "11b", "11c", "11m",
            ],
        );
        for (a, b) in [
            ("1", "1.0.0"),
            ("1", "1-0"),
            ("1.0", "1-ga"),
            ("1a1", "1-alpha-1"),
            ("1-0.ga", "1"),
            ("1x", "1-x"),
            ("1.x", "1-x"),
            ("2-FINAL", "2"),
        ] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
        }
    }
}
