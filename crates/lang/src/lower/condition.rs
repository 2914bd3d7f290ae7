//! The `if` of a step: an expression that is kept as a condition, for its outputs are not there
//! before the run is.

use goldsmith_core::diagnostic::{Diagnostic, nearest};
use goldsmith_core::recipe::{Comparison, Condition, Operand, Origin, OutputRef, Position, Stage};

use crate::decode::Reader;
use crate::syntax::ast::{Expr, Kind as Syntax, Name, Operator, Part, Step as Access};

/// A step that conditions may ask.
pub(super) struct Known<'a> {
    pub(super) name: &'a str,
    /// `None`: it could not be read.
    pub(super) position: Option<Position>,
    /// `None`: whatever it likes.
    pub(super) outputs: Option<&'static [&'static str]>,
}

/// What every step gives.
const STATUS: &str = "status";

/// `own` is the step that the condition is of; `known` are all steps in the order of the file.
pub(super) fn condition(
    reader: &Reader<'_>,
    own: &str,
    known: &[Known<'_>],
    expr: &Expr,
) -> Option<Condition> {
    Scope { reader, own, known }.condition(expr)
}

struct Scope<'a> {
    reader: &'a Reader<'a>,
    own: &'a str,
    known: &'a [Known<'a>],
}

impl Scope<'_> {
    fn condition(&self, expr: &Expr) -> Option<Condition> {
        match &expr.kind {
            Syntax::Binary(Operator::And, sides) => {
                let sides = sides.each_ref().map(|side| self.condition(side));
                sides.into_iter().collect::<Option<_>>().map(Condition::All)
            }
            Syntax::Binary(Operator::Or, sides) => {
                let sides = sides.each_ref().map(|side| self.condition(side));
                sides.into_iter().collect::<Option<_>>().map(Condition::Any)
            }
            Syntax::Not(inner) => self
                .condition(inner)
                .map(|inner| Condition::Not(inner.into())),
            Syntax::Binary(operator, sides) if sides.iter().any(|side| path(side).is_some()) => {
                let Some(by) = comparison(*operator) else {
                    let label = "outputs can be compared, and not counted with".to_owned();
                    self.reader
                        .wrong(expr, "this is no condition".to_owned(), label);
                    return None;
                };
                let [left, right] = sides.each_ref().map(|side| self.operand(side));
                Some(Condition::Compare {
                    left: left?,
                    by,
                    right: right?,
                })
            }
            // The JSON form: `"${...}"`.
            Syntax::Template(parts) if let [Part::Value(inner)] = &parts[..] => {
                self.condition(inner)
            }
            _ if path(expr).is_some() => self.output(expr).map(Condition::Is),
            _ => {
                let evaluator = self.reader.evaluator;
                let value = evaluator.eval(expr, &self.reader.env()).ok()?;
                let holds = evaluator.condition(&value, &self.reader.env(), &expr.at);
                holds.ok().flatten().map(Condition::Always)
            }
        }
    }

    fn operand(&self, expr: &Expr) -> Option<Operand> {
        if path(expr).is_some() {
            return self.output(expr).map(Operand::Output);
        }
        let value = self.reader.evaluator.eval(expr, &self.reader.env()).ok()?;
        if value.is_unknown() {
            return None;
        }
        if value.has_secret() {
            let label = "the run writes down what it decided by".to_owned();
            let message = "a sensitive value cannot stand in a condition".to_owned();
            self.reader.wrong(expr, message, label);
            return None;
        }
        let text = value.as_text().map(|text| Operand::Value(text.to_string()));
        if text.is_none() {
            let label = format!("this is {}", crate::eval::with_article(&value));
            let message = "an output can be compared with a text, a number or a flag".to_owned();
            self.reader.wrong(expr, message, label);
        }
        text
    }

    /// `stage.scan.high`, `step.smoke.code`.
    fn output(&self, expr: &Expr) -> Option<OutputRef> {
        let (root, steps) = path(expr)?;
        let [Access::Attribute(of), Access::Attribute(name)] = steps else {
            let label = format!("`{root}.<name>.<output>`");
            self.reader
                .wrong(expr, "this names no output".to_owned(), label);
            return None;
        };
        let (of, outputs) = if root == "stage" {
            self.stage(of)?
        } else {
            self.step(of)?
        };
        let is_there = outputs.is_none_or(|all| all.contains(&name.text.as_str()))
            || (root == "step" && name.text == STATUS);
        if is_there {
            let name = name.text.clone();
            return Some(OutputRef { of, name });
        }
        let mut all: Vec<&str> = outputs.unwrap_or_default().to_vec();
        if root == "step" {
            all.push(STATUS);
        }
        let message = format!("there is no output `{}` here", name.text);
        self.unknown(name, message, &all)
    }

    fn stage(&self, of: &Name) -> Option<(Origin, Option<&'static [&'static str]>)> {
        let Ok(stage) = of.text.parse::<Stage>() else {
            let message = format!("there is no stage `{}`", of.text);
            return self.unknown(of, message, &Stage::WORDS);
        };
        let at = self
            .known
            .iter()
            .find(|known| known.name == self.own)?
            .position?;
        if !at.sees(stage) {
            return self.too_late(of, &format!("the stage `{stage}`"));
        }
        Some((Origin::Stage(stage), Some(stage.outputs())))
    }

    fn step(&self, of: &Name) -> Option<(Origin, Option<&'static [&'static str]>)> {
        let number = |name: &str| self.known.iter().position(|known| known.name == name);
        let Some(found) = number(&of.text) else {
            let names: Vec<&str> = self.known.iter().map(|known| known.name).collect();
            return self.unknown(of, format!("there is no step `{}`", of.text), &names);
        };
        let own = number(self.own)?;
        let place = |n: usize| Some((self.known[n].position?, n));
        if place(found)? >= place(own)? {
            return self.too_late(of, &format!("the step `{}`", of.text));
        }
        Some((Origin::Step(of.text.clone()), self.known[found].outputs))
    }

    fn too_late<T>(&self, name: &Name, what: &str) -> Option<T> {
        let message = format!("{what} does not come before this step");
        let problem = Diagnostic::error("L0110", message);
        let label = "it has given nothing yet";
        let place = self.reader.span(&name.at);
        self.reader.evaluator.report(problem.label(place, label));
        None
    }

    fn unknown<T>(&self, name: &Name, message: String, known: &[&str]) -> Option<T> {
        let label = match nearest(&name.text, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => "it has none".to_owned(),
            None => format!("there is {}", known.join(", ")),
        };
        let problem = Diagnostic::error("L0033", message);
        let place = self.reader.span(&name.at);
        self.reader.evaluator.report(problem.label(place, label));
        None
    }
}

/// `step` or `stage`, and what follows.
fn path(expr: &Expr) -> Option<(&str, &[Access])> {
    match &expr.kind {
        Syntax::Traverse(base, steps) => match &base.kind {
            Syntax::Variable(root) if root == "step" || root == "stage" => Some((root, steps)),
            _ => None,
        },
        Syntax::Variable(root) if root == "step" || root == "stage" => Some((root, &[])),
        _ => None,
    }
}

const fn comparison(operator: Operator) -> Option<Comparison> {
    Some(match operator {
        Operator::Equal => Comparison::Equal,
        Operator::NotEqual => Comparison::NotEqual,
        Operator::Less => Comparison::Less,
        Operator::LessOrEqual => Comparison::LessOrEqual,
        Operator::Greater => Comparison::Greater,
        Operator::GreaterOrEqual => Comparison::GreaterOrEqual,
        _ => return None,
    })
}
