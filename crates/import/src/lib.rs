//! Other tools' descriptions of images as Goldsmith projects: today those of EC2 Image Builder.
//!
//! ```text
//! JSON ──read──► resources of one form ──kind/<kind>──► blocks of a *.gold.hcl, documents
//!  (API answers, CloudFormation, Terraform)       └──► report: what became what, what did not
//! ```
//!
//! Nothing is dropped: what has no counterpart is in the report, and as a comment at the place
//! where it would stand.

mod hcl;
mod kind;
mod read;
mod report;
mod resource;

use std::collections::BTreeMap;

use hcl::Writer;
use resource::{Kind, Resource};

pub use report::{Left, Report, Turned};

/// The file that gets the configuration.
pub const FILE: &str = "image-builder.gold.hcl";

/// Something to read.
#[derive(Debug, Clone)]
pub struct Input {
    /// Shown in messages.
    pub name: String,
    /// JSON.
    pub text: String,
}

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// An input is no JSON.
    #[error("`{name}` is not JSON: {detail}")]
    Json {
        /// The input.
        name: String,
        /// What and where.
        detail: String,
    },
    /// An input holds nothing of Image Builder.
    #[error("`{name}` has no resource of Image Builder in it")]
    Nothing {
        /// The input.
        name: String,
    },
}

impl goldsmith_core::failure::Failure for ImportError {
    fn class(&self) -> goldsmith_core::failure::Class {
        goldsmith_core::failure::Class::Config
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Json { .. } => vec![
                "`aws imagebuilder get-image-recipe ...` and its kin print it; CloudFormation in YAML has to be turned into JSON first".to_owned(),
            ],
            Self::Nothing { .. } => vec![
                "known are the answers of `aws imagebuilder get-*` and `list-*`, CloudFormation templates in JSON, `*.tf.json` and `terraform show -json`".to_owned(),
            ],
        }
    }
}

/// A project.
#[derive(Debug, Clone, Default)]
pub struct Imported {
    /// Files by their path in the project.
    pub files: BTreeMap<String, String>,
    /// What became what, and what did not.
    pub report: Report,
}

/// What the kinds see of each other.
struct World<'a> {
    resources: &'a [Resource],
    /// Names of the components that ship with Goldsmith.
    library: &'a [&'a str],
}

impl World<'_> {
    /// The resource that a text refers to: by ARN, by a template's name, by its name.
    fn find(&self, kind: Kind, reference: &str) -> Option<&Resource> {
        let of_kind = || self.resources.iter().filter(|r| r.kind == kind);
        let name = resource::name_in_arn(reference);
        of_kind()
            .find(|r| r.ids.iter().any(|id| id == reference))
            .or_else(|| of_kind().find(|r| name.is_some_and(|name| r.slug() == name)))
    }
}

/// Turns Image Builder's resources into a project.
///
/// `library` are the names of the components that ship with Goldsmith.
pub fn image_builder(inputs: &[Input], library: &[&str]) -> Result<Imported, ImportError> {
    let mut resources = Vec::new();
    for input in inputs {
        let value = serde_json::from_str(&input.text).map_err(|error| ImportError::Json {
            name: input.name.clone(),
            detail: error.to_string(),
        })?;
        let found = read::resources(&value);
        if found.is_empty() {
            return Err(ImportError::Nothing {
                name: input.name.clone(),
            });
        }
        resources.extend(found);
    }
    // The same resource may be in several answers; the fullest one counts.
    resources.sort_by_key(|r| (r.kind, r.slug(), std::cmp::Reverse(r.fields.len())));
    resources.dedup_by(|a, b| a.kind == b.kind && a.slug() == b.slug() && a.version == b.version);
    let world = World {
        resources: &resources,
        library,
    };
    let mut out = Imported::default();
    let mut writer =
        Writer::new("Made from EC2 Image Builder's resources by `goldsmith import image-builder`.");
    for resource in &resources {
        kind::convert(resource, &world, &mut writer, &mut out);
    }
    let text = writer.finish();
    let text = goldsmith_lang::format(FILE, text.as_bytes()).unwrap_or(text);
    out.files.insert(FILE.to_owned(), text);
    Ok(out)
}
