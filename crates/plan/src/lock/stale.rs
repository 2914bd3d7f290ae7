//! Whether a recipe still asks for what its section of the lock answers.

use std::collections::BTreeSet;
use std::fmt;

use goldsmith_core::recipe::{DebianSource, DiskSpec, Firmware, Variant};

use super::{Input, Request, Section};

/// Why a section no longer fits, in the words of a list: `packages: added curl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(Vec<String>);

impl Reason {
    /// A line per change.
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

/// What a source and a disk ask of the lock.
pub fn request(source: &DebianSource, disk: &DiskSpec) -> Request {
    let mut boot = disk.boot.clone();
    boot.sort_unstable();
    boot.dedup();
    Request {
        suite: source.suite.clone(),
        updates: source.updates,
        security: source.security,
        components: source.components.clone(),
        arch: source.arch.clone(),
        variant: source.variant,
        packages: source.packages.clone(),
        boot,
        mirror: source.mirror.as_deref().map(without_credentials),
        security_mirror: source.security_mirror.as_deref().map(without_credentials),
        keyring: source.keyring.clone(),
        valid_until_waived: !source.check_valid_until,
    }
}

/// The URL without user, password and query.
fn without_credentials(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

/// What changed since the section was written; `None`: it still fits. `documents` are the
/// recipe's documents and input files as they are now, in any order.
pub fn stale(section: &Section, request: &Request, documents: &[Input]) -> Option<Reason> {
    let old = &section.request;
    let mut lines = Vec::new();
    let mut word = |what: &str, from: &str, to: &str| {
        if from != to {
            lines.push(format!("{what}: {from} to {to}"));
        }
    };
    word("suite", &old.suite, &request.suite);
    word("updates", on_off(old.updates), on_off(request.updates));
    word("security", on_off(old.security), on_off(request.security));
    word("arch", &old.arch, &request.arch);
    word("variant", variant(old.variant), variant(request.variant));
    word("boot", &boot(&old.boot), &boot(&request.boot));
    word(
        "mirror",
        or_none(old.mirror.as_ref()),
        or_none(request.mirror.as_ref()),
    );
    word(
        "security_mirror",
        or_none(old.security_mirror.as_ref()),
        or_none(request.security_mirror.as_ref()),
    );
    word(
        "keyring",
        or_none(old.keyring.as_ref()),
        or_none(request.keyring.as_ref()),
    );
    word(
        "check_valid_until",
        on_off(!old.valid_until_waived),
        on_off(!request.valid_until_waived),
    );
    lines.extend(list("components", &old.components, &request.components));
    lines.extend(list("packages", &old.packages, &request.packages));
    lines.extend(inputs(&section.documents, documents));
    (!lines.is_empty()).then_some(Reason(lines))
}

const fn on_off(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

fn or_none(value: Option<&String>) -> &str {
    value.map_or("none", String::as_str)
}

const fn variant(value: Variant) -> &'static str {
    match value {
        Variant::Essential => "essential",
        Variant::Apt => "apt",
        Variant::Minbase => "minbase",
    }
}

fn boot(value: &[Firmware]) -> String {
    let names: Vec<_> = value.iter().map(|firmware| firmware.name()).collect();
    names.join("+")
}

fn list(what: &str, old: &[String], new: &[String]) -> Option<String> {
    let (before, after): (BTreeSet<_>, BTreeSet<_>) = (old.iter().collect(), new.iter().collect());
    let added: Vec<_> = after
        .difference(&before)
        .map(|name| name.as_str())
        .collect();
    let removed: Vec<_> = before
        .difference(&after)
        .map(|name| name.as_str())
        .collect();
    let mut parts = Vec::new();
    if !added.is_empty() {
        parts.push(format!("added {}", added.join(", ")));
    }
    if !removed.is_empty() {
        parts.push(format!("removed {}", removed.join(", ")));
    }
    (!parts.is_empty()).then(|| format!("{what}: {}", parts.join(", ")))
}

pub(super) fn inputs(old: &[Input], new: &[Input]) -> Vec<String> {
    let of = |all: &[Input], path: &str| all.iter().find(|i| i.path == path).map(|i| i.sha256);
    let paths: BTreeSet<_> = old
        .iter()
        .chain(new)
        .map(|input| input.path.as_str())
        .collect();
    let what = |path| match (of(old, path), of(new, path)) {
        (Some(a), Some(b)) if a == b => None,
        (Some(_), Some(_)) => Some(format!("document `{path}` has changed")),
        (None, _) => Some(format!("document `{path}` is new")),
        (_, None) => Some(format!("document `{path}` is gone")),
    };
    paths.into_iter().filter_map(what).collect()
}
