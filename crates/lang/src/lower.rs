//! From blocks to the typed model. What has a problem or is not wholly known is left out.

mod provisioner;
mod scan;
mod source;

use std::collections::BTreeMap;

use goldsmith_core::diagnostic::Diagnostic;
use goldsmith_core::recipe::{
    Budget, ComponentUse, DiskSpec, Parameter, Pipeline, Recipe, Source, TestSpec, Work,
};

use crate::decode::{Found, Reader};
use crate::eval::Evaluator;
use crate::syntax::ast::Block;
use crate::value::BlockName;
use crate::world::World;

pub(crate) use source::check_circles;

/// The smallest disk that holds a boot loader and a file system.
const DISK_MIN: u64 = 256 << 20;
/// The largest that our ext4 can be.
const DISK_MAX: u64 = 16 << 40;

pub(crate) fn recipe(world: &World, evaluator: &Evaluator<'_>, name: &BlockName) -> Option<Recipe> {
    let reader = Reader::of(world, evaluator, name);
    // Each is read before any is missed, so that all problems are seen.
    let version = reader.version("version").required();
    let purpose = reader.text("purpose").or(String::new());
    let source = reader
        .reference("source")
        .required()
        .map(|block| source::source(world, evaluator, &block));
    let work = work(&reader);
    let disk = disk_of(&reader);
    let (source, disk) = (source??, disk?);
    check_boot(&reader, &source, &disk);
    Some(Recipe {
        name: name.labels[0].clone(),
        span: reader.definition.span(),
        version: version?,
        purpose: purpose?,
        source,
        work: work?,
        disk,
    })
}

fn blocks<'a>(reader: &Reader<'a>, kind: &'static str) -> impl Iterator<Item = &'a Block> {
    reader
        .body
        .blocks
        .iter()
        .filter(move |block| block.kind.text == kind)
}

fn check_words(
    reader: &Reader<'_>,
    key: &str,
    words: Option<&[String]>,
    is_right: fn(&str) -> bool,
    message: &str,
) {
    let (Some(words), Some(attribute)) = (words, reader.body.attribute(key)) else {
        return;
    };
    let is_secret = reader.is_secret(key);
    for word in words.iter().filter(|word| !is_right(word)) {
        let place = match &attribute.value.kind {
            crate::syntax::ast::Kind::List(items) => {
                let is_it = |item: &&crate::syntax::ast::Expr| matches!(&item.kind, crate::syntax::ast::Kind::String(text) if text == word);
                items.iter().find(is_it).unwrap_or(&attribute.value)
            }
            _ => &attribute.value,
        };
        let what = if is_secret {
            "a sensitive value".to_owned()
        } else {
            format!("`{word}`")
        };
        reader.wrong(place, format!("{what} {message}"), "here".to_owned());
    }
}

/// Components and provisioners, in the order they stand in.
fn work(reader: &Reader<'_>) -> Option<Vec<Work>> {
    let mut numbers = BTreeMap::new();
    let work: Vec<Option<Work>> = reader
        .body
        .blocks
        .iter()
        .filter_map(|block| match block.kind.text.as_str() {
            "component" => Some(component(reader, block).map(Work::Component)),
            "provisioner" => {
                Some(provisioner::provisioner(reader, block, &mut numbers).map(Work::Provisioner))
            }
            _ => None,
        })
        .collect();
    work.into_iter().collect()
}

/// A use of a component: by path, by a name of the library, or by the name of a top-level block.
fn component(reader: &Reader<'_>, block: &Block) -> Option<ComponentUse> {
    let inner = reader.inner(&block.body, "component");
    let label = &block.labels.first()?.text;
    let own = inner.parameters("parameters").or(BTreeMap::new());
    let named = BlockName {
        kind: "component".to_owned(),
        labels: vec![label.clone()],
    };
    let (document, shared) = if reader.world.blocks.contains_key(&named) {
        let shared = Reader::of(reader.world, reader.evaluator, &named);
        (
            shared.text("document").required(),
            shared.parameters("parameters").or(BTreeMap::new()),
        )
    } else {
        (
            Some(label.clone()),
            Some(BTreeMap::<String, Parameter>::new()),
        )
    };
    let mut parameters = shared?;
    parameters.extend(own?);
    Some(ComponentUse {
        document: document?,
        span: reader.span(&block.head),
        parameters,
    })
}

/// The disk of a recipe: a block, or a reference to a top-level one.
fn disk_of(reader: &Reader<'_>) -> Option<DiskSpec> {
    let block = blocks(reader, "disk").next();
    match (block, reader.reference("disk")) {
        (Some(block), Found::Absent) => disk(&reader.inner(&block.body, "disk")),
        (Some(block), _) => {
            let problem = Diagnostic::error(
                "L0111",
                "a recipe has one disk: a block or a reference, not both",
            );
            reader
                .evaluator
                .report(problem.label(reader.span(&block.head), "here"));
            None
        }
        (None, Found::Is(name)) => disk(&Reader::of(reader.world, reader.evaluator, &name)),
        (None, Found::Unusable) => None,
        (None, Found::Absent) => {
            let problem = Diagnostic::error("L0103", "`disk` is missing in `recipe`");
            reader.evaluator.report(
                problem.label(reader.definition.span(), "write `disk { size = \"8GiB\" }`"),
            );
            None
        }
    }
}

