//! `goldsmith plan`: what a build would do, without doing it.

mod explain;
mod steps;

use std::fmt::Write as _;

use goldsmith_build::image::{self, Need};
use goldsmith_build::record::Images;

use crate::app::App;
use crate::args::{Outcome, Variables};
use crate::job::Bench;
use crate::lockfile;
use crate::project;
use crate::report::CmdError;
use crate::wiring;

/// Show what a build would do, and why
///
/// Example: goldsmith plan web --explain
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only these recipes; all when not given
    recipes: Vec<String>,
    /// Say of every step whether its layer is kept, and why it is not
    #[arg(long)]
    explain: bool,
    /// Fail if a package is not in the store: a build would need the network
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    variables: Variables,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let project = project::recipes(app, &args.variables, &args.recipes)?;
    let lock = lockfile::read(app)?;
    let home = app.home()?;
    let images = Images::new(&home);
    let store = wiring::store(app)?;
    let bench = Bench::new(app, args.offline)?;
    let mut text = String::new();
    let mut shown = Vec::new();
    for recipe in &project.recipes {
        let documents = project::documents(app, recipe)?;
        let section = lockfile::fitting(lock.as_ref(), recipe, &documents)?;
        let job = bench.job(app, recipe, &section, &documents);
        let missing: Vec<u64> = section
            .all_packages()
            .filter(|p| !store.has_blob(&p.sha256))
            .map(|p| p.size)
            .collect();
        if args.offline && !missing.is_empty() {
            return Err(CmdError::Refused {
                class: goldsmith_core::failure::Class::Environment,
                message: format!(
                    "{} packages of recipe `{}` are not in the store",
                    missing.len(),
                    recipe.name
                ),
                hints: vec!["build it once without `--offline`".to_owned()],
            });
        }
        let need = image::need(&images, &job)?;
        let (up_to_date, reasons) = match &need {
            Need::Nothing(image) => (Some(image.title()), Vec::new()),
            Need::Build(reasons) => (None, reasons.clone()),
        };
        let _ = writeln!(text, "{} {}", recipe.name, recipe.version);
        if let Some(title) = &up_to_date {
            let _ = writeln!(text, "  nothing to do: {title} was made of the same inputs");
        } else {
            text.push_str(&steps::text(recipe, &section, &documents, &missing));
            for (n, reason) in reasons.iter().enumerate() {
                let _ = writeln!(
                    text,
                    "  {:<10} {reason}",
                    if n == 0 { "because" } else { "" }
                );
            }
        }
        // What is made on an instance has no layers.
        let has_layers = recipe.infrastructure.is_none();
        let layers = if args.explain && has_layers {
            Some(image::forecast(&app.cx, &store, &job)?)
        } else {
            None
        };
        if args.explain && !has_layers {
            text.push_str("  layers     none: every step is done again on a new instance\n");
        }
        if let Some(layers) = &layers {
            text.push_str(&explain::text(layers));
        }
        shown.push(serde_json::json!({ "recipe": recipe.name, "version": recipe.version.to_string(), "key": job.inputs.key(),
            "up_to_date": up_to_date, "reasons": reasons, "packages": section.packages.len(),
            "to_fetch": missing.len(), "to_fetch_bytes": missing.iter().sum::<u64>(),
            "layers": layers.as_deref().map(explain::layers_json) }));
    }
    app.output
        .result(&text, || serde_json::json!({ "recipes": shown }));
    Ok(Outcome::Done)
}
