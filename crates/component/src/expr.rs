//! What stands in double braces.
//!
//! ```text
//! {{ Name }}                              parameter or constant
//! {{ phase.step.outputs.var }}            also inputs, also [n] after either
//! {{ loop.value }} {{ <loop>.index }}     the current iteration
//! {{ env:NAME }} {{ context:key }} {{ aws:ssm:/name }} {{ aws:imds:path }}
//! ```
//!
//! Anything else in braces is text: `{{{ x }}}`, `{{.Names}}`, `{{ .State }}`.

/// A text cut into literal pieces and references.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Literal(String),
    /// Something that looks like a reference and is none: passed through.
    Odd(String),
    /// A reference and its text with the braces.
    Reference(Reference, String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    Name(String),
    Chain(Chain),
    /// `loop` or the name of a loop; whether the index is meant.
    Loop {
        name: String,
        is_index: bool,
    },
    /// `env`, `context`, `aws:ssm`, `aws:imds`, and the rest.
    Prefixed {
        namespace: &'static str,
        rest: String,
    },
}

/// `phase.step.outputs[n].var`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) phase: String,
    pub(crate) step: String,
    pub(crate) is_output: bool,
    pub(crate) index: usize,
    pub(crate) var: String,
}

impl Template {
    pub(crate) fn parse(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        // Both are found once, however many braces stand before them.
        let (mut close, mut line_end) = (Ahead::new("}}"), Ahead::new("\n"));
        while let Some(at) = rest.find("{{") {
            let run = rest[at..].len() - rest[at..].trim_start_matches('{').len();
            let body = &rest[at + run..];
            let from = text.len() - body.len();
            let end = close.find(text, from);
            let end = end.filter(|end| line_end.find(text, from).is_none_or(|line| *end < line));
            let (Some(end), 2) = (end.map(|end| end - from), run) else {
                literal.push_str(&rest[..at + run]);
                rest = body;
                continue;
            };
            let whole = &rest[at..at + run + end + 2];
            literal.push_str(&rest[..at]);
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(match Reference::parse(body[..end].trim()) {
                Some(reference) => Piece::Reference(reference, whole.to_owned()),
                None => Piece::Odd(whole.to_owned()),
            });
            rest = &body[end + 2..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Self { pieces }
    }

    /// The text with every reference replaced. `None` from `value` leaves it as it stands.
    pub(crate) fn render<E>(
        &self,
        mut value: impl FnMut(&Reference) -> Result<Option<String>, E>,
    ) -> Result<String, E> {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) | Piece::Odd(text) => out.push_str(text),
                Piece::Reference(reference, text) => {
                    out.push_str(value(reference)?.as_deref().unwrap_or(text));
                }
            }
        }
        Ok(out)
    }
}

/// The next place of a text within another, searched again only when it was passed.
struct Ahead {
    needle: &'static str,
    found: Option<usize>,
    is_new: bool,
}

impl Ahead {
    const fn new(needle: &'static str) -> Self {
        Self {
            needle,
            found: None,
            is_new: true,
        }
    }

    /// The first place at or after `from`, which never goes back.
    fn find(&mut self, text: &str, from: usize) -> Option<usize> {
        if self.is_new || self.found.is_some_and(|found| found < from) {
            self.is_new = false;
            self.found = text[from..].find(self.needle).map(|at| from + at);
        }
        self.found
    }
}

impl Reference {
    fn parse(text: &str) -> Option<Self> {
        for namespace in ["env", "context", "aws:ssm", "aws:imds"] {
            if let Some(rest) = text
                .strip_prefix(namespace)
                .and_then(|r| r.strip_prefix(':'))
            {
                let rest = rest.to_owned();
                return (!rest.is_empty()).then_some(Self::Prefixed { namespace, rest });
            }
        }
        let parts: Vec<&str> = text.split('.').collect();
        match parts[..] {
            [name] if is_name(name) => Some(Self::Name(name.to_owned())),
            [name, side @ ("value" | "index")] if is_name(name) => Some(Self::Loop {
                name: name.to_owned(),
                is_index: side == "index",
            }),
            [phase, step, side, var] if [phase, step, var].into_iter().all(is_name) => {
                let (side, index) = match side.split_once('[') {
                    None => (side, 0),
                    Some((side, index)) => (side, index.strip_suffix(']')?.parse().ok()?),
                };
                let is_output = match side {
                    "outputs" => true,
                    "inputs" => false,
                    _ => return None,
                };
                Some(Self::Chain(Chain {
                    phase: phase.to_owned(),
                    step: step.to_owned(),
                    is_output,
                    index,
                    var: var.to_owned(),
                }))
            }
            _ => None,
        }
    }
}

/// Whether a text means itself, so that it can be checked before the run.
pub(crate) fn is_literal(text: &str) -> bool {
    let pieces = Template::parse(text).pieces;
    pieces
        .iter()
        .all(|piece| matches!(piece, Piece::Literal(_)))
}

/// Whether a name can be referred to.
pub(crate) fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !text.is_empty() && text.len() <= 128 && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let pieces: Vec<String> = Template::parse(text)
            .pieces
            .into_iter()
            .map(|piece| match piece {
                Piece::Literal(text) => format!("={text}"),
                Piece::Odd(text) => format!("?{text}"),
                Piece::Reference(Reference::Name(name), _) => format!("name {name}"),
                Piece::Reference(Reference::Loop { name, is_index }, _) => {
                    format!("loop {name} {}", if is_index { "index" } else { "value" })
                }
                Piece::Reference(Reference::Prefixed { namespace, rest }, _) => {
                    format!("{namespace} {rest}")
                }
                Piece::Reference(Reference::Chain(chain), _) => format!(
                    "{} {} {} {} {}",
                    chain.phase,
                    chain.step,
                    if chain.is_output { "out" } else { "in" },
                    chain.index,
                    chain.var
                ),
            })
            .collect();
        assert_eq!(pieces.join("|"), expected, "{text}");
    }

    #[test]
    fn references() {
        check("a {{ Name }}b{{x}}", "=a |name Name|=b|name x");
        check("{{ build.Dir.outputs.stdout }}", "build Dir out 0 stdout");
        check("{{ a.b.inputs[12].path }}", "a b in 12 path");
        check(
            "{{loop.value}}{{ Tool.index }}",
            "loop loop value|loop Tool index",
        );
        check("{{ env:ProgramFiles(x86) }}", "env ProgramFiles(x86)");
        check("{{ aws:ssm:/a/b }}", "aws:ssm /a/b");
    }

    #[test]
    fn text_stays_text() {
        check(
            "{{{ imagebuilder:parentImage }}}",
            "={{{ imagebuilder:parentImage }}}",
        );
        check("{{.Names}}", "?{{.Names}}");
        check(
            "{{ .State.Status }} {% x %}",
            "?{{ .State.Status }}|= {% x %}",
        );
        check("{{ a", "={{ a");
        check("{{ a\n}}", "={{ a\n}}");
        check("${!VAR} } }} {", "=${!VAR} } }} {");
        check("{{ a.b.outputs[x].c }}", "?{{ a.b.outputs[x].c }}");
        check("{{}}", "?{{}}");
    }
}
