//! Names, attributes, indices and splats.

use std::collections::BTreeMap;

use goldsmith_core::diagnostic::{Diagnostic, Span};

use super::{Env, Evaluated, Evaluator, suggestion, with_article};
use crate::syntax::ast::{Bytes, Expr, Kind as Syntax, Step};
use crate::value::{Kind, Value};

impl Evaluator<'_> {
    pub(super) fn traverse(
        &self,
        base: &Expr,
        steps: &[Step],
        env: &Env<'_>,
        at: &Bytes,
    ) -> Evaluated {
        if let Syntax::Variable(name) = &base.kind
            && env.find(name).is_none()
        {
            let names = steps.iter().map_while(|step| match step {
                Step::Attribute(name) => Some((name.text.as_str(), name.at.clone())),
                _ => None,
            });
            let path: Vec<(&str, Bytes)> = std::iter::once((name.as_str(), base.at.clone()))
                .chain(names)
                .collect();
            if let Some(found) = self.names.resolve(self, &path, env.file) {
                let (value, used) = found?;
                return self.steps(value, &steps[used - 1..], env, at);
            }
        }
        let value = self.eval(base, env)?;
        self.steps(value, steps, env, at)
    }

    fn steps(&self, mut value: Value, steps: &[Step], env: &Env<'_>, at: &Bytes) -> Evaluated {
        for (n, step) in steps.iter().enumerate() {
            value = match step {
                Step::Attribute(name) => {
                    let is_sensitive = value.is_sensitive;
                    self.attribute(&value, &name.text, env, &name.at)?
                        .mark(is_sensitive)
                }
                Step::Index(index) => self.index(&value, index, env)?,
                Step::Splat(_) => return self.splat(&value, &steps[n + 1..], env, at),
                Step::AttributeSplat(_) => {
                    let rest = &steps[n + 1..];
                    let count = rest
                        .iter()
                        .take_while(|step| matches!(step, Step::Attribute(_)))
                        .count();
                    let list = self.splat(&value, &rest[..count], env, at)?;
                    return self.steps(list, &rest[count..], env, at);
                }
            };
        }
        Ok(value)
    }

    /// `[*]`: on a list for each element, on anything else as on a list of one, on null of none.
    fn splat(&self, value: &Value, steps: &[Step], env: &Env<'_>, at: &Bytes) -> Evaluated {
        let items = match &value.kind {
            Kind::Unknown => return Ok(value.clone()),
            Kind::Null => Vec::new(),
            Kind::List(items) => items.to_vec(),
            _ => vec![value.clone()],
        };
        let items: Result<Vec<Value>, _> = items
            .into_iter()
            .map(|item| self.steps(item, steps, env, at))
            .collect();
        Ok(Value::from(items?).mark(value.is_sensitive))
    }

    fn attribute(&self, value: &Value, name: &str, env: &Env<'_>, at: &Bytes) -> Evaluated {
        match &value.kind {
            Kind::Unknown => Ok(Value::UNKNOWN),
            Kind::Object(members) => self.member(members, name, value.is_sensitive, env, at),
            Kind::Block(block) => {
                self.names
                    .block_attribute(self, block, name, Span::new(env.file, at.clone()))
            }
            Kind::List(_) => {
                let message = format!("a list has no attribute `{name}`");
                Err(self.wrong(
                    "L0018",
                    message,
                    env,
                    at,
                    format!("`[*].{name}` gives that of every element, `[0].{name}` of the first"),
                ))
            }
            _ => {
                let message = format!("{} has no attribute `{name}`", with_article(value));
                Err(self.wrong("L0018", message, env, at, "only objects have attributes"))
            }
        }
    }

    fn member(
        &self,
        members: &BTreeMap<String, Value>,
        name: &str,
        is_sensitive: bool,
        env: &Env<'_>,
        at: &Bytes,
    ) -> Evaluated {
        members.get(name).cloned().ok_or_else(|| {
            // Neither the key asked for nor those that are there may be shown.
            if is_sensitive {
                let message = "this object has no such key";
                return self.wrong("L0018", message, env, at, "a sensitive value");
            }
            let known = members.keys().map(String::as_str);
            let mut problem = Diagnostic::error("L0018", format!("this object has no `{name}`"))
                .label(Span::new(env.file, at.clone()), suggestion(name, known));
            if !members.is_empty() && members.len() <= 20 {
                let listed: Vec<_> = members.keys().map(|key| format!("`{key}`")).collect();
                problem = problem.note(format!("it has {}", listed.join(", ")));
            }
            self.report(problem)
        })
    }

    fn index(&self, value: &Value, index: &Expr, env: &Env<'_>) -> Evaluated {
        let key = self.eval(index, env)?;
        let is_sensitive = value.is_sensitive || key.is_sensitive;
        if value.is_unknown() || key.is_unknown() {
            return Ok(Value::UNKNOWN.mark(is_sensitive));
        }
        let found = match &value.kind {
            Kind::Object(members) => {
                let name = key.as_text().ok_or_else(|| {
                    let message = format!(
                        "an object is indexed by text, and this is {}",
                        with_article(&key)
                    );
                    self.wrong("L0019", message, env, &index.at, "as a key")
                })?;
                self.member(members, &name, is_sensitive, env, &index.at)?
            }
            Kind::List(items) => {
                let place = key.as_number().and_then(crate::value::Number::as_whole);
                let found = place
                    .and_then(|n| usize::try_from(n).ok())
                    .and_then(|n| items.get(n));
                found.cloned().ok_or_else(|| {
                    let message = match place {
                        Some(_) if is_sensitive => "this list has no such element".to_owned(),
                        Some(_) if items.is_empty() => "this list is empty".to_owned(),
                        Some(n) => format!(
                            "this list has the elements 0 to {}, and not {n}",
                            items.len() - 1
                        ),
                        None => format!(
                            "a list is indexed by a whole number, and this is {}",
                            with_article(&key)
                        ),
                    };
                    self.wrong("L0019", message, env, &index.at, "no such element")
                })?
            }
            Kind::Block(block) => {
                let name = key.as_text().unwrap_or_default();
                self.names.block_attribute(
                    self,
                    block,
                    &name,
                    Span::new(env.file, index.at.clone()),
                )?
            }
            _ => {
                let message = format!("{} has no elements", with_article(value));
                return Err(self.wrong(
                    "L0019",
                    message,
                    env,
                    &index.at,
                    "only lists and objects are indexed",
                ));
            }
        };
        Ok(found.mark(is_sensitive))
    }
}
