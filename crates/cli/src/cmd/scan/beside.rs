//! Other scanners beside our own scan, read into the same findings: OpenSCAP, whose rules are run on
//! the same tree; Amazon Inspector, which has looked at a machine that runs on the image.

use std::path::PathBuf;

use goldsmith_advisory::external::{self, Foreign};
use goldsmith_build::openscap;
use goldsmith_build::source::SourceDisk;
use goldsmith_core::inventory::Inventory;

use super::{Target, no_disk};
use crate::app::App;
use crate::report::CmdError;
use crate::wiring;

#[derive(Debug, clap::Args)]
pub(crate) struct BesideArgs {
    /// Hear another scanner as well, and say where it differs and why: one that is installed here, or
    /// Amazon Inspector, which is asked what it found on a machine
    #[arg(long, value_name = "TOOL", value_parser = ["openscap", "inspector"], conflicts_with_all = ["compare", "again"])]
    with: Option<String>,
    /// The machine that Inspector looked at: `i-0123456789abcdef0`
    #[arg(
        long,
        value_name = "ID",
        requires = "with",
        required_if_eq("with", "inspector")
    )]
    resource: Option<String>,
    /// The rules for OpenSCAP, a source data stream; those installed for the distribution when not
    /// given
    #[arg(long, value_name = "FILE", requires = "with")]
    scap_content: Option<PathBuf>,
    /// The profile of these rules
    #[arg(
        long,
        value_name = "NAME",
        requires = "with",
        default_value = "standard"
    )]
    scap_profile: String,
}

/// What it says of an image, which has a disk or has not; `None`: nobody asked.
pub(super) fn run(
    app: &App,
    args: &BesideArgs,
    (target, has_disk): (&Target, bool),
    inventory: &Inventory,
) -> Result<Option<Foreign>, CmdError> {
    match (args.with.as_deref(), &args.resource) {
        (None, _) => return Ok(None),
        (Some("inspector"), Some(resource)) => {
            let found = wiring::aws(app).findings(&app.cx, resource)?;
            let found = found.to_string();
            return Ok(Some(external::read(resource, found.as_bytes())?));
        }
        _ if !has_disk => return Err(no_disk(target, "OpenSCAP looks at")),
        _ => {}
    }
    let content = match (&args.scap_content, &inventory.distribution) {
        (Some(path), _) => app.env.working_directory.join(path),
        (None, Some(distribution)) => openscap::content(distribution)?,
        (None, None) => {
            let message = "the image does not say of which distribution it is";
            return Err(CmdError::config(message).hint("`--scap-content` names the rules"));
        }
    };
    let store = wiring::store(app)?;
    let scratch = store.scratch("openscap")?;
    let tree = if target.path.is_dir() {
        target.path.clone()
    } else {
        let tree = scratch.path().join("tree");
        std::fs::create_dir(&tree).map_err(|e| CmdError::io("cannot make a folder", &e))?;
        SourceDisk::open(&target.path)?.unpack(&app.cx, &tree)?;
        tree
    };
    let profile = &args.scap_profile;
    let results = openscap::evaluate(&app.cx, &tree, &content, profile, scratch.path())?;
    Ok(Some(external::read("results.xml", &results)?))
}
