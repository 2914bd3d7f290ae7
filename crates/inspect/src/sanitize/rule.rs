//! The rules, one file each, and what they have in common.
//!
//! A rule is a record and the paths it is about, as patterns; what patterns cannot
//! say is code over the [`Search`]. Everything a pattern matches that a package brought
//! and nobody changed is kept, with that reason. To add one: copy a file, list it here
//! in `all`, and give it a test; an unlisted one fails its own test.

use std::collections::BTreeSet;

use super::finding::{Change, Finding, Found, Severity};
use super::{RuleError, Search};
use crate::view::{Kind, Node, ViewError};

mod acct;
mod agents;
mod backup_files;
mod blkid;
mod boot_token;
mod build_leftovers;
mod ca_anchors;
mod cfg_mgmt;
mod ci_generated;
mod ci_userdata;
mod cloud_creds;
mod cloud_init;
mod containers;
mod crash;
mod cred_secret;
mod cron;
mod db;
mod desktop;
mod dhcp;
mod directory;
mod disk_ids;
mod dpkg_state;
mod env_files;
mod gce_agent;
mod hostname;
mod hosts;
mod ifcfg;
mod image_meta;
mod install_logs;
mod kerberos;
mod logins;
mod logs;
mod machine_id;
mod mail;
mod nm_conn;
mod passwd_bak;
mod passwords;
mod pkg_cache;
mod pkg_id;
mod preset_net;
mod private_keys;
mod random_seed;
mod resolv;
mod rhsm;
mod secrets;
mod service_state;
mod shell_history;
mod ssh_authcmd;
mod ssh_hostkeys;
mod ssh_root;
mod ssh_user;
mod ssm_cw;
mod sudo;
mod suid_new;
mod suse_reg;
mod swap;
mod tmp;
mod toe;
mod tool_creds;
mod udev_net;
mod unowned;
mod users;
mod waagent;

pub(crate) use env_files::secret_name;

/// Every rule, by id.
pub fn all() -> &'static [&'static Rule] {
    ALL
}

static ALL: &[&Rule] = &[
    &acct::RULE,
    &agents::RULE,
    &backup_files::RULE,
    &blkid::RULE,
    &boot_token::RULE,
    &build_leftovers::RULE,
    &ca_anchors::RULE,
    &cfg_mgmt::RULE,
    &ci_generated::RULE,
    &ci_userdata::RULE,
    &cloud_creds::RULE,
    &cloud_init::RULE,
    &containers::RULE,
    &crash::RULE,
    &cred_secret::RULE,
    &cron::RULE,
    &db::RULE,
    &desktop::RULE,
    &dhcp::RULE,
    &directory::RULE,
    &disk_ids::RULE,
    &dpkg_state::RULE,
    &env_files::RULE,
    &gce_agent::RULE,
    &hostname::RULE,
    &hosts::RULE,
    &ifcfg::RULE,
    &image_meta::RULE,
    &install_logs::RULE,
    &kerberos::RULE,
    &logins::RULE,
    &logs::RULE,
    &machine_id::RULE,
    &mail::RULE,
    &nm_conn::RULE,
    &passwd_bak::RULE,
    &passwords::RULE,
    &pkg_cache::RULE,
    &pkg_id::RULE,
    &preset_net::RULE,
    &private_keys::RULE,
    &random_seed::RULE,
    &resolv::RULE,
    &rhsm::RULE,
    &secrets::RULE,
    &service_state::RULE,
    &shell_history::RULE,
    &ssh_authcmd::RULE,
    &ssh_hostkeys::RULE,
    &ssh_root::RULE,
    &ssh_user::RULE,
    &ssm_cw::RULE,
    &sudo::RULE,
    &suid_new::RULE,
    &suse_reg::RULE,
    &swap::RULE,
    &tmp::RULE,
    &toe::RULE,
    &tool_creds::RULE,
    &udev_net::RULE,
    &unowned::RULE,
    &users::RULE,
    &waagent::RULE,
];

/// What a rule does about its findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Removes names.
    Delete,
    /// Empties files.
    Truncate,
    /// Rewrites files.
    Modify,
    /// Only names what it finds.
    Check,
}

impl Action {
    /// One word for reference pages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Truncate => "truncate",
            Self::Modify => "modify",
            Self::Check => "check",
        }
    }
}

/// Which distributions a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Every one.
    All,
    /// Debian and what comes of it.
    Deb,
    /// Red Hat's, and what comes of it.
    Rhel,
    /// SUSE's.
    Suse,
}

impl Family {
    /// One word for reference pages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Deb => "deb",
            Self::Rhel => "rhel",
            Self::Suse => "suse",
        }
    }
}

