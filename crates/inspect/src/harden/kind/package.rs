//! Installed packages.

use super::{Outcome, Wrong};
use crate::harden::facts::Facts;

pub(super) fn absent(facts: &Facts<'_>, names: &[&str]) -> Outcome {
    let there = names.iter().filter(|name| facts.has_package(name));
    Outcome::of(
        there
            .map(|name| Wrong::image(format!("`{name}` is installed")))
            .collect(),
    )
}

pub(super) fn any(facts: &Facts<'_>, names: &[&str]) -> Outcome {
    if names.iter().any(|name| facts.has_package(name)) {
        return Outcome::Pass;
    }
    Outcome::Fail(vec![Wrong::image(format!(
        "`{}` is not installed",
        names.join("` or `")
    ))])
}

#[cfg(test)]
mod tests {
    use crate::harden::kind::Test;
    use crate::harden::testing::{STATUS, fails, installed, passes};

    #[test]
    fn installed_is_installed() {
        let telnet = Test::PackagesAbsent(&["telnet", "rsh-client"]);
        let auditd = Test::PackageAny(&["auditd"]);
        passes(&telnet, &[]);
        fails(&auditd, &[]);
        let status = installed(&["telnet", "auditd"]);
        fails(&telnet, &[(STATUS, &status)]);
        passes(&auditd, &[(STATUS, &status)]);
        // Removed, its configuration left.
        let removed = "Package: telnet\nStatus: deinstall ok config-files\n";
        passes(&telnet, &[(STATUS, removed)]);
    }
}
