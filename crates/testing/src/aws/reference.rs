//! What an account has that names an image.

use serde_json::{Value, json};

use super::dispatch::Actions;
use super::input::Input;
use super::list;
use super::refusal::Refusal;
use super::world::Caller;

pub(super) const ACTIONS: Actions = &[("DescribeImageReferences", describe)];

fn describe(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let ids = input.texts("ImageIds");
    let kinds: Vec<&str> = input
        .parts("ResourceTypes")
        .map(|kind| kind.required("ResourceType"))
        .collect();
    if input.is("IncludeAllResourceTypes") != kinds.is_empty() {
        let message = "Either all resource types or some must be asked for";
        return Err(Refusal::combination(message));
    }
    let now = caller.now();
    let (region, account) = (caller.region.clone(), caller.account.clone());
    let arn = |service: &str, name: &str| format!("arn:aws:{service}:{region}:{account}:{name}");
    let place = caller.place();
    let mut found: Vec<(String, &str, String)> = Vec::new();
    for instance in place
        .instances
        .values()
        .filter(|instance| instance.state(now) != "terminated")
    {
        found.push((
            instance.image.clone(),
            "ec2:Instance",
            arn("ec2", &format!("instance/{}", instance.id)),
        ));
    }
    for template in place.launch_templates.values() {
        for image in template.images() {
            let name = format!("launch-template/{}", template.id);
            found.push((image.to_owned(), "ec2:LaunchTemplate", arn("ec2", &name)));
        }
    }
    for (name, parameter) in &place.parameters {
        if let Some(image) = parameter.value(now) {
            let name = format!("parameter/{}", name.trim_start_matches('/'));
            found.push((image.to_owned(), "ssm:Parameter", arn("ssm", &name)));
        }
    }
    found.retain(|(image, kind, _)| {
        ids.contains(&image.as_str()) && (kinds.is_empty() || kinds.contains(kind))
    });
    let items = found
        .into_iter()
        .map(|(image, kind, arn)| json!({ "ImageId": image, "ResourceType": kind, "Arn": arn }));
    let items = items.collect();
    let (items, next) = list::page(caller, input, items, 5..=1000)?;
    Ok(json!({ "ImageReferences": items, "NextToken": next }))
}
