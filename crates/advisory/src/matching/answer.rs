//! Whether one version is affected by one row.

use goldsmith_core::inventory::Ecosystem;

use crate::database::{self, Package};
use crate::feed::is_module_build;
use crate::format::{Range, Row, State};
use crate::stock::Item;
use crate::version::compare;

/// What a row says of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer<'a> {
    /// Affected; `fix` mends it, where there is something that does.
    Affected {
        /// The version.
        fix: Option<&'a str>,
    },
    /// Fixed already, or never affected.
    Safe,
}

/// Asks every row of a package. With `only_affected`, rows that say it is safe may be left out.
pub(super) fn all<'a>(
    package: &'a Package,
    item: &Item,
    only_affected: bool,
    each: &mut dyn FnMut(&'a Row, Answer<'a>),
) {
    let of = |at: &u32| &package.rows[*at as usize];
    let fix = |at: &u32| database::fix(of(at)).expect("what stands in this order has one");
    let first = if is_of_module(item) {
        // Plain rows are of packages outside of modules.
        package.by_fix.len()
    } else {
        package
            .by_fix
            .partition_point(|at| compare(item.ecosystem, fix(at), &item.version).is_le())
    };
    if !only_affected {
        for at in &package.by_fix[..first] {
            each(of(at), Answer::Safe);
        }
    }
    for at in &package.by_fix[first..] {
        each(of(at), Answer::Affected { fix: Some(fix(at)) });
    }
    for at in &package.others {
        if let Some(answer) = one(of(at), item) {
            each(of(at), answer);
        }
    }
}

/// What a row says; `None`: it is not about this item.
fn one<'a>(row: &'a Row, item: &Item) -> Option<Answer<'a>> {
    if !is_of_stream(row, item) {
        return None;
    }
    if row.state == Some(State::NotAffected) {
        return Some(Answer::Safe);
    }
    if row.versions.contains(&item.version) {
        let fix = row.ranges.iter().find_map(|range| range.fixed.as_deref());
        let later = fix.filter(|fix| compare(item.ecosystem, fix, &item.version).is_gt());
        return Some(Answer::Affected { fix: later });
    }
    let range = row
        .ranges
        .iter()
        .find(|range| is_in(range, item.ecosystem, &item.version));
    Some(range.map_or(Answer::Safe, |range| Answer::Affected {
        fix: range.fixed.as_deref(),
    }))
}

fn is_in(range: &Range, ecosystem: Ecosystem, version: &str) -> bool {
    let than = |bound: &str| compare(ecosystem, version, bound);
    range
        .introduced
        .as_deref()
        .is_none_or(|from| than(from).is_ge())
        && range
            .fixed
            .as_deref()
            .is_none_or(|fixed| than(fixed).is_lt())
        && range.last.as_deref().is_none_or(|last| than(last).is_le())
}

fn is_of_module(item: &Item) -> bool {
    item.ecosystem == Ecosystem::Rpm && (item.module.is_some() || is_module_build(&item.version))
}

/// Rows of module builds count only where that stream is installed; all others only outside of
/// modules.
fn is_of_stream(row: &Row, item: &Item) -> bool {
    if item.ecosystem != Ecosystem::Rpm {
        return true;
    }
    match (&row.module, &item.module) {
        (None, _) => !is_of_module(item),
        (Some(stream), Some(installed)) if !stream.is_empty() => {
            // An inventory may say more than the stream: `nodejs:18:8080020231030:abcd`.
            let mut parts = installed.splitn(3, ':');
            let named = [parts.next(), parts.next()].map(Option::unwrap_or_default);
            *stream == named.join(":")
        }
        (Some(_), _) => is_of_module(item),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(range: Range, version: &str, expected: Option<Option<&str>>) {
        let row = Row {
            ranges: vec![range],
            ..Row::default()
        };
        let item = Item {
            ecosystem: Ecosystem::Npm,
            name: String::new(),
            version: version.to_owned(),
            module: None,
            group: String::new(),
            foreign: None,
            binaries: Vec::new(),
        };
        let expected = expected.map_or(Answer::Safe, |fix| Answer::Affected { fix });
        assert_eq!(one(&row, &item), Some(expected), "{version}");
    }

    #[test]
    fn ranges_hold_their_first_and_not_their_fixed_version() {
        let text = |text: &str| Some(text.to_owned());
        let fixed = || Range {
            introduced: text("1.2.0"),
            fixed: text("1.4.1"),
            last: None,
        };
        check(fixed(), "1.1.9", None);
        check(fixed(), "1.2.0", Some(Some("1.4.1")));
        check(fixed(), "1.4.1-rc.1", Some(Some("1.4.1")));
        check(fixed(), "1.4.1", None);
        let last = || Range {
            last: text("2.0.0"),
            ..Range::default()
        };
        check(last(), "2.0.0", Some(None));
        check(last(), "2.0.1", None);
        check(Range::default(), "9.9.9", Some(None));
    }
}
