//! Resources as other tools write them against the project and the report they become.

use std::fs;
use std::path::{Path, PathBuf};

use goldsmith_import::{Imported, Input, image_builder};
use proptest::prelude::*;

const LIBRARY: &[&str] = &["sshd-hardening", "timezone"];

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

fn import(name: &str) -> Imported {
    let text = fs::read_to_string(corpus().join(name)).expect("a corpus file");
    let input = Input {
        name: name.to_owned(),
        text,
    };
    image_builder(&[input], LIBRARY).expect("a project")
}

fn shown(imported: &Imported) -> String {
    let mut out = String::new();
    for (path, text) in &imported.files {
        out.push_str(&format!("==> {path}\n{text}"));
    }
    out.push_str(&format!("==> report\n{}", imported.report.text()));
    out
}

/// `UPDATE_EXPECTED=1` writes what stands beside the inputs anew.
#[test]
fn corpus_as_expected() {
    #[expect(
        clippy::disallowed_methods,
        reason = "a switch for whoever runs the tests"
    )]
    let is_update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let mut seen = 0;
    for name in ["answers", "cloudformation", "terraform", "state"] {
        let actual = shown(&import(&format!("{name}.json")));
        let expected = corpus().join(format!("{name}.expected"));
        if is_update {
            fs::write(&expected, &actual).unwrap();
        }
        assert_eq!(actual, fs::read_to_string(&expected).unwrap(), "{name}");
        seen += 1;
    }
    assert_eq!(seen, 4);
}

/// Every text of an input is in the project or in the report.
#[test]
fn nothing_is_dropped() {
    let imported = import("answers.json");
    let left: String = imported
        .report
        .left
        .iter()
        .map(|left| format!("{} {}\n", left.field, left.value))
        .collect();
    let everything = shown(&imported) + &left;
    for text in [
        "IyEvYmluL3No",
        "gp3",
        "3000",
        "EC2InstanceProfileForImageBuilder",
        "sg-1",
        "subnet-1",
        "logs",
        "required",
        "alias/golden",
        "444455556666",
        "777788889999",
        "lt-0123456789abcdef0",
        "/golden/web",
        "lic-1",
        "us-east-1",
        "Europe/Helsinki",
        "/tmp",
        "uninstallAfterBuild",
        "/dev/xvdb",
        "snapshots",
        "exclusionRules",
        "Debian 12",
        "stig-build-linux-high",
        "team",
    ] {
        assert!(everything.contains(text), "{text} is gone:\n{everything}");
    }
}

#[test]
fn what_it_is_not_is_said() {
    let input = |text: &str| {
        [Input {
            name: "x.json".to_owned(),
            text: text.to_owned(),
        }]
    };
    let said = |text: &str| {
        image_builder(&input(text), LIBRARY)
            .unwrap_err()
            .to_string()
    };
    assert!(said("{").starts_with("`x.json` is not JSON"));
    assert_eq!(
        said("{\"builders\": []}"),
        "`x.json` has no resource of Image Builder in it"
    );
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(said(&deep).starts_with("`x.json` is not JSON"));
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let names = "arn|name|Resources|Type|Properties|resource|values|root_module|component|components|data|distributions|schedule|imageRecipe|parentImage|policyDetails|ebs|Ref|Fn::Sub";
    let names: Vec<&'static str> = names.split('|').collect();
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        "[ -~\\n${}]{0,12}".prop_map(Into::into),
        Just("arn:aws:imagebuilder:r:1:image-recipe/x/1.0.0".into()),
        Just("AWS::ImageBuilder::ImageRecipe".into()),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        let names = proptest::sample::select(names.clone()).prop_map(str::to_owned);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            proptest::collection::vec((names, inner), 0..6)
                .prop_map(|pairs| serde_json::Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Whatever the JSON is: a project that can be formatted, or an error.
    #[test]
    fn any_json(value in json()) {
        let input = Input { name: "x".to_owned(), text: value.to_string() };
        if let Ok(imported) = image_builder(&[input], LIBRARY) {
            let text = &imported.files[goldsmith_import::FILE];
            prop_assert!(goldsmith_lang::format("x", text.as_bytes()).is_ok(), "{}", text);
        }
    }
}
