//! From packages to the first layers of a tree, without the host's apt or dpkg.
//!
//! ```text
//! decoded packages ──layout──► which file stands where (a value)
//!        │ farm: hard links into the store        database: dpkg's files, all unpacked
//!        ▼
//!    packages ──► configured ──► initramfs ──► base              a layer each
//!                  │ order: stages (a value)     └ finish: what no package brings
//!                  └ scripts: preinst, dpkg --configure
//! ```
//!
//! Every file is in place before the first script runs, and dpkg finds a
//! database that says so. That is what dpkg itself leaves between unpacking
//! and configuring; what it would have done meanwhile (diversions, replaced
//! files, the order of `preinst` scripts) is done by the modules below.
//!
//! Nothing here depends on the recipe but its packages: recipes with the same ones share the layers.

mod add;
mod database;
mod divert;
mod farm;
mod finish;
mod layout;
mod order;
mod rooted;
mod scripts;
mod ucf;

use std::cell::Cell;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::event::Unit;
use goldsmith_core::failure::{Cancelled, Class, Failure};
use goldsmith_exec::child::Status;
use goldsmith_exec::ns::{Sandbox, SandboxError};
use goldsmith_store::{Store, StoreError};

pub use self::add::{add, wanted as added_wanted};
pub(crate) use self::farm::{copy as copy_node, link as link_node};
pub use self::finish::{finish, wanted as base_wanted};
pub use self::layout::LayoutError;
use self::scripts::{Commands, Scripts};
use crate::deb::meta::PackageMeta;
use crate::deb::{self, DebError, Decoded};
use crate::layer::{LayerError, Made, Parts, Place, Stack, Wanted};
use crate::on_failure::OnFailure;

/// Raised when files are put elsewhere: layers made before are then of no use.
const LAYOUT: u32 = 1;
/// Raised when the scripts are run in another way: layers made before are then of no use.
const SCRIPTS: u32 = 2;

/// Directories that are empty for scripts, and whose content is no part of a layer.
const MEMORY: [&str; 2] = ["/run", "/tmp"];

/// A package to install, in the order of unpacking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedPackage {
    /// Name and architecture, for people: `nginx-light:amd64`.
    pub name: String,
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
    /// `/etc/fstab` as the initramfs is to find it: without a line for the root, the initramfs
    /// has no `fsck`. The disk's own lines replace it.
    pub fstab: Option<&'a str>,
    /// Who gets to see the tree when a script has failed.
    pub on_failure: Option<&'a dyn OnFailure>,
}

impl BootstrapSpec<'_> {
    /// The packages as parts of a layer.
    fn add_packages(&self, parts: &mut Parts) {
        for package in self.packages {
            let mark = if package.automatic { " automatic" } else { "" };
            let value = format!("{}{mark}", package.sha256);
            parts.add(format!("package {}", package.name), &value);
        }
    }
}

/// What was done, in order; nothing of what was kept.
pub type Times = Vec<Took>;

/// How long a part of the work took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Took {
    /// Its name in the record.
    pub name: &'static str,
    /// Wall time.
    pub time: Duration,
    /// Processor time of the programs of the packages that ran in it.
    pub cpu: Duration,
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
    /// A layer could not be kept or used.
    #[error(transparent)]
    Layer(#[from] LayerError),
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
            Self::Layer(e) => e.class(),
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
            Self::Layer(e) => e.hints(),
            Self::Tree { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                vec!["`goldsmith gc` frees what no image needs".to_owned()]
            }
            Self::Missing(_) => vec!["take it into the packages of the source".to_owned()],
            _ => Vec::new(),
        }
    }
}

/// Makes the tree: every package installed and configured, and an initramfs for every kernel.
pub fn bootstrap(
    cx: &Cx,
    stack: &mut Stack<'_>,
    spec: &BootstrapSpec<'_>,
) -> Result<Times, BootstrapError> {
    let store = stack.store();
    let mut times = Times::new();
    let mut ready: Option<Ready> = None;
    let [unpacked, configured, initramfs] = wanted(spec);
    stack.layer(cx, &unpacked, |place| {
        let fresh = Ready::of(cx, store, spec, &mut times)?;
        times.push(fresh.unpack(cx, place, spec)?);
        ready = Some(fresh);
        Ok::<_, BootstrapError>(Made::default())
    })?;
    stack.layer(cx, &configured, |place| {
        let fresh = match ready.take() {
            Some(ready) => ready,
            None => Ready::of(cx, store, spec, &mut times)?,
        };
        times.push(fresh.configure(cx, place, spec)?);
        ready = Some(fresh);
        Ok::<_, BootstrapError>(Made::default())
    })?;
    stack.layer(cx, &initramfs, |place| {
        let fresh = match ready.take() {
            Some(ready) => ready,
            None => Ready::of(cx, store, spec, &mut times)?,
        };
        times.push(fresh.initramfs(cx, place, spec)?);
        Ok::<_, BootstrapError>(Made::default())
    })?;
    Ok(times)
}

