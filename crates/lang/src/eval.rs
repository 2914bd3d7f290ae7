//! Evaluates expressions. Every problem is reported with the place of the smallest expression
//! that shows it, and evaluation goes on where it can, so that all come at once.
//!
//! An unknown value makes what depends on it unknown; a secret makes it secret. `&&`, `||` and
//! `? :` evaluate only what they need.

mod arguments;
pub(crate) mod functions;
pub(crate) mod operators;
mod template;
mod traverse;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use goldsmith_core::diagnostic::{Diagnostic, SourceFile, Span};

use crate::syntax::ast::{Bytes, Expr, For, Kind as Syntax};
use crate::value::{Kind, Value};

/// Evaluation steps of one project. An honest one needs thousands.
const STEPS_MAX: u64 = 4_000_000;
/// Bytes that all texts and collections made on the way may have together: what keeps memory
/// within bounds however often a large value is copied.
const MADE_MAX: usize = 256 << 20;
/// What an element of a collection is counted as, in bytes.
const ELEMENT: usize = 64;
/// Bytes of a text, and of all the texts of a template.
pub(crate) const TEXT_MAX: usize = 16 << 20;
/// Elements of a list or an object.
pub(crate) const ITEMS_MAX: usize = 200_000;

/// An expression has no value; why was reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reported;

pub(crate) type Evaluated = Result<Value, Reported>;

/// What names outside of an expression mean.
pub(crate) trait Names {
    /// A name with at least one attribute behind it: `var.x`, `source.debian.web`. Gives the
    /// value and how many of the names in `path` were used, or `None` when the first is not known.
    fn resolve(
        &self,
        evaluator: &Evaluator<'_>,
        path: &[(&str, Bytes)],
        file: &SourceFile,
    ) -> Option<Result<(Value, usize), Reported>>;

    /// Names that may stand first, for suggestions.
    fn known(&self) -> Vec<String>;

    /// An attribute of a block.
    fn block_attribute(
        &self,
        evaluator: &Evaluator<'_>,
        block: &crate::value::BlockName,
        attribute: &str,
        place: Span,
    ) -> Evaluated;
}

/// The variables of the `for` expressions around.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Env<'a> {
    pub(crate) file: &'a SourceFile,
    variables: Option<&'a Variable<'a>>,
}

#[derive(Debug)]
struct Variable<'a> {
    name: &'a str,
    value: Value,
    outer: Option<&'a Variable<'a>>,
}

impl<'a> Env<'a> {
    pub(crate) fn of(file: &'a SourceFile) -> Self {
        Self {
            file,
            variables: None,
        }
    }

    fn find(&self, name: &str) -> Option<&Value> {
        let mut next = self.variables;
        while let Some(variable) = next {
            if variable.name == name {
                return Some(&variable.value);
            }
            next = variable.outer;
        }
        None
    }
}

/// Evaluates expressions and collects their problems.
pub(crate) struct Evaluator<'n> {
    pub(crate) names: &'n dyn Names,
    pub(crate) host: &'n dyn functions::Host,
    problems: RefCell<Vec<Diagnostic>>,
    steps: Cell<u64>,
    made: Cell<usize>,
}

impl<'n> Evaluator<'n> {
    pub(crate) fn new(names: &'n dyn Names, host: &'n dyn functions::Host) -> Self {
        Self {
            names,
            host,
            problems: RefCell::default(),
            steps: Cell::new(0),
            made: Cell::new(0),
        }
    }

    pub(crate) fn into_problems(self) -> Vec<Diagnostic> {
        self.problems.into_inner()
    }

    /// Reports a problem.
    pub(crate) fn report(&self, problem: Diagnostic) -> Reported {
        let mut problems = self.problems.borrow_mut();
        // The same definition may be asked for from many places.
        if !problems.contains(&problem) {
            problems.push(problem);
        }
        Reported
    }

    pub(crate) fn wrong(
        &self,
        code: &'static str,
        message: impl Into<String>,
        env: &Env<'_>,
        at: &Bytes,
        label: impl Into<String>,
    ) -> Reported {
        self.report(Diagnostic::error(code, message).label(Span::new(env.file, at.clone()), label))
    }

    /// Runs `work`; when it fails its problems are given to the caller instead of being reported.
    pub(crate) fn quietly<T>(
        &self,
        work: impl FnOnce() -> Result<T, Reported>,
    ) -> Result<T, Vec<Diagnostic>> {
        let outer = self.problems.take();
        let result = work();
        let inner = self.problems.replace(outer);
        match result {
            Ok(value) => {
                self.problems.borrow_mut().extend(inner);
                Ok(value)
            }
            Err(Reported) => Err(inner),
        }
    }

    /// Counts the bytes of something new.
    fn make(&self, bytes: usize, env: &Env<'_>, at: &Bytes) -> Result<(), Reported> {
        let made = self.made.get().saturating_add(bytes);
        self.made.set(made);
        if made > MADE_MAX {
            return Err(self.wrong(
                "L0022",
                format!("the values of this project grow over {MADE_MAX} bytes"),
                env,
                at,
                "stopped here",
            ));
        }
        Ok(())
    }

