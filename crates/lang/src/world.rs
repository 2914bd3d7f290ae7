//! The definitions of a project, and what they evaluate to. Nothing is evaluated before it is
//! asked for, and everything at most once.

mod collect;
mod variables;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use goldsmith_core::diagnostic::{Diagnostic, SourceFile, Span};

use crate::eval::{Env, Evaluated, Evaluator, Names, Reported, suggestion};
use crate::schema::BlockSpec;
use crate::syntax::ast::{Block, Expr};
use crate::value::{BlockName, Kind, Value};

pub(crate) use collect::collect;
pub(crate) use variables::{Given, GivenText};

/// Kinds of blocks that expressions may name.
const BLOCKS: [&str; 8] = [
    "source",
    "infrastructure",
    "recipe",
    "component",
    "disk",
    "pipeline",
    "distribution",
    "lifecycle",
];

/// A block and the file it stands in.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) block: Block,
    pub(crate) spec: &'static BlockSpec,
    pub(crate) file: SourceFile,
}

impl Definition {
    /// The place of its head.
    pub(crate) fn span(&self) -> Span {
        Span::new(&self.file, self.block.head.clone())
    }
}

/// A local value.
#[derive(Debug)]
pub(crate) struct Local {
    expr: Expr,
    sensitive: Option<Expr>,
    file: SourceFile,
}

/// What is evaluated once: a variable, a local, an attribute of a block.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Variable(String),
    Local(String),
    Attribute(BlockName, String),
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "var.{name}"),
            Self::Local(name) => write!(f, "local.{name}"),
            Self::Attribute(block, name) => write!(f, "{block}.{name}"),
        }
    }
}

/// Every definition of a project.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) variables: BTreeMap<String, Definition>,
    pub(crate) locals: BTreeMap<String, Local>,
    pub(crate) blocks: BTreeMap<BlockName, Definition>,
    /// Values for variables, the strongest first.
    pub(crate) given: Vec<Given>,
    /// Whether a variable without a value is unknown instead of a problem.
    pub(crate) allows_unknown: bool,
    done: RefCell<BTreeMap<Key, Result<Value, Vec<Diagnostic>>>>,
    under_way: RefCell<Vec<Key>>,
}

impl World {
    /// Evaluates once. A failure is reported wherever it is met; the evaluator drops repetitions.
    fn once(
        &self,
        evaluator: &Evaluator<'_>,
        key: Key,
        place: &Span,
        work: impl FnOnce() -> Evaluated,
    ) -> Evaluated {
        if let Some(done) = self.done.borrow().get(&key) {
            return done.clone().map_err(|problems| {
                problems
                    .into_iter()
                    .map(|p| evaluator.report(p))
                    .last()
                    .unwrap_or(Reported)
            });
        }
        let start = self
            .under_way
            .borrow()
            .iter()
            .position(|other| *other == key);
        if let Some(start) = start {
            let circle: Vec<String> = self.under_way.borrow()[start..]
                .iter()
                .chain([&key])
                .map(|key| format!("`{key}`"))
                .collect();
            let problem = Diagnostic::error("L0030", format!("`{key}` is defined by itself"))
                .label(place.clone(), "which leads back here")
                .note(circle.join(" needs "));
            return Err(evaluator.report(problem));
        }
        self.under_way.borrow_mut().push(key.clone());
        let result = evaluator.quietly(work);
        self.under_way.borrow_mut().pop();
        let is_outermost = self.under_way.borrow().is_empty();
        let gives = match &result {
            Ok(value) => Ok(value.clone()),
            Err(problems) => Err(problems
                .iter()
                .cloned()
                .map(|p| evaluator.report(p))
                .last()
                .unwrap_or(Reported)),
        };
        // Within a circle every member fails by the same problem; only the first to be asked keeps it.
        if result.is_ok() || is_outermost {
            self.done.borrow_mut().insert(key, result);
        }
        gives
    }

    pub(crate) fn local(&self, evaluator: &Evaluator<'_>, name: &str, place: &Span) -> Evaluated {
        let Some(local) = self.locals.get(name) else {
            return Err(self.unknown(evaluator, "local", "L0032", name, self.locals.keys(), place));
        };
        self.once(evaluator, Key::Local(name.to_owned()), place, || {
            let env = Env::of(&local.file);
            let value = evaluator.eval(&local.expr, &env)?;
            let is_sensitive = match &local.sensitive {
                Some(expr) => evaluator.eval(expr, &env)?.as_bool().unwrap_or(true),
                None => false,
            };
            Ok(value.mark(is_sensitive))
        })
    }

