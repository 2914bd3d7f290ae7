//! OpenSCAP (`oscap`), run on the tree of an image that is not started.
//!
//! ```text
//! folder ----------------------------> tree --> OSCAP_PROBE_ROOT=TREE oscap xccdf eval --> results
//! disk --unpacked to a scratch tree----^
//! ```
//!
//! What the results mean is for `goldsmith_advisory::external` to say.
//! <https://github.com/OpenSCAP/openscap/blob/main/docs/manual/manual.adoc>

use std::io;
use std::path::{Path, PathBuf};

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::inventory::Distribution;
use goldsmith_exec::child::{ChildError, Program, Status};

/// Where distributions put the SCAP Security Guide.
const CONTENT: &str = "/usr/share/xml/scap/ssg/content";
/// `oscap` ends with it when a rule is not met.
const NOT_MET: i32 = 2;

/// Why there are no results.
#[derive(Debug, thiserror::Error)]
pub enum OpenScapError {
    /// The rules for a distribution are not installed.
    #[error("there are no rules of OpenSCAP for {distribution}: no `{}`", path.display())]
    NoContent {
        /// Its name and version.
        distribution: String,
        /// Where they would be.
        path: PathBuf,
    },
    /// It cannot be started, or was stopped.
    #[error(transparent)]
    Child(#[from] ChildError),
    /// It gave up.
    #[error("`oscap` failed with {status}: {}", tail.join("; "))]
    Failed {
        /// How it ended.
        status: Status,
        /// Its last lines.
        tail: Vec<String>,
    },
    /// It left no results.
    #[error("cannot read the results of `oscap`")]
    Results(#[source] io::Error),
}

impl Failure for OpenScapError {
    fn class(&self) -> Class {
        match self {
            Self::Child(error) => error.class(),
            _ => Class::Environment,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::NoContent { .. } => vec![
                "package `ssg-debian` of Debian 13 has those for Debian 12; `--scap-content FILE` takes any source data stream".to_owned(),
            ],
            Self::Child(ChildError::Start { source, .. })
                if source.kind() == io::ErrorKind::NotFound =>
            {
                vec!["install `openscap-scanner`".to_owned()]
            }
            Self::Child(error) => error.hints(),
            Self::Failed { .. } => {
                vec!["`oscap info FILE` lists the profiles that `--scap-profile` may name".to_owned()]
            }
            Self::Results(_) => Vec::new(),
        }
    }
}

/// The rules for a distribution among those that are installed: `ssg-debian12-ds.xml`, of Ubuntu
/// `ssg-ubuntu2204-ds.xml`.
pub fn content(distribution: &Distribution) -> Result<PathBuf, OpenScapError> {
    let version = distribution.version.as_deref().unwrap_or_default();
    let version = match distribution.id.as_str() {
        "ubuntu" => version.replace('.', ""),
        _ => version.split('.').next().unwrap_or_default().to_owned(),
    };
    let id = &distribution.id;
    let path = Path::new(CONTENT).join(format!("ssg-{id}{version}-ds.xml"));
    if path.is_file() {
        return Ok(path);
    }
    Err(OpenScapError::NoContent {
        distribution: format!("{id} {version}"),
        path,
    })
}

/// Evaluates a profile of a source data stream on a tree; the results as XCCDF. `scratch`: an
/// existing folder for them.
pub fn evaluate(
    cx: &Cx,
    tree: &Path,
    content: &Path,
    profile: &str,
    scratch: &Path,
) -> Result<Vec<u8>, OpenScapError> {
    let phase = cx.phase("oscap", None);
    let results = scratch.join("results.xml");
    let exit = Program::new("oscap")
        .args(["xccdf", "eval", "--profile", profile, "--results"])
        .arg(&results)
        .arg(content)
        .env("OSCAP_PROBE_ROOT", tree)
        .cwd(scratch)
        .run(cx, &mut |_, _| {})?;
    if !matches!(exit.status, Status::Code(0 | NOT_MET)) {
        return Err(OpenScapError::Failed {
            status: exit.status,
            tail: exit.tail,
        });
    }
    let bytes = std::fs::read(&results).map_err(OpenScapError::Results)?;
    phase.finish("evaluated");
    Ok(bytes)
}
