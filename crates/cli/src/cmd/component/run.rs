//! `goldsmith component run`: documents by themselves, on this machine, in a throw-away tree, or on
//! another machine.

mod dry;
pub(crate) mod place;
mod show;

use std::path::PathBuf;

use goldsmith_component::Services;
use goldsmith_component::awstoe::config::{Config, ConfigDocument};
use goldsmith_component::awstoe::options::{self, Commas};
use goldsmith_component::execution::{Planned, Status};
use goldsmith_core::failure::Class;
use goldsmith_core::remote::ObjectStore;

use crate::app::App;
use crate::args::Outcome;
use crate::documents::Beside;
use crate::execution::elsewhere::{self, Order};
use crate::execution::order::{self, Manners};
use crate::execution::{Ran, Ready};
use crate::report::CmdError;
use crate::wiring::{self, Outside};
use place::{Place, PlaceArgs};

/// Run component documents, on this machine, in a throw-away tree, or on another machine
///
/// All phases of the first document, then all of the next; the first document that fails ends the
/// run. On this machine the steps do whatever they say, as the user that you are: that needs
/// `--yes`. In a tree (`--in`) nothing that they do is kept. On another machine (`--on`) they run as
/// root, go on when the connection breaks, and reboot it where they ask for that.
///
/// Exits with 6 when a step fails, with 3 when a document is wrong, and with 194 when this machine
/// has to be rebooted: reboot it and give the same command again, which goes on.
///
/// Examples:
///
///   goldsmith component run ./nginx.yaml --in debian:bookworm --parameters port=8080
///
///   goldsmith component run timezone --phases build,validate --dry-run
///
///   goldsmith component run ./a.yaml ./b.yaml --yes --awstoe-logs=/var/log
///
///   goldsmith component run ./nginx.yaml --on admin@web1.example.com
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Documents: files, components of the library, `s3://...`, or - for standard input
    #[arg(value_name = "DOCUMENT")]
    documents: Vec<String>,
    #[command(flatten)]
    place: PlaceArgs,
    /// Run on this machine without being asked
    #[arg(long, conflicts_with_all = ["place", "on"])]
    yes: bool,
    /// The phases to run, with commas; all when not given. They run in the documents' order
    #[arg(long, value_name = "PHASES")]
    phases: Option<String>,
    /// Values of parameters, `name=value,name=value`; may be repeated. A comma before what is no
    /// `name=` belongs to the value
    #[arg(long, value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    /// Documents, parameters for each and phases from a file, in the form of `awstoe run --config`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["documents", "parameters"])]
    config: Option<String>,
    /// Show every step, with all that is known before it runs, and run nothing
    #[arg(long)]
    dry_run: bool,
    /// Write the folder of logs that AWSTOE writes (`TOE_...`), here or in DIR
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = ".")]
    awstoe_logs: Option<PathBuf>,
    /// Where a run on this machine waits for a reboot; else in the home
    #[arg(long, value_name = "DIR", conflicts_with_all = ["place", "on"])]
    state_directory: Option<PathBuf>,
    /// Take a parameter without a value as the empty text, as AWSTOE does, instead of refusing
    #[arg(long)]
    awstoe_compat: bool,
}

