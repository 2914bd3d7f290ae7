//! Sorts the blocks of all files into the definitions of the project, and checks their form:
//! kinds, labels, names of attributes, duplicates.

use goldsmith_core::diagnostic::{Diagnostic, SourceFile, Span, nearest};

use super::{Definition, Local, World};
use crate::schema::{BlockSpec, top_level};
use crate::syntax::Body;
use crate::syntax::ast::{Block, Name};
use crate::value::BlockName;

/// Blocks of other tools and of what Goldsmith has not yet, with what to do.
const FOREIGN: &[(&str, &str)] = &[
    (
        "build",
        "Packer's `build` is `recipe` here: it has a source and components",
    ),
    ("packer", "there are no plugins to require"),
    (
        "provisioner",
        "it stands within a `recipe`, among the components",
    ),
    (
        "data",
        "a recipe depends on nothing that changes by itself; inputs are pinned by `goldsmith lock`",
    ),
    (
        "image",
        "what a recipe makes is an image; the block is `recipe`",
    ),
];

/// Reads the blocks of a file into the world.
pub(crate) fn collect(
    world: &mut World,
    file: &SourceFile,
    body: Body,
    problems: &mut Vec<Diagnostic>,
) {
    for attribute in &body.attributes {
        let name = &attribute.name;
        let problem = Diagnostic::error(
            "L0100",
            format!("`{}` stands outside of any block", name.text),
        );
        problems.push(
            problem
                .label(Span::new(file, name.at.clone()), "only blocks stand here")
                .note("a value of your own belongs into `locals { }`"),
        );
    }
    for block in body.blocks {
        let specs = top_level();
        let Some(spec) = specs
            .iter()
            .copied()
            .find(|spec| spec.name == block.kind.text)
        else {
            problems.push(unknown_block(
                file,
                &block.kind,
                specs.iter().map(|spec| spec.name),
            ));
            continue;
        };
        let Some(of_type) = of_type(file, &block, spec, problems) else {
            continue;
        };
        if check(file, &block, spec, of_type, problems) {
            define(world, file, block, of_type, problems);
        }
    }
}

fn unknown_block<'a>(
    file: &SourceFile,
    kind: &Name,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Diagnostic {
    let foreign = FOREIGN.iter().find(|(name, _)| *name == kind.text);
    let label = nearest(&kind.text, known.clone())
        .map_or_else(String::new, |near| format!("did you mean `{near}`?"));
    let problem = Diagnostic::error("L0101", format!("unknown block `{}`", kind.text))
        .label(Span::new(file, kind.at.clone()), label);
    match foreign {
        Some((_, advice)) => problem.note(*advice),
        None => problem.note(format!(
            "blocks that may stand here: {}",
            known
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ")
        )),
    }
}

/// The table of a block: that of its type, where it has types.
fn of_type(
    file: &SourceFile,
    block: &Block,
    spec: &'static BlockSpec,
    problems: &mut Vec<Diagnostic>,
) -> Option<&'static BlockSpec> {
    let label = block.labels.first();
    let found = spec.of_type(label.map(|label| label.text.as_str()));
    if let (None, Some(label)) = (found, label) {
        let known = || spec.types.iter().map(|kind| kind.name);
        let message = format!("there is no {} type `{}`", spec.name, label.text);
        let hint = if let Some(near) = nearest(&label.text, known()) {
            format!("did you mean `{near}`?")
        } else {
            let listed: Vec<_> = known().map(|name| format!("`{name}`")).collect();
            format!("the types are: {}", listed.join(", "))
        };
        let problem = Diagnostic::error("L0107", message);
        problems.push(problem.label(Span::new(file, label.at.clone()), hint));
    }
    found
}

