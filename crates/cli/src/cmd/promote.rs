//! `goldsmith promote`: a channel names another image from now on.

use goldsmith_catalog::Sqlite;
use goldsmith_core::catalog::{Catalog as _, Change};
use goldsmith_core::image::ImageId;

use crate::app::App;
use crate::args::Outcome;
use crate::catalog;
use crate::report::CmdError;
use crate::wiring;

/// Have a channel name an image
///
/// Only an image that may be used: approved, on its way, available or deprecated. Whoever asks for
/// `web@production` has it from then on.
///
/// Example: goldsmith promote web@1.4.0 --channel production --reason "a week in staging"
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image: `web`, `web@1.4.0`, `web@1.4.0/2`, `web@staging`
    image: String,
    /// The channel
    #[arg(long, value_parser = channel_name)]
    channel: String,
    /// Why, for the audit log
    #[arg(long)]
    reason: String,
}

/// A word that no version is.
pub(crate) fn channel_name(text: &str) -> Result<String, String> {
    let is_right = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(is_right) {
        return Ok(text.to_owned());
    }
    Err(
        "a channel is called by small letters, digits, `-` and `_`, such as `production`"
            .to_owned(),
    )
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let catalog = wiring::catalog(app)?;
    let image = catalog::id(app, &catalog, &args.image)?;
    let before = catalog.channel(&image.name, &args.channel)?;
    let moved = Move {
        channel: &args.channel,
        before,
        image,
        reason: &args.reason,
    };
    moved.make(app, &catalog)
}

/// A channel on its way to an image.
pub(crate) struct Move<'a> {
    pub(crate) channel: &'a str,
    /// What it named before.
    pub(crate) before: Option<ImageId>,
    pub(crate) image: ImageId,
    pub(crate) reason: &'a str,
}

impl Move<'_> {
    /// Keeps it and tells of it.
    pub(crate) fn make(self, app: &App, catalog: &Sqlite) -> Result<Outcome, CmdError> {
        let change = Change::Channel {
            family: self.image.name.clone(),
            channel: self.channel.to_owned(),
            image: Some(self.image.clone()),
            reason: self.reason.to_owned(),
        };
        catalog::keep(app, catalog, vec![change])?;
        let before = self.before.as_ref().map(ToString::to_string);
        let was = match &before {
            None => "it named none before".to_owned(),
            Some(before) if self.before.as_ref() == Some(&self.image) => {
                format!("as before: {before}")
            }
            Some(before) => format!("before: {before}"),
        };
        let name = format!("{}@{}", self.image.name, self.channel);
        app.output.result(
            &format!("{name} is {} ({was})\n", self.image),
            || serde_json::json!({ "channel": name, "image": self.image.to_string(), "before": before }),
        );
        Ok(Outcome::Done)
    }
}