/// What the layers are functions of.
pub fn wanted(spec: &BootstrapSpec<'_>) -> [Wanted; 3] {
    let layer = |title: &str, parts: Parts| Wanted {
        title: title.to_owned(),
        parts,
        unnoticed: Vec::new(),
    };
    let mut packages = Parts::default();
    packages.add("layout", &LAYOUT.to_string());
    packages.add("architecture", spec.architecture);
    spec.add_packages(&mut packages);
    let mut configured = Parts::default();
    configured.add("scripts", &SCRIPTS.to_string());
    configured.add("epoch", &spec.epoch.to_string());
    let mut initramfs = Parts::default();
    initramfs.add("fstab", spec.fstab.unwrap_or_default());
    [
        layer("packages", packages),
        layer("configured", configured),
        layer("initramfs", initramfs),
    ]
}

/// The packages decoded, and where their files stand.
struct Ready {
    packages: Vec<Decoded>,
    preinsts: Vec<bool>,
    layout: layout::Layout,
}

impl Ready {
    fn of(
        cx: &Cx,
        store: &Store,
        spec: &BootstrapSpec<'_>,
        times: &mut Times,
    ) -> Result<Self, BootstrapError> {
        let digests: Vec<Sha256> = spec.packages.iter().map(|p| p.sha256).collect();
        let started = cx.clock().monotonic();
        let packages = deb::decode(cx, store, &digests)?;
        times.push(Took {
            name: "decode",
            time: cx.clock().monotonic().saturating_sub(started),
            cpu: Duration::ZERO,
        });
        for needed in ["dpkg", "base-passwd"] {
            if !packages.iter().any(|p| p.meta.name() == needed) {
                return Err(BootstrapError::Missing(needed));
            }
        }
        let preinsts = preinsts(&packages)?;
        let diverts: Vec<bool> = preinsts
            .iter()
            .map(|script| script.as_ref().is_some_and(|s| s.contains("dpkg-divert")))
            .collect();
        let metas: Vec<&PackageMeta> = packages.iter().map(|p| &p.meta).collect();
        let layout = layout::layout(&metas, &diverts)?;
        Ok(Self {
            preinsts: preinsts.iter().map(Option::is_some).collect(),
            packages,
            layout,
        })
    }

    fn unpack(
        &self,
        cx: &Cx,
        place: &Place<'_>,
        spec: &BootstrapSpec<'_>,
    ) -> Result<Took, BootstrapError> {
        let total = self.packages.len() as u64;
        let phase = cx.phase("unpack packages", Some((total, Unit::Packages)));
        place.say("unpack packages", 0, total);
        fill(cx, place.directory(), spec, &self.packages, &self.layout)?;
        Ok(Took {
            name: "unpack",
            time: phase.finish(format!("{total} packages")),
            cpu: Duration::ZERO,
        })
    }

    fn configure(
        &self,
        cx: &Cx,
        place: &Place<'_>,
        spec: &BootstrapSpec<'_>,
    ) -> Result<Took, BootstrapError> {
        let total = self.packages.len() as u64;
        let phase = cx.phase("configure packages", Some((total, Unit::Packages)));
        let sandbox = place.sandbox(&MEMORY)?;
        let metas: Vec<&PackageMeta> = self.packages.iter().map(|p| &p.meta).collect();
        let stages = order::stages(&metas, &self.preinsts);
        let cpu = Cell::default();
        let scripts = self.scripts(cx, &sandbox, &cpu, spec.on_failure);
        scripts.run(&stages, |done| {
            phase.progress(done);
            place.say("configure packages", done, total);
        })?;
        ucf::settle(rooted::Rooted(sandbox.tree_fd()))
            .map_err(|source| BootstrapError::tree("/var/lib/ucf", source))?;
        Ok(Took {
            name: "configure",
            time: phase.finish(format!("{total} packages")),
            cpu: cpu.get(),
        })
    }

    fn initramfs(
        &self,
        cx: &Cx,
        place: &Place<'_>,
        spec: &BootstrapSpec<'_>,
    ) -> Result<Took, BootstrapError> {
        let phase = cx.phase("make initramfs", None);
        place.say("make initramfs", 0, 0);
        let sandbox = place.sandbox(&MEMORY)?;
        if let Some(fstab) = spec.fstab {
            rooted::Rooted(sandbox.tree_fd())
                .write("/etc/fstab", fstab.as_bytes(), 0o644)
                .map_err(|source| BootstrapError::tree("/etc/fstab", source))?;
        }
        let cpu = Cell::default();
        let scripts = self.scripts(cx, &sandbox, &cpu, spec.on_failure);
        let kernels = scripts.initramfs()?;
        Ok(Took {
            name: "initramfs",
            time: phase.finish(format!("{kernels} kernels")),
            cpu: cpu.get(),
        })
    }

    fn scripts<'a>(
        &'a self,
        cx: &'a Cx,
        sandbox: &'a Sandbox,
        cpu: &'a Cell<Duration>,
        on_failure: Option<&'a dyn OnFailure>,
    ) -> Scripts<'a> {
        Scripts {
            commands: Commands {
                cx,
                sandbox,
                makes_initramfs: false,
                cpu,
                on_failure,
            },
            packages: &self.packages,
            layout: &self.layout,
        }
    }
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

/// Fills the bottom directory.
fn fill(
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
