//! `goldsmith approve` and `goldsmith reject`: a person's signed decision on an image.

use std::path::PathBuf;

use goldsmith_core::catalog::{Batch, Catalog as _, Change};
use goldsmith_pipeline::evidence::predicate::{self, Decision};
use goldsmith_pipeline::stage::statement;

use crate::app::App;
use crate::args::Outcome;
use crate::catalog;
use crate::cmd::run::actor;
use crate::report::CmdError;
use crate::signing;
use crate::wiring;

/// What a decision needs.
#[derive(Debug, clap::Args)]
pub(crate) struct Given {
    /// The image: `web`, `web@1.4.0` or `web@1.4.0/2`; the newest that fits
    image: String,
    /// Why
    #[arg(long)]
    reason: String,
    /// Who decides: an address; else `GOLDSMITH_ACTOR`
    #[arg(long = "as", value_name = "ADDRESS")]
    actor: Option<String>,
    /// Sign with this private key (Ed25519, PEM) instead of the project's
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Approve an image: a signed decision that the pipeline's `approval` counts
///
/// Who started the run, wrote the change or built the image may not approve it. The last decision
/// of a person counts, so `reject` takes an approval back. `goldsmith run` goes on from there.
///
/// Example: goldsmith approve web --as ann@example.com --reason "looked at the report"
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    given: Given,
}

/// Reject an image: a signed decision that stops its run
///
/// Example: goldsmith reject web --as ann@example.com --reason "the port must not be open"
#[derive(Debug, clap::Args)]
pub(crate) struct RejectArgs {
    #[command(flatten)]
    given: Given,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    decide(&args.given, app, true)
}

pub(crate) fn reject(args: &RejectArgs, app: &App) -> Result<Outcome, CmdError> {
    decide(&args.given, app, false)
}

fn decide(given: &Given, app: &App, approves: bool) -> Result<Outcome, CmdError> {
    let by = actor(app, given.actor.as_deref());
    if !goldsmith_core::recipe::is_address(&by) {
        return Err(CmdError::usage(format!("`{by}` is no address of a person"))
            .hint("`--as ann@example.com`, or `GOLDSMITH_ACTOR`"));
    }
    if given.reason.trim().is_empty() {
        return Err(CmdError::usage("a decision needs a reason"));
    }
    let store = wiring::catalog(app)?;
    let id = catalog::id(app, &store, &given.image)?;
    let row = store.image(&id)?;
    let unix = app.cx.clock().unix_seconds();
    let decision = Decision::on(&id, &by, approves, given.reason.trim(), unix);
    let predicate = serde_json::to_value(&decision).expect("texts have a JSON form");
    let key = signing::of_person(app, given.key.as_deref())?;
    let action = if approves { "approve" } else { "reject" };
    store.keep(&Batch {
        actor: by.clone(),
        unix,
        changes: vec![
            statement(
                &id,
                row.made.digest,
                &key,
                unix,
                predicate::APPROVAL,
                predicate,
            ),
            Change::Noted {
                action: action.to_owned(),
                subject: id.to_string(),
                detail: serde_json::json!({ "reason": decision.reason }).to_string(),
            },
        ],
        ..Batch::default()
    })?;
    let done = if approves { "approves" } else { "rejects" };
    app.output.result(
        &format!("{by} {done} {id}\n\nnext: `goldsmith run` goes on with it\n"),
        || serde_json::json!({ "image": id.to_string(), "by": by, "approves": approves }),
    );
    Ok(Outcome::Done)
}
