//! `goldsmith tag`: what people write on an image.

use goldsmith_core::catalog::{Catalog as _, Change};

use crate::app::App;
use crate::args::Outcome;
use crate::catalog;
use crate::report::CmdError;
use crate::wiring;

/// Write tags on an image, or take them off
///
/// Example: goldsmith tag web@1.4.0 team=platform cost-center=42 --remove draft
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image: `web`, `web@1.4.0`, `web@1.4.0/2`, `web@production`
    image: String,
    /// Tags to write, `NAME=VALUE`
    #[arg(value_name = "NAME=VALUE", required_unless_present = "remove")]
    tags: Vec<String>,
    /// A tag to take off; may be given several times
    #[arg(long, value_name = "NAME")]
    remove: Vec<String>,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let catalog = wiring::catalog(app)?;
    let image = catalog::id(app, &catalog, &args.image)?;
    let mut changes = Vec::new();
    for tag in &args.tags {
        let Some((name, value)) = tag.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(CmdError::usage(format!("`{tag}` is no tag"))
                .hint(format!("say `goldsmith tag {} team=platform`", args.image)));
        };
        changes.push(Change::Tag {
            image: image.clone(),
            name: name.to_owned(),
            value: Some(value.to_owned()),
        });
    }
    changes.extend(args.remove.iter().map(|name| Change::Tag {
        image: image.clone(),
        name: name.clone(),
        value: None,
    }));
    catalog::keep(app, &catalog, changes)?;
    let tags = catalog.image(&image)?.tags;
    let words: Vec<String> = tags
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    app.output.result(
        &format!("{image}: {}\n", crate::escape::escape(&words.join(", "))),
        || serde_json::json!({ "image": image.to_string(), "tags": tags }),
    );
    Ok(Outcome::Done)
}
