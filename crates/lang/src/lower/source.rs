//! `source` blocks: packages, another image, a disk that others made, an image of AWS.

mod ami;

use std::collections::BTreeMap;

use goldsmith_core::diagnostic::Diagnostic;
use goldsmith_core::recipe::{
    DebianSource, DiskFrom, DiskSource, ImageSource, Source, Variant, Which,
};

use super::{Either, check_words, one_of};
use crate::decode::{Found, Reader};
use crate::eval::{Evaluator, Reported};
use crate::value::BlockName;
use crate::world::World;

/// Reads a source of any type.
pub(super) fn source(
    world: &World,
    evaluator: &Evaluator<'_>,
    block: &BlockName,
) -> Option<Source> {
    let reader = Reader::of(world, evaluator, block);
    let name = block.labels[1].clone();
    match block.labels[0].as_str() {
        "image" => image(&reader, name).map(Source::Image),
        "disk" => disk(&reader, name).map(Source::Disk),
        "aws-ami" => ami::ami(&reader, name).map(Source::Ami),
        _ => debian(&reader, name).map(Source::Debian),
    }
}

fn debian(reader: &Reader<'_>, name: String) -> Option<DebianSource> {
    let suite = reader.text("suite").required();
    let mirror = reader.text("mirror").optional();
    let security_mirror = reader.text("security_mirror").optional();
    let updates = reader.flag("updates").or(true);
    let security = reader.flag("security").or(true);
    let components = reader.texts("components").or(vec!["main".to_owned()]);
    let arch = reader.choice("arch").or("amd64".to_owned());
    let variant = reader.choice("variant").or("minbase".to_owned());
    let packages = reader.texts("packages").or(Vec::new());
    let keyring = reader.text("keyring").optional();
    let check_valid_until = reader.flag("check_valid_until").or(true);
    for (key, url) in [("mirror", &mirror), ("security_mirror", &security_mirror)] {
        check_url(
            reader,
            key,
            url.as_ref().and_then(Option::as_deref),
            &["http://", "https://", "file://"],
        );
    }
    check_words(
        reader,
        "suite",
        suite.as_ref().map(std::slice::from_ref),
        is_suite,
        "is not the name of a suite",
    );
    check_words(
        reader,
        "components",
        components.as_deref(),
        is_suite,
        "is not the name of a component",
    );
    check_packages(reader, packages.as_deref());
    Some(DebianSource {
        name,
        span: reader.definition.span(),
        mirror: mirror?,
        security_mirror: security_mirror?,
        suite: suite?,
        updates: updates?,
        security: security?,
        components: components?,
        arch: arch?,
        variant: match variant?.as_str() {
            "essential" => Variant::Essential,
            "apt" => Variant::Apt,
            _ => Variant::Minbase,
        },
        packages: packages?,
        keyring: keyring?,
        check_valid_until: check_valid_until?,
    })
}

fn image(reader: &Reader<'_>, name: String) -> Option<ImageSource> {
    let image = reader.text("name").required();
    let version = reader.version_prefix("version");
    let channel = reader.text("channel");
    let packages = reader.texts("packages").or(Vec::new());
    check_packages(reader, packages.as_deref());
    check_words(
        reader,
        "name",
        image.as_ref().map(std::slice::from_ref),
        is_image,
        "is not the name of an image",
    );
    let which = one_of(reader, ("version", version), ("channel", channel));
    Some(ImageSource {
        name,
        span: reader.definition.span(),
        image: image?,
        which: match which? {
            Either::First(version) => Which::Version(version),
            Either::Second(channel) => Which::Channel(channel),
        },
        packages: packages?,
    })
}

fn disk(reader: &Reader<'_>, name: String) -> Option<DiskSource> {
    let file = reader.text("file");
    let url = reader.text("url");
    let sha256 = reader.sha256("sha256").required();
    let arch = reader.choice("arch").or("amd64".to_owned());
    if let Found::Is(url) = &url {
        check_url(reader, "url", Some(url), &["http://", "https://"]);
    }
    let from = one_of(reader, ("file", file), ("url", url));
    Some(DiskSource {
        name,
        span: reader.definition.span(),
        from: match from? {
            Either::First(path) => DiskFrom::File(path),
            Either::Second(url) => DiskFrom::Url(url),
        },
        sha256: sha256?,
        arch: arch?,
    })
}

/// Reports every recipe that starts from an image which, through the recipes of the project,
/// starts from that recipe's own.
pub(crate) fn check_circles(world: &World, evaluator: &Evaluator<'_>) {
    let recipes: Vec<&BlockName> = world
        .blocks
        .keys()
        .filter(|name| name.kind == "recipe")
        .collect();
    let mut parents: BTreeMap<String, String> = BTreeMap::new();
    for recipe in &recipes {
        // What is wrong with a recipe or its source is said where that is wanted.
        let parent = evaluator.quietly(|| parent(world, evaluator, recipe).ok_or(Reported));
        if let Ok(parent) = parent {
            parents.insert(recipe.labels[0].clone(), parent);
        }
    }
    for recipe in recipes {
        let name = &recipe.labels[0];
        let mut line = vec![name];
        while let Some(parent) = parents.get(*line.last().expect("never empty")) {
            if line.contains(&parent) {
                break;
            }
            line.push(parent);
        }
        let last = parents.get(*line.last().expect("never empty"));
        // One that only leads to a circle is not in it.
        if last != Some(name) {
            continue;
        }
        let line: Vec<String> = line
            .into_iter()
            .chain(last)
            .map(|name| format!("`{name}`"))
            .collect();
        let message = format!("the image of recipe `{name}` would start from itself");
        let problem = Diagnostic::error("L0114", message)
            .label(world.blocks[recipe].span(), "this recipe")
            .note(line.join(" starts from "));
        evaluator.report(problem);
    }
}

/// The image that a recipe starts from.
fn parent(world: &World, evaluator: &Evaluator<'_>, recipe: &BlockName) -> Option<String> {
    let source = Reader::of(world, evaluator, recipe)
        .reference("source")
        .required()?;
    if source.labels[0] != "image" {
        return None;
    }
    Reader::of(world, evaluator, &source)
        .text("name")
        .required()
}

fn is_suite(word: &str) -> bool {
    !word.is_empty()
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-+.~/".contains(c))
        && !word.contains("..")
        && !word.starts_with('/')
}

fn is_package(word: &str) -> bool {
    let name = word.split([':', '=', '/']).next().unwrap_or_default();
    let is_name = name.len() >= 2
        && name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c));
    is_name && word.chars().all(|c| c.is_ascii_graphic())
}

fn check_packages(reader: &Reader<'_>, packages: Option<&[String]>) {
    check_words(
        reader,
        "packages",
        packages,
        is_package,
        "is not a package: `name`, `name:arch`, `name=version` or `name/suite`",
    );
}

/// What the name of a recipe may be.
fn is_image(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

pub(super) fn check_url(reader: &Reader<'_>, key: &str, url: Option<&str>, schemes: &[&str]) {
    let (Some(url), Some(attribute)) = (url, reader.body.attribute(key)) else {
        return;
    };
    if !schemes.iter().any(|scheme| url.starts_with(scheme)) {
        let (last, others) = schemes.split_last().expect("there is a scheme");
        reader.wrong(
            &attribute.value,
            format!("`{key}` must be a URL"),
            format!("it begins with {} or {last}", others.join(", ")),
        );
    }
}
