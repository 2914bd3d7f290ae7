//! Conditions of steps: read when the project is, decided when the run comes to them.
//!
//! ```text
//! step.smoke.exit_code == 0 && (stage.scan.high > 3 || !stage.lock.changed)
//! ```
//!
//! Outputs are texts. `==` and `!=` compare as numbers where both sides are numbers, else as
//! texts; the others want numbers. An output that nothing gave, because its step was skipped, is
//! the empty text: it equals `""` and no number is less or more than it.

use std::fmt;

use super::Stage;

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Known when the project was read.
    Always(bool),
    /// `a && b`.
    All(Vec<Self>),
    /// `a || b`.
    Any(Vec<Self>),
    /// `!a`.
    Not(Box<Self>),
    /// An output that is `true` or `false`.
    Is(OutputRef),
    /// Two things compared.
    Compare {
        /// The one before the sign.
        left: Operand,
        /// The sign.
        by: Comparison,
        /// The one behind it.
        right: Operand,
    },
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// What an earlier part of the run gave.
    Output(OutputRef),
    /// A text, a number or a flag, as text.
    Value(String),
}

impl Operand {
    const fn output(&self) -> Option<&OutputRef> {
        match self {
            Self::Output(output) => Some(output),
            Self::Value(_) => None,
        }
    }
}

/// An output of an earlier part of the run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutputRef {
    /// Of what.
    pub of: Origin,
    /// Its name.
    pub name: String,
}

/// What gives outputs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A stage.
    Stage(Stage),
    /// A step of the pipeline, by its name.
    Step(String),
}

/// How two things compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// As written.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

/// A condition that cannot be decided. The step it is of has failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    /// An output that should be a flag.
    #[error("`{output}` is `{value}`, and neither `true` nor `false`")]
    NotAFlag {
        /// Which.
        output: String,
        /// What it is.
        value: String,
    },
    /// Something that should be a number.
    #[error("`{operand}` is `{value}`, and not a number that can be more or less than another")]
    NotANumber {
        /// Which.
        operand: String,
        /// What it is.
        value: String,
    },
}

