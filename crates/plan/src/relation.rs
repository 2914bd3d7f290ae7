//! Relations between packages as written in control files: `a (>= 1) | b:any, c [amd64]`.
//!
//! ```text
//! field       := relation ("," relation)*
//! relation    := alternative ("|" alternative)*
//! alternative := name [":" arch] ["(" operator version ")"] ["[" arch... "]"] ("<" profile... ">")*
//! ```
//!
//! Architecture lists are applied for one architecture; build profiles are skipped, for
//! they mean nothing to a binary package.

use std::cmp::Ordering;
use std::fmt;

use goldsmith_core::debversion;

/// How a version must stand to the one named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `<<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `=`
    Equal,
    /// `>=`
    GreaterOrEqual,
    /// `>>`
    Greater,
}

impl Operator {
    /// As written.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Less => "<<",
            Self::LessOrEqual => "<=",
            Self::Equal => "=",
            Self::GreaterOrEqual => ">=",
            Self::Greater => ">>",
        }
    }

    /// Whether `version` stands to `bound` as asked.
    pub fn holds(self, version: &str, bound: &str) -> bool {
        let order = debversion::compare(version, bound);
        match self {
            Self::Less => order == Ordering::Less,
            Self::LessOrEqual => order != Ordering::Greater,
            Self::Equal => order == Ordering::Equal,
            Self::GreaterOrEqual => order != Ordering::Less,
            Self::Greater => order == Ordering::Greater,
        }
    }
}

/// What stands behind the colon of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Qualifier<'a> {
    /// Nothing: the architecture of the package that has the relation.
    None,
    /// `any`
    Any,
    /// `native`
    Native,
    /// An architecture.
    Arch(&'a str),
}

/// One alternative of a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alternative<'a> {
    /// Name of a package, real or virtual.
    pub name: &'a str,
    /// Of which architecture.
    pub qualifier: Qualifier<'a>,
    /// Which versions will do; `None`: any.
    pub version: Option<(Operator, &'a str)>,
}

impl Alternative<'_> {
    /// Whether a package of the right name with this version will do.
    pub fn accepts(&self, version: &str) -> bool {
        self.version
            .is_none_or(|(operator, bound)| operator.holds(version, bound))
    }
}

impl fmt::Display for Alternative<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        match self.qualifier {
            Qualifier::None => {}
            Qualifier::Any => f.write_str(":any")?,
            Qualifier::Native => f.write_str(":native")?,
            Qualifier::Arch(arch) => write!(f, ":{arch}")?,
        }
        match self.version {
            Some((operator, version)) => write!(f, " ({} {version})", operator.text()),
            None => Ok(()),
        }
    }
}

/// Alternatives of which one is enough; never empty.
pub type Relation<'a> = Vec<Alternative<'a>>;

/// A relation as written: `a (>= 1) | b`.
pub fn display(relation: &[Alternative<'_>]) -> String {
    let texts: Vec<String> = relation.iter().map(ToString::to_string).collect();
    texts.join(" | ")
}

/// A field that does not read as relations.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at `{near}`")]
pub struct RelationError {
    problem: &'static str,
    near: String,
}

/// Reads a whole field for packages of the architecture `arch`. Relations whose
/// architecture list leaves nothing over are dropped; so is an empty one, as dpkg does.
pub fn parse<'a>(field: &'a str, arch: &str) -> Result<Vec<Relation<'a>>, RelationError> {
    let mut relations = Vec::new();
    for text in field.split(',') {
        if text.trim().is_empty() {
            continue;
        }
        let mut relation = Vec::new();
        for alternative in text.split('|') {
            relation.extend(parse_alternative(alternative, arch)?);
        }
        if !relation.is_empty() {
            relations.push(relation);
        }
    }
    Ok(relations)
}

