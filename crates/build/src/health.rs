//! Whether the store of a home is whole, outside and inside: its forms, what is in its decoded
//! packages and layers, and what has no business there.

use goldsmith_core::cx::Cx;
use goldsmith_store::{Checked, Problem, Store, StoreError};

use crate::{deb, layer};

/// Looks at everything, and reads whatever has a digest.
pub fn check(cx: &Cx, store: &Store) -> Result<Checked, StoreError> {
    let mut checked = store.check(cx, true)?;
    let outside: Vec<_> = checked.problems.iter().map(|p| p.path.clone()).collect();
    for (path, what) in deb::check(cx, store)?
        .into_iter()
        .chain(layer::check(cx, store)?)
    {
        // One thing is said of a place, the first that is known.
        if !outside.contains(&path) {
            checked.wrong(&path, what);
        }
    }
    checked.problems.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(checked)
}

/// Removes what is wrong, and what is of no use without it. Gives what it was; the store is then
/// right.
pub fn repair(cx: &Cx, store: &Store) -> Result<Vec<Problem>, StoreError> {
    let mut removed = Vec::new();
    loop {
        let problems = check(cx, store)?.problems;
        if problems.is_empty() || store.repair(cx, &problems)? == 0 {
            return Ok(removed);
        }
        removed.extend(problems);
    }
}

#[cfg(test)]
mod tests;