/// Checks a block and those in it; says whether its labels are right, so that it can be defined.
/// `body` is the table of what is in it.
fn check(
    file: &SourceFile,
    block: &Block,
    spec: &'static BlockSpec,
    body: &'static BlockSpec,
    problems: &mut Vec<Diagnostic>,
) -> bool {
    let place = |at: &std::ops::Range<usize>| Span::new(file, at.clone());
    let fewest = spec.labels.len() - spec.optional_labels;
    let has_labels = (fewest..=spec.labels.len()).contains(&block.labels.len());
    if !has_labels {
        let form: String = spec
            .labels
            .iter()
            .map(|label| format!(" \"{label}\""))
            .collect();
        let message = format!(
            "`{}` takes {} labels, and {} are given",
            spec.name,
            spec.labels.len(),
            block.labels.len()
        );
        problems.push(Diagnostic::error("L0104", message).label(
            place(&block.head),
            format!("write `{}{form} {{`", spec.name),
        ));
    }
    let title = if body.name == spec.name {
        spec.name.to_owned()
    } else {
        format!("{} \"{}\"", spec.name, body.name)
    };
    for attribute in &block.body.attributes {
        let name = &attribute.name.text;
        if body.name == "locals" || body.attribute(name).is_some() {
            continue;
        }
        let known = body
            .attributes
            .iter()
            .map(|a| a.name)
            .chain(body.blocks.iter().map(|b| b.name));
        let listed: Vec<_> = known.clone().map(|name| format!("`{name}`")).collect();
        let label = if body.blocks.iter().any(|inner| inner.name == name) {
            format!("it is a block: `{name} {{ }}`, without `=`")
        } else {
            nearest(name, known).map_or_else(String::new, |near| format!("did you mean `{near}`?"))
        };
        let problem = Diagnostic::error("L0102", format!("unknown key `{name}` in `{title}`"))
            .label(place(&attribute.name.at), label);
        problems.push(problem.note(format!("known here: {}", listed.join(", "))));
    }
    for missing in body
        .attributes
        .iter()
        .filter(|a| a.is_required && block.body.attribute(a.name).is_none())
    {
        let problem = Diagnostic::error(
            "L0103",
            format!("`{}` is missing in `{title}`", missing.name),
        );
        problems.push(problem.label(place(&block.head), missing.summary));
    }
    let mut seen: Vec<&Block> = Vec::new();
    for inner in &block.body.blocks {
        let Some(inner_spec) = body
            .blocks
            .iter()
            .copied()
            .find(|s| s.name == inner.kind.text)
        else {
            problems.push(unknown_block(
                file,
                &inner.kind,
                body.blocks.iter().map(|s| s.name),
            ));
            continue;
        };
        if let Some(first) = seen
            .iter()
            .find(|first| first.kind.text == inner.kind.text)
            .filter(|_| !inner_spec.is_repeated)
        {
            let problem = Diagnostic::error(
                "L0105",
                format!(
                    "`{}` may stand only once in `{}`",
                    inner.kind.text, spec.name
                ),
            );
            problems.push(
                problem
                    .label(place(&inner.head), "again")
                    .label(place(&first.head), "first"),
            );
        }
        seen.push(inner);
        let Some(of_type) = of_type(file, inner, inner_spec, problems) else {
            continue;
        };
        check(file, inner, inner_spec, of_type, problems);
        let labels = inner_spec.labels.iter().zip(&inner.labels);
        let names = labels.filter(|(called, _)| **called == "name");
        problems.extend(names.filter_map(|(_, label)| not_a_name(file, label)));
    }
    has_labels
}

fn define(
    world: &mut World,
    file: &SourceFile,
    block: Block,
    spec: &'static BlockSpec,
    problems: &mut Vec<Diagnostic>,
) {
    let labels: Vec<String> = block
        .labels
        .iter()
        .map(|label| label.text.clone())
        .collect();
    if let Some(problem) = block
        .labels
        .iter()
        .find_map(|label| not_a_name(file, label))
    {
        problems.push(problem);
        return;
    }
    let definition = Definition {
        file: file.clone(),
        spec,
        block,
    };
    match definition.block.kind.text.as_str() {
        "locals" => {
            for attribute in definition.block.body.attributes {
                let local = Local {
                    expr: attribute.value,
                    sensitive: None,
                    file: file.clone(),
                };
                define_local(world, attribute.name, local, problems);
            }
        }
        "local" => {
            let body = &definition.block.body;
            let (Some(expr), name) = (
                body.attribute("expression"),
                definition.block.labels[0].clone(),
            ) else {
                return;
            };
            let sensitive = body.attribute("sensitive").map(|a| a.value.clone());
            define_local(
                world,
                name,
                Local {
                    expr: expr.value.clone(),
                    sensitive,
                    file: file.clone(),
                },
                problems,
            );
        }
        "variable" => {
            if let Some(first) = world.variables.get(&labels[0]) {
                problems.push(duplicate(
                    &format!("var.{}", labels[0]),
                    &definition.span(),
                    &first.span(),
                ));
            } else {
                world.variables.insert(labels[0].clone(), definition);
            }
        }
        kind => {
            let name = BlockName {
                kind: kind.to_owned(),
                labels,
            };
            if let Some(first) = world.blocks.get(&name) {
                problems.push(duplicate(
                    &name.to_string(),
                    &definition.span(),
                    &first.span(),
                ));
            } else {
                world.blocks.insert(name, definition);
            }
        }
    }
}

fn define_local(world: &mut World, name: Name, local: Local, problems: &mut Vec<Diagnostic>) {
    if let Some(first) = world.locals.get(&name.text) {
        let first = Span::new(&first.file, first.expr.at.clone());
        problems.push(duplicate(
            &format!("local.{}", name.text),
            &Span::new(&local.file, name.at),
            &first,
        ));
    } else {
        world.locals.insert(name.text, local);
    }
}

fn duplicate(name: &str, again: &Span, first: &Span) -> Diagnostic {
    Diagnostic::error("L0108", format!("`{name}` is defined twice"))
        .label(again.clone(), "again")
        .label(first.clone(), "first")
}

fn not_a_name(file: &SourceFile, label: &Name) -> Option<Diagnostic> {
    let problem = Diagnostic::error("L0106", format!("`{}` is not a name", label.text)).label(
        Span::new(file, label.at.clone()),
        "letters, digits, `-` and `_`, a letter first",
    );
    (!is_name(&label.text)).then_some(problem)
}

/// Names become parts of paths and of references.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.len() <= 100
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}
