//! The functions of the language: Packer's and Terraform's, with their names and meanings. One
//! table; each group in its own file.

mod cidr;
mod collection;
mod convert;
mod date;
mod encoding;
mod file;
mod format;
mod hash;
mod number;
mod sets;
mod string;
mod yaml;

use std::collections::BTreeMap;
use std::rc::Rc;

pub(crate) use sets::to_set;

use super::Evaluator;
use crate::value::{Kind, Number, Value};

/// What functions may ask of the outside. The language itself does no input or output.
pub trait Host {
    /// The bytes of a file, by its path relative to the project; an error in words.
    fn read(&self, path: &str) -> Result<Vec<u8>, String>;

    /// Whether there is a file.
    fn exists(&self, path: &str) -> bool;

    /// The files below a folder of the project, as paths relative to it, sorted.
    fn list(&self, folder: &str) -> Result<Vec<String>, String>;

    /// Seconds since 1970-01-01 UTC at which the command began.
    fn unix_seconds(&self) -> i64;

    /// A variable of the environment.
    fn env(&self, name: &str) -> Option<String>;
}

/// One function.
pub(crate) struct Function {
    pub(crate) name: &'static str,
    pub(crate) signature: &'static str,
    pub(crate) summary: &'static str,
    /// Fewest arguments.
    pub(crate) least: usize,
    /// Most arguments; `None`: any number.
    pub(crate) most: Option<usize>,
    /// Whether it is run although an argument is not known.
    pub(crate) takes_unknown: bool,
    pub(crate) run: fn(&Args<'_>) -> Result<Value, Failed>,
}

impl Function {
    pub(crate) fn arity(&self) -> String {
        let plural = |n: usize| {
            if n == 1 {
                "1 argument".to_owned()
            } else {
                format!("{n} arguments")
            }
        };
        match self.most {
            Some(most) if most == self.least => plural(most),
            Some(most) => format!("{} to {}", self.least, plural(most)),
            None => format!("{} or more", plural(self.least)),
        }
    }
}

/// Declares a function: signature, what it does, fewest and most arguments, and the code.
pub(crate) const fn function(
    name: &'static str,
    signature: &'static str,
    summary: &'static str,
    least: usize,
    most: Option<usize>,
    run: fn(&Args<'_>) -> Result<Value, Failed>,
) -> Function {
    Function {
        name,
        signature,
        summary,
        least,
        most,
        takes_unknown: false,
        run,
    }
}

/// Why a function failed, and at which argument.
pub(crate) struct Failed {
    pub(crate) argument: Option<usize>,
    pub(crate) message: String,
}

impl From<String> for Failed {
    fn from(message: String) -> Self {
        Self {
            argument: None,
            message,
        }
    }
}

impl From<&str> for Failed {
    fn from(message: &str) -> Self {
        message.to_owned().into()
    }
}

/// The arguments of a call, converted as the language converts.
pub(crate) struct Args<'a> {
    pub(crate) values: Vec<Value>,
    pub(crate) evaluator: &'a Evaluator<'a>,
}

impl Args<'_> {
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    pub(crate) fn value(&self, n: usize) -> &Value {
        &self.values[n]
    }

    pub(crate) fn has(&self, n: usize) -> bool {
        n < self.values.len()
    }

    pub(crate) fn wrong<T>(&self, n: usize, message: impl Into<String>) -> Result<T, Failed> {
        Err(Failed {
            argument: Some(n),
            message: message.into(),
        })
    }

    fn not<T>(&self, n: usize, wanted: &str) -> Result<T, Failed> {
        self.wrong(
            n,
            format!(
                "argument {} must be {wanted}, and is {}",
                n + 1,
                super::with_article(&self.values[n])
            ),
        )
    }

    pub(crate) fn text(&self, n: usize) -> Result<Rc<str>, Failed> {
        self.values[n]
            .as_text()
            .map_or_else(|| self.not(n, "text"), Ok)
    }

    pub(crate) fn number(&self, n: usize) -> Result<Number, Failed> {
        self.values[n]
            .as_number()
            .map_or_else(|| self.not(n, "a number"), Ok)
    }

    pub(crate) fn whole(&self, n: usize) -> Result<i64, Failed> {
        self.number(n)?
            .as_whole()
            .map_or_else(|| self.not(n, "a whole number"), Ok)
    }

    /// A number of things: whole and not negative.
    pub(crate) fn count(&self, n: usize) -> Result<usize, Failed> {
        usize::try_from(self.whole(n)?)
            .map_or_else(|_| self.not(n, "a number that is not negative"), Ok)
    }

    pub(crate) fn bool(&self, n: usize) -> Result<bool, Failed> {
        self.values[n]
            .as_bool()
            .map_or_else(|| self.not(n, "true or false"), Ok)
    }

    pub(crate) fn list(&self, n: usize) -> Result<Rc<Vec<Value>>, Failed> {
        match &self.values[n].kind {
            Kind::List(items) => Ok(Rc::clone(items)),
            _ => self.not(n, "a list"),
        }
    }

    pub(crate) fn object(&self, n: usize) -> Result<Rc<BTreeMap<String, Value>>, Failed> {
        match &self.values[n].kind {
            Kind::Object(members) => Ok(Rc::clone(members)),
            _ => self.not(n, "an object"),
        }
    }

    pub(crate) fn texts(&self, n: usize) -> Result<Vec<Rc<str>>, Failed> {
        let items = self.list(n)?;
        let texts: Option<Vec<_>> = items.iter().map(Value::as_text).collect();
        texts.map_or_else(
            || {
                self.wrong(
                    n,
                    format!("every element of argument {} must be text", n + 1),
                )
            },
            Ok,
        )
    }

    /// Refuses a result that no configuration needs.
    pub(crate) fn bounded(&self, items: usize) -> Result<(), Failed> {
        if items > super::ITEMS_MAX {
            return Err(format!(
                "{items} elements are too many; {} is the most",
                super::ITEMS_MAX
            )
            .into());
        }
        Ok(())
    }

    pub(crate) fn bounded_text(&self, bytes: usize) -> Result<(), Failed> {
        if bytes > super::TEXT_MAX {
            return Err(format!(
                "the text would have {bytes} bytes; {} is the most",
                super::TEXT_MAX
            )
            .into());
        }
        Ok(())
    }
}

pub(crate) fn whole(n: usize) -> Value {
    Number::Whole(i64::try_from(n).unwrap_or(i64::MAX)).into()
}

/// Every function, group by group.
pub(crate) fn all() -> impl Iterator<Item = &'static Function> {
    [
        string::FUNCTIONS,
        format::FUNCTIONS,
        collection::FUNCTIONS,
        sets::FUNCTIONS,
        encoding::FUNCTIONS,
        yaml::FUNCTIONS,
        hash::FUNCTIONS,
        date::FUNCTIONS,
        number::FUNCTIONS,
        convert::FUNCTIONS,
        file::FUNCTIONS,
        cidr::FUNCTIONS,
    ]
    .into_iter()
    .flatten()
}

pub(crate) fn find(name: &str) -> Option<&'static Function> {
    all().find(|function| function.name == name)
}

/// Functions that others have and that would make two builds of one recipe differ.
pub(crate) fn refused(name: &str) -> Option<&'static str> {
    matches!(name, "uuid" | "uuidv4" | "bcrypt" | "plantimestamp")
        .then_some("it gives another value each time, and the same recipe must give the same image; `uuidv5()` and `timestamp()` are there")
}

#[cfg(test)]
mod tests;
