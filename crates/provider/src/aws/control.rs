//! What has AWS refuse images that are not approved, in an account and a region: the Allowed AMIs
//! settings of EC2, rules of AWS Config.

use goldsmith_core::control::{
    AllowedImages, ConfigRule, ControlError, Controls, Criterion, Effect,
};
use goldsmith_core::cx::Cx;
use goldsmith_core::remote::RemoteError;
use serde_json::json;

use super::Aws;
use super::api::config;
use super::api::ec2::setting as ec2;
use super::call::Request;
use super::form::Form;
use super::node::Node;

/// Who may set the allowed images of an account besides itself.
const BY_POLICY: &str = "declarative-policy";
/// What a criterion may ask beyond what we set, and how it is said.
const OTHERS: [(&str, &str); 3] = [
    ("marketplaceProductCodeSet/item", "with the product code"),
    (
        "deprecationTimeCondition/maximumDaysSinceDeprecated",
        "with the most days since it was deprecated:",
    ),
    ("imageWatermarkSet/item/watermarkKey", "with the watermark"),
];

/// The controls of an account in a region.
#[derive(Debug)]
pub struct AwsControls(Aws);

impl AwsControls {
    /// Those of a region, in the account that the keys, or the role (its ARN), are of.
    pub fn new(aws: &Aws, region: &str, role: Option<&str>) -> Self {
        Self(aws.at(region, role))
    }

    fn read_allowed(&self, cx: &Cx) -> Result<AllowedImages, RemoteError> {
        let subject = "the allowed images".to_owned();
        let operation = &ec2::GET_ALLOWED_IMAGES_SETTINGS;
        let request = Request::form(operation, subject, &Form::default());
        self.0.call(cx, &request, |answer| {
            answer.read(cx, &request, |whole| {
                let mut criteria = Vec::new();
                whole.each("imageCriterionSet/item", |it| criteria.push(criterion(it)));
                Some(AllowedImages {
                    effect: Effect::named(&whole.text("state")?)?,
                    criteria,
                    is_fixed: whole.text("managedBy").as_deref() == Some(BY_POLICY),
                })
            })
        })
    }

    fn write_allowed(&self, cx: &Cx, wanted: &AllowedImages) -> Result<(), RemoteError> {
        let form =
            (1..)
                .zip(&wanted.criteria)
                .fold(Form::default(), |form, (number, criterion)| {
                    let start = format!("ImageCriterion.{number}");
                    let providers: Vec<&str> =
                        criterion.providers.iter().map(String::as_str).collect();
                    let names: Vec<&str> = criterion.names.iter().map(String::as_str).collect();
                    let days = criterion.max_age_days.map(|days| days.to_string());
                    form.list(&format!("{start}.ImageProvider"), &providers)
                        .list(&format!("{start}.ImageName"), &names)
                        .maybe(
                            &format!("{start}.CreationDateCondition.MaximumDaysSinceCreated"),
                            days.as_deref(),
                        )
                });
        let subject = "the allowed images".to_owned();
        let operation = &ec2::REPLACE_ALLOWED_IMAGES_CRITERIA;
        let request = Request::form(operation, subject.clone(), &form);
        self.0
            .call(cx, &request, |answer| answer.text(cx).map(drop))?;
        let form = Form::default().with("AllowedImagesSettingsState", wanted.effect.word());
        let operation = &ec2::ENABLE_ALLOWED_IMAGES_SETTINGS;
        let request = Request::form(operation, subject, &form);
        self.0
            .call(cx, &request, |answer| answer.text(cx).map(drop))
    }

    fn read_rule(&self, cx: &Cx, name: &str) -> Result<Option<ConfigRule>, RemoteError> {
        let subject = format!("the rule `{name}`");
        let inputs = [("ConfigRuleNames", json!([name]))];
        let request = Request::json(&config::DESCRIBE_CONFIG_RULES, subject, &inputs);
        let read = self.0.call(cx, &request, |answer| {
            answer.read(cx, &request, |whole| {
                let mut found = None;
                whole.each("ConfigRules", |rule| {
                    let text = |path: &str| rule.text(path).unwrap_or_default();
                    found = Some(ConfigRule {
                        name: text("ConfigRuleName"),
                        description: text("Description"),
                        resource_types: rule.texts("Scope/ComplianceResourceTypes"),
                        identifier: text("Source/SourceIdentifier"),
                        parameters: text("InputParameters"),
                    });
                });
                Some(found)
            })
        });
        match read {
            Err(error) if request.is_missing(&error) => Ok(None),
            other => other,
        }
    }

    fn write_rule(&self, cx: &Cx, wanted: &ConfigRule) -> Result<(), RemoteError> {
        let rule = json!({
            "ConfigRuleName": wanted.name,
            "Description": wanted.description,
            "Scope": { "ComplianceResourceTypes": wanted.resource_types },
            "Source": { "Owner": "AWS", "SourceIdentifier": wanted.identifier },
            "InputParameters": wanted.parameters,
        });
        let subject = format!("the rule `{}`", wanted.name);
        let request = Request::json(&config::PUT_CONFIG_RULE, subject, &[("ConfigRule", rule)]);
        self.0
            .call(cx, &request, |answer| answer.text(cx).map(drop))
    }
}

fn criterion(node: Node<'_>) -> Criterion {
    let days = node.text("creationDateCondition/maximumDaysSinceCreated");
    let others = OTHERS.iter().flat_map(|(path, words)| {
        let texts = node.texts(path).into_iter();
        texts.map(move |text| format!("{words} {text}"))
    });
    Criterion {
        providers: node.texts("imageProviderSet/item"),
        names: node.texts("imageNameSet/item"),
        max_age_days: days.and_then(|days| days.parse().ok()),
        others: others.collect(),
    }
}

impl Controls for AwsControls {
    fn allowed_images(&self, cx: &Cx) -> Result<AllowedImages, ControlError> {
        Ok(self.read_allowed(cx)?)
    }

    fn set_allowed_images(&self, cx: &Cx, wanted: &AllowedImages) -> Result<(), ControlError> {
        Ok(self.write_allowed(cx, wanted)?)
    }

    fn config_rule(&self, cx: &Cx, name: &str) -> Result<Option<ConfigRule>, ControlError> {
        Ok(self.read_rule(cx, name)?)
    }

    fn put_config_rule(&self, cx: &Cx, wanted: &ConfigRule) -> Result<(), ControlError> {
        Ok(self.write_rule(cx, wanted)?)
    }
}
