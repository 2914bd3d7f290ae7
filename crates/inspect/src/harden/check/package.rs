//! Where packages come from.

use goldsmith_core::finding::Severity::{High, Low};

use super::Category::{One, Three};
use super::{Check, Need, check};
use crate::harden::kind::Test::{Any, Repository, TextPresent, UnitAny};
use crate::harden::kind::repository::Rule;

pub(super) const TABLE: &[Check] = &[
    check("signed-archives", "packages come from signed archives only", High, Repository(Rule::Signed)).why("whoever is on the way changes them otherwise").fix("take `trusted=yes` and `AllowUnauthenticated` out of apt's configuration").cis(1, "", "1.2.1.2", "1.2.2").stig(One, "214010", "214015"),
    check("named-keys", "every archive names its key", Low, Repository(Rule::NamedKey)).why("the key of one archive does not vouch for another").fix("add `signed-by=` or `Signed-By:`").cis(1, "1.2.1.1", "1.2.1.1", "1.2.1"),
    check("security-updates", "security updates come by themselves", Low, Any(&[TextPresent(&["/etc/apt/apt.conf.d/*"], r#"Unattended-Upgrade\s+"[1-9]"#), UnitAny(&["dnf-automatic.timer", "dnf-automatic-install.timer"])])).why("a machine that nobody looks after stays mended; waive it where images are replaced instead").fix("install `unattended-upgrades` and set `APT::Periodic::Unattended-Upgrade \"1\"`").stig(Three, "", "").needs(&[Need::Path(&["/usr/bin/apt-get", "/usr/bin/dnf"])]),
];
