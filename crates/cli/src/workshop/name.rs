//! What images are called at their targets.

use goldsmith_core::catalog::ImageRow;
use goldsmith_core::failure::Class;
use goldsmith_core::recipe::Distribution;
use goldsmith_pipeline::stage::distribute::Named;
use goldsmith_pipeline::unit::StageError;
use goldsmith_plan::naming::{self, Facts};

/// The name of an image at its targets, and its tags, by the rule of a distribution.
pub(crate) fn name(
    distribution: Option<&Distribution>,
    row: &ImageRow,
) -> Result<Named, StageError> {
    let Some(distribution) = distribution else {
        return Err(StageError::new(Class::Bug, "there is no distribution"));
    };
    let made = &row.made;
    let date = jiff::Timestamp::from_second(made.created_unix).unwrap_or_default();
    let facts = Facts {
        name: &made.id.name,
        purpose: &made.purpose,
        os: &made.os,
        version: made.id.version,
        build: made.id.build,
        arch: &made.arch,
        date: date.to_zoned(jiff::tz::TimeZone::UTC).date(),
    };
    let name = naming::render(&distribution.naming, &distribution.tags, &facts);
    Ok(Named {
        name: name.map_err(|error| StageError::of(&error))?,
        tags: naming::tags(&distribution.tags, &facts),
    })
}
