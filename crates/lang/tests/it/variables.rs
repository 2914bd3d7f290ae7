//! Where values of variables come from, which wins, what is refused, and that secrets stay secret.

use goldsmith_lang::{Assignment, Input, Options};

use crate::evaluate;

const PROJECT: &str = r#"
variable "suite" {
  type = string
  validation {
    condition     = length(var.suite) > 2
    error_message = "A suite has a name."
  }
}
variable "words" {
  type    = list(string)
  default = ["a"]
}
variable "token" {
  type      = string
  default   = "s3cr3t-t0ken"
  sensitive = true
}
source "debian" "s" {
  suite    = var.suite
  packages = concat(["base-files"], [for w in var.words : "lib${w}"])
}
recipe "r" {
  version = "1.0.0"
  source  = source.debian.s
  component "./c.yaml" { parameters = { token = "Bearer ${var.token}" } }
  disk { size = "1GiB" }
}
recipe "free" {
  version = "1.0.0"
  source  = source.debian.fixed
  disk { size = "1GiB" }
}
source "debian" "fixed" { suite = "bookworm" }
"#;

fn given(name: &str, text: &str, origin: &str) -> Assignment {
    Assignment {
        name: name.into(),
        text: text.into(),
        origin: origin.into(),
    }
}

fn select(names: &[&str]) -> Options {
    Options {
        select: Some(names.iter().map(|n| (*n).to_owned()).collect()),
        ..Options::default()
    }
}

fn packages(options: &Options) -> Result<(String, Vec<String>), Vec<String>> {
    let outcome = evaluate("p.gold.hcl", PROJECT, options);
    if outcome.has_errors() {
        return Err(outcome
            .problems
            .iter()
            .map(|p| format!("{} {} {}", p.code, p.message, p.notes.join(" ")))
            .collect());
    }
    let goldsmith_core::recipe::Source::Debian(source) = &outcome.project.recipes[0].source else {
        panic!("not debian")
    };
    Ok((source.suite.clone(), source.packages.clone()))
}

