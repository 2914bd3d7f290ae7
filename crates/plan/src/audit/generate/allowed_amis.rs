//! The Allowed AMIs settings of EC2 (`ReplaceImageCriteriaInAllowedImagesSettings`): the account
//! that owns the images, and their names.
//!
//! It holds what an account starts that it does not own itself; enabling it is another call
//! (`EnableAllowedImagesSettings`), which Terraform makes with it.

use std::collections::BTreeSet;

use goldsmith_core::control::Criterion;
use serde_json::{Value, json};

use super::terraform::{Block, value};
use super::{Approved, Form, GenerateError, Kind};

/// Names in a criterion, and criteria.
const NAMES_MAX: usize = 50;
const CRITERIA_MAX: usize = 10;

/// What an image of others must be to be used.
pub(in crate::audit) fn criteria(approved: &Approved) -> Result<Vec<Criterion>, GenerateError> {
    let names: BTreeSet<&str> = approved.images.iter().map(|it| it.name.as_str()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    if names.len() > NAMES_MAX * CRITERIA_MAX {
        return Err(GenerateError::TooMany {
            kind: Kind::AllowedAmis,
            what: "names",
            most: NAMES_MAX * CRITERIA_MAX,
            count: names.len(),
        });
    }
    let criterion = |names: &[&str]| Criterion {
        providers: vec![approved.owner.clone()],
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        max_age_days: approved.max_age_days,
        others: Vec::new(),
    };
    Ok(names.chunks(NAMES_MAX).map(criterion).collect())
}

pub(super) fn write(form: Form, approved: &Approved) -> Result<String, GenerateError> {
    let criteria = criteria(approved)?;
    Ok(match form {
        Form::Json => {
            let criteria: Vec<Value> = criteria.iter().map(request).collect();
            super::json(&json!({ "ImageCriteria": criteria }))
        }
        Form::Terraform => {
            let mut settings = Block::new(
                "resource",
                &["aws_ec2_allowed_images_settings", "golden_images"],
            );
            settings.set("state", value(&json!("enabled")));
            for wanted in &criteria {
                let mut criterion = Block::new("image_criterion", &[]);
                criterion.set("image_providers", value(&json!(wanted.providers)));
                criterion.set("image_names", value(&json!(wanted.names)));
                if let Some(days) = wanted.max_age_days {
                    let mut condition = Block::new("creation_date_condition", &[]);
                    condition.set("maximum_days_since_created", value(&json!(days)));
                    criterion.put(condition);
                }
                settings.put(criterion);
            }
            settings.to_string()
        }
    })
}

fn request(wanted: &Criterion) -> Value {
    let mut criterion = json!({ "ImageProviders": wanted.providers, "ImageNames": wanted.names });
    if let Some(days) = wanted.max_age_days {
        criterion["CreationDateCondition"] = json!({ "MaximumDaysSinceCreated": days });
    }
    criterion
}
