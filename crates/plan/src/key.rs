//! The image key: the digest of everything that an image is a function of.
//!
//! The key is made of named inputs, each a digest by itself, so that a key that differs
//! can be explained: which input changed. The inputs are kept in the image's record.
//!
//! ```text
//! key = H( field(name) field(digest) ... )       in the order of names
//! sensitive parameter = H( field(salt) field("secret") field(value) )
//! ```
//!
//! A record leaves this host together with its image. A plain digest of a short password
//! could be guessed from it, so sensitive values go in with a salt that stays in the store.

use std::collections::BTreeMap;

use goldsmith_core::digest::{Hasher, Sha256};
use goldsmith_core::recipe::{DiskSpec, FileFrom, Parameter, Provision, Work};

use crate::lock::{DebianRequest, Package, Parent, Request, Section};

/// Random bytes of one store; who has not got them learns nothing from a key.
#[derive(Clone, Copy)]
pub struct Salt(pub [u8; 32]);

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt")
    }
}

/// What an image is a function of, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Inputs(BTreeMap<String, Sha256>);

impl Inputs {
    /// Adds an input that is a digest already. A name stands for one input.
    pub fn add_digest(&mut self, name: impl Into<String>, digest: Sha256) {
        let name = name.into();
        let old = self.0.insert(name.clone(), digest);
        assert!(
            old.is_none_or(|old| old == digest),
            "two different inputs named {name}"
        );
    }

    /// Adds an input made of fields.
    pub fn add(&mut self, name: impl Into<String>, fields: &[&str]) {
        let mut hasher = Hasher::new();
        for field in fields {
            hasher.field(field.as_bytes());
        }
        self.add_digest(name, hasher.finish());
    }

    /// The digest of an input.
    pub fn get(&self, name: &str) -> Option<Sha256> {
        self.0.get(name).copied()
    }

    /// The key.
    pub fn key(&self) -> Sha256 {
        let mut hasher = Hasher::new();
        for (name, digest) in &self.0 {
            hasher.field(name.as_bytes());
            hasher.field(digest.as_bytes());
        }
        hasher.finish()
    }
}

/// The inputs of an image that follow from its recipe and its lock. The builder adds what
/// is its own: at least the version of what it makes of them.
pub fn image_inputs(section: &Section, work: &[Work], disk: &DiskSpec, salt: &Salt) -> Inputs {
    let mut inputs = Inputs::default();
    if let Some(request) = archive(section) {
        let mut archive = vec![request.suite.as_str(), request.arch.as_str()];
        archive.extend(request.mirror.as_deref());
        archive.extend(request.security_mirror.as_deref());
        archive.extend(request.components.iter().map(String::as_str));
        for release in &section.releases {
            archive.push(&release.suite);
        }
        inputs.add("archive", &archive);
    }
    match &section.parent {
        None => {}
        // Not its name: what it holds is what counts.
        Some(Parent::Image(pin)) => inputs.add_digest("parent image", pin.digest),
        Some(Parent::Disk(pin)) => {
            inputs.add_digest("parent disk", pin.sha256);
            inputs.add("architecture", &[section.arch()]);
        }
        Some(parent @ Parent::Ami(_)) => inputs.add_digest("parent ami", parent.digest()),
    }
    inputs.add("epoch", &[&section.epoch.to_string()]);
    for package in &section.packages {
        add_package(&mut inputs, "package", package);
    }
    for package in &section.boot {
        add_package(&mut inputs, "boot package", package);
    }
    for document in &section.documents {
        inputs.add_digest(format!("document {}", document.path), document.sha256);
    }
    let order: Vec<&str> = work
        .iter()
        .map(|work| match work {
            Work::Component(component) => component.document.as_str(),
            Work::Provisioner(provisioner) => provisioner.name.as_str(),
        })
        .collect();
    inputs.add("components", &order);
    for (index, work) in work.iter().enumerate() {
        let number = index + 1;
        match work {
            Work::Component(component) => {
                for (name, value) in &component.parameters {
                    let name = format!("parameter {name} of {} ({number})", component.document);
                    inputs.add_digest(name, parameter(value, salt));
                }
            }
            Work::Provisioner(provisioner) => {
                let name = format!("provisioner {} ({number})", provisioner.name);
                inputs.add_digest(name, provision(&provisioner.what, salt));
            }
        }
    }
    inputs.add("disk size", &[&disk.size_bytes.to_string()]);
    let firmwares: Vec<_> = disk.boot.iter().map(|firmware| firmware.name()).collect();
    inputs.add("disk boot", &firmwares);
    let args: Vec<_> = disk.kernel_args.iter().map(String::as_str).collect();
    inputs.add("kernel arguments", &args);
    inputs
}

