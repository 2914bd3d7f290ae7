//! What `shellcheck` says, put where it belongs in a document.

use std::fmt::Write as _;

use goldsmith_component::lint::shellcheck::Answers;
use goldsmith_component::{Rules, Validations, lint, validate_all};
use goldsmith_core::diagnostic::SourceFile;

use crate::sandbox::cx;

const RULES: Rules = Rules {
    platform: goldsmith_component::Platform::Linux,
    is_strict: false,
    has_lints: true,
    has_shellcheck: true,
};

/// Place, underlined text and first word of each finding.
fn check(texts: &[String], expected: &[&str]) -> Validations {
    let (cx, events) = cx();
    let files: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(at, text)| SourceFile::new(format!("{at}.yaml"), text.clone()))
        .collect();
    let answers = Answers::default();
    let checked = validate_all(&cx, &files, RULES, &answers).unwrap();
    // What it said before is as good as what it says.
    let kept = answers
        .write()
        .map_or_else(Answers::default, |kept| Answers::read(&kept));
    let again = validate_all(&cx, &files, RULES, &kept).unwrap();
    let problems = |all: &Validations| -> Vec<_> {
        let all = all.all.iter();
        all.map(|one| one.problems.clone()).collect()
    };
    assert_eq!(problems(&again), problems(&checked));
    assert!(kept.write().is_none(), "it was not asked again");
    assert!(
        checked.notes.is_empty(),
        "this test needs `shellcheck`: {:?}",
        checked.notes
    );
    assert!(events.0.lock().unwrap().is_empty());
    let mut found = Vec::new();
    for problem in checked.all.iter().flat_map(|one| &one.problems) {
        let name = lint::all().iter().find(|lint| lint.code == problem.code);
        if name.is_some_and(|lint| lint.name == "shellcheck") {
            let span = &problem.labels[0].span;
            let mut line = String::new();
            let code = problem.message.split(':').next().unwrap();
            let text = &span.file.text()[span.range.clone()];
            write!(line, "{} {code} {}", span.place(), text.escape_debug()).unwrap();
            found.push(line);
        }
    }
    assert_eq!(found, expected);
    checked
}

fn steps(steps: &str) -> String {
    format!(
        "schemaVersion: 1.0\nparameters:\n  - Name: {{type: string}}\nphases:\n  - name: build\n    steps:\n{steps}"
    )
}

#[test]
fn findings_stand_where_they_belong() {
    let text = steps(
        "      - name: A\n        action: ExecuteBash\n        inputs:\n          commands:\n            - set -e\n            - 'rm -f \"a\" $X'\n            - |\n              \tüber=1\n              cd /tmp\n              echo {{ Name }} ü $Y\n            - echo \"ö\" $Z\n",
    );
    check(
        &[text],
        &[
            "0.yaml:12:26 SC2086 $X",
            "0.yaml:16:33 SC2086 $Y",
            "0.yaml:17:24 SC2086 $Z",
        ],
    );
}

#[test]
fn references_are_nobodys_fault() {
    let text = steps(
        "      - name: A\n        action: ExecuteBash\n        inputs:\n          commands:\n            - |\n              if [ {{ Name }} = yes ]; then exit {{ Name }}; fi\n              [ '{{ Name }}' -gt 3 ] || true\n              for x in {{ Name }}; do echo \"$x\"; done\n              case {{ Name }} in a) echo b;; esac\n              docker ps --format {{.Names}}\n              cd {{ Name }} || exit 1\n              . {{ Name }}/env\n",
    );
    check(&[text], &[]);
}

#[test]
fn many_documents_at_once_and_what_is_allowed() {
    let bad = |before: &str| {
        steps(&format!(
            "{before}      - {{name: A, action: ExecuteBash, inputs: {{commands: ['echo $1 {{{{ Name }}}}']}}}}\n"
        ))
    };
    let mut texts = vec![bad(""); 250];
    texts.push(bad("      # goldsmith: allow(SC2086) one word\n"));
    texts.push(bad("      # goldsmith: allow(SC2034) not that\n"));
    texts.push("no: document\n".to_owned());
    let mut expected: Vec<String> = (0..250)
        .map(|at| format!("{at}.yaml:7:66 SC2086 $1"))
        .collect();
    expected.push("251.yaml:8:66 SC2086 $1".to_owned());
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    let checked = check(&texts, &expected);
    assert_eq!(checked.all[250].problems, []);
    let unused = &checked.all[251].problems[0];
    assert_eq!(unused.message, "`allow(SC2034)` allows nothing");
}
