//! `goldsmith rollback`: a channel goes back to what it named before.

use goldsmith_core::catalog::{Catalog, ChannelRow};
use goldsmith_core::failure::Class;
use goldsmith_core::image::ImageId;

use super::promote::{Move, channel_name};
use crate::app::App;
use crate::args::Outcome;
use crate::catalog;
use crate::report::CmdError;
use crate::wiring;

/// Have a channel name what it named before
///
/// Back to the last image before the present one that may still be used. What was rolled back from
/// is not come back to: a second rollback goes further back.
///
/// Example: goldsmith rollback web --channel production --reason "no logins"
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The recipe whose images the channel names
    family: String,
    /// The channel
    #[arg(long, value_parser = channel_name)]
    channel: String,
    /// Why, for the audit log
    #[arg(long)]
    reason: String,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let catalog = wiring::catalog(app)?;
    let present = catalog::head(&catalog, &args.family, &args.channel)?;
    let history = catalog.channel_history(&args.family, Some(&args.channel))?;
    for image in before(&history) {
        if catalog.image(&image)?.state.is_usable() {
            let moved = Move {
                channel: &args.channel,
                before: Some(present),
                image,
                reason: &args.reason,
                is_back: true,
            };
            return moved.make(app, &catalog);
        }
    }
    Err(CmdError::Refused {
        class: Class::Policy,
        message: format!(
            "the channel `{}` of `{}` has named nothing before {present} that may be used still",
            args.channel, args.family
        ),
        hints: vec![format!(
            "`goldsmith history {} --channel {}` shows what it has named",
            args.family, args.channel
        )],
    })
}

/// What a channel can go back to, the last one first, of its history, newest first.
///
/// Whoever goes back to an image leaves what came after it for good.
fn before(history: &[ChannelRow]) -> Vec<ImageId> {
    let mut line: Vec<&ImageId> = Vec::new();
    for image in history.iter().rev().filter_map(|row| row.image.as_ref()) {
        match line.iter().position(|earlier| *earlier == image) {
            Some(at) => line.truncate(at + 1),
            None => line.push(image),
        }
    }
    // The last of the line is what it names.
    line.pop();
    line.into_iter().rev().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn further_back_each_time() {
        let check = |named: &[&str], expected: &[&str]| {
            let rows: Vec<ChannelRow> = named
                .iter()
                .rev()
                .map(|version| ChannelRow {
                    family: "web".to_owned(),
                    channel: "production".to_owned(),
                    image: (!version.is_empty())
                        .then(|| format!("web@{version}.0.0/1").parse().unwrap()),
                    actor: String::new(),
                    reason: String::new(),
                    unix: 0,
                })
                .collect();
            let found: Vec<String> = before(&rows)
                .iter()
                .map(|image| image.version.major.to_string())
                .collect();
            assert_eq!(found, expected, "{named:?}");
        };
        check(&["1"], &[]);
        check(&["1", "2"], &["1"]);
        check(&["1", "2", "3"], &["2", "1"]);
        // Rolled back from 3.
        check(&["1", "2", "3", "2"], &["1"]);
        check(&["1", "2", "3", "2", "1"], &[]);
        check(&["1", "2", "3", "2", "4"], &["2", "1"]);
        // It named none for a while.
        check(&["1", "", "2"], &["1"]);
    }
}
