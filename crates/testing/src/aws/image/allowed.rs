//! Allowed AMIs: which images of others an account lets itself use.

#![expect(clippy::unnecessary_wraps, reason = "all handlers have one form")]

use serde_json::{Value, json};

use super::super::dispatch::Actions;
use super::super::input::Input;
use super::super::list::matches;
use super::super::refusal::Refusal;
use super::super::world::{Caller, World};
use super::Image;

pub(in super::super) const ACTIONS: Actions = &[
    ("DisableAllowedImagesSettings", disable),
    ("EnableAllowedImagesSettings", enable),
    ("GetAllowedImagesSettings", get),
    ("ReplaceImageCriteriaInAllowedImagesSettings", replace),
];

const DAY: i64 = 24 * 3600;

/// What an account has said.
#[derive(Debug, Default)]
pub(in super::super) struct Settings {
    /// `enabled` or `audit-mode`; nothing means that all images are allowed.
    state: Option<String>,
    /// As the model has them.
    criteria: Vec<Value>,
}

/// Whether an account allows itself an image.
pub(super) fn is_allowed(world: &World, account: &str, region: &str, image: &Image) -> bool {
    let Some(place) = world.place_of(account, region) else {
        return true;
    };
    let settings = &place.allowed_images;
    let meets = |criterion: &Value| {
        let criterion = Input {
            value: criterion,
            payload: None,
        };
        let (providers, names) = (
            criterion.texts("ImageProviders"),
            criterion.texts("ImageNames"),
        );
        let is_within = |condition: &str, days: &str, since: Option<i64>| {
            let most = criterion.part(condition).number(days);
            most.is_none_or(|most| since.is_none_or(|since| world.now() - since <= most * DAY))
        };
        (providers.is_empty() || providers.contains(&image.owner.as_str()))
            && (names.is_empty() || names.iter().any(|name| matches(name, &image.name)))
            && is_within(
                "CreationDateCondition",
                "MaximumDaysSinceCreated",
                Some(image.created),
            )
            && is_within(
                "DeprecationTimeCondition",
                "MaximumDaysSinceDeprecated",
                image.deprecation,
            )
    };
    settings.state.is_none() || image.owner == account || settings.criteria.iter().any(meets)
}

/// Whether an account sees an image: it is allowed, or that is only watched.
pub(super) fn is_shown(world: &World, account: &str, region: &str, image: &Image) -> bool {
    let place = world.place_of(account, region);
    let state = place.and_then(|place| place.allowed_images.state.as_deref());
    state != Some("enabled") || is_allowed(world, account, region, image)
}

fn enable(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let state = input.required("AllowedImagesSettingsState");
    caller.place().allowed_images.state = Some(state.to_owned());
    Ok(json!({ "AllowedImagesSettingsState": state }))
}

fn disable(caller: &mut Caller<'_>, _: Input<'_>) -> Result<Value, Refusal> {
    caller.place().allowed_images.state = None;
    Ok(json!({ "AllowedImagesSettingsState": "disabled" }))
}

fn get(caller: &mut Caller<'_>, _: Input<'_>) -> Result<Value, Refusal> {
    let settings = &caller.place().allowed_images;
    Ok(json!({
        "State": settings.state.as_deref().unwrap_or("disabled"),
        "ImageCriteria": settings.criteria,
        "ManagedBy": "account",
    }))
}

fn replace(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let criteria: Vec<Value> = input
        .parts("ImageCriteria")
        .map(|part| part.value.clone())
        .collect();
    if criteria.len() > 10 {
        let message = "There may be at most 10 criteria";
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    for criterion in input.parts("ImageCriteria") {
        for provider in criterion.texts("ImageProviders") {
            let is_account =
                provider.len() == 12 && provider.bytes().all(|byte| byte.is_ascii_digit());
            if !is_account
                && !["amazon", "aws-marketplace", "aws-backup-vault", "none"].contains(&provider)
            {
                return Err(Refusal::value(
                    "ImageProvider",
                    provider,
                    "It is no account and no alias",
                ));
            }
        }
        // What the fake knows nothing of cannot be met.
        for name in [
            "MarketplaceProductCodes",
            "ImageWatermarks",
            "ScanResultCondition",
        ] {
            if criterion.has(name) {
                return Err(Refusal::value(
                    "ImageCriterion",
                    name,
                    "The fake does not know of it",
                ));
            }
        }
    }
    caller.place().allowed_images.criteria = criteria;
    Ok(json!({ "ReturnValue": true }))
}
