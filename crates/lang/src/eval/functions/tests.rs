//! Every function on the examples that its documentation elsewhere gives, as a table of expressions.
use crate::eval::functions::Host;
use crate::eval::{Env, Evaluator};
use crate::syntax;
use crate::world::World;

struct NoHost;

impl Host for NoHost {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        match path {
            "hello.txt" => Ok(b"Hello ${name}!".to_vec()),
            _ => Err("no such file".into()),
        }
    }

    fn exists(&self, path: &str) -> bool {
        path == "hello.txt"
    }

    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(["a.yaml", "b.txt", "sub/c.yaml"].map(str::to_owned).into())
    }

    fn unix_seconds(&self) -> i64 {
        1_700_000_000
    }

    fn env(&self, name: &str) -> Option<String> {
        (name == "USER").then(|| "gold".to_owned())
    }
}

/// The value of an expression as JSON, or the messages of its problems.
fn eval(text: &str) -> Result<String, String> {
    let file = goldsmith_core::diagnostic::SourceFile::new("test", text);
    let expr = syntax::parse_expression(&file).map_err(|p| p.message)?;
    let world = World::default();
    let evaluator = Evaluator::new(&world, &NoHost);
    match evaluator.eval(&expr, &Env::of(&file)) {
        Ok(value) => super::encoding::to_json(&value),
        Err(_) => Err(evaluator
            .into_problems()
            .into_iter()
            .map(|p| p.message)
            .collect::<Vec<_>>()
            .join("; ")),
    }
}

#[test]
fn values() {
    let table = include_str!("tests/values.txt");
    let mut wrong = Vec::new();
    let mut used = std::collections::BTreeSet::new();
    for line in table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (expression, expected) = line
            .rsplit_once(" => ")
            .unwrap_or_else(|| panic!("no ` => ` in {line}"));
        let found = eval(expression);
        if found.as_deref() != Ok(expected) {
            wrong.push(format!(
                "{expression}\n  expected {expected}\n  found    {found:?}"
            ));
        }
        used.extend(
            super::all()
                .map(|f| f.name)
                .filter(|name| expression.contains(&format!("{name}("))),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let unused: Vec<_> = super::all()
        .map(|f| f.name)
        .filter(|name| !used.contains(name))
        .collect();
    assert!(unused.is_empty(), "without a line in the table: {unused:?}");
}

#[test]
fn failures() {
    for (expression, message) in [
        ("1 / 0", "division by zero"),
        ("5 % 0", "division by zero"),
        ("9223372036854775807 + 1", "too large"),
        ("1e308 * 10", "too large"),
        ("uper(\"x\")", "no function `uper`"),
        ("uuidv4()", "no function `uuidv4`"),
        ("upper()", "takes 1 argument"),
        ("upper([])", "must be text"),
        ("range(1, 100000000)", "too many"),
        ("format(\"%d\", \"x\")", "needs a number"),
        ("format(\"%s\")", "has no value"),
        ("regex(\"(\", \"x\")", "not a regular expression"),
        ("[1, 2][5]", "elements 0 to 1"),
        ("{ a = 1 }.b", "has no `b`"),
        ("file(\"absent\")", "no such file"),
        ("jsondecode(\"{\")", "not JSON"),
        ("cidrhost(\"10.0.0.0/30\", 4)", "4 addresses"),
        ("unknown_name", "nothing called"),
        ("setproduct(range(1000), range(1000))", "too many"),
        (
            "replace(join(\"\", [for n in range(10000): \"aaaaaaaaaa\"]), \"a\", join(\"\", [for n in range(1000): \"bbbbbbbbbb\"]))",
            "16777216 is the most",
        ),
    ] {
        let found = eval(expression);
        assert!(
            found.as_ref().is_err_and(|e| e.contains(message)),
            "{expression}: {found:?}"
        );
    }
}