impl Condition {
    /// Decides. `outputs` gives what a part of the run gave; `None`: it gave no such thing.
    pub fn holds(
        &self,
        outputs: &dyn Fn(&OutputRef) -> Option<String>,
    ) -> Result<bool, ConditionError> {
        match self {
            Self::Always(holds) => Ok(*holds),
            Self::All(all) => {
                for one in all {
                    if !one.holds(outputs)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Any(any) => {
                for one in any {
                    if one.holds(outputs)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(inner) => Ok(!inner.holds(outputs)?),
            Self::Is(output) => match outputs(output).unwrap_or_default().as_str() {
                "true" => Ok(true),
                // A step that was skipped has nothing that is so.
                "false" | "" => Ok(false),
                other => Err(ConditionError::NotAFlag {
                    output: output.to_string(),
                    value: other.to_owned(),
                }),
            },
            Self::Compare { left, by, right } => compare(left, *by, right, outputs),
        }
    }

    /// Every output it asks for, in the order they are written in.
    pub fn outputs(&self) -> Vec<&OutputRef> {
        match self {
            Self::Always(_) => Vec::new(),
            Self::All(all) | Self::Any(all) => all.iter().flat_map(Self::outputs).collect(),
            Self::Not(inner) => inner.outputs(),
            Self::Is(output) => vec![output],
            Self::Compare { left, right, .. } => [left, right]
                .into_iter()
                .filter_map(Operand::output)
                .collect(),
        }
    }
}

fn compare(
    left: &Operand,
    by: Comparison,
    right: &Operand,
    outputs: &dyn Fn(&OutputRef) -> Option<String>,
) -> Result<bool, ConditionError> {
    let text = |operand: &Operand| match operand {
        Operand::Output(output) => outputs(output).unwrap_or_default(),
        Operand::Value(value) => value.clone(),
    };
    let (a, b) = (text(left), text(right));
    let is_equal = match (number(&a), number(&b)) {
        (Some(a), Some(b)) => a.total_cmp(&b).is_eq(),
        _ => a == b,
    };
    let ordered = |operand: &Operand, value: &str| {
        number(value).ok_or_else(|| ConditionError::NotANumber {
            operand: operand.to_string(),
            value: value.to_owned(),
        })
    };
    match by {
        Comparison::Equal => return Ok(is_equal),
        Comparison::NotEqual => return Ok(!is_equal),
        // Nothing is neither less nor more.
        _ if a.is_empty() || b.is_empty() => return Ok(false),
        _ => {}
    }
    let order = ordered(left, &a)?.total_cmp(&ordered(right, &b)?);
    Ok(match by {
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
        Comparison::Equal | Comparison::NotEqual => is_equal,
    })
}

/// A plain decimal number. What else `f64` reads (`inf`, `nan`) is text.
fn number(text: &str) -> Option<f64> {
    let is_plain = text
        .bytes()
        .all(|b| b.is_ascii_digit() || b"-.".contains(&b));
    // One zero, whatever its sign.
    is_plain
        .then(|| text.parse::<f64>().ok())
        .flatten()
        .map(|number| number + 0.0)
}

impl fmt::Display for OutputRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.of {
            Origin::Stage(stage) => write!(f, "stage.{stage}.{}", self.name),
            Origin::Step(step) => write!(f, "step.{step}.{}", self.name),
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output(output) => output.fmt(f),
            Self::Value(value) => write!(f, "{value:?}"),
        }
    }
}

/// As it could be written, for the journal of a run.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, all: &[Self], sign: &str| {
            f.write_str("(")?;
            for (n, one) in all.iter().enumerate() {
                if n > 0 {
                    write!(f, " {sign} ")?;
                }
                one.fmt(f)?;
            }
            f.write_str(")")
        };
        match self {
            Self::Always(holds) => holds.fmt(f),
            Self::All(all) => joined(f, all, "&&"),
            Self::Any(any) => joined(f, any, "||"),
            Self::Not(inner) => write!(f, "!{inner}"),
            Self::Is(output) => output.fmt(f),
            Self::Compare { left, by, right } => write!(f, "({left} {} {right})", by.sign()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(step: &str, name: &str) -> OutputRef {
        OutputRef {
            of: Origin::Step(step.to_owned()),
            name: name.to_owned(),
        }
    }

    fn given(output: &OutputRef) -> Option<String> {
        let text = match output.to_string().as_str() {
            "step.a.code" => "10",
            "step.a.ok" => "true",
            "step.a.text" => "ten",
            "step.a.zero" => "-0",
            _ => return None,
        };
        Some(text.to_owned())
    }

    #[test]
    fn comparisons() {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        let check = |name: &str, by, value: &str, expected: Option<bool>| {
            let condition = Condition::Compare {
                left: Operand::Output(output("a", name)),
                by,
                right: Operand::Value(value.to_owned()),
            };
            assert_eq!(condition.holds(&given).ok(), expected, "{condition}");
        };
        check("code", Equal, "10.0", Some(true));
        check("code", NotEqual, "10.0", Some(false));
        check("code", Greater, "9", Some(true));
        check("code", Less, "9", Some(false));
        check("code", GreaterOrEqual, "10", Some(true));
        check("code", LessOrEqual, "10", Some(true));
        check("zero", Equal, "0", Some(true));
        check("zero", Less, "0", Some(false));
        check("text", Equal, "ten", Some(true));
        check("text", Equal, "Ten", Some(false));
        check("text", Greater, "1", None);
        check("code", Greater, "inf", None);
        check("nothing", Equal, "", Some(true));
        check("nothing", NotEqual, "x", Some(true));
        check("nothing", Greater, "1", Some(false));
        check("nothing", Less, "1", Some(false));
    }

    #[test]
    fn joined() {
        let yes = || Condition::Is(output("a", "ok"));
        let no = || Condition::Is(output("b", "skipped"));
        let bad = || Condition::Is(output("a", "text"));
        let holds = |condition: Condition| condition.holds(&given).ok();
        assert_eq!(holds(Condition::All(vec![yes(), no()])), Some(false));
        assert_eq!(holds(Condition::Any(vec![no(), yes()])), Some(true));
        assert_eq!(holds(Condition::Not(Box::new(no()))), Some(true));
        // What comes after the decision is not looked at.
        assert_eq!(holds(Condition::Any(vec![yes(), bad()])), Some(true));
        assert_eq!(holds(Condition::All(vec![no(), bad()])), Some(false));
        assert_eq!(holds(Condition::All(vec![yes(), bad()])), None);
        let condition = Condition::All(vec![yes(), Condition::Not(Box::new(no()))]);
        assert_eq!(condition.to_string(), "(step.a.ok && !step.b.skipped)");
        assert_eq!(condition.outputs().len(), 2);
    }
}
