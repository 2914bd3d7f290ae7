//! A rule of AWS Config (`PutConfigRule`): `approved-amis-by-id` while the list is short enough,
//! else `approved-amis-by-tag`, of whose tags an image needs one only.

use std::collections::BTreeSet;

use goldsmith_core::control::ConfigRule;
use serde_json::{Value, json};

use super::terraform::{Block, encoded, value};
use super::{Approved, Form, GenerateError, Kind};

/// Ids that the rule takes, and characters of their list.
const IDS_MAX: usize = 21;
const CHARS_MAX: usize = 1024;

/// What it is called in each account and region.
pub(in crate::audit) const NAME: &str = "golden-images";
const DESCRIPTION: &str = "Machines run on approved images only";
const INSTANCE: &str = "AWS::EC2::Instance";

/// The rule that is put.
pub(in crate::audit) fn wanted(approved: &Approved) -> Result<ConfigRule, GenerateError> {
    let (identifier, parameters) = rule(approved)?;
    Ok(ConfigRule {
        name: NAME.to_owned(),
        description: DESCRIPTION.to_owned(),
        resource_types: vec![INSTANCE.to_owned()],
        identifier: identifier.to_owned(),
        parameters: parameters.to_string(),
    })
}

pub(super) fn write(form: Form, approved: &Approved) -> Result<String, GenerateError> {
    let (identifier, parameters) = rule(approved)?;
    Ok(match form {
        Form::Json => super::json(&json!({
            "ConfigRule": {
                "ConfigRuleName": NAME,
                "Description": DESCRIPTION,
                "Scope": { "ComplianceResourceTypes": [INSTANCE] },
                "Source": { "Owner": "AWS", "SourceIdentifier": identifier },
                "InputParameters": parameters.to_string(),
            },
        })),
        Form::Terraform => {
            let mut rule = Block::new("resource", &["aws_config_config_rule", "golden_images"]);
            rule.set("name", value(&json!(NAME)));
            rule.set("description", value(&json!(DESCRIPTION)));
            rule.set("input_parameters", encoded(&parameters));
            let mut source = Block::new("source", &[]);
            source.set("owner", value(&json!("AWS")));
            source.set("source_identifier", value(&json!(identifier)));
            rule.put(source);
            let mut scope = Block::new("scope", &[]);
            scope.set("compliance_resource_types", value(&json!([INSTANCE])));
            rule.put(scope);
            rule.to_string()
        }
    })
}

/// The managed rule, and what it is given.
fn rule(approved: &Approved) -> Result<(&'static str, Value), GenerateError> {
    if let Some((key, text)) = &approved.tag {
        let parameters = json!({ "amisByTagKeyAndValue": format!("{key}:{text}") });
        return Ok(("APPROVED_AMIS_BY_TAG", parameters));
    }
    let kind = Kind::ConfigRule;
    let regions: BTreeSet<&str> = approved
        .images
        .iter()
        .map(|it| it.region.as_str())
        .collect();
    if regions.len() > 1 {
        let regions = regions.into_iter().map(str::to_owned).collect();
        return Err(GenerateError::Regions { kind, regions });
    }
    let ids: Vec<&str> = approved.images.iter().map(|it| it.id.as_str()).collect();
    let list = ids.join(",");
    if ids.len() > IDS_MAX || list.len() > CHARS_MAX {
        return Err(GenerateError::TooMany {
            kind,
            what: "ids",
            most: IDS_MAX,
            count: ids.len(),
        });
    }
    Ok(("APPROVED_AMIS_BY_ID", json!({ "amiIds": list })))
}
