//! The Allowed AMIs settings of EC2 (`ReplaceImageCriteriaInAllowedImagesSettings`): the account
//! that owns the images, and their names.
//!
//! It holds what an account starts that it does not own itself; enabling it is another call
//! (`EnableAllowedImagesSettings`), which Terraform makes with it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::terraform::{Block, value};
use super::{Approved, Form, GenerateError, Kind};

/// Names in a criterion, and criteria.
const NAMES_MAX: usize = 50;
const CRITERIA_MAX: usize = 10;

pub(super) fn write(form: Form, approved: &Approved) -> Result<String, GenerateError> {
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
    let criteria = names.chunks(NAMES_MAX);
    Ok(match form {
        Form::Json => {
            let criteria: Vec<Value> = criteria.map(|names| criterion(approved, names)).collect();
            super::json(&json!({ "ImageCriteria": criteria }))
        }
        Form::Terraform => {
            let mut settings = Block::new(
                "resource",
                &["aws_ec2_allowed_images_settings", "golden_images"],
            );
            settings.set("state", value(&json!("enabled")));
            for names in criteria {
                let mut criterion = Block::new("image_criterion", &[]);
                criterion.set("image_providers", value(&json!([approved.owner])));
                criterion.set("image_names", value(&json!(names)));
                if let Some(days) = approved.max_age_days {
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

fn criterion(approved: &Approved, names: &[&str]) -> Value {
    let mut criterion = json!({ "ImageProviders": [approved.owner], "ImageNames": names });
    if let Some(days) = approved.max_age_days {
        criterion["CreationDateCondition"] = json!({ "MaximumDaysSinceCreated": days });
    }
    criterion
}
