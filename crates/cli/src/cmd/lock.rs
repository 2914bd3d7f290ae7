//! `goldsmith lock`: pin every package, document and input by digest.

use std::fmt::Write as _;

use goldsmith_build::document::Loaded;
use goldsmith_build::repo::{self, Update};
use goldsmith_core::failure::Class;
use goldsmith_core::recipe::Recipe;
use goldsmith_plan::lock::diff::diff;
use goldsmith_plan::lock::{Lock, Parent, Section};

use crate::app::App;
use crate::args::{Outcome, Variables};
use crate::lockfile;
use crate::project;
use crate::report::CmdError;
use crate::wiring;

/// Pin every package, document and input of the recipes in `goldsmith.lock`
///
/// Packages that are locked stay at their version as long as the archive has it.
///
/// Example: goldsmith lock --update openssl
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only these recipes; all when not given
    recipes: Vec<String>,
    /// Change nothing: say what locking anew would change, and exit with 4 if anything
    #[arg(long, conflicts_with = "update")]
    check: bool,
    /// Move these packages to their newest version; all when no package is named
    #[arg(long, value_name = "PACKAGE", num_args = 0.., value_delimiter = ',')]
    update: Option<Vec<String>>,
    /// Use nothing but what the store has
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    variables: Variables,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let project = project::recipes(app, &args.variables, &args.recipes)?;
    let mut wanted: Vec<(&Recipe, Vec<Loaded>)> = Vec::new();
    for recipe in &project.recipes {
        wanted.push((recipe, project::documents(app, recipe)?));
    }
    let old = lockfile::read(app)?;
    let update = match &args.update {
        _ if args.check => Update::All,
        None => Update::None,
        Some(names) if names.is_empty() => Update::All,
        Some(names) => Update::Only(names),
    };
    if let Update::Only(names) = update {
        repo::check_update(old.as_ref(), names)?;
    }
    let store = wiring::store(app)?;
    let mut new = old.clone().unwrap_or_default();
    // What is no longer in the project has no place in its lock.
    if args.recipes.is_empty() {
        new.recipes
            .retain(|name, _| project.recipes.iter().any(|recipe| recipe.name == *name));
    }
    for (recipe, documents) in &wanted {
        let previous = old.as_ref().and_then(|lock| lock.recipes.get(&recipe.name));
        let section = lockfile::section(
            app,
            &store,
            recipe,
            documents,
            previous,
            update,
            args.offline,
        )?;
        new.recipes.insert(recipe.name.clone(), section);
    }
    let changes = diff(old.as_ref().unwrap_or(&Lock::default()), &new);
    let is_first = old.is_none();
    if !args.check {
        lockfile::write(app, &store, &new)?;
    }
    let mut text = String::new();
    if is_first && !args.check {
        for (name, section) in &new.recipes {
            let _ = writeln!(text, "{name}: {}", summary(section));
        }
    } else if changes.recipes.is_empty() {
        text.push_str(if args.check {
            "up to date\n"
        } else {
            "nothing changed\n"
        });
    } else {
        let _ = writeln!(text, "{}", changes.to_string().trim_end());
    }
    app.output.result(&text, || {
        serde_json::json!({ "changed": changes.has_updates(), "written": !args.check,
            "recipes": changes.recipes.iter().map(|(name, change)| (name.clone(), json(change))).collect::<serde_json::Map<_, _>>() })
    });
    let has_updates = changes.has_updates();
    Ok(if args.check && has_updates {
        Outcome::No(Class::Stale)
    } else {
        Outcome::Done
    })
}

/// What a section pins, in a line.
fn summary(section: &Section) -> String {
    if let Some(parent @ Parent::Ami(pin)) = &section.parent {
        return format!("{parent} of {}, in {}", pin.owner, pin.region);
    }
    let bytes = section.all_packages().map(|p| p.size).sum();
    let size = goldsmith_core::size::format_bytes(bytes);
    let parent = section.parent.iter();
    let parent: String = parent.map(|parent| format!("{parent}, ")).collect();
    format!("{parent}{} packages, {size}", section.packages.len())
}

/// The changes of one recipe for programs.
fn json(change: &goldsmith_plan::lock::diff::SectionDiff) -> serde_json::Value {
    let package = |p: &goldsmith_plan::lock::Package| serde_json::json!({ "name": p.name, "arch": p.arch, "version": p.version });
    let changes = |list: &[goldsmith_plan::lock::diff::Change]| -> Vec<serde_json::Value> {
        let moved = |c: &goldsmith_plan::lock::diff::Change| serde_json::json!({ "name": c.to.name, "arch": c.to.arch, "from": c.from.version, "to": c.to.version });
        list.iter().map(moved).collect()
    };
    serde_json::json!({
        "added": change.added.iter().map(package).collect::<Vec<_>>(),
        "removed": change.removed.iter().map(package).collect::<Vec<_>>(),
        "upgraded": changes(&change.upgraded), "downgraded": changes(&change.downgraded),
        "replaced": changes(&change.replaced), "releases": change.releases, "other": change.other,
    })
}
