//! From packages to a tree, without the host's apt or dpkg.
//!
//! ```text
//! decoded packages ──layout──► which file stands where (a value)
//!        │ farm: hard links into the store        database: dpkg's files, all unpacked
//!        ▼
//!    lower tree (never written) + upper directory ──► sandbox
//!                                                      │ order: stages (a value)
//!                                                      │ scripts: preinst, dpkg --configure,
//!                                                      ▼          one initramfs
//!                                                    tree
//! ```
//!
//! Every file is in place before the first script runs, and dpkg finds a
//! database that says so. That is what dpkg itself leaves between unpacking
//! and configuring; what it would have done meanwhile (diversions, replaced
//! files, the order of `preinst` scripts) is done by the modules below.

mod database;
mod divert;
mod farm;
mod finish;
mod layout;
mod order;
mod rooted;
mod scripts;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::event::Unit;
use goldsmith_core::failure::{Cancelled, Class, Failure};
use goldsmith_exec::child::Status;
use goldsmith_exec::ns::{Sandbox, SandboxError, SandboxSpec};
use goldsmith_store::{Scratch, Store, StoreError};

pub use self::finish::{Finish, finish};
pub use self::layout::LayoutError;
use self::scripts::Scripts;
use crate::deb::meta::PackageMeta;
use crate::deb::{self, DebError, Decoded};

/// A package to install, in the order of unpacking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockedPackage {
    /// Digest of its `.deb`, which is in the store.
    pub sha256: Sha256,
    /// Whether it is there only because another one needs it: apt's mark.
    pub automatic: bool,
}

/// What to make a tree of.
#[derive(Debug, Clone)]
pub struct BootstrapSpec<'a> {
    /// The packages, in the order in which they are unpacked and configured.
    pub packages: &'a [LockedPackage],
    /// The native architecture: `amd64`.
    pub architecture: &'a str,
    /// What scripts take for the present, in seconds since 1970-01-01 UTC.
    pub epoch: i64,
    /// What scripts see as the name of the host.
    pub hostname: &'a str,
    /// `/etc/fstab` as the initramfs is to find it: without a line for the root, the initramfs
    /// has no `fsck`.
    pub fstab: Option<&'a str>,
}

/// A finished tree, in which more commands may run. Its directories go when it is dropped.
#[derive(Debug)]
pub struct Tree {
    // Before the scratch directory: a mounted tree is not removed.
    /// The tree and the means to run commands in it.
    pub sandbox: Sandbox,
    /// The packages, decoded.
    pub packages: Vec<Decoded>,
    /// Wall time of each phase.
    pub times: Vec<(&'static str, Duration)>,
    scratch: Scratch,
}

impl Tree {
    /// The tree of hard links into the store. Nobody may write to it.
    pub fn lower(&self) -> PathBuf {
        self.scratch.path().join("lower")
    }

