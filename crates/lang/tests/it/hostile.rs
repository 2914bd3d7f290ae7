//! Input that nobody means well with: an error, never a panic, never without bounds.

use goldsmith_lang::Options;
use proptest::prelude::*;

use crate::evaluate;

fn code(name: &str, bytes: impl AsRef<[u8]>) -> String {
    let outcome = evaluate(name, bytes, &Options::default());
    outcome
        .problems
        .first()
        .map(|problem| problem.code.to_owned())
        .unwrap_or_default()
}

/// Nesting is refused by our own limit or by that of the parser.
#[track_caller]
fn refused_as_deep(text: String) {
    let found = code("x.gold.hcl", text);
    assert!(["L0001", "L0002"].contains(&found.as_str()), "{found}");
}

#[test]
fn sizes_and_bytes() {
    assert_eq!(code("x.gold.hcl", vec![b' '; 50 << 20]), "L0003");
    assert_eq!(code("x.gold.hcl", b"a = \"\xff\"\n"), "L0004");
    assert_eq!(code("x.gold.json", b"\xc3\x28"), "L0004");
    refused_as_deep(format!("a = {}", "(".repeat(100_000)));
    assert_eq!(code("x.gold.json", "[".repeat(100_000)), "L0001");
    refused_as_deep(format!("a = {}1", "!".repeat(50_000)));
    refused_as_deep(format!("a = {}1", "-".repeat(50_000)));
    refused_as_deep(format!("a = 1{}", " + 1".repeat(50_000)));
    assert_eq!(
        code("x.gold.hcl", format!("a = x{}", ".b".repeat(200_000))),
        "L0100"
    );
}

#[test]
fn work_is_bounded() {
    // Every level doubles: 2^40 texts.
    let mut text = String::from("locals {\n  n0 = \"x\"\n");
    for n in 1..40 {
        text.push_str(&format!(
            "  n{n} = \"${{local.n{}}}${{local.n{}}}\"\n",
            n - 1,
            n - 1
        ));
    }
    text.push_str("}\n");
    assert_eq!(code("x.gold.hcl", text), "L0022");
    let nested = "locals { x = [for a in range(2000) : [for b in range(2000) : [for c in range(2000) : a]]] }\n";
    assert_eq!(code("x.gold.hcl", nested), "L0022");
    // Much work that makes nothing.
    let idle = "locals {\n  n = range(3000)\n  x = [for a in local.n : [for b in local.n : b if false]]\n}\n";
    assert_eq!(code("x.gold.hcl", idle), "L0021");
    // Few steps, much memory: 200 000 copies of 1 MiB.
    let copies = "locals {\n  b = join(\"\", [for i in range(100000) : \"0123456789\"])\n  \
                  c = [for i in range(200000) : \"${local.b}x\"]\n}\n";
    assert_eq!(code("x.gold.hcl", copies), "L0022");
    // Few steps, much work within functions.
    for expression in [
        "[for i in range(100000) : length(range(100000))]",
        "[for i in range(100000) : contains(local.many, -1)]",
        "[for i in range(100000) : sha256(local.text)]",
    ] {
        let text = format!(
            "locals {{\n  many = range(100000)\n  text = join(\"\", local.many)\n  x = {expression}\n}}\n"
        );
        let found = code("x.gold.hcl", text);
        assert!(
            ["L0021", "L0022"].contains(&found.as_str()),
            "{expression}: {found}"
        );
    }
}

/// Pieces that files are made of, and pieces that break them.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "variable \"a\" {\n",
            "}\n",
            "default = ",
            "locals {\n",
            "x = ",
            "\"${",
            "}\"",
            "[for ",
            " in ",
            " : ",
            "]",
            "{",
            "(",
            ")",
            "var.a",
            "local.x",
            "source \"debian\" \"s\" {\n",
            "recipe \"r\" {\n",
            "disk {\n",
            "size = \"1GiB\"\n",
            "<<-EOT\n",
            "EOT\n",
            "%{ if ",
            "%{ endif }",
            "? 1 : 2",
            "...",
            "[*]",
            ".*.",
            "&& ",
            "!",
            "- ",
            "/ 0",
            "9223372036854775807",
            "1e999",
            "null",
            "try(",
            "format(\"%s\", ",
            "jsondecode(",
            "\u{0}",
            "é",
            "\t",
            "=> ",
            "\\u12",
        ])
        .prop_map(str::to_owned),
        "[ -~\n]{0,6}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn nothing_panics(pieces in prop::collection::vec(piece(), 0..40), is_json in any::<bool>()) {
        let name = if is_json { "x.gold.json" } else { "x.gold.hcl" };
        let text = pieces.concat();
        let outcome = evaluate(name, &text, &Options::default());
        for problem in &outcome.problems {
            for label in &problem.labels {
                label.span.place();
            }
        }
        drop(goldsmith_lang::format(name, text.as_bytes()));
    }

    #[test]
    fn a_damaged_example_never_panics(at in 0usize..2000, byte in any::<u8>(), cut in 0usize..40) {
        let mut bytes = include_bytes!("../../../../examples/nginx/web.gold.hcl").to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.drain(at..(at + cut).min(bytes.len()));
        evaluate("x.gold.hcl", &bytes, &Options::default());
        if let Ok(text) = goldsmith_lang::format("x.gold.hcl", &bytes) {
            prop_assert_eq!(goldsmith_lang::format("x.gold.hcl", text.as_bytes()).unwrap(), text);
        }
    }
}