type Code = fn(&Search<'_>, &mut Found) -> Result<(), ViewError>;

/// One rule: its record, and how it finds.
#[derive(Debug)]
pub struct Rule {
    /// A stable name: what settings, reports and pages say.
    pub id: &'static str,
    /// What holds once the rule has run.
    pub summary: &'static str,
    /// Where it applies.
    pub families: &'static [Family],
    /// What it may do.
    pub actions: &'static [Action],
    /// Which systems do the same, or the advice behind it.
    pub references: &'static [&'static str],
    /// What the rule is about. The first pattern that matches a path counts.
    pub(crate) paths: &'static [Pattern],
    /// What patterns cannot say.
    pub(crate) code: Option<Code>,
}

/// A pattern of [`crate::snapshot`] and what becomes of what it names.
#[derive(Debug)]
pub(crate) struct Pattern {
    glob: &'static str,
    change: Change,
    severity: Severity,
    note: &'static str,
}

const fn delete(glob: &'static str) -> Pattern {
    Pattern {
        glob,
        change: Change::Delete,
        severity: Severity::Fail,
        note: "",
    }
}

/// Only files that are not empty.
const fn truncate(glob: &'static str) -> Pattern {
    Pattern {
        glob,
        change: Change::Truncate,
        severity: Severity::Fail,
        note: "",
    }
}

const fn warn(glob: &'static str, note: &'static str) -> Pattern {
    Pattern {
        glob,
        change: Change::Report,
        severity: Severity::Warn,
        note,
    }
}

impl Rule {
    /// Looks at an image; changes nothing.
    pub fn find(&self, search: &Search<'_>) -> Result<Found, RuleError> {
        let broke = |source| RuleError {
            rule: self.id,
            source,
        };
        let mut found = Found::default();
        let mut seen = BTreeSet::new();
        for pattern in self.paths {
            for node in search.snapshot.select(pattern.glob) {
                pattern
                    .take(search, node, &mut seen, &mut found)
                    .map_err(broke)?;
            }
        }
        if let Some(code) = self.code {
            code(search, &mut found).map_err(broke)?;
        }
        let (mut findings, mut kept) = (Vec::new(), found.kept);
        for finding in found.findings {
            match search.settings.kept(self.id, &finding) {
                Some(reason) => kept.push(reason),
                None => findings.push(finding),
            }
        }
        Ok(Found { findings, kept })
    }
}

impl Pattern {
    fn take(
        &self,
        search: &Search<'_>,
        node: &Node,
        seen: &mut BTreeSet<String>,
        found: &mut Found,
    ) -> Result<(), ViewError> {
        let snapshot = search.snapshot;
        if self.change == Change::Truncate && (node.kind != Kind::File || node.size == 0)
            || !seen.insert(node.path.clone())
        {
            return Ok(());
        }
        if node.kind == Kind::Folder && snapshot.is_owned(node) {
            // The folder stays, what others put into it goes.
            for inner in snapshot.children(&node.path) {
                self.take(search, inner, seen, found)?;
            }
            return Ok(());
        }
        if snapshot.is_pristine(node)? {
            found.keep(&node.path, "belongs to a package and is unchanged");
            return Ok(());
        }
        found.findings.push(Finding {
            path: node.path.clone(),
            entry: None,
            size: snapshot.weight(node),
            change: self.change.clone(),
            severity: self.severity,
            note: self.note.to_owned(),
        });
        Ok(())
    }
}

/// No file of rows such as fstab is larger, in bytes.
const MAX_REWRITE: u64 = 1 << 20;

/// Has a file rewritten without the lines that `goes` names.
fn drop_lines(
    search: &Search<'_>,
    found: &mut Found,
    path: &str,
    note: &str,
    goes: impl Fn(&str) -> bool,
) -> Result<(), ViewError> {
    let Some(node) = search.snapshot.get(path).filter(|n| n.kind == Kind::File) else {
        return Ok(());
    };
    if node.size > MAX_REWRITE {
        found.report(
            Severity::Fail,
            path,
            None,
            "too large to be what it should be",
        );
        return Ok(());
    }
    let bytes = search
        .snapshot
        .read(node, usize::try_from(node.size).unwrap_or(0))?;
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let left: Vec<u8> = lines
        .filter(|line| !goes(&String::from_utf8_lossy(line)))
        .flatten()
        .copied()
        .collect();
    if left != bytes {
        found.rewrite(path, node.size, left, note);
    }
    Ok(())
}

/// Whether a line holds an address such as `https://name:password@host`.
fn has_credentials(line: &str) -> bool {
    line.match_indices("://").any(|(at, _)| {
        let rest = &line[at + 3..];
        let authority = rest.split(['/', ' ', '"', '\'']).next().unwrap_or_default();
        authority
            .rsplit_once('@')
            .is_some_and(|(user, _)| user.split_once(':').is_some_and(|(_, p)| !p.is_empty()))
    })
}