fn disk(reader: &Reader<'_>) -> Option<DiskSpec> {
    let size = reader.size("size").required();
    let boot = reader.firmwares("boot").or(vec![
        goldsmith_core::recipe::Firmware::Bios,
        goldsmith_core::recipe::Firmware::Uefi,
    ]);
    let kernel_args = reader.texts("kernel_args").or(Vec::new());
    if let (Some(size), Some(attribute)) = (size, reader.body.attribute("size")) {
        let problem = if size < DISK_MIN {
            Some("256MiB is the least that holds a boot loader and a file system")
        } else if size > DISK_MAX {
            Some("16TiB is the most that the file system can be")
        } else if size % (1 << 20) != 0 {
            Some("it must be a multiple of 1MiB, as partitions are")
        } else {
            None
        };
        if let Some(problem) = problem {
            reader.wrong(
                &attribute.value,
                "the disk cannot have this size".to_owned(),
                problem.to_owned(),
            );
            return None;
        }
    }
    Some(DiskSpec {
        size_bytes: size?,
        boot: boot?,
        kernel_args: kernel_args?,
    })
}

fn check_boot(reader: &Reader<'_>, source: &Source, disk: &DiskSpec) {
    use goldsmith_core::recipe::Firmware;
    let arch = match source {
        Source::Debian(debian) => &debian.arch,
        Source::Disk(disk) => &disk.arch,
        // Known when it is locked.
        Source::Image(_) => return,
    };
    if arch == "arm64" && disk.boot.contains(&Firmware::Bios) {
        let problem = Diagnostic::error("L0112", "machines of `arm64` have no BIOS")
            .label(
                reader.definition.span(),
                format!("the source `{}` is for arm64", source.name()),
            )
            .note("set `boot = [\"uefi\"]` in the disk");
        reader.evaluator.report(problem);
    }
}

/// Reads a block that no recipe may use, for its problems alone.
pub(crate) fn check(world: &World, evaluator: &Evaluator<'_>, name: &BlockName) {
    let reader = Reader::of(world, evaluator, name);
    match name.kind.as_str() {
        "source" => drop(source::source(world, evaluator, name)),
        "disk" => drop(disk(&reader)),
        "component" => {
            drop(reader.text("document").required());
            drop(reader.parameters("parameters").required());
        }
        // Recipes and pipelines are read as such.
        _ => {}
    }
}

pub(crate) fn pipeline(
    world: &World,
    evaluator: &Evaluator<'_>,
    name: &BlockName,
) -> Option<Pipeline> {
    let reader = Reader::of(world, evaluator, name);
    let recipe = reader.reference("recipe").required();
    let test = match blocks(&reader, "test").next() {
        Some(block) => test(&reader.inner(&block.body, "test")),
        None => Some(TestSpec::default()),
    };
    let has_scan = blocks(&reader, "scan").next().is_some();
    let scan = scan::scan(&reader);
    Some(Pipeline {
        name: name.labels[0].clone(),
        recipe: recipe?.labels[0].clone(),
        test: test?,
        scan: Some(scan?).filter(|_| has_scan),
    })
}

fn test(reader: &Reader<'_>) -> Option<TestSpec> {
    let boot = reader.firmwares("boot").or(Vec::new());
    let budget = match blocks(reader, "budget").next() {
        Some(block) => budget(&reader.inner(&block.body, "budget")),
        None => Some(Budget::default()),
    };
    Some(TestSpec {
        boot: boot?,
        budget: budget?,
    })
}

fn budget(reader: &Reader<'_>) -> Option<Budget> {
    let boot_time = reader.time("boot_time").optional();
    let disk_usage_bytes = reader.size("disk_usage").optional();
    let memory_bytes = reader.size("memory").optional();
    let listening_ports = reader.texts("listening_ports").optional();
    let is_port = |text: &str| {
        text.split_once('/').is_some_and(|(number, kind)| {
            number.parse::<u16>().is_ok_and(|n| n > 0) && matches!(kind, "tcp" | "udp")
        })
    };
    check_words(
        reader,
        "listening_ports",
        listening_ports.as_ref().and_then(Option::as_deref),
        is_port,
        "is not a port such as `22/tcp`",
    );
    Some(Budget {
        boot_time: boot_time?,
        disk_usage_bytes: disk_usage_bytes?,
        memory_bytes: memory_bytes?,
        listening_ports: listening_ports?,
    })
}
