//! Units of systemd: enabled where a `.wants` or `.requires` folder names them, unless masked.

use std::collections::BTreeSet;

use super::{Outcome, Wrong};
use crate::harden::facts::Facts;
use crate::snapshot::Snapshot;
use crate::view::Kind;

/// Names of units.
#[derive(Debug, Default)]
pub(in crate::harden) struct Units {
    present: BTreeSet<String>,
    enabled: BTreeSet<String>,
    masked: BTreeSet<String>,
}

impl Units {
    pub(in crate::harden) fn read(snapshot: &Snapshot<'_>) -> Self {
        let mut units = Self::default();
        for node in snapshot.select("/{etc,usr/lib,lib}/systemd/system/*") {
            let is_null = node.target.as_deref() == Some("/dev/null");
            if node.path.starts_with("/etc/")
                && (is_null || node.kind == Kind::File && node.size == 0)
            {
                units.masked.insert(node.name().to_owned());
            } else if node.kind != Kind::Folder {
                units.present.insert(node.name().to_owned());
            }
        }
        for node in
            snapshot.select("/{etc,usr/lib,lib}/systemd/system/*.{wants,requires,upholds}/*")
        {
            units.enabled.insert(node.name().to_owned());
            // An alias counts for the unit behind it.
            if let Some(target) = node
                .target
                .as_deref()
                .and_then(|target| target.rsplit('/').next())
            {
                units.enabled.insert(target.to_owned());
            }
        }
        units
    }

    /// Whether a unit is started: it exists, something wants it, and it is not masked.
    pub(super) fn is_on(&self, unit: &str) -> bool {
        self.enabled.contains(unit) && self.present.contains(unit) && !self.masked.contains(unit)
    }
}

pub(super) fn any(facts: &Facts<'_>, units: &[&str]) -> Outcome {
    if units.iter().any(|unit| facts.units.is_on(unit)) {
        return Outcome::Pass;
    }
    Outcome::Fail(vec![Wrong::image(format!(
        "`{}` is not enabled",
        units.join("` or `")
    ))])
}

pub(super) fn off(facts: &Facts<'_>, units: &[&str]) -> Outcome {
    let on = units.iter().filter(|unit| facts.units.is_on(unit));
    Outcome::of(
        on.map(|unit| Wrong::image(format!("`{unit}` is enabled")))
            .collect(),
    )
}

pub(super) fn one(facts: &Facts<'_>, groups: &[&[&str]]) -> Outcome {
    let on: Vec<&str> = groups
        .iter()
        .filter_map(|group| group.iter().copied().find(|unit| facts.units.is_on(unit)))
        .collect();
    match on[..] {
        [_] => Outcome::Pass,
        [] => {
            let names: Vec<&str> = groups
                .iter()
                .filter_map(|group| group.first().copied())
                .collect();
            Outcome::Fail(vec![Wrong::image(format!(
                "none of `{}` is enabled",
                names.join("`, `")
            ))])
        }
        _ => Outcome::Fail(vec![Wrong::image(format!(
            "`{}` are enabled at the same time",
            on.join("` and `")
        ))]),
    }
}

#[cfg(test)]
mod tests {
    use crate::harden::kind::Test;
    use crate::harden::testing::{fails, passes};

    const UNIT: (&str, &str) = ("/usr/lib/systemd/system/auditd.service", "[Service]\n");
    const LINK: (&str, &str) = (
        "/etc/systemd/system/multi-user.target.wants/auditd.service",
        "-> /usr/lib/systemd/system/auditd.service",
    );

    #[test]
    fn enabled() {
        let on = Test::UnitAny(&["auditd.service"]);
        let off = Test::UnitsOff(&["auditd.service"]);
        fails(&on, &[UNIT]);
        passes(&off, &[UNIT]);
        passes(&on, &[UNIT, LINK]);
        fails(&off, &[UNIT, LINK]);
        let mask = ("/etc/systemd/system/auditd.service", "-> /dev/null");
        fails(&on, &[UNIT, LINK, mask]);
        passes(&off, &[UNIT, LINK, mask]);
        // Left behind by a package that is gone.
        fails(&on, &[LINK]);
    }

    #[test]
    fn exactly_one() {
        let test = Test::UnitsOne(&[&["auditd.service"], &["b.service", "c.service"]]);
        fails(&test, &[UNIT]);
        passes(&test, &[UNIT, LINK]);
        let other = [
            ("/usr/lib/systemd/system/c.service", "x"),
            (
                "/etc/systemd/system/multi-user.target.wants/c.service",
                "-> /usr/lib/systemd/system/c.service",
            ),
        ];
        fails(&test, &[UNIT, LINK, other[0], other[1]]);
    }
}
