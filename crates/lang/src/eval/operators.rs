//! Arithmetic, comparison, logic.

use super::{Env, Evaluated, Evaluator, Reported, with_article};
use crate::syntax::ast::{Bytes, Expr, Operator};
use crate::value::{Number, Value};

impl Evaluator<'_> {
    pub(super) fn negate(&self, inner: &Expr, env: &Env<'_>) -> Evaluated {
        let value = self.eval(inner, env)?;
        if value.is_unknown() {
            return Ok(value);
        }
        let number = self.operand(&value, env, &inner.at)?;
        let negated = match number {
            Number::Whole(value) => value.checked_neg().map(Number::Whole),
            Number::Real(value) => Number::from_f64(-value),
        };
        let negated = negated.ok_or_else(|| self.too_large(env, &inner.at))?;
        Ok(Value::from(negated).mark(value.is_sensitive))
    }

    pub(super) fn binary(
        &self,
        operator: Operator,
        sides: &[Expr; 2],
        env: &Env<'_>,
        at: &Bytes,
    ) -> Evaluated {
        if matches!(operator, Operator::And | Operator::Or) {
            return self.logic(operator, sides, env);
        }
        // Both sides, so that both problems are seen.
        let values = self.all(sides, env)?;
        let [left, right] = &values[..] else {
            unreachable!("two sides give two values")
        };
        let is_sensitive = left.is_sensitive || right.is_sensitive;
        let result: Value = match operator {
            Operator::Equal | Operator::NotEqual => {
                if !(left.is_wholly_known() && right.is_wholly_known()) {
                    return Ok(Value::UNKNOWN.mark(is_sensitive));
                }
                let is_sensitive = left.has_secret() || right.has_secret();
                return Ok(
                    Value::from(left.equals(right) == (operator == Operator::Equal))
                        .mark(is_sensitive),
                );
            }
            _ if left.is_unknown() || right.is_unknown() => {
                return Ok(Value::UNKNOWN.mark(is_sensitive));
            }
            _ => {
                let (a, b) = (
                    self.operand(left, env, &sides[0].at),
                    self.operand(right, env, &sides[1].at),
                );
                let (a, b) = (a?, b?);
                match operator {
                    Operator::Less => (a < b).into(),
                    Operator::LessOrEqual => (a <= b).into(),
                    Operator::Greater => (a > b).into(),
                    Operator::GreaterOrEqual => (a >= b).into(),
                    Operator::Divide | Operator::Remainder if b == Number::Whole(0) => {
                        return Err(self.wrong(
                            "L0015",
                            "division by zero",
                            env,
                            at,
                            "the right side is 0",
                        ));
                    }
                    _ => arithmetic(operator, a, b)
                        .ok_or_else(|| self.too_large(env, at))?
                        .into(),
                }
            }
        };
        Ok(result.mark(is_sensitive))
    }

    /// `&&` and `||`: the right side only when the left one does not decide.
    fn logic(&self, operator: Operator, sides: &[Expr; 2], env: &Env<'_>) -> Evaluated {
        let decides = operator == Operator::Or;
        let left = self.eval(&sides[0], env)?;
        let left_value = self.condition(&left, env, &sides[0].at)?;
        if left_value == Some(decides) {
            return Ok(Value::from(decides).mark(left.is_sensitive));
        }
        let right = self.eval(&sides[1], env)?;
        let is_sensitive = left.is_sensitive || right.is_sensitive;
        let value = match (left_value, self.condition(&right, env, &sides[1].at)?) {
            (_, Some(value)) if value == decides => value.into(),
            (Some(_), Some(value)) => value.into(),
            _ => Value::UNKNOWN,
        };
        Ok(value.mark(is_sensitive))
    }

    fn operand(&self, value: &Value, env: &Env<'_>, at: &Bytes) -> Result<Number, Reported> {
        value.as_number().ok_or_else(|| {
            let message = format!(
                "a number is needed here, and this is {}",
                with_article(value)
            );
            self.wrong("L0016", message, env, at, "not a number")
        })
    }

    fn too_large(&self, env: &Env<'_>, at: &Bytes) -> Reported {
        self.wrong(
            "L0005",
            "the result is too large",
            env,
            at,
            "whole numbers go up to 2^63, others up to 1.8e308",
        )
    }
}

/// Exact on whole numbers as long as the result is whole; `None` when it is too large.
pub(crate) fn arithmetic(operator: Operator, a: Number, b: Number) -> Option<Number> {
    if let (Number::Whole(a), Number::Whole(b)) = (a, b) {
        match operator {
            Operator::Add => return a.checked_add(b).map(Number::Whole),
            Operator::Subtract => return a.checked_sub(b).map(Number::Whole),
            Operator::Multiply => return a.checked_mul(b).map(Number::Whole),
            Operator::Remainder => return a.checked_rem(b).map(Number::Whole),
            Operator::Divide if a.checked_rem(b)? == 0 => {
                return a.checked_div(b).map(Number::Whole);
            }
            _ => {}
        }
    }
    let (a, b) = (a.as_f64(), b.as_f64());
    Number::from_f64(match operator {
        Operator::Add => a + b,
        Operator::Subtract => a - b,
        Operator::Multiply => a * b,
        Operator::Divide => a / b,
        Operator::Remainder => a % b,
        _ => return None,
    })
}
