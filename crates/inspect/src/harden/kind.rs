//! The kinds of checks, one file each: what is looked at, and what is wrong with it.

use goldsmith_core::finding::Place;

use super::facts::Facts;
use super::want::Want;
use crate::view::ViewError;

pub(super) mod account;
pub(super) mod audit;
pub(super) mod cmdline;
pub(super) mod config;
pub(super) mod firewall;
pub(super) mod mode;
pub(super) mod module;
pub(super) mod mount;
pub(super) mod package;
pub(super) mod pam;
pub(super) mod repository;
pub(super) mod sshd;
pub(super) mod sudo;
pub(super) mod sysctl;
pub(super) mod text;
pub(super) mod unit;
pub(super) mod walk;

/// What a check looks at. What it says of an image is [`Test::run`].
#[derive(Debug, Clone, Copy)]
pub(super) enum Test {
    /// Kernel parameters as they are after the boot, and what they must be.
    Sysctl(&'static [(&'static str, Want)]),
    /// A mount point with these options.
    MountOptions(&'static str, &'static [&'static str]),
    /// A mount point of its own.
    OwnMount(&'static str),
    /// Patterns of paths, the bits that they may have, the owner and group by name; `None`: any.
    Mode(&'static [&'static str], u32, mode::Owner),
    /// None of these packages is installed.
    PackagesAbsent(&'static [&'static str]),
    /// One of these packages is installed.
    PackageAny(&'static [&'static str]),
    /// One of these units is enabled.
    UnitAny(&'static [&'static str]),
    /// None of these units is enabled.
    UnitsOff(&'static [&'static str]),
    /// Exactly one of these groups of units is enabled.
    UnitsOne(&'static [&'static [&'static str]]),
    /// These kernel modules cannot be loaded.
    ModulesBlocked(&'static [&'static str]),
    /// sshd's effective settings.
    Sshd(&'static [(&'static str, Want)]),
    /// One of these sshd settings is given.
    SshdAny(&'static [&'static str]),
    /// A key of a configuration: where, how it is written, which key, what value.
    Config(&'static config::Source, &'static str, Want),
    /// A module of a PAM stack with arguments.
    Pam(&'static pam::Wanted),
    /// No line of these files holds the pattern.
    TextAbsent(&'static [&'static str], &'static str),
    /// A line of these files holds the pattern.
    TextPresent(&'static [&'static str], &'static str),
    /// Every kernel's command line has this word, or one that begins with it and `=`.
    KernelWord(&'static str),
    /// No kernel's command line has any of these words.
    KernelWordsAbsent(&'static [&'static str]),
    /// The rules of the audit daemon.
    Audit(&'static [audit::Rule]),
    /// `Defaults` of sudo.
    SudoDefault(sudo::Default),
    /// Rows of sudo with this tag or flag.
    SudoAbsent(&'static [&'static str]),
    /// Accounts, groups and homes.
    Account(account::Rule),
    /// Every file.
    Walk(walk::Rule),
    /// The packet filter's rules.
    Firewall(firewall::Rule),
    /// Package archives.
    Repository(repository::Rule),
    /// All of these.
    All(&'static [Test]),
    /// One of these.
    Any(&'static [Test]),
}

/// What a check says of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Pass,
    /// What is wrong, at least one thing.
    Fail(Vec<Wrong>),
    /// It says nothing of this image: why.
    NotApplicable(String),
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) place: Place,
    /// What was found, and what is wanted.
    pub(super) text: String,
}

impl Wrong {
    pub(super) fn image(text: impl Into<String>) -> Self {
        Self {
            place: Place::Image,
            text: text.into(),
        }
    }

    pub(super) fn file(path: &str, text: impl Into<String>) -> Self {
        Self::entry(path, None, text)
    }

    pub(super) fn entry(path: &str, entry: Option<&str>, text: impl Into<String>) -> Self {
        Self {
            place: Place::File {
                path: path.to_owned(),
                line: None,
                entry: entry.map(str::to_owned),
            },
            text: text.into(),
        }
    }

