//! From blocks to the typed model. What has a problem or is not wholly known is left out.

mod approval;
mod arn;
mod audit;
mod condition;
mod distribution;
mod elsewhere;
mod infrastructure;
mod lifecycle;
mod notify;
mod pipeline;
mod provisioner;
mod scan;
mod schedule;
mod source;
mod step;
mod test;

use std::collections::{BTreeMap, BTreeSet};

use goldsmith_core::diagnostic::{Diagnostic, Span};
use goldsmith_core::recipe::{ComponentUse, DiskSpec, Parameter, Recipe, Source, Work};

use crate::decode::{Found, Reader, member_place};
use crate::eval::Evaluator;
use crate::syntax::ast::Block;
use crate::value::BlockName;
use crate::world::World;

pub(crate) use pipeline::pipeline;
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
    let block = reader.reference("source").required();
    let source = block
        .as_ref()
        .map(|block| source::source(world, evaluator, block));
    let infrastructure = elsewhere::place(&reader, block.as_ref());
    let work = work(&reader);
    let disk = if block.as_ref().is_some_and(elsewhere::is_elsewhere) {
        elsewhere::disk(&reader)
    } else {
        disk_of(&reader)
    };
    let (source, infrastructure, disk) = (source??, infrastructure?, disk?);
    check_boot(&reader, &source, &disk);
    elsewhere::check_arch(&reader, &source, infrastructure.as_ref());
    Some(Recipe {
        name: name.labels[0].clone(),
        span: reader.definition.span(),
        version: version?,
        purpose: purpose?,
        source,
        infrastructure,
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

/// A list whose texts are right and distinct.
fn list(
    reader: &Reader<'_>,
    key: &'static str,
    is_right: fn(&str) -> bool,
    message: &str,
    most: usize,
) -> Option<Vec<String>> {
    let words = reader.texts(key).or(Vec::new())?;
    check_words(reader, key, Some(&words), is_right, message);
    let mut seen = BTreeSet::new();
    let twice = words.iter().find(|word| !seen.insert(word.as_str()));
    if let Some(word) = twice {
        refuse(
            reader,
            key,
            &format!("`{word}` stands twice in `{key}`"),
            "each once",
        );
        return None;
    }
    if words.len() > most {
        refuse(
            reader,
            key,
            &format!("`{key}` has {most} members at most"),
            &format!("there are {}", words.len()),
        );
        return None;
    }
    words.iter().all(|word| is_right(word)).then_some(words)
}

/// The tags that are `given`, where `wrong` has no word against any of them, sensitive ones aside.
fn tags(
    reader: &Reader<'_>,
    given: BTreeMap<String, Parameter>,
    wrong: impl Fn(&str, &str) -> Option<&'static str>,
) -> Option<BTreeMap<String, String>> {
    let attribute = reader.body.attribute("tags")?;
    let mut is_right = true;
    for (key, value) in &given {
        let label = if value.is_sensitive {
            Some("a tag is shown to everybody, and this is sensitive")
        } else {
            wrong(key, &value.value)
        };
        if let Some(label) = label {
            let place = member_place(&attribute.value, key);
            let message = format!("the tag `{key}` cannot be used");
            reader.wrong(place, message, label.to_owned());
            is_right = false;
        }
    }
    let tags = given.into_iter().map(|(key, value)| (key, value.value));
    is_right.then(|| tags.collect())
}

fn refuse(reader: &Reader<'_>, key: &str, message: &str, label: &str) {
    if let Some(attribute) = reader.body.attribute(key) {
        reader.wrong(&attribute.value, message.to_owned(), label.to_owned());
    }
}

/// One of two.
enum Either<A, B> {
    First(A),
    Second(B),
}

/// The one of two attributes that is written: neither or both is a problem.
fn one_of<A, B>(
    reader: &Reader<'_>,
    (first, a): (&str, Found<A>),
    (second, b): (&str, Found<B>),
) -> Option<Either<A, B>> {
    let message = format!("`{}` has one of `{first}` and `{second}`", reader.title());
    match (a, b) {
        (Found::Is(a), Found::Absent) => Some(Either::First(a)),
        (Found::Absent, Found::Is(b)) => Some(Either::Second(b)),
        (Found::Absent, Found::Absent) => {
            let problem = Diagnostic::error("L0113", message);
            let problem = problem.label(reader.span(&reader.block.head), "neither is written");
            reader.evaluator.report(problem);
            None
        }
        (Found::Absent | Found::Unusable, Found::Absent | Found::Unusable) => None,
        _ => {
            let at = |name| reader.body.attribute(name).map(|found| &found.name.at);
            let problem = Diagnostic::error("L0113", message);
            let problem = [at(first), at(second)]
                .into_iter()
                .flatten()
                .fold(problem, |problem, at| {
                    problem.label(reader.span(at), "one of them")
                });
            reader.evaluator.report(problem);
            None
        }
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

fn component(reader: &Reader<'_>, block: &Block) -> Option<ComponentUse> {
    let own = reader.inner(block).parameters("parameters");
    let label = &block.labels.first()?.text;
    component_use(
        reader,
        label,
        reader.span(&block.head),
        own.or(BTreeMap::new()),
    )
}

/// A use of a component: by path, by a name of the library, or by the name of a top-level block.
/// `own` are the parameters given with the use, if they can be known.
fn component_use(
    reader: &Reader<'_>,
    label: &str,
    span: Span,
    own: Option<BTreeMap<String, Parameter>>,
) -> Option<ComponentUse> {
    let named = BlockName {
        kind: "component".to_owned(),
        labels: vec![label.to_owned()],
    };
    let (document, shared) = if reader.world.blocks.contains_key(&named) {
        let shared = Reader::of(reader.world, reader.evaluator, &named);
        (
            shared.text("document").required(),
            shared.parameters("parameters").or(BTreeMap::new()),
        )
    } else {
        (
            Some(label.to_owned()),
            Some(BTreeMap::<String, Parameter>::new()),
        )
    };
    let mut parameters = shared?;
    parameters.extend(own?);
    Some(ComponentUse {
        document: document?,
        span,
        parameters,
    })
}

/// Reports every name that two blocks have; `whose` says what has them: `step`.
fn check_distinct<'b>(
    reader: &Reader<'_>,
    whose: &str,
    named: impl Iterator<Item = (String, &'b Block)>,
) {
    let mut seen: BTreeMap<String, &Block> = BTreeMap::new();
    for (name, block) in named {
        if let Some(first) = seen.get(&name) {
            let problem = Diagnostic::error("L0108", format!("`{whose}.{name}` is defined twice"))
                .label(reader.span(&block.head), "again")
                .label(reader.span(&first.head), "first");
            reader.evaluator.report(problem);
        } else {
            seen.insert(name, block);
        }
    }
}

/// The disk of a recipe: a block, or a reference to a top-level one.
fn disk_of(reader: &Reader<'_>) -> Option<DiskSpec> {
    let block = blocks(reader, "disk").next();
    match (block, reader.reference("disk")) {
        (Some(block), Found::Absent) => disk(&reader.inner(block)),
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
        // Known when it is locked; an image of AWS says it itself.
        Source::Image(_) | Source::Ami(_) => return,
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
        "infrastructure" => drop(infrastructure::infrastructure(world, evaluator, name)),
        "disk" => drop(disk(&reader)),
        "component" => {
            drop(reader.text("document").required());
            drop(reader.parameters("parameters").required());
        }
        "distribution" => drop(distribution::distribution(&reader)),
        "lifecycle" => drop(lifecycle::lifecycle(&reader)),
        // Recipes and pipelines are read as such.
        _ => {}
    }
}
