//! OpenSCAP beside our own scan: its rules on the same tree, read into the same findings.

use std::path::PathBuf;

use goldsmith_advisory::external::{self, Foreign};
use goldsmith_build::openscap;
use goldsmith_build::source::SourceDisk;
use goldsmith_core::inventory::Inventory;

use super::Target;
use crate::app::App;
use crate::report::CmdError;
use crate::wiring;

#[derive(Debug, clap::Args)]
pub(crate) struct ScapArgs {
    /// Run another scanner that is installed here as well, and say where it differs and why
    #[arg(long, value_name = "TOOL", value_parser = ["openscap"], conflicts_with_all = ["compare", "again"])]
    with: Option<String>,
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

/// What it says of an image; `None`: nobody asked.
pub(super) fn run(
    app: &App,
    args: &ScapArgs,
    target: &Target,
    inventory: &Inventory,
) -> Result<Option<Foreign>, CmdError> {
    if args.with.is_none() {
        return Ok(None);
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