impl Args {
    /// Whether it makes a tree of its own.
    pub(crate) fn is_in_tree(&self) -> bool {
        self.place.is_in_tree()
    }
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let place = Place::of(&args.place, app)?;
    let outside = wiring::outside(app, args.place.offline);
    let objects = outside.as_ref().map(Outside::objects);
    let config = config(args, app, objects)?;
    let manners = Manners {
        fills_parameters: args.awstoe_compat,
        ..Manners::default()
    };
    let planned = order::planned(app, objects, &config, manners)?;
    let phases = config.phases.clone().unwrap_or_default();
    let beside = Beside { app };
    let services = services(args, app, &place, outside.as_ref(), &beside);
    if args.dry_run {
        return dry::show(app, &planned, &phases, &services, &place);
    }
    if place == Place::Host && !args.yes {
        return Err(refuse(&planned, &phases));
    }
    let state = match (&place, config.state_directory.as_deref()) {
        (Place::Host, Some(directory)) => Some(app.directory.join(directory)),
        // Without a home nothing can wait, and a step that asks for a reboot fails.
        (Place::Host, None) => app.home().ok().map(|home| home.join("state")),
        _ => None,
    };
    let id = match config.execution_id {
        Some(id) => id,
        None => wiring::identifier()?,
    };
    let logs = config.log_directory.map(|logs| app.directory.join(logs));
    let logs = logs.filter(|_| args.awstoe_logs.is_some());
    let ran = if let Place::Elsewhere(ssh) = &place {
        let services = wiring::of_execution(app, services, &id, &phases)?;
        let program = wiring::runner(app)?;
        let order = Order {
            id: &id,
            planned: &planned,
            phases: &phases,
            services: &services,
        };
        elsewhere::run(&app.cx, ssh, &program, order, logs.as_deref())?
    } else {
        let ready = Ready::new(&app.cx, &id, &planned, &phases, state.as_deref())?;
        if place == Place::Host {
            app.cx
                .warn("the steps change this machine, and nothing takes that back");
        }
        let nested = planned.iter().flat_map(|one| one.document.nested());
        let named = config.documents.iter().map(|one| one.path.as_str());
        let components: Vec<&str> = named.chain(nested.map(|(name, _)| name)).collect();
        let open = place.open(app, &args.place, &components)?;
        let services = wiring::of_execution(app, services, ready.id(), &phases)?;
        ready.run(&app.cx, open.machine(), &services, logs.as_deref())?
    };
    match ran {
        Ran::Reboot { delay, state } => {
            show::reboot(app, delay, &state);
            Ok(Outcome::Exit(crate::execution::REBOOT))
        }
        Ran::Over {
            report,
            logs,
            error,
        } => {
            let over = show::Over {
                report: &report,
                planned: &planned,
                phases: &phases,
                logs: logs.as_deref(),
                place: &place.title(),
            };
            show::result(app, over);
            match (error, report.status()) {
                // The summary has it, and is the one JSON text that is printed.
                (Some(error), _) if app.output.is_json => Ok(Outcome::No(error.class())),
                (Some(error), _) => Err(error),
                (None, Status::Failed) => Ok(Outcome::No(Class::Test)),
                (None, Status::Success) => Ok(Outcome::Done),
            }
        }
    }
}

/// What the options say, and the file where there is one.
fn config(args: &Args, app: &App, objects: Option<&dyn ObjectStore>) -> Result<Config, CmdError> {
    let path = |path: &PathBuf| path.to_string_lossy().into_owned();
    let parameters = args.parameters.iter().map(String::as_str);
    let said = Config {
        documents: args
            .documents
            .iter()
            .map(|path| ConfigDocument {
                path: path.clone(),
                ..ConfigDocument::default()
            })
            .collect(),
        parameters: options::parameters(parameters, Commas::MayBelong)?,
        phases: args.phases.as_deref().map(options::items),
        log_directory: args.awstoe_logs.as_ref().map(path),
        state_directory: args.state_directory.as_ref().map(path),
        ..Config::default()
    };
    let config = match &args.config {
        Some(path) => said.over(order::configuration(app, objects, path, None)?),
        None => said,
    };
    if config.documents.is_empty() {
        return Err(CmdError::usage("there is nothing to run").hint(
            "name documents, components of the library (`goldsmith component list`), or `-`",
        ));
    }
    Ok(config)
}

fn services<'a>(
    args: &Args,
    app: &App,
    place: &Place,
    outside: Option<&'a Outside>,
    beside: &'a Beside<'a>,
) -> Services<'a> {
    if *place == Place::Host {
        order::mask(app, app.env.all());
    }
    Services {
        documents: Some(beside),
        is_lenient: args.awstoe_compat,
        ..place.services(app, outside)
    }
}

fn refuse(planned: &[Planned], phases: &[String]) -> CmdError {
    let asked = |document: &goldsmith_component::Document| -> usize {
        let phases: Vec<&str> = match phases {
            [] => document.phases().collect(),
            some => some.iter().map(String::as_str).collect(),
        };
        document.step_count(&phases)
    };
    let counted = planned.iter().map(|one| {
        let steps = match asked(&one.document) {
            1 => "1 step".to_owned(),
            n => format!("{n} steps"),
        };
        format!("{steps} of `{}`", one.document.name())
    });
    let counted = counted.collect::<Vec<_>>().join(", ");
    CmdError::usage(format!(
        "this would change this machine, without a sandbox: {counted}"
    ))
    .hint("`--dry-run` shows the steps, `--in debian:bookworm` runs them in a throw-away tree")
    .hint("`--yes` runs them here")
}