    fn unknown<'k>(
        &self,
        evaluator: &Evaluator<'_>,
        what: &str,
        code: &'static str,
        name: &str,
        known: impl Iterator<Item = &'k String>,
        place: &Span,
    ) -> Reported {
        let label = suggestion(name, known.map(String::as_str));
        evaluator.report(
            Diagnostic::error(code, format!("there is no {what} `{name}`"))
                .label(place.clone(), label),
        )
    }

    /// Finds the block that a path such as `source`, `debian`, `web` names.
    fn block(
        &self,
        evaluator: &Evaluator<'_>,
        path: &[(&str, Range<usize>)],
        file: &SourceFile,
    ) -> Result<(Value, usize), Reported> {
        let kind = path[0].0;
        let labels: Vec<&str> = self
            .blocks
            .keys()
            .filter(|name| name.kind == kind)
            .map(|name| name.labels.len())
            .max()
            .map_or(Vec::new(), |count| {
                path[1..]
                    .iter()
                    .take(count)
                    .map(|(name, _)| *name)
                    .collect()
            });
        let name = BlockName {
            kind: kind.to_owned(),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        };
        if self.blocks.contains_key(&name) {
            return Ok((Kind::Block(name).into(), labels.len() + 1));
        }
        let start = path[0].1.start;
        let end = path
            .get(labels.len())
            .map_or(path[0].1.end, |(_, at)| at.end);
        let known: Vec<String> = self
            .blocks
            .keys()
            .filter(|name| name.kind == kind)
            .map(ToString::to_string)
            .collect();
        let wanted = path
            .iter()
            .take(3)
            .map(|(name, _)| *name)
            .collect::<Vec<_>>()
            .join(".");
        let label = suggestion(&wanted, known.iter().map(String::as_str));
        let mut problem = Diagnostic::error("L0033", format!("there is no `{wanted}`"))
            .label(Span::new(file, start..end), label);
        if !known.is_empty() {
            problem = problem.note(format!("there is {}", known.join(", ")));
        }
        Err(evaluator.report(problem))
    }
}

impl Names for World {
    fn resolve(
        &self,
        evaluator: &Evaluator<'_>,
        path: &[(&str, Range<usize>)],
        file: &SourceFile,
    ) -> Option<Result<(Value, usize), Reported>> {
        let (root, at) = &path[0];
        let needs_name = |what: &str| {
            let problem = Diagnostic::error("L0034", format!("`{root}` alone is no value"));
            Err(evaluator.report(problem.label(
                Span::new(file, at.clone()),
                format!("name one: `{root}.{what}`"),
            )))
        };
        match (*root, path.get(1)) {
            ("var" | "local", None) => Some(needs_name("name")),
            ("var", Some((name, at))) => Some(
                self.variable(evaluator, name, &Span::new(file, at.clone()))
                    .map(|value| (value, 2)),
            ),
            ("local", Some((name, at))) => Some(
                self.local(evaluator, name, &Span::new(file, at.clone()))
                    .map(|value| (value, 2)),
            ),
            (kind, None) if BLOCKS.contains(&kind) => Some(needs_name("name")),
            (kind, Some(_)) if BLOCKS.contains(&kind) => Some(self.block(evaluator, path, file)),
            ("step" | "stage", _) => {
                let message = format!("`{root}` stands only in the `if` of a step, as it is");
                let problem = Diagnostic::error("L0034", message);
                let label = "its outputs are not there before the run is";
                Some(Err(
                    evaluator.report(problem.label(Span::new(file, at.clone()), label))
                ))
            }
            // Paths are relative to the project, wherever it lies: the same recipe on every machine.
            ("path", Some(("root" | "cwd", _))) => Some(Ok((".".into(), 2))),
            _ => None,
        }
    }

    fn known(&self) -> Vec<String> {
        let others = ["var", "local", "path"].into_iter();
        others.chain(BLOCKS).map(str::to_owned).collect()
    }

    fn block_attribute(
        &self,
        evaluator: &Evaluator<'_>,
        name: &BlockName,
        attribute: &str,
        place: Span,
    ) -> Evaluated {
        let definition = &self.blocks[name];
        let Some(spec) = definition.spec.attribute(attribute) else {
            let label = suggestion(
                attribute,
                definition.spec.attributes.iter().map(|spec| spec.name),
            );
            let problem =
                Diagnostic::error("L0018", format!("`{name}` has no attribute `{attribute}`"));
            return Err(evaluator.report(problem.label(place, label)));
        };
        match definition.block.body.attribute(attribute) {
            Some(found) => self.once(
                evaluator,
                Key::Attribute(name.clone(), attribute.to_owned()),
                &place,
                || evaluator.eval(&found.value, &Env::of(&definition.file)),
            ),
            None => Ok(default(spec.default)),
        }
    }
}

/// The default of an attribute, which the table has as text.
fn default(text: &str) -> Value {
    let file = SourceFile::new("default", text);
    let parsed = crate::syntax::parse_expression(&file).ok();
    let json = |expr: &Expr| match &expr.kind {
        crate::syntax::ast::Kind::Bool(value) => Value::from(*value),
        crate::syntax::ast::Kind::String(text) => text.as_str().into(),
        crate::syntax::ast::Kind::List(items) => {
            let texts = items.iter().filter_map(|item| match &item.kind {
                crate::syntax::ast::Kind::String(text) => Some(Value::from(text.as_str())),
                _ => None,
            });
            texts.collect::<Vec<_>>().into()
        }
        _ => Value::NULL,
    };
    parsed.as_ref().map_or(Value::NULL, json)
}
