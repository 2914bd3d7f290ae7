//! `awstoe validate`.

use clap::ArgAction;
use goldsmith_component::awstoe::options;
use goldsmith_component::{Platform, Rules, validate};
use goldsmith_core::diagnostic::Severity;

use super::FAILED;
use crate::app::App;
use crate::args::Outcome;
use crate::documents;
use crate::render;
use crate::report::CmdError;
use crate::wiring::{self, Outside};

/// Check component documents, without running anything
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Documents: files, `s3://...`; separated by commas
    #[arg(short, long, value_name = "DOCUMENTS", required = true)]
    documents: Vec<String>,
    /// Account that must own the buckets of the documents
    #[arg(long, value_name = "ACCOUNT")]
    document_s3_bucket_owner: Option<String>,
    /// Operating systems to check for: `windows`, `linux`, `darwin`, separated by commas; that of
    /// this machine when not given
    #[arg(long, value_name = "SYSTEMS")]
    os_platforms: Vec<String>,
    /// Tell more on the console
    #[arg(short, long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    trace: Option<bool>,
}

pub(super) fn run(args: &Args, app: &App) -> Outcome {
    let is_valid = match check(args, app) {
        Ok(is_valid) => is_valid,
        Err(error) => {
            app.output.error(&error.text());
            false
        }
    };
    let status = if is_valid { "success" } else { "failed" };
    let documents = items(&args.documents).join(",");
    let word = if is_valid { "valid" } else { "invalid" };
    app.output.json(&serde_json::json!({
        "validationStatus": status,
        "message": format!("Document(s) [{documents}] is/are {word}.")
    }));
    Outcome::Exit(if is_valid { 0 } else { FAILED })
}

/// Says every problem of every document on every platform; whether none is an error.
fn check(args: &Args, app: &App) -> Result<bool, CmdError> {
    let platforms = platforms(&args.os_platforms)?;
    let outside = wiring::outside(app, false);
    let objects = outside.as_ref().map(Outside::objects);
    let owner = args.document_s3_bucket_owner.as_deref();
    let mut is_valid = true;
    for name in items(&args.documents) {
        let file = match documents::document(app, objects, &name, owner) {
            Ok(file) => file,
            Err(error) => {
                app.output.error(&error.text());
                is_valid = false;
                continue;
            }
        };
        let mut said = Vec::new();
        for platform in &platforms {
            let rules = Rules {
                platform: *platform,
                ..Rules::default()
            };
            let validation = validate(&file, rules);
            is_valid &= !validation.has_errors();
            for problem in validation.problems {
                let is_wanted = problem.severity == Severity::Error || !app.output.is_quiet;
                if is_wanted && !said.contains(&problem) {
                    app.output.error(&(render::diagnostic(&problem) + "\n"));
                    said.push(problem);
                }
            }
        }
    }
    Ok(is_valid)
}

fn items(texts: &[String]) -> Vec<String> {
    texts.iter().flat_map(|text| options::items(text)).collect()
}

fn platforms(texts: &[String]) -> Result<Vec<Platform>, CmdError> {
    let named = items(texts);
    if named.is_empty() {
        return Ok(vec![Platform::Linux]);
    }
    let known = |name: &String| {
        let mut all = Platform::ALL.into_iter();
        all.find(|platform| platform.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| {
                CmdError::usage(format!("there is no operating system `{name}`"))
                    .hint("there are: linux, windows, darwin")
            })
    };
    named.iter().map(known).collect()
}
