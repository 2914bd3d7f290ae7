//! A distribution configuration: regions and accounts of a `distribution`.

use serde_json::Value;

use super::{LATER, in_file, leave, shown, tags};
use crate::hcl::{Writer, string, strings};
use crate::report::Report;
use crate::resource::{Fields, Resource};

pub(super) fn convert(resource: &Resource, writer: &mut Writer, report: &mut Report) {
    let mut fields = resource.take();
    let head = format!("distribution {}", string(&resource.slug()));
    let mut left = Vec::new();
    writer.blank();
    writer.commented(|writer| {
        writer.block(&head, |writer| {
            if let Some(tags) = tags(&mut fields, "tags") {
                writer.attribute("tags", &tags);
            }
            for entry in fields.list("distributions") {
                left.push(region(entry, writer));
            }
        });
    });
    report.turned(resource.title(), in_file(&format!("a comment, {head},")));
    report.left(&resource.title(), "(all of it)", &head, LATER);
    for (region, fields) in left {
        leave(
            resource,
            &format!("distributions[{region}]."),
            fields,
            &|_| "no counterpart planned by this name: see `target \"aws\"`",
            writer,
            report,
        );
    }
    leave(resource, "", fields, &|_| LATER, writer, report);
}

/// One region; gives what has no place in the block.
fn region(entry: Value, writer: &mut Writer) -> (String, Fields) {
    let mut fields = Fields::of(entry);
    let region = fields.text("region").unwrap_or_default();
    let mut image = fields.fields("amiDistributionConfiguration");
    writer.block(&format!("target \"aws\" {}", string(&region)), |writer| {
        writer.attribute("regions", &strings([region.as_str()]));
        for (from, to) in [("name", "name"), ("description", "description")] {
            if let Some(text) = image.text(from) {
                writer.attribute(
                    to,
                    &string(
                        &text
                            .replace("{{ imagebuilder:buildDate }}", "{date}")
                            .replace("{{imagebuilder:buildDate}}", "{date}"),
                    ),
                );
            }
        }
        let mut permission = image.fields("launchPermission");
        for (name, accounts) in [
            ("accounts", image.list("targetAccountIds")),
            ("share_with_accounts", permission.list("userIds")),
            (
                "share_with_organizations",
                permission.list("organizationArns"),
            ),
            (
                "share_with_units",
                permission.list("organizationalUnitArns"),
            ),
            ("share_with_groups", permission.list("userGroups")),
        ] {
            let texts: Vec<String> = accounts.iter().map(shown).collect();
            if !texts.is_empty() {
                writer.attribute(name, &strings(texts.iter().map(String::as_str)));
            }
        }
        if let Some(key) = image.text("kmsKeyId") {
            writer.attribute("encrypt", &format!("{{ kms_key = {} }}", string(&key)));
        }
        if let Some(tags) = tags(&mut image, "amiTags") {
            writer.attribute("tags", &tags);
        }
        for template in fields.list("launchTemplateConfigurations") {
            let mut template = Fields::of(template);
            writer.block("launch_template", |writer| {
                for (from, to) in [("launchTemplateId", "id"), ("accountId", "account")] {
                    if let Some(text) = template.text(from) {
                        writer.attribute(to, &string(&text));
                    }
                }
                if let Some(flag) = template.flag("setDefaultVersion") {
                    writer.attribute("default", &flag.to_string());
                }
            });
        }
        for parameter in fields.list("ssmParameterConfigurations") {
            let mut parameter = Fields::of(parameter);
            writer.block("ssm_parameter", |writer| {
                for (from, to) in [
                    ("parameterName", "name"),
                    ("amiAccountId", "account"),
                    ("dataType", "data_type"),
                ] {
                    if let Some(text) = parameter.text(from) {
                        writer.attribute(to, &string(&text));
                    }
                }
            });
        }
    });
    let mut rest = serde_json::Map::new();
    rest.extend(fields.rest());
    rest.extend(
        image
            .rest()
            .into_iter()
            .map(|(path, value)| (format!("amiDistributionConfiguration.{path}"), value)),
    );
    (region, Fields::of(Value::Object(rest)))
}
