//! `goldsmith gc`: give disk space back, here or in a cloud.

mod cloud;

use std::time::Duration;

use goldsmith_core::size::{format_bytes, parse_bytes, parse_duration};
use goldsmith_store::{GcPolicy, ItemKind};

use crate::app::App;
use crate::args::{Outcome, Variables};
use crate::escape::escape;
use crate::output::table;
use crate::report::CmdError;
use crate::wiring;

/// Remove what the store no longer needs
///
/// What a lock file or an image of this machine needs stays. Without a limit, what was not
/// used for 30 days goes, and the lock of a project that was deleted counts as long. What goes is
/// gone when the command ends; a process in the background then gives its space back to the disk.
///
/// With a target in a cloud, or an infrastructure that images are made on, it is about what runs
/// that were broken off have left there: what is written down as begun by a process that is gone,
/// and what has our tags, is older than a day and part of no finished image. The copies of the
/// catalog, and images with a record, always stay.
///
/// Example: goldsmith gc --size 20GiB --dry-run
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Remove what was not used for this long, such as `720h`; `0s`: whatever nothing needs
    #[arg(long, value_name = "TIME", value_parser = |text: &str| parse_duration(text))]
    unused_for: Option<Duration>,
    /// Remove what was unused longest until the store is this small, such as `20GiB`
    #[arg(long, value_name = "SIZE", value_parser = |text: &str| parse_bytes(text))]
    size: Option<u64>,
    /// Remove what broken runs have left at this target instead, such as `aws/eu`
    #[arg(long, value_name = "TARGET", conflicts_with_all = ["unused_for", "size", "wait"])]
    target: Option<String>,
    /// Remove what broken builds have left on this infrastructure instead, by the label of its
    /// block: instances, groups, keys, images
    #[arg(long, value_name = "NAME", conflicts_with_all = ["unused_for", "size", "wait", "target"])]
    infrastructure: Option<String>,
    /// Show what would go and remove nothing
    #[arg(long)]
    dry_run: bool,
    /// Wait until the disk has all of the space back
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
    #[command(flatten)]
    variables: Variables,
}

/// A month: long enough for a branch that rests, short enough for a laptop.
const UNUSED_FOR: Duration = Duration::from_hours(30 * 24);

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    if let Some(target) = &args.target {
        return cloud::of_target(args, target, app);
    }
    if let Some(name) = &args.infrastructure {
        return cloud::of_infrastructure(args, name, app);
    }
    let store = wiring::store(app)?;
    let unused_for = args
        .unused_for
        .or(args.size.is_none().then_some(UNUSED_FOR));
    let plan = store.gc_plan(
        &app.cx,
        GcPolicy {
            unused_for,
            size_max: args.size,
        },
    )?;
    let freed = if args.dry_run {
        plan.freed
    } else {
        store.gc(&app.cx, &plan)?
    };
    if args.wait {
        store.bury(&app.cx)?;
    }
    let is_in_background = store.sweep()?.has_graves;
    if is_in_background {
        wiring::bury(app, &store)?;
    }
    if app.output.is_json {
        let places = plan.lapsed.iter().map(|pin| pin.place.to_string_lossy());
        let forgotten: Vec<_> = places.collect();
        let items: Vec<_> = plan
            .remove
            .iter()
            .map(|(item, reason)| {
                serde_json::json!({ "kind": word(item.kind), "digest": item.digest, "bytes": item.bytes,
                    "reason": format!("{reason:?}").to_lowercase() })
            })
            .collect();
        app.output.json(
            &serde_json::json!({ "dry_run": args.dry_run, "removed": items, "freed_bytes": freed,
            "kept_bytes": plan.kept, "pinned_bytes": plan.pinned,
            "in_background": is_in_background, "forgotten": forgotten }),
        );
        return Ok(Outcome::Done);
    }
    let rows = [
        ItemKind::Blob,
        ItemKind::Partial,
        ItemKind::Package,
        ItemKind::Layer,
    ]
    .map(|kind| {
        let of_kind = || {
            plan.remove
                .iter()
                .filter(move |(item, _)| item.kind == kind)
        };
        let bytes: u64 = of_kind().map(|(item, _)| item.bytes).sum();
        [
            word(kind).to_owned(),
            of_kind().count().to_string(),
            format_bytes(bytes),
        ]
    });
    for pin in &plan.lapsed {
        let place = escape(&pin.place.to_string_lossy());
        app.cx.note(format!(
            "the project `{place}` is gone: what its lock needed is no longer kept for it"
        ));
    }
    app.output.text(&table(["KIND", "REMOVED", "SIZE"], rows));
    let verb = match (args.dry_run, is_in_background) {
        (true, _) => "would free",
        (false, true) => "gives back, in the background,",
        (false, false) => "freed",
    };
    app.output.text(&format!(
        "\n{verb} {}; {} stay, {} of them needed by locks and images\n",
        format_bytes(freed),
        format_bytes(plan.kept),
        format_bytes(plan.pinned)
    ));
    Ok(Outcome::Done)
}

fn word(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Blob => "blob",
        ItemKind::Partial => "partial download",
        ItemKind::Package => "decoded package",
        ItemKind::Layer => "layer",
    }
}
