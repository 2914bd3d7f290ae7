//! A lifecycle policy: a `lifecycle`.

use super::{LATER, in_file, leave};
use crate::hcl::{Writer, string};
use crate::report::Report;
use crate::resource::{Fields, Resource};

pub(super) fn convert(resource: &Resource, writer: &mut Writer, report: &mut Report) {
    let mut fields = resource.take();
    let head = format!("lifecycle {}", string(&resource.slug()));
    let mut left = Vec::new();
    writer.blank();
    writer.commented(|writer| {
        writer.block(&head, |writer| {
            for rule in fields.list("policyDetails") {
                let mut rule = Fields::of(rule);
                let mut action = rule.fields("action");
                let mut filter = rule.fields("filter");
                let verb = action.text("type").unwrap_or_default().to_ascii_lowercase();
                let value = filter.text("value").unwrap_or_default();
                let unit = filter.text("unit").unwrap_or_default().to_ascii_lowercase();
                match filter.text("type").as_deref() {
                    Some("COUNT") => writer.attribute("keep_last", &value),
                    _ => writer.attribute(
                        &format!("{verb}_after"),
                        &string(&format!("{value} {unit}")),
                    ),
                }
                if let Some(count) = filter.text("retainAtLeast") {
                    writer.attribute("keep_last", &count);
                }
                left.push((format!("policyDetails[{verb}].action."), action));
                left.push((format!("policyDetails[{verb}]."), rule));
            }
        });
    });
    report.turned(resource.title(), in_file(&format!("a comment, {head},")));
    report.left(&resource.title(), "(all of it)", &head, LATER);
    for (prefix, rest) in left {
        let why = |_: &str| "images in use are held, and snapshots go with their images: no rule is needed for that; look at the rest";
        leave(resource, &prefix, rest, &why, writer, report);
    }
    leave(
        resource,
        "",
        fields,
        &|_| "a lifecycle belongs to the pipelines that name it",
        writer,
        report,
    );
}