    fn step(&self, env: &Env<'_>, at: &Bytes) -> Result<(), Reported> {
        self.work(1, env, at)
    }

    fn work(&self, steps: u64, env: &Env<'_>, at: &Bytes) -> Result<(), Reported> {
        let steps = self.steps.get().saturating_add(steps);
        self.steps.set(steps);
        if steps > STEPS_MAX {
            return Err(self.wrong(
                "L0021",
                "evaluating this project takes too many steps",
                env,
                at,
                "stopped here",
            ));
        }
        Ok(())
    }

    pub(crate) fn eval(&self, expr: &Expr, env: &Env<'_>) -> Evaluated {
        self.step(env, &expr.at)?;
        match &expr.kind {
            Syntax::Null => Ok(Value::NULL),
            Syntax::Bool(value) => Ok((*value).into()),
            Syntax::Number(number) => Ok((*number).into()),
            Syntax::String(text) => Ok(text.as_str().into()),
            Syntax::Template(parts) => self.template(parts, env, &expr.at),
            Syntax::List(items) => self.all(items, env).map(Value::from),
            Syntax::Object(pairs) => self.object(pairs, env),
            Syntax::Variable(name) => self.variable(name, env, &expr.at),
            Syntax::Traverse(base, steps) => self.traverse(base, steps, env, &expr.at),
            Syntax::Conditional(parts) => self.conditional(parts, env),
            Syntax::Call {
                name,
                arguments,
                is_expanded,
            } => self.call(name, arguments, *is_expanded, env, &expr.at),
            Syntax::Not(inner) => {
                let value = self.eval(inner, env)?;
                let is_sensitive = value.is_sensitive;
                Ok(self
                    .condition(&value, env, &inner.at)?
                    .map_or(Value::UNKNOWN, |value| (!value).into())
                    .mark(is_sensitive))
            }
            Syntax::Negate(inner) => self.negate(inner, env),
            Syntax::Binary(operator, sides) => self.binary(*operator, sides, env, &expr.at),
            Syntax::For(parsed) => self.for_expression(parsed, env, &expr.at),
        }
    }

    /// Evaluates all of them, so that all problems are seen.
    pub(crate) fn all(&self, items: &[Expr], env: &Env<'_>) -> Result<Vec<Value>, Reported> {
        let values: Vec<Evaluated> = items.iter().map(|item| self.eval(item, env)).collect();
        values.into_iter().collect()
    }

    fn object(&self, pairs: &[(Expr, Expr)], env: &Env<'_>) -> Evaluated {
        let mut members = BTreeMap::new();
        let mut is_sensitive = false;
        let mut failed = None;
        for (key, value) in pairs {
            let (key_value, value) = (self.eval(key, env), self.eval(value, env));
            let (Ok(key_value), Ok(value)) = (key_value, value) else {
                failed = Some(Reported);
                continue;
            };
            is_sensitive |= key_value.is_sensitive;
            if key_value.is_unknown() {
                return Ok(Value::UNKNOWN);
            }
            let Some(name) = key_value.as_text() else {
                let message = format!(
                    "a key must be text, and this is {}",
                    with_article(&key_value)
                );
                failed = Some(self.wrong("L0010", message, env, &key.at, "as a key"));
                continue;
            };
            // Of repeated keys the last one counts, as Packer has it.
            members.insert(name.to_string(), value);
        }
        failed.map_or(Ok(Value::from(members).mark(is_sensitive)), Err)
    }

