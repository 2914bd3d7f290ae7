//! Options with lists in them: `--parameters n=v,n=v`, `--documents a,b`, `--phases a,b`.

use goldsmith_core::failure::{Class, Failure};

use crate::Parameters;
use crate::expr::is_name;

/// What a comma in a text of parameters means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commas {
    /// The end of a value, always: AWSTOE.
    Separate,
    /// The end of a value when a name and `=` come next, else part of it.
    MayBelong,
}

/// Why parameters could not be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionError {
    /// There is no `=`.
    #[error("`{0}` is no parameter: it has no `=`")]
    NoValue(String),
    /// Nothing stands before or behind the `=`.
    #[error("the parameter `{0}` needs a name and a value")]
    Empty(String),
    /// A name stands twice.
    #[error("the parameter `{0}` is given twice")]
    Twice(String),
}

impl Failure for OptionError {
    fn class(&self) -> Class {
        Class::Usage
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::NoValue(_) | Self::Empty(_) => {
                vec!["write `--parameters name=value,name=value`".to_owned()]
            }
            Self::Twice(_) => Vec::new(),
        }
    }
}

/// Reads texts such as `a=1,b=2` into parameters.
pub fn parameters<'a>(
    texts: impl IntoIterator<Item = &'a str>,
    commas: Commas,
) -> Result<Parameters, OptionError> {
    let mut all = Parameters::new();
    for text in texts {
        for one in cut(text, commas) {
            let (name, value) = one
                .split_once('=')
                .ok_or_else(|| OptionError::NoValue(one.clone()))?;
            if name.is_empty() || value.is_empty() {
                return Err(OptionError::Empty(one));
            }
            if all.insert(name.to_owned(), value.to_owned()).is_some() {
                return Err(OptionError::Twice(name.to_owned()));
            }
        }
    }
    Ok(all)
}

fn cut(text: &str, commas: Commas) -> Vec<String> {
    let begins = |part: &str| {
        let name = part.split_once('=').map(|(name, _)| name);
        commas == Commas::Separate || name.is_some_and(is_name)
    };
    let mut all: Vec<String> = Vec::new();
    for part in text.split(',') {
        match all.last_mut() {
            Some(last) if !begins(part) => {
                last.push(',');
                last.push_str(part);
            }
            _ => all.push(part.to_owned()),
        }
    }
    all
}

/// The items of a list with commas; nothing is no item.
pub fn items(text: &str) -> Vec<String> {
    let items = text.split(',').map(str::trim);
    items
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(texts: &[&str], commas: Commas, expected: Result<&str, &str>) {
        let read = parameters(texts.iter().copied(), commas);
        let shown = read.map(|all| {
            let all = all.iter().map(|(name, value)| format!("{name}: {value}"));
            all.collect::<Vec<_>>().join(" | ")
        });
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(
            shown.map_err(|error| error.to_string()),
            expected,
            "{texts:?}"
        );
    }

    #[test]
    fn parameters_and_their_commas() {
        for commas in [Commas::Separate, Commas::MayBelong] {
            check(&["a=1,b=2"], commas, Ok("a: 1 | b: 2"));
            check(&["a=1", "b=x=y"], commas, Ok("a: 1 | b: x=y"));
            check(&["a"], commas, Err("`a` is no parameter: it has no `=`"));
            check(
                &["a="],
                commas,
                Err("the parameter `a=` needs a name and a value"),
            );
            check(
                &["=1"],
                commas,
                Err("the parameter `=1` needs a name and a value"),
            );
            check(
                &["a=1", "a=2"],
                commas,
                Err("the parameter `a` is given twice"),
            );
        }
        let list = &["list=x,y z,w", "b=1"];
        check(list, Commas::MayBelong, Ok("b: 1 | list: x,y z,w"));
        check(
            list,
            Commas::Separate,
            Err("`y z` is no parameter: it has no `=`"),
        );
        check(&["a=x,,y"], Commas::MayBelong, Ok("a: x,,y"));
        check(&["a=x,-y z=1"], Commas::MayBelong, Ok("a: x,-y z=1"));
    }

    #[test]
    fn lists() {
        assert_eq!(items("a, b,,c"), ["a", "b", "c"]);
        assert!(items("").is_empty());
    }
}
