//! What `load` says of good and bad documents.

use std::fmt::Write as _;
use std::path::Path;

use goldsmith_component::{Platform, Rules, code, lint, validate};
use goldsmith_core::diagnostic::{Diagnostic, Severity, SourceFile};

use crate::snapshot;

/// A diagnostic as plain lines.
pub(crate) fn render(problems: &[Diagnostic]) -> String {
    let mut out = String::new();
    for problem in problems {
        let severity = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        writeln!(out, "{severity}[{}]: {}", problem.code, problem.message).unwrap();
        for label in &problem.labels {
            let text = label.span.file.text();
            let excerpt = text.get(label.span.range.clone()).unwrap_or("(no text)");
            let excerpt = excerpt.lines().next().unwrap_or_default();
            writeln!(out, "  {}: `{excerpt}` {}", label.span.place(), label.text).unwrap();
        }
        for note in &problem.notes {
            writeln!(out, "  note: {note}").unwrap();
        }
    }
    out
}

/// A document of the corpus, checked by the rules that its first line names:
/// `# rules: strict windows`.
fn check(path: &Path, rules: Rules) -> (bool, String) {
    let name = path.file_name().unwrap().to_string_lossy();
    let text = std::fs::read_to_string(path).unwrap();
    let mut rules = rules;
    let first = text.lines().next().unwrap_or_default();
    for word in first
        .strip_prefix("# rules:")
        .unwrap_or_default()
        .split(' ')
    {
        match word {
            "" => {}
            "strict" => rules.is_strict = true,
            "windows" => rules.platform = Platform::Windows,
            "darwin" => rules.platform = Platform::Darwin,
            other => panic!("{name}: there is no rule `{other}`"),
        }
    }
    let (document, problems) = validate(&SourceFile::new(name, text), rules).into_parts();
    (document.is_some(), render(&problems))
}

#[test]
fn good_documents() {
    let mut wrong = Vec::new();
    for path in snapshot::documents("ok") {
        let (is_there, problems) = check(&path, Rules::default());
        if !is_there {
            wrong.push(format!("{}: refused", path.display()));
        }
        snapshot::check(&path, &problems, &mut wrong);
    }
    snapshot::finish(&wrong);
}

#[test]
fn bad_documents() {
    let mut wrong = Vec::new();
    let mut all = String::new();
    for path in snapshot::documents("err") {
        let (is_there, problems) = check(&path, Rules::default());
        if is_there {
            wrong.push(format!("{}: accepted", path.display()));
        }
        snapshot::check(&path, &problems, &mut wrong);
        all.push_str(&problems);
    }
    snapshot::finish(&wrong);
    for code::Code { code, summary, .. } in code::ALL {
        let of_runs = [code::NO_VALUE, code::UNKNOWN_PARAMETER, code::BLOCKED].contains(code);
        let of_size = *code == code::SIZE;
        assert!(
            of_runs || of_size || all.contains(code),
            "no document shows {code}: {summary}"
        );
    }
}

#[test]
fn linted_documents() {
    let rules = Rules {
        has_lints: true,
        ..Rules::default()
    };
    let mut wrong = Vec::new();
    let mut all = String::new();
    for path in snapshot::documents("lint") {
        let (_, problems) = check(&path, rules);
        snapshot::check(&path, &problems, &mut wrong);
        all.push_str(&problems);
    }
    snapshot::finish(&wrong);
    // These have a test of their own: one needs a program, the other a large text.
    let apart = ["shellcheck", "document-size"];
    for lint in lint::all()
        .iter()
        .filter(|lint| !apart.contains(&lint.name))
    {
        assert!(all.contains(lint.code), "no document shows {lint:?}");
    }
}

#[test]
fn hostile_documents_are_refused_quickly() {
    let bomb = (1..40).fold("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, n| {
        let before = format!("*a{}", n - 1);
        let aliases = [before.as_str(); 10].join(",");
        format!("{text}a{n}: &a{n} [{aliases}]\n")
    });
    for (text, expected) in [
        (bomb, "more than 200000 values"),
        ("[".repeat(100_000), "recursion limit exceeded"),
        (
            format!("{}x", "- ".repeat(100)),
            "nested deeper than 64 levels",
        ),
        ("a: &a [*a]".to_owned(), "an alias inside of its own anchor"),
        ("x".repeat(5 << 20), "larger than 4 MiB"),
        (String::new(), "the document is empty"),
        ("a: 1\n---\nb: 2\n".to_owned(), "more than one document"),
        ("? [a]\n: b\n".to_owned(), "a key must be a plain text"),
        ("\u{0}\u{1}".to_owned(), "no valid YAML"),
        ("- 1\n".to_owned(), "the document must be a mapping"),
    ] {
        let (document, problems) = goldsmith_component::load(&SourceFile::new("x.yaml", text));
        assert!(document.is_none());
        let said = render(&problems);
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn values_of_parameters_are_checked() {
    let text = "schemaVersion: 1.0\nparameters:\n  - Port: {type: string}\n  - Name: {type: string, default: x}\nphases:\n  - name: build\n    steps: []\n";
    let (document, _) = goldsmith_component::load(&SourceFile::new("nginx.yaml", text));
    let recipe = SourceFile::new("web.gold.hcl", "component \"nginx\" {}\n");
    let at = goldsmith_core::diagnostic::Span::new(&recipe, 0..9);
    let given = [("Prot".to_owned(), "80".to_owned())].into();
    let problems = goldsmith_component::check_parameters(&document.unwrap(), &given, &at);
    assert_eq!(
        render(&problems),
        "error[C0602]: component `nginx.yaml` has no parameter `Prot`\n  \
         web.gold.hcl:1:1: `component` did you mean `Port`?\n  note: parameters: Port, Name\n\
         error[C0601]: component `nginx.yaml` needs a value for its parameter `Port`\n  \
         web.gold.hcl:1:1: `component` \n  nginx.yaml:3:5: `Port` it has no default\n"
    );
}
