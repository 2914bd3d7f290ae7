//! YAML.

use super::encoding::{from_json, plain_json};
use super::{Function, function};

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        "yamlencode",
        "yamlencode(value)",
        "as YAML",
        1,
        Some(1),
        |a| {
            let json = plain_json(a.value(0))?;
            let text = serde_saphyr::to_string(&json).map_err(|e| e.to_string())?;
            a.bounded_text(text.len())?;
            Ok(text.into())
        },
    ),
    function(
        "yamldecode",
        "yamldecode(text)",
        "the value that a YAML text holds",
        1,
        Some(1),
        |a| {
            let parsed: serde_json::Value = serde_saphyr::from_str(&a.text(0)?)
                .or_else(|e| a.wrong(0, format!("not YAML: {e}")))?;
            from_json(&parsed).ok_or_else(|| "a number in it is too large".into())
        },
    ),
];
