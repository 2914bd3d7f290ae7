//! Files of the project, paths, the environment.

use goldsmith_core::diagnostic::SourceFile;

use super::{Args, Failed, Function, function};
use crate::eval::{Env, Evaluator, Names};
use crate::syntax;
use crate::value::{BlockName, Value};

type Result<T = Value> = std::result::Result<T, Failed>;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        "file",
        "file(path)",
        "the text of a file",
        1,
        Some(1),
        |a| Ok(a.text_file(0)?.into()),
    ),
    function(
        "fileexists",
        "fileexists(path)",
        "whether there is a file",
        1,
        Some(1),
        |a| Ok(a.evaluator.host.exists(&a.text(0)?).into()),
    ),
    function(
        "filebase64",
        "filebase64(path)",
        "a file as base64",
        1,
        Some(1),
        |a| {
            use base64::Engine as _;
            Ok(base64::engine::general_purpose::STANDARD
                .encode(a.file(0)?)
                .into())
        },
    ),
    function(
        "fileset",
        "fileset(folder, pattern)",
        "files below a folder by a pattern: *, **, ?, {a,b}",
        2,
        Some(2),
        file_set,
    ),
    function(
        "templatefile",
        "templatefile(path, values)",
        "a file as a template with these values",
        2,
        Some(2),
        |a| {
            let (path, text) = (a.text(0)?, a.text_file(0)?);
            render(a, &path, text)
        },
    ),
    function(
        "templatestring",
        "templatestring(text, values)",
        "a text as a template with these values",
        2,
        Some(2),
        |a| {
            let text = a.text(0)?.to_string();
            render(a, "template", text)
        },
    ),
    function(
        "basename",
        "basename(path)",
        "the last part of a path",
        1,
        Some(1),
        |a| {
            let path = a.text(0)?;
            Ok(path
                .trim_end_matches('/')
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .into())
        },
    ),
    function(
        "dirname",
        "dirname(path)",
        "a path without its last part",
        1,
        Some(1),
        |a| {
            let path = a.text(0)?;
            Ok(path
                .rsplit_once('/')
                .map_or(
                    ".",
                    |(folder, _)| if folder.is_empty() { "/" } else { folder },
                )
                .into())
        },
    ),
    function(
        "abspath",
        "abspath(path)",
        "a path cleaned of `.` and `..`; it stays relative to the project",
        1,
        Some(1),
        |a| Ok(clean(&a.text(0)?).into()),
    ),
    function(
        "pathexpand",
        "pathexpand(path)",
        "the path as it is: `~` has no meaning in a project",
        1,
        Some(1),
        |a| {
            let path = a.text(0)?;
            if path.starts_with('~') {
                return a.wrong(
                    0,
                    "a home is different on every machine; name a path in the project",
                );
            }
            Ok(path.to_string().into())
        },
    ),
    function(
        "env",
        "env(name)",
        "a variable of the environment; only in the default of a variable",
        1,
        Some(1),
        |a| Ok(a.evaluator.host.env(&a.text(0)?).unwrap_or_default().into()),
    ),
];

impl Args<'_> {
    /// The bytes of the file that an argument names.
    pub(super) fn file(&self, n: usize) -> Result<Vec<u8>> {
        let path = self.text(n)?;
        let bytes = self
            .evaluator
            .host
            .read(&path)
            .or_else(|message| self.wrong(n, format!("cannot read `{path}`: {message}")))?;
        self.bounded_text(bytes.len())?;
        Ok(bytes)
    }

    fn text_file(&self, n: usize) -> Result<String> {
        String::from_utf8(self.file(n)?)
            .or_else(|_| self.wrong(n, "the file is not UTF-8 text; `filebase64()` reads others"))
    }
}

/// `.` and `..` taken out of a path, without looking at any file.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if path.starts_with('/') => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (path.starts_with('/'), joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

fn file_set(a: &Args<'_>) -> Result {
    let (folder, pattern) = (a.text(0)?, a.text(1)?);
    let expression = glob(&pattern).or_else(|message| a.wrong(1, message))?;
    let files = a
        .evaluator
        .host
        .list(&folder)
        .or_else(|message| a.wrong(0, message))?;
    Ok(files
        .iter()
        .filter(|path| expression.is_match(path))
        .map(|path| Value::from(path.as_str()))
        .collect::<Vec<_>>()
        .into())
}

/// A shell pattern as a regular expression.
fn glob(pattern: &str) -> std::result::Result<regex::Regex, String> {
    let mut text = String::from("^");
    let mut chars = pattern.chars().peekable();
    let mut depth = 0;
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.next_if_eq(&'*').is_some() => {
                let is_folder = chars.next_if_eq(&'/').is_some();
                text.push_str(if is_folder { "(?:.*/)?" } else { ".*" });
            }
            '*' => text.push_str("[^/]*"),
            '?' => text.push_str("[^/]"),
            '{' => {
                depth += 1;
                text.push_str("(?:");
            }
            '}' if depth > 0 => {
                depth -= 1;
                text.push(')');
            }
            ',' if depth > 0 => text.push('|'),
            c => text.push_str(&regex::escape(&c.to_string())),
        }
    }
    regex::RegexBuilder::new(&format!("{text}$"))
        .size_limit(1 << 20)
        .build()
        .map_err(|_| "not a pattern".to_owned())
}

/// The names inside a template: only the values it was given.
struct Given<'a>(&'a std::collections::BTreeMap<String, Value>);

impl Names for Given<'_> {
    fn resolve(
        &self,
        _: &Evaluator<'_>,
        path: &[(&str, std::ops::Range<usize>)],
        _: &SourceFile,
    ) -> Option<std::result::Result<(Value, usize), crate::eval::Reported>> {
        self.0.get(path[0].0).map(|value| Ok((value.clone(), 1)))
    }

    fn known(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    fn block_attribute(
        &self,
        evaluator: &Evaluator<'_>,
        _: &BlockName,
        attribute: &str,
        place: goldsmith_core::diagnostic::Span,
    ) -> crate::eval::Evaluated {
        let problem = goldsmith_core::diagnostic::Diagnostic::error(
            "L0018",
            format!("a block has no `{attribute}` in a template"),
        );
        Err(evaluator.report(problem.label(place, "here")))
    }
}

fn render(a: &Args<'_>, name: &str, text: String) -> Result {
    let values = a.object(1)?;
    let file = SourceFile::new(name, text);
    let told = |problem: &goldsmith_core::diagnostic::Diagnostic| {
        let place = problem
            .labels
            .first()
            .map_or_else(|| name.to_owned(), |label| label.span.place());
        format!("{place}: {}", problem.message)
    };
    let expr = syntax::parse_template(&file).or_else(|problem| a.wrong(0, told(&problem)))?;
    let given = Given(&values);
    let evaluator = Evaluator::new(&given, a.evaluator.host);
    match evaluator.eval(&expr, &Env::of(&file)) {
        Ok(value) => Ok(value.as_text().map_or(value, |text| Value::from(&*text))),
        Err(_) => a.wrong(
            0,
            evaluator
                .into_problems()
                .first()
                .map(told)
                .unwrap_or_default(),
        ),
    }
}
