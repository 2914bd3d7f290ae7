//! What can go wrong with an archive.

use goldsmith_core::failure::{Cancelled, Class, Failure};
use goldsmith_core::fetch::FetchError;
use goldsmith_plan::release::ReleaseError;
use goldsmith_store::StoreError;

/// A lock that could not be made, or packages that could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepoError {
    /// Neither the recipe nor the host says where to fetch from.
    #[error("no mirror is known for suite `{suite}`")]
    NoMirror {
        /// The suite.
        suite: String,
        /// The field of the source that would say it.
        field: &'static str,
    },
    /// A signed head that cannot be used.
    #[error("suite `{suite}` cannot be used")]
    Release {
        /// The suite.
        suite: String,
        /// Why.
        #[source]
        source: ReleaseError,
    },
    /// A head or an index that cannot be fetched.
    #[error("cannot fetch {what} of suite `{suite}`")]
    Fetch {
        /// `the signed head`, ``index `main/binary-amd64/Packages` ``.
        what: String,
        /// The suite.
        suite: String,
        /// Why.
        #[source]
        source: FetchError,
    },
    /// An index that does not unpack to what was signed.
    #[error("index `{path}` of suite `{suite}` cannot be unpacked: {detail}")]
    Unpack {
        /// `main/binary-amd64/Packages.xz`.
        path: String,
        /// The suite.
        suite: String,
        /// What is wrong.
        detail: String,
    },
    /// An index that cannot be read.
    #[error("an index of the archive cannot be read")]
    Index(#[source] goldsmith_plan::index::IndexError),
    /// There is no set of packages that gives what is asked for.
    #[error("the packages of source `{source_name}` cannot be installed together")]
    Unsolvable {
        /// Label of the source block.
        source_name: String,
        /// In words.
        #[source]
        source: goldsmith_plan::resolve::ResolveError,
    },
    /// What is asked for does not go with what is installed.
    #[error("the packages of source `{source_name}` do not go with these of its image: {}", packages.join(", "))]
    Removes {
        /// Label of the source block.
        source_name: String,
        /// Names of what would have to go.
        packages: Vec<String>,
    },
    /// `--update` names a package that is not in the lock.
    #[error("package `{name}` is not in the lock")]
    NotLocked {
        /// As given.
        name: String,
    },
    /// Machines of this kind do not start this way.
    #[error("no boot loader starts {arch} with {firmware}")]
    NoBootLoader {
        /// `bios`.
        firmware: &'static str,
        /// `arm64`.
        arch: String,
    },
    /// The archive lacks the boot loader.
    #[error("the archive has no package `{name}`, which starts the disk with {firmware}")]
    NoBootPackage {
        /// `grub-pc-bin`.
        name: &'static str,
        /// `bios`.
        firmware: &'static str,
    },
    /// A package that the archive gives in a form that no lock may have.
    #[error("the archive has a package that cannot be locked")]
    Package(#[source] goldsmith_plan::lock::LockError),
    /// A locked package that neither the mirror nor the store has.
    #[error("package {name} {version} is gone from the mirror, and the store does not have it")]
    Gone {
        /// Its name.
        name: String,
        /// As locked.
        version: String,
    },
    /// A locked package whose bytes at the mirror are not the locked ones.
    #[error("package {name} {version} at the mirror is not the locked one")]
    Mismatch {
        /// Its name.
        name: String,
        /// As locked.
        version: String,
        /// Expected and found.
        #[source]
        source: FetchError,
    },
    /// A locked package that cannot be fetched.
    #[error("cannot fetch package {name} {version}")]
    PackageFetch {
        /// Its name.
        name: String,
        /// As locked.
        version: String,
        /// Why.
        #[source]
        source: FetchError,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Interrupted.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl Failure for RepoError {
    fn class(&self) -> Class {
        match self {
            Self::NoMirror { .. } | Self::NoBootLoader { .. } | Self::NoBootPackage { .. } => {
                Class::Config
            }
            Self::Removes { .. } => Class::Config,
            Self::NotLocked { .. } => Class::Usage,
            Self::Release { source, .. } => source.class(),
            Self::Fetch { source, .. } | Self::PackageFetch { source, .. } => source.class(),
            Self::Unsolvable { source, .. } => source.class(),
            Self::Index(source) => source.class(),
            Self::Unpack { .. } | Self::Package(_) | Self::Gone { .. } | Self::Mismatch { .. } => {
                Class::Remote
            }
            Self::Store(source) => source.class(),
            Self::Cancelled(source) => source.class(),
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::NoMirror { field, .. } => {
                return vec![format!(
                    "say `{field} = \"http://...\"` in the source; this host's apt knows no Debian archive"
                )];
            }
            Self::Release { source, .. } => return source.hints(),
            Self::Fetch {
                source: FetchError::NotFound { .. },
                suite,
                ..
            } if suite.ends_with("-security") || suite.ends_with("-updates") => {
                "not every suite has one: say `security = false` or `updates = false` in the source"
            }
            Self::Fetch {
                source: FetchError::NotFound { .. },
                ..
            } => "check `suite` and the mirror in the source: the mirror has no such suite",
            Self::Fetch { source, .. } | Self::PackageFetch { source, .. } => {
                return source.hints();
            }
            Self::Unsolvable { source, .. } => return source.hints(),
            Self::Index(source) => return source.hints(),
            Self::Unpack { .. } | Self::Package(_) => {
                "tell whoever runs the archive; another mirror of it has the same files"
            }
            Self::Gone { .. } => {
                "the archive has moved on: `goldsmith lock --update` takes what it has now; to build the locked set, use a store that has it or a mirror that keeps old packages"
            }
            Self::Mismatch { .. } => {
                "the mirror is broken, or somebody changes what it sends: try another `mirror`; nothing of it was kept"
            }
            Self::Store(source) => return source.hints(),
            Self::Removes { .. } => {
                "ask for other packages, or start from an image without those; nothing is taken away from an image"
            }
            Self::NotLocked { .. } => "`goldsmith show` lists the locked packages",
            Self::NoBootLoader { .. } => "change `boot` in the disk, or `arch` in the source",
            Self::NoBootPackage { .. } => {
                "add the component that has it to the source, or change `boot` in the disk"
            }
            Self::Cancelled(_) => return Vec::new(),
        };
        vec![hint.to_owned()]
    }
}
