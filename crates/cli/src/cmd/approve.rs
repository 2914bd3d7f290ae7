//! `goldsmith approve` and `goldsmith reject`: a person's signed decision on an image.

use std::path::PathBuf;

use goldsmith_core::catalog::{Batch, Catalog, Change};
use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::Class;
use goldsmith_core::image::ImageId;
use goldsmith_pipeline::decision::{Case, Keys, Signer};
use goldsmith_pipeline::evidence::Statement;
use goldsmith_pipeline::evidence::predicate::{self, Decision};
use goldsmith_pipeline::stage::statement;
use goldsmith_plan::approval::Refusal;

use crate::app::App;
use crate::args::Outcome;
use crate::catalog;
use crate::cmd::promote::pipelines;
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
/// Who started the run, wrote the change or built the image may not approve it. A decision that
/// would not count is refused, with 5. The last decision of a person counts, so `reject` takes an
/// approval back. `goldsmith run` goes on from there.
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
    let (kind, disk) = (predicate::APPROVAL, row.made.digest);
    let envelope = Statement::new(&id, disk, kind, predicate.clone()).sign(&key);
    let counted = Counted {
        by: &by,
        id: &id,
        disk,
        approves,
        envelope: envelope.to_text(),
        key: key.public().id(),
    };
    counted.check(app, &store)?;
    let action = if approves { "approve" } else { "reject" };
    store.keep(&Batch {
        actor: by.clone(),
        unix,
        changes: vec![
            statement(&id, disk, &key, unix, kind, predicate),
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

/// A decision that is to be kept, if it counts.
struct Counted<'a> {
    by: &'a str,
    id: &'a ImageId,
    disk: Sha256,
    approves: bool,
    envelope: String,
    /// Identity of the key.
    key: String,
}

impl Counted<'_> {
    /// Refuses what no pipeline of the project would count, and says when somebody else could have
    /// signed it just so. A project whose pipelines ask nobody takes every decision.
    fn check(&self, app: &App, catalog: &dyn Catalog) -> Result<(), CmdError> {
        let (trusted, owners) = (signing::trusted(app)?, signing::owners(app)?);
        let keys = Keys {
            trusted: &trusted,
            owners: &owners,
        };
        let mut why = None;
        for pipeline in pipelines(app, &self.id.name)? {
            let Some(spec) = &pipeline.approval else {
                continue;
            };
            let case = Case {
                catalog,
                spec,
                keys,
                image: self.id,
                disk: self.disk,
                unix: app.cx.clock().unix_seconds(),
            };
            match case.refusal(&self.envelope)? {
                None => {
                    self.warn(app, keys);
                    return Ok(());
                }
                Some(refusal) => why = Some(refusal),
            }
        }
        let Some(why) = why else {
            return Ok(());
        };
        let verb = if self.approves { "approve" } else { "reject" };
        Err(CmdError::Refused {
            class: Class::Policy,
            message: format!("{} may not {verb} {}: {why}", self.by, self.id),
            hints: vec![match why {
                Refusal::NotSigned => format!(
                    "`--key FILE` signs with the private half of `keys/{}.pub`",
                    self.by
                ),
                _ => "`approvers` of the `approval` block says who may".to_owned(),
            }],
        })
    }

    fn warn(&self, app: &App, keys: Keys<'_>) {
        if keys.signer(self.by, &self.key) == Signer::Shared {
            app.cx.warn(format!(
                "{by} has no key of their own: whoever has this one can say the same; \
                 `keys/{by}.pub` in the project makes theirs the only one that counts",
                by = self.by
            ));
        }
    }
}
