//! Variables: where their values come from, and what these must be.

use goldsmith_core::diagnostic::{Diagnostic, SourceFile, Span};

use super::{Key, World};
use crate::eval::{Env, Evaluated, Evaluator, Reported};
use crate::syntax::{self, ast::Expr, ast::Kind as Syntax};
use crate::types::{self, Type};
use crate::value::{Kind, Value};

/// A value given from outside.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) name: String,
    pub(crate) text: GivenText,
    /// The text it stands in, for excerpts.
    pub(crate) file: SourceFile,
    /// Whether a name that no variable has is a problem: not for the environment.
    pub(crate) must_exist: bool,
    /// Where its name stands in `file`.
    pub(crate) at: std::ops::Range<usize>,
}

/// How a value was given.
#[derive(Debug)]
pub(crate) enum GivenText {
    /// On the command line or in the environment: text, or an expression when the type wants one.
    Raw(String),
    /// In a file of values.
    Expr(Expr),
}

impl World {
    pub(crate) fn variable(
        &self,
        evaluator: &Evaluator<'_>,
        name: &str,
        place: &Span,
    ) -> Evaluated {
        let Some(definition) = self.variables.get(name) else {
            return Err(self.unknown(
                evaluator,
                "variable",
                "L0032",
                name,
                self.variables.keys(),
                place,
            ));
        };
        let body = &definition.block.body;
        let env = Env::of(&definition.file);
        self.once(evaluator, Key::Variable(name.to_owned()), place, || {
            let is_sensitive = match body.attribute("sensitive") {
                Some(flag) => evaluator.eval(&flag.value, &env)?.as_bool().unwrap_or(true),
                None => false,
            };
            let wanted = self.wanted(evaluator, name)?;
            let (value, at) = match self.given.iter().find(|given| given.name == name) {
                Some(given) if is_sensitive => return self.secret(evaluator, given, &wanted),
                Some(given) => (self.given_value(evaluator, given, &wanted)?, Span::new(&given.file, given.at.clone())),
                None => match body.attribute("default") {
                    Some(default) => (evaluator.eval(&default.value, &env)?, Span::new(&definition.file, default.value.at.clone())),
                    None if self.allows_unknown => return Ok(Value::UNKNOWN.mark(is_sensitive)),
                    None => {
                        let problem = Diagnostic::error("L0031", format!("the variable `{name}` has no value"))
                            .label(place.clone(), "needed here")
                            .label(definition.span(), "defined here, without a default")
                            .note(format!("give it one: `-var {name}=...`, a file with `-var-file`, or `GOLDSMITH_VAR_{name}`"));
                        return Err(evaluator.report(problem));
                    }
                },
            };
            let value = types::convert(&value, &wanted).map_err(|message| {
                let text = format!("the variable `{name}` has a value of the wrong type: {message}");
                evaluator.report(Diagnostic::error("L0035", text).label(at, "this value"))
            })?;
            Ok(value.mark(is_sensitive))
        })
        .and_then(|value| self.validated(evaluator, name, value))
    }

    /// The value of a sensitive variable. A problem with it shows neither the value nor the line
    /// that it stands in.
    fn secret(&self, evaluator: &Evaluator<'_>, given: &Given, wanted: &Type) -> Evaluated {
        let value = evaluator
            .quietly(|| self.given_value(evaluator, given, wanted))
            .ok()
            .and_then(|value| types::convert(&value, wanted).ok());
        value.map(|value| value.mark(true)).ok_or_else(|| {
            let name = &given.name;
            let text = format!("the sensitive variable `{name}` has a value that is no {wanted}");
            let masked = SourceFile::new(given.file.name(), name.as_str());
            let place = Span::new(&masked, 0..name.len());
            evaluator.report(Diagnostic::error("L0035", text).label(place, "its value"))
        })
    }

