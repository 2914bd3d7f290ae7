//! What Goldsmith does not make: container recipes, workflows, images.

use super::leave;
use crate::hcl::Writer;
use crate::report::Report;
use crate::resource::{Kind, Resource};

pub(super) fn convert(resource: &Resource, writer: &mut Writer, report: &mut Report) {
    let why = |_: &str| match resource.kind {
        Kind::ContainerRecipe => "Goldsmith makes machine images, no container images",
        Kind::Workflow => {
            "the stages of a run are Goldsmith's own; look for steps that belong into a component"
        }
        _ => "an image that was built; import its recipe",
    };
    let title = resource.title();
    writer.blank();
    writer.remark(&format!("not carried over: {title} ({})", why("")));
    report.left(&title, "(all of it)", &resource.name, why(""));
    leave(resource, "", resource.take(), &why, writer, report);
}
