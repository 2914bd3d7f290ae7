//! `goldsmith component validate`: every problem of many documents at once.

use std::fs;

use goldsmith_component::lint::shellcheck::Answers;
use goldsmith_component::{Platform, Rules, Validation, lint, validate_all};
use goldsmith_core::diagnostic::{Diagnostic, Severity};
use goldsmith_core::failure::Class;

use crate::app::App;
use crate::args::Outcome;
use crate::documents::{self, Found};
use crate::project;
use crate::render;
use crate::report::CmdError;
use crate::style;

/// Check component documents, without running anything
///
/// Every problem of every document is shown at once, with its line and what to do about it.
/// Files of a folder that are no component documents are passed over. Warnings alone do not
/// fail; `# goldsmith: allow(CODE) reason` on or above a step takes one back.
///
/// Example: goldsmith component validate components/ --strict
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files, folders to search, patterns ('components/**/*.yaml'), or - for standard input
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// Operating system that the documents are to run on
    #[arg(long, value_enum, default_value_t = Os::Linux)]
    platform: Os,
    /// Take what Image Builder itself refuses, or may refuse, as an error
    #[arg(long)]
    strict: bool,
    /// Take warnings of this code or name as errors; `warnings` is all of them
    #[arg(long, value_name = "CODE")]
    deny: Vec<String>,
    /// Do not give scripts to shellcheck, also where it is installed
    #[arg(long)]
    no_shellcheck: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Os {
    Linux,
    Windows,
    Darwin,
}

/// Stands for every warning.
const WARNINGS: &str = "warnings";

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    if args.paths.is_empty() {
        return Err(CmdError::usage("there is nothing to validate")
            .hint("name files, folders, patterns, or `-` for standard input"));
    }
    for name in &args.deny {
        if name != WARNINGS && !lint::is_known(name) {
            return Err(
                CmdError::usage(format!("there is no warning `{name}` to deny"))
                    .hint("warnings go by code or name: `C1001`, `no-errexit`; `warnings` is all"),
            );
        }
    }
    let rules = Rules {
        platform: match args.platform {
            Os::Linux => Platform::Linux,
            Os::Windows => Platform::Windows,
            Os::Darwin => Platform::Darwin,
        },
        is_strict: args.strict,
        has_lints: true,
        has_shellcheck: !args.no_shellcheck,
    };
    let found = documents::find(app, &args.paths)?;
    let files: Vec<_> = found.files.iter().map(|(file, _)| file.clone()).collect();
    let kept = app.home().ok().map(|home| home.join("shellcheck.json"));
    let answers = kept.as_ref().and_then(|path| fs::read(path).ok());
    let answers = answers.map_or_else(Answers::default, |bytes| Answers::read(&bytes));
    let mut checked = validate_all(&app.cx, &files, rules, &answers)?;
    if let Some((path, bytes)) = kept.zip(answers.write()) {
        // Only saves time: when it cannot be kept, the scripts are checked again.
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        drop(made.and_then(|()| project::replace_file(&path, &bytes)));
    }
    // What was found by searching may be anything; what was named was meant.
    let mut skipped = found.skipped.clone();
    let mut named = found.files.iter().map(|(_, is_named)| *is_named);
    checked.all.retain(|validation| {
        let is_kept = named.next().unwrap_or(true) || validation.is_component;
        if !is_kept {
            skipped.push(validation.file.name().to_owned());
        }
        is_kept
    });
    for problem in checked.all.iter_mut().flat_map(|one| &mut one.problems) {
        let is_denied = |name: &String| name == WARNINGS || lint::is_named(problem, name);
        if args.deny.iter().any(is_denied) {
            problem.severity = Severity::Error;
        }
    }
    show(app, &found, &checked.all, &skipped, &checked.notes)
}

fn show(
    app: &App,
    found: &Found,
    all: &[Validation],
    skipped: &[String],
    notes: &[String],
) -> Result<Outcome, CmdError> {
    if all.is_empty() && found.problems.is_empty() {
        let message = match skipped.len() {
            0 => "there are no documents: nothing ends in `.yaml`, `.yml` or `.json`".to_owned(),
            1 => "there are no component documents; 1 other file was passed over".to_owned(),
            n => format!("there are no component documents; {n} other files were passed over"),
        };
        return Err(CmdError::config(message)
            .hint("a component document has the fields `schemaVersion` and `phases`"));
    }
    let problems = || {
        let problems = all.iter().flat_map(|one| &one.problems);
        found.problems.iter().chain(problems)
    };
    let is_valid = problems().all(|problem| problem.severity != Severity::Error);
    if app.output.is_json {
        let shown: Vec<_> = all
            .iter()
            .map(|one| {
                serde_json::json!({ "file": one.file.name(), "valid": !one.has_errors(),
                    "problems": one.problems.iter().map(render::json).collect::<Vec<_>>() })
            })
            .collect();
        app.output
            .json(&serde_json::json!({ "valid": is_valid, "documents": shown,
            "problems": found.problems.iter().map(render::json).collect::<Vec<_>>(),
            "skipped": skipped, "notes": notes }));
    } else {
        for problem in problems() {
            let text = render::diagnostic(problem) + "\n";
            if problem.severity == Severity::Error {
                app.output.error(&text);
            } else {
                app.output.aside(&text);
            }
        }
        let text = summary(all, problems(), skipped.len());
        if is_valid {
            app.output.text(&text);
        } else {
            app.output.error(&text);
        }
    }
    Ok(if is_valid {
        Outcome::Done
    } else {
        Outcome::No(Class::Config)
    })
}

/// The last line: how many documents, how many problems.
fn summary<'a>(
    all: &[Validation],
    problems: impl Iterator<Item = &'a Diagnostic>,
    skipped: usize,
) -> String {
    let problems: Vec<Diagnostic> = problems.cloned().collect();
    let is_valid = problems.iter().all(|p| p.severity != Severity::Error);
    let documents = match all.len() {
        1 => "1 document".to_owned(),
        n => format!("{n} documents"),
    };
    let mut text = if is_valid {
        format!("{}ok{} {documents}", style::GOOD, style::RESET)
    } else {
        documents
    };
    if !problems.is_empty() {
        text.push_str(", ");
        text.push_str(render::tally(&problems).trim_end());
    }
    match skipped {
        0 => {}
        1 => text.push_str("; 1 other file passed over"),
        n => text.push_str(&format!("; {n} other files passed over")),
    }
    text.push('\n');
    text
}
