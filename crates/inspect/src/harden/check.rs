//! The checks: one record each, in a table an area.
//!
//! Titles and reasons are ours; numbers of benchmarks are there to find the same measure in them.
//! They are those of CIS Debian 12 v1.1.0, CIS RHEL 9 v2.0.0, CIS Amazon Linux 2023 v1.0.0, and of
//! the STIGs of Ubuntu 22.04 and RHEL 9, as the control files of `ComplianceAsCode` map them.

use goldsmith_core::finding::Severity;

use super::kind::Test;

mod account;
mod audit;
mod banner;
mod boot;
mod cron;
mod file_system;
mod firewall;
mod integrity;
mod kernel;
mod logging;
mod module;
mod network;
mod package;
mod password;
mod permission;
mod service;
mod ssh;
mod sudo;

/// Every check; the tables one after the other.
pub fn all() -> impl Iterator<Item = &'static Check> {
    TABLES.iter().copied().flatten()
}

static TABLES: &[&[Check]] = &[
    module::TABLE,
    file_system::TABLE,
    boot::TABLE,
    kernel::TABLE,
    network::TABLE,
    firewall::TABLE,
    service::TABLE,
    audit::TABLE,
    logging::TABLE,
    integrity::TABLE,
    cron::TABLE,
    ssh::TABLE,
    sudo::TABLE,
    password::TABLE,
    account::TABLE,
    permission::TABLE,
    banner::TABLE,
    package::TABLE,
];

/// A set of checks that an image is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// CIS level 1: safe everywhere.
    Cis1,
    /// CIS level 2: level 1, and what may break things.
    Cis2,
    /// STIG category III.
    StigLow,
    /// Categories III and II.
    StigMedium,
    /// All of them.
    StigHigh,
}

impl Profile {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::Cis1,
        Self::Cis2,
        Self::StigLow,
        Self::StigMedium,
        Self::StigHigh,
    ];

    /// Its name, in commands and reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cis1 => "cis-1",
            Self::Cis2 => "cis-2",
            Self::StigLow => "stig-low",
            Self::StigMedium => "stig-medium",
            Self::StigHigh => "stig-high",
        }
    }

    /// The profile of a name; `None`: no such.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// A STIG's severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Category {
    Three,
    Two,
    One,
}

/// What an image must have for a check to say something of it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Need {
    /// One of these distributions, by the `ID` of os-release.
    Distribution(&'static [&'static str]),
    /// One of these paths.
    Path(&'static [&'static str]),
    /// None of these paths.
    NoPath(&'static [&'static str]),
}

/// Where else the same measure is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct References {
    /// Of CIS Debian 12.
    pub cis_debian: &'static str,
    /// Of CIS RHEL 9.
    pub cis_rhel: &'static str,
    /// Of CIS Amazon Linux 2023.
    pub cis_amazon: &'static str,
    /// Of the STIG of Ubuntu 22.04, without `UBTU-22-`.
    pub stig_ubuntu: &'static str,
    /// Of the STIG of RHEL 9, without `RHEL-09-`.
    pub stig_rhel: &'static str,
}

impl References {
    /// One text each, of those there are.
    pub fn texts(&self) -> Vec<String> {
        let rows = [
            ("CIS Debian 12 ", self.cis_debian),
            ("CIS RHEL 9 ", self.cis_rhel),
            ("CIS AL2023 ", self.cis_amazon),
            ("STIG UBTU-22-", self.stig_ubuntu),
            ("STIG RHEL-09-", self.stig_rhel),
        ];
        rows.into_iter()
            .filter(|(_, number)| !number.is_empty())
            .map(|(name, number)| format!("{name}{number}"))
            .collect()
    }
}

/// One measure: what it asks for, and why.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// A stable name: what waivers and reports say.
    pub id: &'static str,
    /// What holds in an image that passes.
    pub title: &'static str,
    /// What it is good for.
    pub rationale: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// What to do.
    pub remediation: &'static str,
    /// Numbers of benchmarks.
    pub references: References,
    /// 1 or 2; 0: in no profile of CIS.
    pub(super) level: u8,
    pub(super) category: Option<Category>,
    pub(super) needs: &'static [Need],
    pub(super) test: Test,
}

const fn check(id: &'static str, title: &'static str, severity: Severity, test: Test) -> Check {
    Check {
        id,
        title,
        rationale: "",
        severity,
        remediation: "",
        references: References {
            cis_debian: "",
            cis_rhel: "",
            cis_amazon: "",
            stig_ubuntu: "",
            stig_rhel: "",
        },
        level: 0,
        category: None,
        needs: &[],
        test,
    }
}

impl Check {
    const fn why(mut self, rationale: &'static str) -> Self {
        self.rationale = rationale;
        self
    }

    const fn fix(mut self, remediation: &'static str) -> Self {
        self.remediation = remediation;
        self
    }

    const fn needs(mut self, needs: &'static [Need]) -> Self {
        self.needs = needs;
        self
    }

    /// Level, and the numbers in the benchmarks of Debian, RHEL and Amazon Linux.
    const fn cis(
        mut self,
        level: u8,
        debian: &'static str,
        rhel: &'static str,
        amazon: &'static str,
    ) -> Self {
        self.level = level;
        self.references.cis_debian = debian;
        self.references.cis_rhel = rhel;
        self.references.cis_amazon = amazon;
        self
    }

    /// Category, and the numbers in the STIGs of Ubuntu and RHEL.
    const fn stig(mut self, category: Category, ubuntu: &'static str, rhel: &'static str) -> Self {
        self.category = Some(category);
        self.references.stig_ubuntu = ubuntu;
        self.references.stig_rhel = rhel;
        self
    }

    /// Whether a profile asks for it.
    pub fn is_in(&self, profile: Profile) -> bool {
        match profile {
            Profile::Cis1 => self.level == 1,
            Profile::Cis2 => self.level > 0,
            Profile::StigLow => self.category == Some(Category::Three),
            Profile::StigMedium => matches!(self.category, Some(Category::Three | Category::Two)),
            Profile::StigHigh => self.category.is_some(),
        }
    }

    /// What it counts for in a score.
    pub fn weight(&self) -> u32 {
        match self.severity {
            Severity::Unknown | Severity::Negligible | Severity::Low => 1,
            Severity::Medium => 3,
            Severity::High => 6,
            Severity::Critical => 10,
        }
    }
}
