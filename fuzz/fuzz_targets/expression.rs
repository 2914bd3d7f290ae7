//! Any texts where references and conditions stand: resolved while a good document runs.
#![no_main]

mod nothing;

use goldsmith_core::diagnostic::SourceFile;

/// Operators with a second operand.
const OPERATORS: [&str; 8] = [
    "stringEquals",
    "stringLessThan",
    "stringGreaterThanEquals",
    "patternMatches",
    "numberEquals",
    "numberLessThan",
    "numberGreaterThan",
    "numberGreaterThanEquals",
];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let mut parts = text.split('\0');
    let mut next = || serde_json::Value::from(parts.next().unwrap_or_default());
    let operator = OPERATORS[bytes.len() % OPERATORS.len()];
    let condition = serde_json::json!({ operator: next(), "value": next() });
    let (list, command, item, name) = (next(), next(), next(), next());
    let step = |name: &str, commands: serde_json::Value| {
        serde_json::json!({ "name": name, "action": "ExecuteBash", "onFailure": "Continue",
            "inputs": { "commands": commands } })
    };
    let mut all = step("All", serde_json::json!([command, item]));
    all["if"] = serde_json::json!({ "or": [condition, { "not": { "stringIsEmpty": "x" } }] });
    all["loop"] = serde_json::json!({ "name": "Each", "forEach": { "list": list } });
    let mut each = step("Each", serde_json::json!([command]));
    each["loop"] = serde_json::json!({ "forEach": [item] });
    let document = serde_json::json!({
        "schemaVersion": "1.0",
        "parameters": [{ "Name": { "type": "string", "default": name } }],
        "phases": [{ "name": "build", "steps": [step("Say", "{{ Name }}".into()), all, each] }],
    });
    let file = SourceFile::new("x.json", document.to_string());
    if let (Some(document), _) = goldsmith_component::load(&file) {
        nothing::run(&document);
    }
});