    fn variable(&self, name: &str, env: &Env<'_>, at: &Bytes) -> Evaluated {
        if let Some(value) = env.find(name) {
            return Ok(value.clone());
        }
        if let Some(found) = self.names.resolve(self, &[(name, at.clone())], env.file) {
            return found.map(|(value, _)| value);
        }
        let known = self.names.known();
        let mut problem = Diagnostic::error("L0011", format!("there is nothing called `{name}`"))
            .label(
                Span::new(env.file, at.clone()),
                suggestion(name, known.iter().map(String::as_str)),
            );
        if name
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '-')
        {
            problem = problem.note(format!("text stands in quotes: \"{name}\""));
        }
        Err(self.report(problem))
    }

    fn conditional(&self, parts: &[Expr; 3], env: &Env<'_>) -> Evaluated {
        let [condition, yes, no] = parts;
        let value = self.eval(condition, env)?;
        let is_sensitive = value.is_sensitive;
        let chosen = match self.condition(&value, env, &condition.at)? {
            None => return Ok(Value::UNKNOWN.mark(is_sensitive)),
            Some(true) => yes,
            Some(false) => no,
        };
        Ok(self.eval(chosen, env)?.mark(is_sensitive))
    }

    /// A value as a condition; `None` when it is not known.
    pub(crate) fn condition(
        &self,
        value: &Value,
        env: &Env<'_>,
        at: &Bytes,
    ) -> Result<Option<bool>, Reported> {
        if value.is_unknown() {
            return Ok(None);
        }
        value.as_bool().map(Some).ok_or_else(|| {
            let message = format!(
                "a condition must be `true` or `false`, and this is {}",
                with_article(value)
            );
            self.wrong("L0012", message, env, at, "as a condition")
        })
    }

    fn for_expression(&self, parsed: &For, env: &Env<'_>, at: &Bytes) -> Evaluated {
        let collection = self.eval(&parsed.collection, env)?;
        let mut is_sensitive = collection.is_sensitive;
        let Some(pairs) = self.pairs(&collection, env, &parsed.collection.at)? else {
            return Ok(Value::UNKNOWN.mark(is_sensitive));
        };
        let mut items = Vec::new();
        let mut members: BTreeMap<String, Value> = BTreeMap::new();
        for (key, value) in pairs {
            let outer = Variable {
                name: parsed.key_name.as_deref().unwrap_or_default(),
                value: key,
                outer: env.variables,
            };
            let inner = Variable {
                name: &parsed.value_name,
                value,
                outer: Some(&outer),
            };
            let env = Env {
                file: env.file,
                variables: Some(&inner),
            };
            if let Some(condition) = &parsed.condition {
                let value = self.eval(condition, &env)?;
                // Which elements are there tells about what was asked.
                is_sensitive |= value.is_sensitive;
                match self.condition(&value, &env, &condition.at)? {
                    None => return Ok(Value::UNKNOWN.mark(is_sensitive)),
                    Some(false) => continue,
                    Some(true) => {}
                }
            }
            let value = self.eval(&parsed.value, &env)?;
            let Some(key) = &parsed.key else {
                items.push(value);
                continue;
            };
            let name_value = self.eval(key, &env)?;
            is_sensitive |= name_value.is_sensitive;
            if name_value.is_unknown() {
                return Ok(Value::UNKNOWN.mark(is_sensitive));
            }
            let Some(name) = name_value.as_text() else {
                let message = format!(
                    "a key must be text, and this is {}",
                    with_article(&name_value)
                );
                return Err(self.wrong("L0010", message, &env, &key.at, "as a key"));
            };
            match members.get_mut(&*name) {
                None if parsed.is_grouped => {
                    drop(members.insert(name.to_string(), vec![value].into()));
                }
                None => drop(members.insert(name.to_string(), value)),
                Some(group) if parsed.is_grouped => {
                    if let Kind::List(group) = &mut group.kind {
                        Rc::make_mut(group).push(value);
                    }
                }
                Some(_) => {
                    let message = if is_sensitive {
                        "a key comes twice".to_owned()
                    } else {
                        format!("the key `{name}` comes twice")
                    };
                    return Err(self.wrong(
                        "L0013",
                        message,
                        &env,
                        &key.at,
                        "add `...` behind the value to group them",
                    ));
                }
            }
        }
        self.bounded(items.len().max(members.len()), env, at)?;
        self.make(items.len().max(members.len()) * ELEMENT, env, at)?;
        let result: Value = if parsed.key.is_some() {
            members.into()
        } else {
            items.into()
        };
        Ok(result.mark(is_sensitive))
    }

    /// The elements of a collection with their keys or numbers; `None` when it is not known.
    pub(crate) fn pairs(
        &self,
        collection: &Value,
        env: &Env<'_>,
        at: &Bytes,
    ) -> Result<Option<Vec<(Value, Value)>>, Reported> {
        let marked = |value: &Value| value.clone().mark(collection.is_sensitive);
        match &collection.kind {
            Kind::Unknown => Ok(None),
            Kind::List(items) => {
                let number =
                    |n: usize| crate::value::Number::Whole(i64::try_from(n).unwrap_or(i64::MAX));
                Ok(Some(
                    items
                        .iter()
                        .enumerate()
                        .map(|(n, item)| (number(n).into(), marked(item)))
                        .collect(),
                ))
            }
            Kind::Object(members) => Ok(Some(
                members
                    .iter()
                    .map(|(name, value)| (name.as_str().into(), marked(value)))
                    .collect(),
            )),
            _ => {
                let message = format!(
                    "a list or an object is needed here, and this is {}",
                    with_article(collection)
                );
                Err(self.wrong("L0014", message, env, at, "cannot be gone through"))
            }
        }
    }

    /// Refuses collections that no configuration needs.
    pub(crate) fn bounded(&self, items: usize, env: &Env<'_>, at: &Bytes) -> Result<(), Reported> {
        if items > ITEMS_MAX {
            return Err(self.wrong(
                "L0022",
                format!("{items} elements are too many; {ITEMS_MAX} is the most"),
                env,
                at,
                "here",
            ));
        }
        Ok(())
    }
}

/// `a string`, `an object`: a value in a message, which never shows what is in it.
pub(crate) fn with_article(value: &Value) -> String {
    let name = value.type_name();
    match name {
        "null" => name.to_owned(),
        "object" | "unknown value" => format!("an {name}"),
        _ => format!("a {name}"),
    }
}

/// What to say beside an unknown name.
pub(crate) fn suggestion<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    goldsmith_core::diagnostic::nearest(name, known).map_or_else(
        || "not known".to_owned(),
        |known| format!("did you mean `{known}`?"),
    )
}
