//! What a document may ask for while an image is built or tested.
//!
//! The same recipe and lock give the same answers: dates are the lock's, identifiers come from
//! the key of the image. What names a single build or a recipe is known to `{{ env:... }}` but
//! not to programs: else every step would depend on it, and recipes could share none.

use std::collections::BTreeMap;

use goldsmith_component::Services;
use goldsmith_core::digest::Sha256;

use crate::project::ProjectDirectory;

/// What a build and its test are made for.
#[derive(Debug, Clone, Copy)]
pub struct Purpose<'a> {
    /// Version of the recipe, as written.
    pub version: &'a str,
    /// The lock's moment, in seconds since 1970 UTC.
    pub epoch: i64,
    /// Key of the image.
    pub key: Sha256,
}

/// The part of a build that documents know as `IMAGE_PHASE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The tree is made.
    Building,
    /// The finished image runs.
    Testing,
}

/// Services for one part, with the network of `outside`.
pub fn services<'a>(
    outside: &Services<'a>,
    project: &'a ProjectDirectory,
    purpose: Purpose<'_>,
    part: Part,
) -> Services<'a> {
    let phase = match part {
        Part::Building => "BUILDING",
        Part::Testing => "TESTING",
    };
    let texts = |all: &[(&str, &str)]| -> BTreeMap<String, String> {
        let pairs = all.iter();
        pairs
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect()
    };
    // Image Builder's variables; nobody made the resources that the empty ones name.
    let env = texts(&[
        ("IMAGE_PHASE", phase),
        ("IMAGE_PIPELINE_ARN", ""),
        ("IMAGE_BUILD_VERSION_ARN", ""),
    ]);
    let id = identifier(purpose.key);
    let names = texts(&[
        ("IMAGE_VERSION", purpose.version),
        ("IMAGE_BUILD_VERSION", purpose.version),
        ("IMAGE_WORKFLOW_EXECUTION_ID", &id),
        ("IMAGE_STEP_EXECUTION_ID", &id),
    ]);
    let moment = jiff::Timestamp::from_second(purpose.epoch).unwrap_or_default();
    let moment = moment.to_string();
    let day = moment.split('T').next().unwrap_or_default();
    let context = texts(&[
        ("executionId", &id),
        ("uuid", &id),
        ("date", day),
        ("dateTime", &moment),
    ]);
    Services {
        documents: Some(project),
        files: Some(project),
        env,
        names,
        context,
        ..outside.clone()
    }
}

/// A version 8 UUID of the first bytes of a digest.
fn identifier(key: Sha256) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&key.as_bytes()[..16]);
    uuid::Builder::from_custom_bytes(bytes)
        .into_uuid()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_image_gives_the_same_answers() {
        let project = ProjectDirectory::new(std::path::Path::new("/p"));
        let purpose = Purpose {
            version: "1.2.x",
            epoch: 1_700_000_000,
            key: Sha256::of(b"key"),
        };
        let made = services(&Services::default(), &project, purpose, Part::Building);
        assert_eq!(made.env["IMAGE_PHASE"], "BUILDING");
        assert_eq!(made.names["IMAGE_VERSION"], "1.2.x");
        assert_eq!(made.context["date"], "2023-11-14");
        assert_eq!(made.context["dateTime"], "2023-11-14T22:13:20Z");
        assert_eq!(made.context["uuid"].as_bytes()[14], b'8');
        let again = services(&Services::default(), &project, purpose, Part::Testing);
        assert_eq!(made.context, again.context);
        // Programs of steps get nothing that differs between builds or recipes.
        assert!(made.env.values().all(|value| !value.contains("1.2.x")));
    }
}
