//! `awstoe run`.

use std::path::Path;

use clap::ArgAction;
use goldsmith_component::Services;
use goldsmith_component::awstoe::config::{Config, ConfigDocument};
use goldsmith_component::awstoe::files;
use goldsmith_component::awstoe::options::{self, Commas};
use goldsmith_component::awstoe::summary::Summary;
use goldsmith_component::execution::{ExecutionReport, Status};
use goldsmith_core::remote::{ObjectPath, ObjectStore};

use super::FAILED;
use crate::app::App;
use crate::args::Outcome;
use crate::cmd::component::run::place::{Place, PlaceArgs};
use crate::documents::Beside;
use crate::execution::order::{self, Manners};
use crate::execution::{REBOOT, Ran, Ready};
use crate::output::Output;
use crate::report::CmdError;
use crate::wiring::{self, Outside};

/// Run component documents on this machine
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// File or `s3://...` with the settings as JSON; then no documents and parameters here
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["documents", "parameters"])]
    config: Option<String>,
    /// Documents: files, `s3://...`; separated by commas
    #[arg(
        short,
        long,
        value_name = "DOCUMENTS",
        required_unless_present = "config"
    )]
    documents: Vec<String>,
    /// Account that must own the buckets of the documents
    #[arg(long, value_name = "ACCOUNT")]
    document_s3_bucket_owner: Option<String>,
    /// Phases to run, separated by commas; all when not given
    #[arg(short, long, value_name = "PHASES")]
    phases: Vec<String>,
    /// Values of parameters: `name=value,name=value`
    #[arg(long, value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    /// Identifier of the execution; a new one when not given
    #[arg(short = 'i', long, value_name = "ID")]
    execution_id: Option<String>,
    /// Where the folder of logs is put; the current directory when not given
    #[arg(short, long, value_name = "DIR")]
    log_directory: Option<String>,
    /// Bucket that the logs are uploaded to
    #[arg(short = 'b', long, value_name = "BUCKET")]
    log_s3_bucket_name: Option<String>,
    /// Account that must own that bucket
    #[arg(long, value_name = "ACCOUNT")]
    log_s3_bucket_owner: Option<String>,
    /// What the keys of uploaded logs begin with
    #[arg(short = 'k', long, value_name = "PREFIX")]
    log_s3_key_prefix: Option<String>,
    /// Where a run waits for a reboot; the directory of the logs when not given
    #[arg(short, long, value_name = "DIR")]
    state_directory: Option<String>,
    /// Actions that may not be used, separated by commas
    #[arg(long, value_name = "ACTIONS")]
    blocked_action_modules: Vec<String>,
    /// Group of `CloudWatch` Logs: not supported
    #[arg(long, value_name = "GROUP")]
    cw_log_group: Option<String>,
    /// Stream of `CloudWatch` Logs: not supported
    #[arg(long, value_name = "STREAM")]
    cw_log_stream: Option<String>,
    /// Region of `CloudWatch` Logs: not supported
    #[arg(long, value_name = "REGION")]
    cw_log_region: Option<String>,
    /// Run although `CloudWatch` Logs is not supported
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    cw_ignore_failures: Option<bool>,
    /// Tell more on the console
    #[arg(short, long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    trace: Option<bool>,
}

/// Whatever happens, a summary is printed.
pub(super) fn run(args: &Args, app: &App) -> Outcome {
    let mut id = args.execution_id.clone().unwrap_or_default();
    match attempt(args, app, &mut id) {
        Ok(outcome) => outcome,
        Err(error) => {
            let text = app.cx.redactor.redact(&error.text());
            app.output.error(&text);
            let now = app.cx.clock().unix_seconds();
            let report = ExecutionReport {
                id,
                started: now,
                ended: now,
                failure: Some(app.cx.redactor.redact(&error.message())),
                documents: Vec::new(),
            };
            print(app, &Summary::of(&report, ""));
            Outcome::Exit(FAILED)
        }
    }
}

fn attempt(args: &Args, app: &App, id: &mut String) -> Result<Outcome, CmdError> {
    let outside = wiring::outside(app, false);
    let objects = outside.as_ref().map(Outside::objects);
    let config = config(args, app, objects)?;
    *id = match &config.execution_id {
        Some(id) if is_identifier(id) => id.clone(),
        Some(id) => {
            return Err(
                CmdError::usage(format!("`{id}` is no identifier of an execution"))
                    .hint("letters, digits, `-`, `_` and `.`"),
            );
        }
        None => wiring::identifier()?,
    };
    let app = &traced(app, config.trace == Some(true));
    no_cloudwatch(app, &config)?;
    let blocked: Vec<String> = items(&args.blocked_action_modules);
    let manners = Manners {
        fills_parameters: true,
        passes_over_unknown: true,
        blocked: &blocked,
    };
    order::mask(app, app.env.all());
    let planned = order::planned(app, objects, &config, manners)?;
    let phases = config.phases.clone().unwrap_or_default();
    let directory = |path: &Option<String>| path.as_ref().map(|path| app.directory.join(path));
    let logs = directory(&config.log_directory).unwrap_or_else(|| app.directory.clone());
    let state = directory(&config.state_directory).unwrap_or_else(|| logs.clone());
    let ready = Ready::new(&app.cx, id, &planned, &phases, Some(&state))?;
    ready.id().clone_into(id);
    let beside = Beside { app };
    let services = Services {
        documents: Some(&beside),
        is_lenient: true,
        blocked: &blocked,
        ..Place::Host.services(app, outside.as_ref())
    };
    let services = wiring::of_execution(app, services, id, &phases)?;
    let open = Place::Host.open(app, &PlaceArgs::default(), &[])?;
    match ready.run(&app.cx, open.machine(), &services, Some(&logs))? {
        Ran::Reboot { .. } => {
            app.cx
                .note("reboot this machine, then give the same command again");
            Ok(Outcome::Exit(REBOOT))
        }
        Ran::Over {
            report,
            logs,
            error,
        } => {
            let url = logs.map_or_else(String::new, |logs| {
                upload(app, objects, &config, &logs).unwrap_or_else(|| logs.display().to_string())
            });
            if let Some(error) = error {
                app.output.error(&error.text());
            }
            print(app, &Summary::of(&report, &url));
            Ok(Outcome::Exit(match report.status() {
                Status::Success => 0,
                Status::Failed => FAILED,
            }))
        }
    }
}