/// The archive that packages come from.
fn archive(section: &Section) -> Option<&DebianRequest> {
    match (&section.request, &section.parent) {
        (Request::Debian(request), _) => Some(request),
        (_, Some(Parent::Image(pin))) if !section.packages.is_empty() => pin.debian.as_deref(),
        _ => None,
    }
}

fn add_package(inputs: &mut Inputs, what: &str, package: &Package) {
    inputs.add_digest(
        format!("{what} {}:{}", package.name, package.arch),
        package.sha256,
    );
}

/// What the block says; the files it names are documents of the lock.
fn provision(what: &Provision, salt: &Salt) -> Sha256 {
    let mut hasher = Hasher::new();
    let mut text = |text: &str| hasher.field(text.as_bytes());
    match what {
        Provision::Shell(shell) => {
            text("shell");
            let inline = shell.inline.iter().map(|line| parameter(line, salt));
            inline.for_each(|digest| text(&digest.to_string()));
            shell.scripts.iter().for_each(|script| text(script));
            for (name, value) in &shell.environment {
                text(name);
                text(&parameter(value, salt).to_string());
            }
            text(&format!(
                "{:?} {:?}",
                shell.execute_as, shell.valid_exit_codes
            ));
        }
        Provision::File(file) => {
            text("file");
            match &file.from {
                FileFrom::Path(path) => text(path),
                FileFrom::Content(content) => text(&parameter(content, salt).to_string()),
            }
            text(&file.destination);
            text(&format!(
                "{:?} {:?} {:?}",
                file.owner, file.group, file.mode
            ));
        }
    }
    hasher.finish()
}

impl Salt {
    /// A digest of values, secrets among them, that tells nothing to who has not got the salt.
    pub fn digest<'a>(&self, values: impl IntoIterator<Item = &'a str>) -> Sha256 {
        let mut hasher = Hasher::new();
        hasher.field(&self.0);
        for value in values {
            hasher.field(value.as_bytes());
        }
        hasher.finish()
    }
}

fn parameter(value: &Parameter, salt: &Salt) -> Sha256 {
    let mut hasher = Hasher::new();
    if value.is_sensitive {
        hasher.field(&salt.0);
        hasher.field(b"secret");
    } else {
        hasher.field(b"plain");
    }
    hasher.field(value.value.as_bytes());
    hasher.finish()
}

/// How many names of one kind are listed before the rest is counted.
const LISTED: usize = 5;

/// Which inputs differ, a line per kind: `package nginx:amd64 has changed`. Empty: none.
pub fn explain(old: &Inputs, new: &Inputs) -> Vec<String> {
    let mut kinds: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    let names: std::collections::BTreeSet<_> = old.0.keys().chain(new.0.keys()).collect();
    for name in names {
        let what = match (old.0.get(name), new.0.get(name)) {
            (Some(a), Some(b)) if a == b => continue,
            (Some(_), Some(_)) => "changed",
            (None, _) => "new",
            (_, None) => "gone",
        };
        // `package nginx:amd64` is one of many; `epoch` is one of its kind.
        let kind = [
            "boot package ",
            "package ",
            "document ",
            "parameter ",
            "provisioner ",
        ]
        .into_iter()
        .find(|kind| name.starts_with(kind))
        .unwrap_or_default();
        kinds
            .entry((kind, what))
            .or_default()
            .push(&name[kind.len()..]);
    }
    let line = |((kind, what), names): ((&str, &str), Vec<&str>)| {
        let shown = names[..names.len().min(LISTED)].join(", ");
        let more = match names.len().saturating_sub(LISTED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{what}: {kind}{shown}{more}")
    };
    kinds.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests;