    /// A key with a value that is not the wanted one.
    pub(super) fn value(path: &str, key: &str, value: Option<&str>, want: &Want) -> Self {
        let is = value.map_or("not set".to_owned(), |value| format!("`{value}`"));
        Self::entry(path, Some(key), format!("`{key}` is {is}, not {want}"))
    }
}

impl Outcome {
    /// Passes when nothing is wrong.
    pub(super) fn of(wrong: Vec<Wrong>) -> Self {
        if wrong.is_empty() {
            Self::Pass
        } else {
            Self::Fail(wrong)
        }
    }

    pub(super) fn skip(why: impl Into<String>) -> Self {
        Self::NotApplicable(why.into())
    }
}

pub(super) type Ran = Result<Outcome, ViewError>;

impl Test {
    /// Looks at an image.
    pub(super) fn run(&self, facts: &Facts<'_>) -> Ran {
        match self {
            Self::Sysctl(keys) => Ok(sysctl::run(facts, keys)),
            Self::MountOptions(point, options) => Ok(mount::options(facts, point, options)),
            Self::OwnMount(point) => Ok(mount::own(facts, point)),
            Self::Mode(paths, bits, owner) => Ok(mode::run(facts, paths, *bits, *owner)),
            Self::PackagesAbsent(names) => Ok(package::absent(facts, names)),
            Self::PackageAny(names) => Ok(package::any(facts, names)),
            Self::UnitAny(units) => Ok(unit::any(facts, units)),
            Self::UnitsOff(units) => Ok(unit::off(facts, units)),
            Self::UnitsOne(groups) => Ok(unit::one(facts, groups)),
            Self::ModulesBlocked(modules) => module::run(facts, modules),
            Self::Sshd(keys) => sshd::run(facts, keys),
            Self::SshdAny(keys) => sshd::any(facts, keys),
            Self::Config(source, key, want) => config::run(facts, source, key, want),
            Self::Pam(wanted) => pam::run(facts, wanted),
            Self::TextAbsent(files, pattern) => text::absent(facts, files, pattern),
            Self::TextPresent(files, pattern) => text::present(facts, files, pattern),
            Self::KernelWord(word) => Ok(cmdline::present(facts, word)),
            Self::KernelWordsAbsent(words) => Ok(cmdline::absent(facts, words)),
            Self::Audit(rules) => audit::run(facts, rules),
            Self::SudoDefault(wanted) => sudo::default(facts, wanted),
            Self::SudoAbsent(tags) => sudo::absent(facts, tags),
            Self::Account(rule) => account::run(facts, *rule),
            Self::Walk(rule) => Ok(walk::run(facts, *rule)),
            Self::Firewall(rule) => firewall::run(facts, *rule),
            Self::Repository(rule) => repository::run(facts, *rule),
            Self::All(tests) => all(facts, tests),
            Self::Any(tests) => any(facts, tests),
        }
    }
}

fn all(facts: &Facts<'_>, tests: &[Test]) -> Ran {
    let (mut wrong, mut skipped, mut passed) = (Vec::new(), None, false);
    for test in tests {
        match test.run(facts)? {
            Outcome::Pass => passed = true,
            Outcome::Fail(more) => wrong.extend(more),
            Outcome::NotApplicable(why) => skipped = skipped.or(Some(why)),
        }
    }
    Ok(match skipped {
        Some(why) if wrong.is_empty() && !passed => Outcome::NotApplicable(why),
        _ => Outcome::of(wrong),
    })
}

fn any(facts: &Facts<'_>, tests: &[Test]) -> Ran {
    let mut last = Outcome::skip("nothing to look at");
    for test in tests {
        match test.run(facts)? {
            Outcome::Pass => return Ok(Outcome::Pass),
            failed @ Outcome::Fail(_) => last = failed,
            Outcome::NotApplicable(_) => {}
        }
    }
    Ok(last)
}
