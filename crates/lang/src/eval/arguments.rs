//! Calls: how many arguments, which are unknown or secret, and where a wrong one stands.

use goldsmith_core::diagnostic::{Diagnostic, Span};

use super::functions::{self, Args, Failed, Function};
use super::{Env, Evaluated, Evaluator, Reported, suggestion};
use crate::syntax::ast::{Bytes, Expr, Name};
use crate::value::{Kind, Value};

/// What one step of evaluation is worth to a function: elements gone through, bytes read.
const ELEMENTS_PER_STEP: usize = 8;
const BYTES_PER_STEP: usize = 256;

impl Evaluator<'_> {
    pub(super) fn call(
        &self,
        name: &Name,
        arguments: &[Expr],
        is_expanded: bool,
        env: &Env<'_>,
        at: &Bytes,
    ) -> Evaluated {
        match name.text.as_str() {
            "try" => return self.attempt(arguments, env, at),
            "can" => {
                let [argument] = arguments else {
                    return Err(self.count(name, "one argument", arguments.len(), env));
                };
                return Ok(self.quietly(|| self.eval(argument, env)).is_ok().into());
            }
            _ => {}
        }
        let Some(function) = functions::find(&name.text) else {
            // The arguments may have problems of their own.
            drop(self.all(arguments, env));
            let known = functions::all().map(|function| function.name);
            let label = functions::refused(&name.text)
                .map_or_else(|| suggestion(&name.text, known), str::to_owned);
            return Err(self.wrong(
                "L0020",
                format!("there is no function `{}`", name.text),
                env,
                &name.at,
                label,
            ));
        };
        let mut values = self.all(arguments, env)?;
        let mut places: Vec<Bytes> = arguments
            .iter()
            .map(|argument| argument.at.clone())
            .collect();
        if is_expanded && let Some(last) = values.pop() {
            let place = places.pop().unwrap_or_else(|| at.clone());
            let Some(pairs) = self.pairs(&last, env, &place)? else {
                return Ok(Value::UNKNOWN);
            };
            places.extend(pairs.iter().map(|_| place.clone()));
            values.extend(pairs.into_iter().map(|(_, value)| value));
        }
        self.bounded(values.len(), env, at)?;
        if values.len() < function.least || function.most.is_some_and(|most| values.len() > most) {
            return Err(self.count(name, &function.arity(), values.len(), env));
        }
        self.apply(function, values, &places, env, name)
    }

    fn apply(
        &self,
        function: &Function,
        values: Vec<Value>,
        places: &[Bytes],
        env: &Env<'_>,
        name: &Name,
    ) -> Evaluated {
        let is_sensitive = values.iter().any(Value::has_secret);
        if !function.takes_unknown && !values.iter().all(Value::is_wholly_known) {
            return Ok(Value::UNKNOWN.mark(is_sensitive));
        }
        let block = values
            .iter()
            .position(|value| matches!(value.kind, Kind::Block(_)));
        if let Some(at) = block {
            return Err(self.wrong(
                "L0023",
                "a block cannot be given to a function",
                env,
                &places[at],
                "name one of its attributes",
            ));
        }
        let elements: usize = values.iter().map(|value| extent(value).0).sum();
        let bytes: usize = values.iter().map(|value| extent(value).1).sum();
        let steps = elements / ELEMENTS_PER_STEP + bytes / BYTES_PER_STEP;
        self.work(u64::try_from(steps).unwrap_or(u64::MAX), env, &name.at)?;
        let args = Args {
            values,
            evaluator: self,
        };
        let marks = !matches!(function.name, "nonsensitive" | "issensitive");
        match (function.run)(&args) {
            Ok(value) => {
                let (elements, bytes) = extent(&value);
                self.make(elements * super::ELEMENT + bytes, env, &name.at)?;
                Ok(value.mark(marks && is_sensitive))
            }
            Err(Failed { argument, message }) => {
                let place = argument.and_then(|n| places.get(n)).unwrap_or(&name.at);
                let message = if is_sensitive {
                    "the function failed on a sensitive value".to_owned()
                } else {
                    message
                };
                let problem = Diagnostic::error("L0023", format!("{}: {message}", function.name))
                    .label(Span::new(env.file, place.clone()), "")
                    .note(format!("{} - {}", function.signature, function.summary));
                Err(self.report(problem))
            }
        }
    }

    /// `try(a, b, ...)`: the first that has a value.
    fn attempt(&self, arguments: &[Expr], env: &Env<'_>, at: &Bytes) -> Evaluated {
        let mut last = Vec::new();
        for argument in arguments {
            match self.quietly(|| self.eval(argument, env)) {
                Ok(value) => return Ok(value),
                Err(problems) => last = problems,
            }
        }
        let mut problem = Diagnostic::error("L0024", "none of the arguments of `try` has a value")
            .label(Span::new(env.file, at.clone()), "");
        if let Some(first) = last.first() {
            problem = problem.note(format!("the last one: {}", first.message));
        }
        Err(self.report(problem))
    }

    fn count(&self, name: &Name, wanted: &str, found: usize, env: &Env<'_>) -> Reported {
        let message = format!(
            "`{}` takes {wanted}, and {found} {} given",
            name.text,
            if found == 1 { "is" } else { "are" }
        );
        let signature = functions::find(&name.text).map_or("", |function| function.signature);
        self.wrong("L0025", message, env, &name.at, signature)
    }
}

/// How many elements and how many bytes of text a value has itself.
fn extent(value: &Value) -> (usize, usize) {
    match &value.kind {
        Kind::List(items) => (items.len(), 0),
        Kind::Object(members) => (members.len(), 0),
        Kind::String(text) => (0, text.len()),
        _ => (0, 0),
    }
}