    fn wanted(&self, evaluator: &Evaluator<'_>, name: &str) -> Result<Type, Reported> {
        let definition = &self.variables[name];
        let Some(kind) = definition.block.body.attribute("type") else {
            // Without a type the default decides, as in Packer.
            let default = definition
                .block
                .body
                .attribute("default")
                .map(|default| &default.value.kind);
            return Ok(match default {
                Some(Syntax::String(_) | Syntax::Template(_)) => Type::String,
                Some(Syntax::Number(_)) => Type::Number,
                Some(Syntax::Bool(_)) => Type::Bool,
                _ => Type::Any,
            });
        };
        let env = Env::of(&definition.file);
        types::parse(&kind.value, &|expr| evaluator.eval(expr, &env).ok()).map_err(|error| {
            evaluator.wrong("L0036", error.message, &env, &error.expr.at, "as a type")
        })
    }

    /// A raw text is taken as it is where text is wanted, and as an expression elsewhere.
    fn given_value(&self, evaluator: &Evaluator<'_>, given: &Given, wanted: &Type) -> Evaluated {
        let raw = match &given.text {
            GivenText::Expr(expr) => return evaluator.eval(expr, &Env::of(&given.file)),
            GivenText::Raw(raw) => raw,
        };
        if matches!(wanted, Type::String | Type::Number | Type::Bool) {
            return Ok(raw.as_str().into());
        }
        let file = SourceFile::new(given.file.name(), raw.as_str());
        match syntax::parse_expression(&file) {
            Ok(expr) => {
                // A single word is text, though it would parse as a name.
                if matches!(expr.kind, Syntax::Variable(_)) && *wanted == Type::Any {
                    return Ok(raw.as_str().into());
                }
                evaluator.eval(&expr, &Env::of(&file))
            }
            Err(_) if *wanted == Type::Any => Ok(raw.as_str().into()),
            Err(problem) => Err(evaluator.report(problem.note(format!(
                "{wanted} is wanted, written as in a recipe: `[\"a\", \"b\"]`"
            )))),
        }
    }

    /// Holds a value to the validations of its variable.
    fn validated(&self, evaluator: &Evaluator<'_>, name: &str, value: Value) -> Evaluated {
        let definition = &self.variables[name];
        // A validation reads its own variable: that must not validate again.
        if !value.is_wholly_known() || self.under_way.borrow().contains(&validation_key(name)) {
            return Ok(value);
        }
        self.under_way.borrow_mut().push(validation_key(name));
        let env = Env::of(&definition.file);
        let mut result = Ok(value);
        for block in &definition.block.body.blocks {
            let Some(condition) = block.body.attribute("condition") else {
                continue;
            };
            let holds = evaluator
                .eval(&condition.value, &env)
                .and_then(|value| evaluator.condition(&value, &env, &condition.value.at));
            match holds {
                Ok(Some(false)) => {
                    let said = block
                        .body
                        .attribute("error_message")
                        .and_then(|message| evaluator.eval(&message.value, &env).ok());
                    let said = said
                        .filter(|text| !text.is_sensitive)
                        .and_then(|text| text.as_text());
                    let message = format!(
                        "the value of `{name}` is refused: {}",
                        said.as_deref().unwrap_or("its validation does not hold")
                    );
                    let mut problem = Diagnostic::error("L0037", message).label(
                        Span::new(&definition.file, condition.value.at.clone()),
                        "this does not hold",
                    );
                    if let Some(given) = self.given.iter().find(|given| given.name == name) {
                        problem =
                            problem.note(format!("the value comes from {}", given.file.name()));
                    }
                    result = Err(evaluator.report(problem));
                }
                Ok(_) => {}
                Err(reported) => result = Err(reported),
            }
        }
        self.under_way.borrow_mut().pop();
        result
    }

    /// Every secret text of the variables that have been evaluated.
    pub(crate) fn secrets(&self) -> Vec<String> {
        fn gather(value: &Value, is_secret: bool, out: &mut Vec<String>) {
            let is_secret = is_secret || value.is_sensitive;
            match &value.kind {
                Kind::String(text) if is_secret => out.push(text.to_string()),
                Kind::Number(number) if is_secret => out.push(number.to_string()),
                Kind::List(items) => items.iter().for_each(|item| gather(item, is_secret, out)),
                Kind::Object(members) => members
                    .values()
                    .for_each(|item| gather(item, is_secret, out)),
                _ => {}
            }
        }
        let mut out = Vec::new();
        for value in self.done.borrow().values().flatten() {
            gather(value, false, &mut out);
        }
        out
    }
}

fn validation_key(name: &str) -> Key {
    Key::Local(format!("\0validation of {name}"))
}
