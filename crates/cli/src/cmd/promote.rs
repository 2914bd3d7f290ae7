//! `goldsmith promote`: a channel names another image from now on.

use goldsmith_catalog::Sqlite;
use goldsmith_core::catalog::{Batch, Catalog as _, Change, NewMessage};
use goldsmith_core::failure::Class;
use goldsmith_core::image::ImageId;
use goldsmith_core::recipe::Pipeline;
use goldsmith_pipeline::gate::{obstacles, verdict};
use goldsmith_pipeline::happening::{Happening, Herald as _, What};

use crate::app::App;
use crate::args::{Outcome, Variables};
use crate::catalog;
use crate::cmd::run::{deliver, herald};
use crate::project;
use crate::report::CmdError;
use crate::signing;
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
        is_back: false,
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
    /// Whether it has named the image before. What has passed its gate once may come back at any time:
    /// who goes back has no time for a new scan.
    pub(crate) is_back: bool,
}

impl Move<'_> {
    /// Keeps it and tells of it.
    pub(crate) fn make(self, app: &App, catalog: &Sqlite) -> Result<Outcome, CmdError> {
        let pipelines = pipelines(app, &self.image.name)?;
        if !self.is_back {
            for pipeline in &pipelines {
                gate(app, catalog, pipeline, &self)?;
            }
        }
        let change = Change::Channel {
            family: self.image.name.clone(),
            channel: self.channel.to_owned(),
            image: Some(self.image.clone()),
            reason: self.reason.to_owned(),
        };
        let unix = app.cx.clock().unix_seconds();
        catalog.keep(&Batch {
            actor: app.actor(),
            unix,
            run: None,
            changes: vec![change],
            messages: self.messages(app, &pipelines, unix),
        })?;
        for pipeline in &pipelines {
            point(app, catalog, pipeline, &self)?;
            deliver(app, pipeline, catalog);
        }
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

    /// What there is to tell: nothing where the channel names the image already.
    fn messages(&self, app: &App, pipelines: &[Pipeline], unix: i64) -> Vec<NewMessage> {
        if self.before.as_ref() == Some(&self.image) {
            return Vec::new();
        }
        let told = pipelines.iter().flat_map(|pipeline| {
            let what = What::Promoted {
                channel: self.channel.to_owned(),
                reason: self.reason.to_owned(),
            };
            let image = self.image.clone();
            herald(app, pipeline).messages(&Happening::of_image(&pipeline.name, image, unix, what))
        });
        told.collect()
    }
}

/// The pipelines of the family, where the command is given in their project.
pub(super) fn pipelines(app: &App, family: &str) -> Result<Vec<Pipeline>, CmdError> {
    if project::files(app).is_err() {
        return Ok(Vec::new());
    }
    let mut pipelines = project::recipes(app, &Variables::default(), &[])?.pipelines;
    pipelines.retain(|pipeline| pipeline.recipe == family);
    Ok(pipelines)
}

/// What the channel asks for must be stated of the image.
fn gate(
    app: &App,
    catalog: &Sqlite,
    pipeline: &Pipeline,
    moved: &Move<'_>,
) -> Result<(), CmdError> {
    let row = catalog.image(&moved.image)?;
    let rows = catalog.statements(&moved.image)?;
    let keys = signing::trusted(app)?;
    let verdict = verdict(
        pipeline,
        moved.channel,
        &rows,
        &keys,
        row.made.digest,
        row.state.is_usable(),
        app.cx.clock().unix_seconds(),
    );
    if verdict.is_open {
        return Ok(());
    }
    let list = obstacles(&verdict).join("; ");
    Err(CmdError::Refused {
        class: Class::Policy,
        message: format!("{} may not enter `{}`: {list}", moved.image, moved.channel),
        hints: vec![format!(
            "`goldsmith run {}` makes what is missing",
            pipeline.name
        )],
    })
}

/// Has the channel name the image wherever a copy of it is.
fn point(
    app: &App,
    catalog: &Sqlite,
    pipeline: &Pipeline,
    moved: &Move<'_>,
) -> Result<(), CmdError> {
    let copies = catalog.copies(&moved.image)?;
    for target in wiring::targets(app, pipeline.distribution.as_ref())? {
        let copy = copies
            .iter()
            .find(|copy| copy.is_there && copy.target == target.name());
        let name = copy.map(|copy| copy.name.as_str());
        target
            .point(&app.cx, &moved.image.name, moved.channel, name)
            .map_err(CmdError::Failed)?;
        if name.is_none() {
            app.cx.warn(format!(
                "`{}` has no copy of {}: the channel names none there",
                target.name(),
                moved.image
            ));
        }
    }
    Ok(())
}
