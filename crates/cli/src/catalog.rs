//! The catalog of the home, for commands: images of this machine are entered when they are met,
//! and what people call an image is understood.
//!
//! The folders are the truth of bytes, the catalog that of states. An image that was made before
//! there was a catalog is entered as built; one whose folder is gone stays, and is said to be gone.

use goldsmith_build::record::{Image, Images, RecordError};
use goldsmith_catalog::Sqlite;
use goldsmith_core::catalog::{Batch, Catalog, Change};
use goldsmith_core::image::ImageId;

use crate::app::App;
use crate::report::CmdError;
use crate::wiring;

/// How many images are entered at once.
const CHUNK: usize = 500;

/// The catalog, with every image of this machine in it; `None`: there is no home yet, and looking
/// makes none.
pub(crate) fn with_all(app: &App) -> Result<Option<Sqlite>, CmdError> {
    let home = app.home()?;
    if !home.exists() {
        return Ok(None);
    }
    let catalog = wiring::catalog(app)?;
    let images = Images::new(&home);
    for chunk in catalog.missing(&images.ids()?)?.chunks(CHUNK) {
        let mut met = Vec::new();
        for id in chunk {
            met.extend(images.get(id)?);
        }
        enter(app, &catalog, &met)?;
    }
    Ok(Some(catalog))
}

/// Enters images of this machine. What is known already stays as it is.
pub(crate) fn enter(app: &App, catalog: &dyn Catalog, met: &[Image]) -> Result<(), CmdError> {
    if met.is_empty() {
        return Ok(());
    }
    let changes = met.iter().map(|image| Change::Image(image.made()));
    keep(app, catalog, changes.collect())
}

/// Keeps changes in the name of whoever gave the command.
pub(crate) fn keep(app: &App, catalog: &dyn Catalog, changes: Vec<Change>) -> Result<(), CmdError> {
    catalog.keep(&Batch {
        actor: app.actor(),
        unix: app.cx.clock().unix_seconds(),
        changes,
        ..Batch::default()
    })?;
    Ok(())
}

/// The images of this machine, where numbers that the catalog knows are not given again.
pub(crate) fn numbered(
    app: &App,
    catalog: &dyn Catalog,
    recipes: &[&str],
) -> Result<Images, CmdError> {
    let mut images = Images::new(&app.home()?);
    for name in recipes {
        images = images.with_taken(name, catalog.versions(name)?);
    }
    Ok(images)
}

/// A family and a channel, when that is what is meant: `web@production`.
fn channel_of(wanted: &str) -> Option<(&str, &str)> {
    let (family, channel) = wanted.split_once(['@', ' '])?;
    let is_word = channel.starts_with(|first: char| first.is_alphabetic());
    (is_word && !channel.contains('/') && !family.is_empty()).then_some((family, channel))
}

/// The image that a channel names.
pub(crate) fn head(
    catalog: &dyn Catalog,
    family: &str,
    channel: &str,
) -> Result<ImageId, CmdError> {
    catalog.channel(family, channel)?.ok_or_else(|| {
        CmdError::usage(format!(
            "the channel `{channel}` of `{family}` names no image"
        ))
        .hint(format!(
            "`goldsmith promote {family} --channel {channel}` has it name one"
        ))
    })
}

/// What a person calls an image of this machine, without channels: `web@production` becomes
/// `web@1.4.0/3`; all else, also a file that is called so, stays.
pub(crate) fn without_channel(app: &App, wanted: &str) -> Result<String, CmdError> {
    let Some((family, channel)) = channel_of(wanted) else {
        return Ok(wanted.to_owned());
    };
    if app.env.working_directory.join(wanted).exists() || !app.home()?.exists() {
        return Ok(wanted.to_owned());
    }
    let image = head(&wiring::catalog(app)?, family, channel)?;
    Ok(typed(&image))
}

/// As a person types it.
pub(crate) fn typed(image: &ImageId) -> String {
    format!("{}@{}/{}", image.name, image.version, image.build)
}

/// An image of this machine by what a person calls it.
pub(crate) fn find(app: &App, wanted: &str) -> Result<Image, CmdError> {
    let wanted = without_channel(app, wanted)?;
    Ok(Images::new(&app.home()?).find(&wanted)?)
}

/// An image by what a person calls it: of this machine, else one that the catalog knows, also
/// when nothing is left of it but that.
pub(crate) fn id(app: &App, catalog: &dyn Catalog, wanted: &str) -> Result<ImageId, CmdError> {
    if let Some((family, channel)) = channel_of(wanted) {
        return head(catalog, family, channel);
    }
    let error = match Images::new(&app.home()?).find(wanted) {
        Ok(image) => {
            enter(app, catalog, std::slice::from_ref(&image))?;
            return Ok(image.id());
        }
        Err(error @ RecordError::Unknown { .. }) => error,
        Err(error) => return Err(error.into()),
    };
    let (name, rest) = wanted.split_once(['@', ' ']).unwrap_or((wanted, ""));
    let (version, build) = rest.split_once('/').unwrap_or((rest, ""));
    let versions = catalog.versions(name)?.into_iter().rev();
    let mut fitting = versions.filter(|(of, _)| version.is_empty() || of.to_string() == version);
    if let Some((version, last)) = fitting.next() {
        let id = ImageId {
            name: name.to_owned(),
            version,
            build: match build {
                "" => last,
                // No image has build 0.
                said => said.parse().unwrap_or(0),
            },
        };
        if catalog.missing(std::slice::from_ref(&id))?.is_empty() {
            return Ok(id);
        }
    }
    Err(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_channel() {
        for (wanted, expected) in [
            ("web@production", Some(("web", "production"))),
            ("web production", Some(("web", "production"))),
            ("web@1.4.0", None),
            ("web@1.4.0/2", None),
            ("web", None),
            ("web@", None),
            ("@production", None),
            ("./some@folder/disk.raw", None),
        ] {
            assert_eq!(channel_of(wanted), expected, "{wanted}");
        }
    }
}
