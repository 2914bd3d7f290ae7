//! A component: its document as it is, in a file.

use crate::Imported;
use crate::resource::Resource;

/// The path of a component's document in the project.
pub(super) fn path(resource: &Resource) -> String {
    format!("components/{}.yaml", resource.slug())
}

pub(super) fn convert(resource: &Resource, out: &mut Imported) {
    let mut fields = resource.take();
    let title = resource.title();
    if let Some(document) = fields.text("data") {
        out.report.turned(title.clone(), path(resource));
        out.files.insert(path(resource), document);
    } else {
        let uri = fields.text("uri").unwrap_or_default();
        let why =
            "its document was not given: fetch it and write it to the path that the recipe names";
        out.report.left(&title, "data", &uri, why);
    }
    for (field, value) in fields.rest() {
        let why = match field.as_str() {
            "platform" => "the document says it by its actions",
            "description" | "changeDescription" => {
                "the document has a description, Git the changes"
            }
            "supportedOsVersions" => {
                "the source of the recipe decides; `goldsmith validate` checks the document"
            }
            "kmsKeyId" => "the document lies in Git",
            _ => "Goldsmith has no counterpart",
        };
        out.report.left(&title, &field, &super::shown(&value), why);
    }
}
