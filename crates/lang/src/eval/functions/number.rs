//! Numbers.

use super::{Args, Failed, Function, function};
use crate::eval::operators::arithmetic;
use crate::syntax::ast::Operator;
use crate::value::{Number, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("abs", "abs(number)", "without its sign", 1, Some(1), |a| {
        let number = a.number(0)?;
        if number < Number::Whole(0) {
            arithmetic(Operator::Subtract, Number::Whole(0), number)
                .map_or_else(too_large, |n| Ok(n.into()))
        } else {
            Ok(number.into())
        }
    }),
    function(
        "ceil",
        "ceil(number)",
        "the next whole number up",
        1,
        Some(1),
        |a| real(a.number(0)?, f64::ceil),
    ),
    function(
        "floor",
        "floor(number)",
        "the next whole number down",
        1,
        Some(1),
        |a| real(a.number(0)?, f64::floor),
    ),
    function(
        "log",
        "log(number, base)",
        "the logarithm",
        2,
        Some(2),
        |a| {
            let base = a.number(1)?.as_f64();
            real(a.number(0)?, |number| number.ln() / base.ln())
        },
    ),
    function("pow", "pow(number, power)", "the power", 2, Some(2), |a| {
        let power = a.number(1)?;
        let small = power.as_whole().and_then(|p| u32::try_from(p).ok());
        if let (Number::Whole(base), Some(power)) = (a.number(0)?, small) {
            return base
                .checked_pow(power)
                .map_or_else(too_large, |n| Ok(Number::Whole(n).into()));
        }
        real(a.number(0)?, |number| number.powf(power.as_f64()))
    }),
    function("signum", "signum(number)", "-1, 0 or 1", 1, Some(1), |a| {
        Ok(Number::Whole(a.number(0)?.cmp(&Number::Whole(0)) as i64).into())
    }),
    function("max", "max(numbers...)", "the largest", 1, None, |a| {
        extreme(a, Number::max)
    }),
    function("min", "min(numbers...)", "the smallest", 1, None, |a| {
        extreme(a, Number::min)
    }),
    function("sum", "sum(list)", "all added up", 1, Some(1), sum),
    function(
        "parseint",
        "parseint(text, base)",
        "a whole number in base 2 to 62",
        2,
        Some(2),
        parse_int,
    ),
];

fn too_large() -> Result<Value, Failed> {
    Err("the result is too large".into())
}

fn real(number: Number, operation: impl Fn(f64) -> f64) -> Result<Value, Failed> {
    Number::from_f64(operation(number.as_f64()))
        .map_or_else(|| Err("the result is no number".into()), |n| Ok(n.into()))
}

fn extreme(a: &Args<'_>, choose: fn(Number, Number) -> Number) -> Result<Value, Failed> {
    let mut best = a.number(0)?;
    for n in 1..a.len() {
        best = choose(best, a.number(n)?);
    }
    Ok(best.into())
}

fn sum(a: &Args<'_>) -> Result<Value, Failed> {
    let items = a.list(0)?;
    if items.is_empty() {
        return a.wrong(0, "an empty list has no sum");
    }
    let mut total = Number::Whole(0);
    for item in items.iter() {
        let Some(number) = item.as_number() else {
            return a.wrong(0, "every element must be a number");
        };
        match arithmetic(Operator::Add, total, number) {
            Some(sum) => total = sum,
            None => return too_large(),
        }
    }
    Ok(total.into())
}

fn parse_int(a: &Args<'_>) -> Result<Value, Failed> {
    let (text, base) = (a.text(0)?, a.whole(1)?);
    if !(2..=62).contains(&base) {
        return a.wrong(1, "the base must be between 2 and 62");
    }
    let (is_negative, digits) = text
        .strip_prefix('-')
        .map_or((false, &*text), |rest| (true, rest));
    let mut number = 0i64;
    if digits.is_empty() {
        return a.wrong(0, "the text has no digits");
    }
    for c in digits.chars() {
        let digit = match c {
            '0'..='9' => i64::from(u32::from(c) - u32::from('0')),
            'a'..='z' => i64::from(u32::from(c) - u32::from('a')) + 10,
            // Up to base 36 large and small letters are the same digit.
            'A'..='Z' if base <= 36 => i64::from(u32::from(c) - u32::from('A')) + 10,
            'A'..='Z' => i64::from(u32::from(c) - u32::from('A')) + 36,
            _ => base,
        };
        if digit >= base {
            return a.wrong(0, format!("`{c}` is no digit in base {base}"));
        }
        let signed = if is_negative { -digit } else { digit };
        match number.checked_mul(base).and_then(|n| n.checked_add(signed)) {
            Some(next) => number = next,
            None => return too_large(),
        }
    }
    Ok(Number::Whole(number).into())
}
