//! References of one step: whether what they name exists and has run before.

use super::index::Index;
use crate::code;
use crate::document::{Inputs, Loop, Step};
use crate::expr::{Chain, Piece, Reference, Template};
use crate::place;
use crate::problems::{Problems, meant};
use crate::run::CONTEXT_KEYS;
use crate::yaml::Spanned;

/// Where a text stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) index: &'a Index<'a>,
    pub(super) phase: usize,
    pub(super) step: usize,
    pub(super) repeat: Option<&'a Loop>,
}

impl Place<'_> {
    pub(super) fn check(&self, text: &Spanned<String>, problems: &mut Problems) {
        if !text.value.contains("{{") {
            return;
        }
        let source = problems.file.clone();
        let mut offset = 0;
        for piece in Template::parse(&text.value).pieces {
            let (reference, whole) = match piece {
                Piece::Literal(literal) => {
                    offset += literal.len();
                    continue;
                }
                Piece::Odd(whole) => (None, whole),
                Piece::Reference(reference, whole) => (Some(reference), whole),
            };
            let end = offset + whole.len();
            let range = place::within(source.text(), text, offset..end);
            offset = end;
            let Some(reference) = reference else {
                let message = format!("`{whole}` is no reference");
                let label = "left as it is";
                problems.warning(code::LITERAL_REFERENCE, &range, message, label);
                continue;
            };
            let whole = Spanned {
                value: whole,
                range,
            };
            self.check_one(&reference, &whole, problems);
        }
    }

    fn check_one(&self, reference: &Reference, whole: &Spanned<String>, problems: &mut Problems) {
        match reference {
            Reference::Name(name) if self.index.is_declared(name) => {}
            Reference::Name(name) => {
                let message = format!("there is no parameter or constant `{name}`");
                let label = meant(name, self.index.document.declared());
                problems.error(code::UNKNOWN_REFERENCE, &whole.range, message, label);
            }
            Reference::Loop { name, .. } => self.check_loop(name, whole, problems),
            Reference::Chain(chain) => self.check_chain(chain, whole, problems),
            Reference::Prefixed {
                namespace: "context",
                rest,
            } if CONTEXT_KEYS.contains(&rest.as_str()) => {}
            Reference::Prefixed {
                namespace: "context",
                rest,
            } => {
                let message = format!("`context:{rest}` does not exist");
                let label = meant(rest, CONTEXT_KEYS);
                let problem = problems.error(code::UNKNOWN_REFERENCE, &whole.range, message, label);
                problem
                    .notes
                    .push(format!("keys: {}", CONTEXT_KEYS.join(", ")));
            }
            Reference::Prefixed {
                namespace: "aws:ssm",
                rest,
            } => self.check_stored(rest, whole, problems),
            Reference::Prefixed {
                namespace: "aws:imds",
                rest,
            } if ["iam", "identity-credentials"]
                .iter()
                .any(|secret| rest.trim_matches('/').split('/').next() == Some(secret)) =>
            {
                let message = format!("`aws:imds:{rest}` holds credentials");
                let label = "documents may not read them";
                problems.error(code::UNSUPPORTED_REFERENCE, &whole.range, message, label);
            }
            Reference::Prefixed { .. } => {}
        }
    }

    /// `resolve(x)`: `x` is a parameter or another reference to the store.
    fn check_stored(&self, rest: &str, whole: &Spanned<String>, problems: &mut Problems) {
        let inner = rest
            .strip_prefix("resolve(")
            .and_then(|r| r.strip_suffix(')'));
        let Some(inner) = inner.map(str::trim) else {
            return;
        };
        if !inner.starts_with("aws:ssm:") && !self.index.is_declared(inner) {
            let message = format!("there is no parameter or constant `{inner}`");
            let label = meant(inner, self.index.document.declared());
            problems.error(code::UNKNOWN_REFERENCE, &whole.range, message, label);
        }
    }

    fn check_loop(&self, name: &str, whole: &Spanned<String>, problems: &mut Problems) {
        let own = self.repeat.and_then(|repeat| repeat.name.as_ref());
        let is_own = own.is_some_and(|own| own.value == name);
        if is_own || (name == "loop" && self.repeat.is_some()) {
            return;
        }
        if name == "loop" {
            let message = format!("`{}` stands outside of a loop", whole.value);
            problems.warning(
                code::LITERAL_REFERENCE,
                &whole.range,
                message,
                "left as it is",
            );
            return;
        }
        let message = format!("this step has no loop `{name}`");
        let known = own.map(|own| own.value.as_str());
        let label = meant(name, known.into_iter().chain(["loop"]));
        problems.error(code::UNKNOWN_REFERENCE, &whole.range, message, label);
    }

    fn check_chain(&self, chain: &Chain, whole: &Spanned<String>, problems: &mut Problems) {
        let mut unknown = |what: &str, name: &str, place: &str, known: &[&str]| {
            let label = match meant(name, known.iter().copied()) {
                meant if meant.is_empty() && known.is_empty() => "there is none at all".to_owned(),
                meant if meant.is_empty() => format!("there is {}", known.join(", ")),
                meant => meant,
            };
            let message = format!("there is no {what} `{name}`{place}");
            problems.error(code::UNKNOWN_REFERENCE, &whole.range, message, label);
        };
        let document = self.index.document;
        let Some(phase) = self.index.phase(&chain.phase) else {
            let known: Vec<&str> = document.phases().collect();
            return unknown("phase", &chain.phase, "", &known);
        };
        let steps = &document.phases[phase].steps;
        let Some(step) = self.index.step(phase, &chain.step) else {
            if self.index.is_unread(&chain.phase, &chain.step) {
                return;
            }
            let known: Vec<&str> = steps.iter().map(|step| step.name.value.as_str()).collect();
            let place = format!(" in phase `{}`", chain.phase);
            return unknown("step", &chain.step, &place, &known);
        };
        let target = &steps[step];
        if let Inputs::Entries(entries) = &target.inputs
            && chain.index >= entries.len()
        {
            let message = format!(
                "`{}.{}` has no entry {}",
                chain.phase, chain.step, chain.index
            );
            let label = format!("it has {}, counted from 0", entries.len());
            problems.error(code::UNKNOWN_REFERENCE, &whole.range, message, label);
            return;
        }
        let known = variables(target, chain);
        if !known.contains(&chain.var.as_str()) {
            let side = if chain.is_output { "output" } else { "input" };
            let place = format!(" of `{}.{}`", chain.phase, chain.step);
            return unknown(side, &chain.var, &place, &known);
        }
        if (phase, step) == (self.phase, self.step) {
            let message = "a step cannot refer to itself";
            let label = "it has no values before it has run";
            problems.error(code::FORWARD_REFERENCE, &whole.range, message, label);
        } else if (phase, step) > (self.phase, self.step) {
            let message = format!("`{}.{}` runs later than this step", chain.phase, chain.step);
            let span =
                goldsmith_core::diagnostic::Span::new(&problems.file, target.name.range.clone());
            let problem = problems.error(code::FORWARD_REFERENCE, &whole.range, message, "");
            *problem = problem.clone().label(span, "it stands here");
        }
    }
}

/// What can be asked of one entry of a step.
fn variables<'a>(step: &'a Step, chain: &Chain) -> Vec<&'a str> {
    let Inputs::Entries(entries) = &step.inputs else {
        return Vec::new();
    };
    match entries.get(chain.index) {
        None => Vec::new(),
        Some(_) if chain.is_output => step.action.value.outputs.to_vec(),
        Some(entry) => entry
            .fields
            .iter()
            .map(|(name, _)| name.value.as_str())
            .collect(),
    }
}
