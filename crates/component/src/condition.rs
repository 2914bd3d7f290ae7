//! Conditions: what `if` and `Assert` test.
//!
//! Texts compare without regard to case. In comparisons the operand is the baseline:
//! `numberLessThan: 2` with `value: 1.9` holds.

use std::cmp::Ordering;

use crate::yaml::Spanned;

/// `if` of a step.
#[derive(Debug, Clone)]
pub(crate) struct If {
    pub(crate) condition: Condition,
    pub(crate) then: Verdict,
    pub(crate) otherwise: Verdict,
}

/// What to do with the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    Execute,
    Skip,
    Abort,
}

#[derive(Debug, Clone)]
pub(crate) enum Condition {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Test(Test),
}

/// One operator and its operands.
#[derive(Debug, Clone)]
pub(crate) struct Test {
    pub(crate) operator: Operator,
    pub(crate) operand: Spanned<String>,
    /// `value` or `path`.
    pub(crate) second: Option<Spanned<String>>,
}

/// How two things compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Empty,
    Whitespace,
    Text(Comparison),
    Pattern,
    Number(Comparison),
    Binary,
    File,
    Folder,
    /// With the program that computes it.
    Hash(&'static str),
}

use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};

/// Every operator on one or two operands, by name.
pub(crate) const OPERATORS: &[(&str, Operator)] = &[
    ("stringIsEmpty", Operator::Empty),
    ("stringIsWhitespace", Operator::Whitespace),
    ("stringEquals", Operator::Text(Equal)),
    ("stringLessThan", Operator::Text(Less)),
    ("stringlessThan", Operator::Text(Less)),
    ("stringLessThanEquals", Operator::Text(LessOrEqual)),
    ("stringGreaterThan", Operator::Text(Greater)),
    ("stringGreaterThanEquals", Operator::Text(GreaterOrEqual)),
    ("patternMatches", Operator::Pattern),
    ("numberEquals", Operator::Number(Equal)),
    ("numberLessThan", Operator::Number(Less)),
    ("numberLessThanEquals", Operator::Number(LessOrEqual)),
    ("numberGreaterThan", Operator::Number(Greater)),
    ("numberGreaterThanEquals", Operator::Number(GreaterOrEqual)),
    ("binaryExists", Operator::Binary),
    ("fileExists", Operator::File),
    ("folderExists", Operator::Folder),
    ("fileMD5Equals", Operator::Hash("md5sum")),
    ("fileSHA1Equals", Operator::Hash("sha1sum")),
    ("fileSHA256Equals", Operator::Hash("sha256sum")),
    ("fileSHA512Equals", Operator::Hash("sha512sum")),
];

impl Operator {
    /// As documents name it.
    pub(crate) fn name(self) -> &'static str {
        let known = OPERATORS.iter().find(|(_, known)| *known == self);
        known.map_or("", |(name, _)| name)
    }

    /// Name of the second operand.
    pub(crate) const fn second(self) -> Option<&'static str> {
        match self {
            Self::Text(_) | Self::Pattern | Self::Number(_) => Some("value"),
            Self::Hash(_) => Some("path"),
            _ => None,
        }
    }
}

impl Comparison {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Equal => ordering.is_eq(),
            Less => ordering.is_lt(),
            LessOrEqual => ordering.is_le(),
            Greater => ordering.is_gt(),
            GreaterOrEqual => ordering.is_ge(),
        }
    }
}

impl Condition {
    /// Its tests, in order.
    pub(crate) fn tests(&self) -> Vec<&Test> {
        match self {
            Self::And(all) | Self::Or(all) => all.iter().flat_map(Self::tests).collect(),
            Self::Not(inner) => inner.tests(),
            Self::Test(test) => vec![test],
        }
    }

    /// The condition in words that two people can compare, its texts as `resolve` gives them:
    /// `and(fileExists("/a"), not(stringEquals("a", "b")))`.
    pub(crate) fn text<E>(
        &self,
        resolve: &mut dyn FnMut(&str) -> Result<String, E>,
    ) -> Result<String, E> {
        let mut all = |name: &str, conditions: &[Self]| {
            let texts = conditions.iter().map(|one| one.text(resolve));
            let texts = texts.collect::<Result<Vec<_>, _>>()?;
            Ok(format!("{name}({})", texts.join(", ")))
        };
        match self {
            Self::And(conditions) => all("and", conditions),
            Self::Or(conditions) => all("or", conditions),
            Self::Not(inner) => Ok(format!("not({})", inner.text(resolve)?)),
            Self::Test(test) => {
                let operand = resolve(&test.operand.value)?;
                let name = test.operator.name();
                match &test.second {
                    None => Ok(format!("{name}({operand:?})")),
                    Some(second) => {
                        let second = resolve(&second.value)?;
                        Ok(format!("{name}({operand:?}, {second:?})"))
                    }
                }
            }
        }
    }

