//! The hardening checks that only a running machine can answer, as checks of the boot test.
//!
//! What a machine does not pass is a finding like those of its disk, and the same policy says
//! whether it may stand: the caller has it.

use goldsmith_core::finding::Finding;
use goldsmith_inspect::harden::Profile;
use goldsmith_inspect::harden::guest::GuestCheck;

use super::format::Check;

/// A profile that a booted machine is held to.
#[derive(Clone, Copy)]
pub struct Hardening<'a> {
    /// Which.
    pub profile: Profile,
    /// What the policy of the image makes of a finding.
    pub judge: &'a (dyn Fn(Finding) -> Ruling + Sync),
}

impl std::fmt::Debug for Hardening<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hardening")
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

/// What a policy makes of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// It stops the image.
    pub fails: bool,
    /// Why, or why not.
    pub reason: String,
}

impl Hardening<'_> {
    /// What the test says of a check that ended with `code` and printed `said`.
    pub(super) fn check(&self, asked: &GuestCheck, code: i32, said: &str) -> Check {
        let name = format!("hardening {}", asked.id);
        if code == 0 {
            return Check::new(name, true, asked.title);
        }
        let mut lines: Vec<String> = said.lines().map(str::to_owned).collect();
        if lines.is_empty() {
            lines.push(format!("its command ended with {code}"));
        }
        let ruling = (self.judge)(asked.finding(self.profile, &lines.join("; ")));
        let summary = format!("{} ({})", lines.remove(0), ruling.reason);
        let check = Check::new(name, !ruling.fails, summary);
        if check.is_passed {
            return check;
        }
        lines.extend([
            format!("wanted: {}", asked.title),
            format!("to mend it: {}", asked.remediation),
        ]);
        check.details(lines)
    }
}

#[cfg(test)]
mod tests {
    use goldsmith_core::finding::Severity;
    use goldsmith_inspect::harden::guest;

    use super::*;

    fn check(code: i32, said: &str) -> Check {
        let judge = |finding: Finding| Ruling {
            fails: finding.severity >= Severity::High,
            reason: format!("{} for `{}`", finding.severity, finding.facts[0].1),
        };
        let hardening = Hardening {
            profile: Profile::Cis1,
            judge: &judge,
        };
        let mut asked = guest::of(Profile::Cis1);
        hardening.check(asked.next().unwrap(), code, said)
    }

    #[test]
    fn the_policy_decides() {
        let passed = check(0, "");
        assert!(passed.is_passed);
        assert_eq!(passed.name, "hardening guest-aslr");
        let failed = check(1, "it is 0\nand more\n");
        assert!(!failed.is_passed);
        assert_eq!(failed.summary, "it is 0 (high for `it is 0; and more`)");
        assert_eq!(failed.details[0], "and more");
        let silent = check(127, "");
        assert!(silent.summary.starts_with("its command ended with 127 "));
    }
}
