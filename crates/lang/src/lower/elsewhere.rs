//! What a recipe has, and has not, whose image is not made on this computer.

use goldsmith_core::diagnostic::Diagnostic;
use goldsmith_core::recipe::{DiskSpec, Infrastructure, Source};

use super::infrastructure::{infrastructure, instance_type};
use crate::decode::{Found, Reader};
use crate::value::BlockName;

/// Whether what starts from a source is made elsewhere.
pub(super) fn is_elsewhere(source: &BlockName) -> bool {
    source.labels[0] == "aws-ami"
}

/// Where a recipe is made, if that is elsewhere. `source` is what it starts from, if it can be known.
pub(super) fn place(
    reader: &Reader<'_>,
    source: Option<&BlockName>,
) -> Option<Option<Infrastructure>> {
    match (reader.reference("infrastructure"), source.map(is_elsewhere)) {
        (Found::Unusable, _) => None,
        (Found::Absent, Some(true)) => {
            let message = "`infrastructure` is missing in `recipe`";
            let label = "write `infrastructure = infrastructure.aws.<name>`";
            let problem = Diagnostic::error("L0103", message)
                .label(reader.definition.span(), label)
                .note("what starts from an image of AWS is made on an instance");
            reader.evaluator.report(problem);
            None
        }
        (Found::Absent, _) => Some(None),
        (Found::Is(block), is_wanted) => {
            let place = infrastructure(reader.world, reader.evaluator, &block);
            if is_wanted == Some(false) {
                let label = "only what starts from an image of AWS is made elsewhere";
                not_here(reader, "infrastructure", "this recipe is made here", label);
                return None;
            }
            place.map(Some)
        }
    }
}

fn not_here(reader: &Reader<'_>, key: &str, message: &str, label: &str) {
    if let Some(attribute) = reader.body.attribute(key) {
        let place = reader.span(&attribute.name.at);
        let problem = Diagnostic::error("L0112", message).label(place, label);
        reader.evaluator.report(problem);
    }
}

/// Refuses the parts of a recipe that only what is made here can have; gives what stands for its
/// disk.
pub(super) fn disk(reader: &Reader<'_>) -> Option<DiskSpec> {
    let mut is_right = true;
    for block in &reader.body.blocks {
        let (message, label, note) = match block.kind.text.as_str() {
            "disk" => (
                DISK,
                "its size and how it starts are not ours to say",
                VOLUMES,
            ),
            "provisioner" => (
                "a provisioner cannot be run on an instance",
                "it has no text that could be sent there",
                "a component document can: `ExecuteBash` runs commands, `CreateFile` writes files",
            ),
            _ => continue,
        };
        let place = reader.span(&block.head);
        let problem = Diagnostic::error("L0112", message).label(place, label);
        reader.evaluator.report(problem.note(note));
        is_right = false;
    }
    match reader.reference("disk") {
        Found::Absent => {}
        Found::Unusable => return None,
        Found::Is(_) => {
            not_here(reader, "disk", DISK, VOLUMES);
            is_right = false;
        }
    }
    is_right.then_some(DiskSpec::NONE)
}

const DISK: &str = "an image of AWS has its own disks";
const VOLUMES: &str = "`volume` blocks of the infrastructure change them";

/// Reports the first type of instances that could not start the image.
pub(super) fn check_arch(reader: &Reader<'_>, source: &Source, place: Option<&Infrastructure>) {
    let (Source::Ami(source), Some(Infrastructure::Aws(place))) = (source, place) else {
        return;
    };
    let other = place.types.iter().find_map(|kind| {
        let arch = instance_type::arch(kind)?;
        (arch != source.arch).then_some((kind, arch))
    });
    let Some((kind, arch)) = other else { return };
    let message = format!("no `{kind}` can start an image for {}", source.arch);
    let problem = Diagnostic::error("L0112", message)
        .label(reader.definition.span(), "this recipe")
        .label(
            source.span.clone(),
            format!("the source is for {}", source.arch),
        )
        .label(place.span.clone(), format!("`{kind}` is {arch}"));
    reader.evaluator.report(problem);
}
