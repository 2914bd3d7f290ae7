//! An infrastructure configuration: where a build runs. Goldsmith builds without an instance;
//! the block is for builds that want one.

use super::{LATER, in_file, leave, tags};
use crate::hcl::{Writer, string, strings};
use crate::report::Report;
use crate::resource::Resource;

pub(super) fn convert(resource: &Resource, writer: &mut Writer, report: &mut Report) {
    let mut fields = resource.take();
    let head = format!("infrastructure \"aws\" {}", string(&resource.slug()));
    writer.blank();
    writer.commented(|writer| {
        writer.block(&head, |writer| {
            let types: Vec<String> = fields
                .list("instanceTypes")
                .iter()
                .map(super::shown)
                .collect();
            if !types.is_empty() {
                writer.attribute("instance_types", &strings(types.iter().map(String::as_str)));
            }
            for (from, to) in [
                ("instanceProfileName", "instance_profile"),
                ("subnetId", "subnet"),
                ("keyPair", "key_pair"),
                ("snsTopicArn", "sns_topic"),
            ] {
                if let Some(text) = fields.text(from) {
                    writer.attribute(to, &string(&text));
                }
            }
            let groups: Vec<String> = fields
                .list("securityGroupIds")
                .iter()
                .map(super::shown)
                .collect();
            if !groups.is_empty() {
                writer.attribute(
                    "security_groups",
                    &strings(groups.iter().map(String::as_str)),
                );
            }
            if let Some(flag) = fields.flag("terminateInstanceOnFailure") {
                writer.attribute("terminate_on_failure", &flag.to_string());
            }
            for (name, to) in [("resourceTags", "instance_tags"), ("tags", "tags")] {
                if let Some(tags) = tags(&mut fields, name) {
                    writer.attribute(to, &tags);
                }
            }
        });
    });
    report.left(&resource.title(), "(all of it)", &head, "images are built without an instance; for those that need one: a comment in the form it will have");
    report.turned(resource.title(), in_file(&format!("a comment, {head},")));
    leave(resource, "", fields, &|_| LATER, writer, report);
}