    /// What commands changed, in the form of an overlay.
    pub fn upper(&self) -> PathBuf {
        self.scratch.path().join("upper")
    }
}

/// A tree that could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BootstrapError {
    /// A package could not be decoded.
    #[error(transparent)]
    Deb(#[from] DebError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The sandbox failed.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// Two packages do not fit together.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// Interrupted.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The tree could not be read or written.
    #[error("cannot write `{path}` of the tree")]
    Tree {
        /// The path, in the tree.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A package's script failed.
    #[error("{what} failed with {status}{}", lines(tail))]
    Script {
        /// Which one.
        what: String,
        /// How it ended.
        status: Status,
        /// The last lines it printed.
        tail: Vec<String>,
    },
    /// A package that the tree cannot do without is not among the packages.
    #[error("the packages do not have `{0}`, which configures them")]
    Missing(&'static str),
}

impl BootstrapError {
    fn tree(path: impl Into<String>, source: io::Error) -> Self {
        Self::Tree {
            path: path.into(),
            source,
        }
    }
}

/// The last lines of a script as they stand in an error.
fn lines(tail: &[String]) -> String {
    tail.iter().flat_map(|line| ["\n  | ", line]).collect()
}

impl Failure for BootstrapError {
    fn class(&self) -> Class {
        match self {
            Self::Deb(e) => e.class(),
            Self::Store(e) => e.class(),
            Self::Sandbox(e) => e.class(),
            Self::Cancelled(e) => e.class(),
            Self::Tree { .. } => Class::Environment,
            Self::Layout(_) | Self::Script { .. } | Self::Missing(_) => Class::Config,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Deb(e) => e.hints(),
            Self::Store(e) => e.hints(),
            Self::Sandbox(e) => e.hints(),
            Self::Tree { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                vec!["`goldsmith gc` frees what no image needs".to_owned()]
            }
            Self::Missing(_) => vec!["take it into the packages of the source".to_owned()],
            _ => Vec::new(),
        }
    }
}

/// Makes the tree: every package installed and configured.
pub fn bootstrap(cx: &Cx, store: &Store, spec: &BootstrapSpec<'_>) -> Result<Tree, BootstrapError> {
    let digests: Vec<Sha256> = spec.packages.iter().map(|p| p.sha256).collect();
    let packages = deb::decode(cx, store, &digests)?;
    for needed in ["dpkg", "base-passwd"] {
        if !packages.iter().any(|p| p.meta.name() == needed) {
            return Err(BootstrapError::Missing(needed));
        }
    }
    let scratch = store.scratch("tree")?;
    let at = |name: &str| scratch.path().join(name);
    for name in ["lower", "upper", "work"] {
        farm::directory(&at(name)).map_err(|e| BootstrapError::tree(name, e))?;
    }
    let mut times = Vec::new();

    let phase = cx.phase(
        "unpack packages",
        Some((packages.len() as u64, Unit::Packages)),
    );
    let metas: Vec<&PackageMeta> = packages.iter().map(|p| &p.meta).collect();
    let preinsts = preinsts(&packages)?;
    let diverts: Vec<bool> = preinsts
        .iter()
        .map(|script| script.as_ref().is_some_and(|s| s.contains("dpkg-divert")))
        .collect();
    let layout = layout::layout(&metas, &diverts)?;
    make_lower(cx, &at("lower"), spec, &packages, &layout)?;
    times.push((
        "unpack",
        phase.finish(format!("{} packages", packages.len())),
    ));

    let phase = cx.phase(
        "configure packages",
        Some((packages.len() as u64, Unit::Packages)),
    );
    let sandbox = Sandbox::open(&SandboxSpec {
        hostname: spec.hostname.to_owned(),
        epoch: spec.epoch,
        tmpfs: ["/run", "/tmp"].map(PathBuf::from).to_vec(),
        ..SandboxSpec::overlay(vec![at("lower")], at("upper"), at("work"))
    })?;
    let scripts = Scripts {
        cx,
        sandbox: &sandbox,
        packages: &packages,
        layout: &layout,
    };
    let has_preinst: Vec<bool> = preinsts.iter().map(Option::is_some).collect();
    let stages = order::stages(&metas, &has_preinst);
    scripts.run(&stages, |done| phase.progress(done))?;
    times.push((
        "configure",
        phase.finish(format!("{} packages", packages.len())),
    ));

    if let Some(fstab) = spec.fstab {
        rooted::Rooted(sandbox.tree_fd())
            .write("/etc/fstab", fstab.as_bytes(), 0o644)
            .map_err(|source| BootstrapError::tree("/etc/fstab", source))?;
    }
    let phase = cx.phase("make initramfs", None);
    let kernels = scripts.initramfs()?;
    times.push(("initramfs", phase.finish(format!("{kernels} kernels"))));

    Ok(Tree {
        sandbox,
        packages,
        times,
        scratch,
    })
}

/// The text of every package's `preinst`.
fn preinsts(packages: &[Decoded]) -> Result<Vec<Option<String>>, BootstrapError> {
    packages
        .iter()
        .map(|package| {
            let path = package.path.join("control/preinst");
            match fs::read(&path) {
                Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
                Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(source) => Err(BootstrapError::tree(path.display().to_string(), source)),
            }
        })
        .collect()
}

/// Fills the lower directory.
fn make_lower(
    cx: &Cx,
    lower: &Path,
    spec: &BootstrapSpec<'_>,
    packages: &[Decoded],
    layout: &layout::Layout,
) -> Result<(), BootstrapError> {
    farm::make(cx, lower, layout, packages)
        .and_then(|()| {
            database::write(lower, spec.architecture, packages, layout, |n| {
                spec.packages[n].automatic
            })
        })
        .map_err(|source| {
            if source.kind() == io::ErrorKind::Interrupted {
                BootstrapError::Cancelled(Cancelled)
            } else {
                BootstrapError::tree(lower.display().to_string(), source)
            }
        })
}