/// What the options say, and the file where there is one.
fn config(args: &Args, app: &App, objects: Option<&dyn ObjectStore>) -> Result<Config, CmdError> {
    let documents = items(&args.documents).into_iter();
    let parameters = args.parameters.iter().map(String::as_str);
    let phases = items(&args.phases);
    let said = Config {
        documents: documents
            .map(|path| ConfigDocument {
                path,
                ..ConfigDocument::default()
            })
            .collect(),
        parameters: options::parameters(parameters, Commas::Separate)?,
        phases: Some(phases).filter(|phases| !phases.is_empty()),
        execution_id: args.execution_id.clone(),
        log_directory: args.log_directory.clone(),
        log_s3_bucket_name: args.log_s3_bucket_name.clone(),
        log_s3_bucket_owner: args.log_s3_bucket_owner.clone(),
        log_s3_key_prefix: args.log_s3_key_prefix.clone(),
        state_directory: args.state_directory.clone(),
        document_s3_bucket_owner: args.document_s3_bucket_owner.clone(),
        cw_log_group: args.cw_log_group.clone(),
        cw_log_stream: args.cw_log_stream.clone(),
        cw_log_region: args.cw_log_region.clone(),
        cw_ignore_failures: args.cw_ignore_failures,
        trace: args.trace,
    };
    let config = match &args.config {
        Some(path) => said.over(order::configuration(app, objects, path, None)?),
        None => said,
    };
    if config.documents.is_empty() {
        return Err(CmdError::usage("there is no document to run"));
    }
    Ok(config)
}

fn items(texts: &[String]) -> Vec<String> {
    texts.iter().flat_map(|text| options::items(text)).collect()
}

/// It becomes a part of a path.
fn is_identifier(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !id.is_empty() && id.len() <= 128 && id.chars().all(plain) && !id.starts_with('.')
}

/// The same program, which tells more when it is to.
fn traced(app: &App, is_traced: bool) -> App {
    let output = Output {
        verbosity: app.output.verbosity.max(u8::from(is_traced)),
        ..app.output
    };
    App {
        env: app.env.clone(),
        output,
        cx: if is_traced {
            app.cx.with_events(output.sink())
        } else {
            app.cx.clone()
        },
        began: app.began,
        directory: app.directory.clone(),
    }
}

/// Streams of logs are not made here; whoever needs one has to hear of it before anything runs.
fn no_cloudwatch(app: &App, config: &Config) -> Result<(), CmdError> {
    let wants = [
        &config.cw_log_group,
        &config.cw_log_stream,
        &config.cw_log_region,
    ];
    if wants.into_iter().all(Option::is_none) {
        return Ok(());
    }
    let message = "`console.log` cannot be streamed to CloudWatch Logs: that is not supported";
    if config.cw_ignore_failures == Some(true) {
        app.cx.warn(message);
        return Ok(());
    }
    Err(CmdError::usage(message)
        .hint("`--cw-ignore-failures` runs without it; `--log-s3-bucket-name` uploads the logs"))
}

/// Uploads the logs where that is asked for; gives where they are. A failure is none of the run.
fn upload(
    app: &App,
    objects: Option<&dyn ObjectStore>,
    config: &Config,
    folder: &Path,
) -> Option<String> {
    let bucket = config.log_s3_bucket_name.as_ref()?;
    let objects = objects?;
    let prefix = config.log_s3_key_prefix.as_deref().unwrap_or_default();
    let name = folder.file_name()?.to_string_lossy();
    let key = format!("{}/{name}", prefix.trim_matches('/'));
    let key = key.trim_start_matches('/');
    for file in files::FILES {
        let to = ObjectPath {
            bucket: bucket.clone(),
            key: format!("{key}/{file}"),
        };
        let owner = config.log_s3_bucket_owner.as_deref();
        if let Err(error) = objects.put(&app.cx, &folder.join(file), &to, owner) {
            let error = CmdError::from(error).message();
            app.cx.warn(format!("the logs were not uploaded: {error}"));
            return None;
        }
    }
    Some(format!("s3://{bucket}/{key}"))
}

fn print(app: &App, summary: &Summary) {
    let value = serde_json::to_value(summary).expect("a summary holds text and numbers only");
    app.output.json(&value);
}