fn parse_alternative<'a>(
    text: &'a str,
    arch: &str,
) -> Result<Option<Alternative<'a>>, RelationError> {
    let refuse = |problem| {
        Err(RelationError {
            problem,
            near: text.trim().chars().take(60).collect(),
        })
    };
    let text = text.trim();
    let end = text
        .find(|c: char| c.is_ascii_whitespace() || "([<".contains(c))
        .unwrap_or(text.len());
    let (word, mut rest) = text.split_at(end);
    let (name, qualifier) = match word.split_once(':') {
        None => (word, Qualifier::None),
        Some((name, "any")) => (name, Qualifier::Any),
        Some((name, "native")) => (name, Qualifier::Native),
        Some((name, arch)) => (name, Qualifier::Arch(arch)),
    };
    if !is_name(name) {
        return refuse("no package name");
    }
    let mut version = None;
    let mut applies = true;
    loop {
        rest = rest.trim_start();
        let Some(open) = rest.chars().next() else {
            break;
        };
        let close = match open {
            '(' => ')',
            '[' => ']',
            '<' => '>',
            _ => return refuse("unexpected text"),
        };
        let Some((inner, after)) = rest[1..].split_once(close) else {
            return refuse("an open bracket");
        };
        rest = after;
        match open {
            '(' => match parse_version(inner.trim()) {
                Some(parsed) if version.is_none() => version = Some(parsed),
                _ => return refuse("no version"),
            },
            '[' => applies &= arch_list_applies(inner, arch),
            _ => {}
        }
    }
    Ok(applies.then_some(Alternative {
        name,
        qualifier,
        version,
    }))
}

fn parse_version(text: &str) -> Option<(Operator, &str)> {
    let end = text.find(|c| !"<>=".contains(c))?;
    let (operator, version) = text.split_at(end);
    // A lone `<` or `>` is the old spelling of `<=` and `>=`; no operator means `=`.
    let operator = match operator {
        "<<" => Operator::Less,
        "<=" | "<" => Operator::LessOrEqual,
        "=" | "" => Operator::Equal,
        ">=" | ">" => Operator::GreaterOrEqual,
        ">>" => Operator::Greater,
        _ => return None,
    };
    let version = version.trim();
    debversion::check(version).ok()?;
    Some((operator, version))
}

fn arch_list_applies(list: &str, arch: &str) -> bool {
    let matches = |word: &str| {
        matches!(word, "any" | "linux-any")
            || word == arch
            || word.strip_prefix("any-") == Some(arch)
    };
    let mut words = list.split_ascii_whitespace().peekable();
    match words.peek() {
        Some(word) if word.starts_with('!') => {
            !words.any(|word| matches(word.trim_start_matches('!')))
        }
        Some(_) => words.any(matches),
        None => true,
    }
}

/// Whether a text can be a package's name.
pub fn is_name(text: &str) -> bool {
    text.as_bytes()
        .first()
        .is_some_and(u8::is_ascii_alphanumeric)
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-._".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(field: &str, expected: &str) {
        let relations = parse(field, "amd64").unwrap();
        let texts: Vec<String> = relations.iter().map(|r| display(r)).collect();
        assert_eq!(texts.join(", "), expected);
    }

    #[test]
    fn reads() {
        check("a", "a");
        check(
            " a (>=1.0-1)|b:any( << 2 ) ,c:i386,\n d",
            "a (>= 1.0-1) | b:any (<< 2), c:i386, d",
        );
        check(
            "a [amd64 arm64], b [!amd64], c [i386] | d [linux-any]",
            "a, d",
        );
        check("a <!nocheck> <x>, b (= 1) [any-amd64] <y>", "a, b (= 1)");
        check("a (< 1), b (> 1), ,", "a (<= 1), b (>= 1)");
        check("", "");
    }

    #[test]
    fn refuses() {
        for field in [
            "a (", "a (>= )", "a (1 2)", "(>= 1)", "a b", "a |", "a (=> 1)", "é", "a [x",
        ] {
            assert!(parse(field, "amd64").is_err(), "{field}");
        }
    }
}
