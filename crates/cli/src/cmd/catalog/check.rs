//! `goldsmith catalog check`: is it whole, and was it tampered with?

use goldsmith_catalog::Head;
use goldsmith_core::failure::Class;

use crate::app::App;
use crate::args::Outcome;
use crate::cmd::audit_log::{head, head_text};
use crate::report::CmdError;
use crate::wiring;

/// Look at all of the catalog: the file, the audit log, and the rest against the audit log
///
/// Fails with 7 when something is wrong, and says where.
///
/// Example: goldsmith catalog check
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A line of the audit log that must still be there as it was noted
    #[arg(long, value_name = "LINE:DIGEST", value_parser = head)]
    head: Option<Head>,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let checked = wiring::catalog(app)?.check(args.head)?;
    let head = head_text(checked.head);
    let problems: Vec<String> = checked.problems.iter().map(ToString::to_string).collect();
    let mut text: String = problems
        .iter()
        .map(|problem| format!("{problem}\n"))
        .collect();
    if problems.is_empty() {
        text = format!(
            "the catalog is whole: {} images, {} lines of the audit log\nhead {head}\n",
            checked.images, checked.head.seq
        );
    }
    app.output.result(
        &text,
        || serde_json::json!({ "problems": problems, "images": checked.images, "head": head }),
    );
    if problems.is_empty() {
        Ok(Outcome::Done)
    } else {
        Ok(Outcome::No(Class::Environment))
    }
}