    /// Whether it holds; tests that cannot change the answer are not made.
    pub(crate) fn holds<E>(
        &self,
        test: &mut dyn FnMut(&Test) -> Result<bool, E>,
    ) -> Result<bool, E> {
        let mut until = |conditions: &[Self], stop: bool| {
            for condition in conditions {
                if condition.holds(test)? == stop {
                    return Ok(stop);
                }
            }
            Ok(!stop)
        };
        match self {
            Self::And(all) => until(all, false),
            Self::Or(all) => until(all, true),
            Self::Not(inner) => Ok(!inner.holds(test)?),
            Self::Test(inner) => test(inner),
        }
    }
}

/// Operators that need nothing but their operands; `None` for the others.
pub(crate) fn compare(operator: Operator, operand: &str, value: &str) -> Option<bool> {
    Some(match operator {
        Operator::Empty => operand.is_empty(),
        Operator::Whitespace => !operand.is_empty() && operand.chars().all(|c| c == ' '),
        Operator::Text(comparison) => {
            comparison.holds(value.to_lowercase().cmp(&operand.to_lowercase()))
        }
        Operator::Pattern => regex::RegexBuilder::new(operand)
            .case_insensitive(true)
            .build()
            .is_ok_and(|pattern| pattern.is_match(value)),
        Operator::Number(comparison) => match (Decimal::parse(value), Decimal::parse(operand)) {
            (Some(value), Some(operand)) => comparison.holds(value.cmp(&operand)),
            _ => false,
        },
        Operator::Binary | Operator::File | Operator::Folder | Operator::Hash(_) => return None,
    })
}

/// A decimal number of any length: digits before and after the point, without zeros that
/// mean nothing.
#[derive(Debug, PartialEq, Eq)]
struct Decimal<'a> {
    is_negative: bool,
    whole: &'a str,
    fraction: &'a str,
}

impl<'a> Decimal<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        // `.5` is a number, `5.` is none.
        let dotted = digits.starts_with('.') && plain(fraction);
        if !(plain(whole) && plain(fraction) || dotted) {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        let is_zero = whole.is_empty() && fraction.is_empty();
        Some(Self {
            is_negative: text.starts_with('-') && !is_zero,
            whole,
            fraction,
        })
    }

    fn cmp(&self, other: &Self) -> Ordering {
        let magnitude = || {
            let whole = self.whole.len().cmp(&other.whole.len());
            whole
                .then(self.whole.cmp(other.whole))
                .then(self.fraction.cmp(other.fraction))
        };
        match (self.is_negative, other.is_negative) {
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => magnitude(),
            (true, true) => magnitude().reverse(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of the specification.
    #[test]
    fn vectors() {
        for (name, operand, value, expected) in [
            ("stringIsEmpty", "", "", true),
            ("stringIsEmpty", " ", "", false),
            ("stringIsWhitespace", "   ", "", true),
            ("stringIsWhitespace", "", "", false),
            ("stringIsWhitespace", " Hello?", "", false),
            ("stringEquals", "Testing", " Testing", false),
            ("stringEquals", "abc", "ABC", true),
            ("stringLessThan", "b", "a", true),
            ("stringlessThan", "a", "0", true),
            ("stringLessThan", "0", "a", false),
            ("stringGreaterThan", "a", "A", false),
            ("stringGreaterThanEquals", "A", "a", true),
            ("patternMatches", "^[a-z]+$", "ThisIsValue", true),
            ("patternMatches", "^[a-z]+$", "x1", false),
            ("numberEquals", "1", "1", true),
            ("numberEquals", "5.0", "5.00", true),
            ("numberEquals", "-1", "-1", true),
            ("numberEquals", "-0", "0", true),
            ("numberLessThan", "2", "1.9", true),
            ("numberLessThan", "2", "2", false),
            ("numberLessThanEquals", "2", "2.1", false),
            ("numberGreaterThan", "1", "1.1", true),
            ("numberGreaterThan", "1", "1", false),
            ("numberGreaterThan", "9", "10", true),
            ("numberLessThan", "-9", "-10", true),
            (
                "numberGreaterThan",
                "99999999999999999999998",
                "99999999999999999999999",
                true,
            ),
            ("numberEquals", "1", "a10", false),
            ("numberEquals", "1", "1.", false),
        ] {
            let operator = OPERATORS
                .iter()
                .find(|(known, _)| *known == name)
                .unwrap()
                .1;
            assert_eq!(
                compare(operator, operand, value),
                Some(expected),
                "{name} {operand} {value}"
            );
        }
    }

    #[test]
    fn stops_early() {
        let test = |operand: &str| {
            Condition::Test(Test {
                operator: Operator::Empty,
                operand: Spanned {
                    value: operand.to_owned(),
                    range: 0..0,
                },
                second: None,
            })
        };
        let mut made = Vec::new();
        let mut holds = |condition: &Condition| {
            made.clear();
            let result = condition.holds::<()>(&mut |test| {
                made.push(test.operand.value.clone());
                Ok(test.operand.value.is_empty())
            });
            (result.unwrap(), made.len())
        };
        assert_eq!(
            holds(&Condition::And(vec![test("x"), test("")])),
            (false, 1)
        );
        assert_eq!(holds(&Condition::Or(vec![test(""), test("x")])), (true, 1));
        assert_eq!(holds(&Condition::Not(Box::new(test("")))), (false, 1));
        assert_eq!(holds(&Condition::And(vec![test(""), test("")])), (true, 2));
    }
}