#[test]
fn the_strongest_wins() {
    let mut options = select(&["r"]);
    options
        .environment
        .push(given("suite", "from-env", "GOLDSMITH_VAR_suite"));
    options
        .environment
        .push(given("no_such", "x", "GOLDSMITH_VAR_no_such"));
    assert_eq!(packages(&options).unwrap().0, "from-env");
    options.files.push(Input {
        name: "v.hcl".into(),
        bytes: b"suite = \"from-file\"\nwords = [\"b\", \"c\"]\n".to_vec(),
    });
    assert_eq!(
        packages(&options).unwrap(),
        (
            "from-file".into(),
            vec!["base-files".into(), "libb".into(), "libc".into()]
        )
    );
    options.files.push(Input {
        name: "w.json".into(),
        bytes: br#"{ "suite": "from-json" }"#.to_vec(),
    });
    assert_eq!(packages(&options).unwrap().0, "from-json");
    options.assignments.push(given("suite", "first", "-var"));
    options.assignments.push(given("suite", "from-var", "-var"));
    options.assignments.push(given("words", r#"["z"]"#, "-var"));
    assert_eq!(
        packages(&options).unwrap(),
        ("from-var".into(), vec!["base-files".into(), "libz".into()])
    );
}

#[test]
fn refusals_say_what_to_do() {
    let missing = packages(&select(&["r"])).unwrap_err();
    assert!(
        missing[0].contains("L0031")
            && missing[0].contains("GOLDSMITH_VAR_suite")
            && missing[0].contains("-var suite="),
        "{missing:?}"
    );
    // Nobody needs the variable of a recipe that was not asked for.
    assert_eq!(packages(&select(&["free"])).unwrap().0, "bookworm");

    let mut options = select(&["r"]);
    options.assignments.push(given("suite", "x", "-var"));
    let refused = packages(&options).unwrap_err();
    assert!(
        refused[0].contains("L0037") && refused[0].contains("A suite has a name."),
        "{refused:?}"
    );

    let mut options = select(&["r"]);
    options.assignments.push(given("siute", "x", "-var"));
    assert!(packages(&options).unwrap_err()[0].contains("no variable `siute`"));
    let mut options = select(&["r"]);
    options.assignments.push(given("suite", "bookworm", "-var"));
    options
        .assignments
        .push(given("words", "not a list", "-var"));
    assert!(packages(&options).is_err());
    assert!(
        packages(&select(&["re"])).unwrap_err()[0].contains("did you mean"),
        "{:?}",
        packages(&select(&["re"]))
    );
}

#[test]
fn without_values_the_rest_is_still_checked() {
    let outcome = evaluate("p.gold.hcl", PROJECT, &Options::default());
    assert_eq!(outcome.problems, []);
    assert_eq!(outcome.incomplete, ["r"]);
    assert_eq!(outcome.project.recipes.len(), 1);
    let broken = PROJECT.replace("1.0.0", "1.0");
    assert!(evaluate("p.gold.hcl", broken, &Options::default()).has_errors());
}

#[test]
fn secrets_are_marked_and_never_shown() {
    let mut options = select(&["r"]);
    options.assignments.push(given("suite", "bookworm", "-var"));
    let outcome = evaluate("p.gold.hcl", PROJECT, &options);
    let parameter = outcome.project.recipes[0].work[0].values()[0];
    assert!(parameter.is_sensitive);
    assert_eq!(parameter.value, "Bearer s3cr3t-t0ken");
    assert!(
        outcome
            .secrets
            .iter()
            .any(|secret| secret.expose() == "s3cr3t-t0ken")
    );

    // A secret in a wrong place is a problem whose text does not have it.
    for wrong in [
        "version = var.token",
        "version = parseint(var.token, 10)",
        "version = { a = 1 }[var.token]",
        "version = jsondecode(var.token)",
        "purpose = join(\"\", values({ for t in [var.token, var.token] : t => 1 }))\nversion = \"1.0.0\"",
        "version = { a = 1 }[\"${var.token}\"]",
        "version = { (var.token) = 1 }.b",
        "version = sensitive({ \"hush-hush\" = 1 })[length(\"x\") > 0 ? upper(var.token) : \"\"]",
    ] {
        let text = PROJECT
            .replacen("version = \"1.0.0\"", wrong, 1)
            .replace("default   = \"s3cr3t-t0ken\"\n", "");
        let mut options = options_with_token();
        options.select = Some(vec!["r".to_owned()]);
        let outcome = evaluate("p.gold.hcl", text, &options);
        assert!(outcome.has_errors(), "{wrong}");
        let said = format!(
            "{:?}",
            outcome
                .problems
                .iter()
                .map(|p| (
                    &p.message,
                    &p.notes,
                    p.labels.iter().map(|l| &l.text).collect::<Vec<_>>()
                ))
                .collect::<Vec<_>>()
        );
        assert!(!said.contains("hush-hush"), "{said}");
    }
}

fn options_with_token() -> Options {
    let mut options = Options::default();
    options.assignments.push(given("suite", "bookworm", "-var"));
    options
        .assignments
        .push(given("token", "hush-hush", "-var"));
    options
}

/// Everything that a problem can show: its texts and the lines that its places stand in.
fn shown(outcome: &goldsmith_lang::Outcome) -> String {
    let mut all = String::new();
    for problem in &outcome.problems {
        all.push_str(&format!(
            "{} {} {:?} ",
            problem.code, problem.message, problem.notes
        ));
        for label in &problem.labels {
            all.push_str(&format!("{} {} ", label.text, label.span.file.text()));
        }
    }
    all
}

#[test]
fn a_refused_secret_is_not_shown_either() {
    const TYPED: &str = "variable \"t\" {\n  type = TYPE\n  sensitive = true\n}\n\
        source \"debian\" \"s\" {\n  suite = \"bookworm\"\n  packages = PACKAGES\n}\n\
        recipe \"r\" {\n  version = \"1.0.0\"\n  source = source.debian.s\n  disk { size = \"1GiB\" }\n}\n";
    for (kind, packages, raw, code) in [
        ("list(string)", "var.t", "hush-hush [", "L0035"),
        ("list(string)", "var.t", "[hush.hush]", "L0035"),
        ("number", "[var.t]", "hush-hush", "L0035"),
        ("string", "[var.t]", "Hush-hush !", "L0110"),
        ("string", "[\"lib${var.t}\"]", "-Hush-hush !", "L0110"),
    ] {
        let text = TYPED.replace("TYPE", kind).replace("PACKAGES", packages);
        let mut options = Options::default();
        options.assignments.push(given("t", raw, "-var"));
        let said = shown(&evaluate("p.gold.hcl", text, &options));
        assert!(said.contains(code), "{raw}: {said}");
        assert!(!said.to_lowercase().contains("hush"), "{raw}: {said}");
    }
    let text = TYPED
        .replace("TYPE", "number")
        .replace("PACKAGES", "[\"x${var.t}\"]");
    let mut options = Options::default();
    options.files.push(Input {
        name: "v.hcl".into(),
        bytes: b"t = \"hush-hush\"\n".to_vec(),
    });
    let said = shown(&evaluate("p.gold.hcl", text, &options));
    assert!(said.contains("L0035") && !said.contains("hush"), "{said}");
}

#[test]
fn what_is_made_of_a_secret_is_known_as_one() {
    let text = PROJECT.replace("\"Bearer ${var.token}\"", "sensitive(sha256(var.token))");
    let mut options = select(&["r"]);
    options.assignments.push(given("suite", "bookworm", "-var"));
    let outcome = evaluate("p.gold.hcl", text, &options);
    let made = &outcome.project.recipes[0].work[0].values()[0].value;
    assert!(outcome.secrets.iter().any(|secret| secret.expose() == made));
}

#[test]
fn a_set_has_each_value_once() {
    let text = PROJECT.replace("list(string)", "set(string)");
    let mut options = select(&["r"]);
    options.assignments.push(given("suite", "bookworm", "-var"));
    options
        .assignments
        .push(given("words", r#"["z", "b", "z"]"#, "-var"));
    let outcome = evaluate("p.gold.hcl", text, &options);
    let goldsmith_core::recipe::Source::Debian(source) = &outcome.project.recipes[0].source else {
        panic!("not debian")
    };
    assert_eq!(source.packages, ["base-files", "libb", "libz"]);
}
