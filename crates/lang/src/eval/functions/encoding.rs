//! JSON, base64, URLs, CSV.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Args, Failed, Function, function};
use crate::value::{Kind, Number, Value};

type Result = std::result::Result<Value, Failed>;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        "jsonencode",
        "jsonencode(value)",
        "as JSON",
        1,
        Some(1),
        |a| {
            let text = to_json(a.value(0))?;
            a.bounded_text(text.len())?;
            Ok(text.into())
        },
    ),
    function(
        "jsondecode",
        "jsondecode(text)",
        "the value that a JSON text holds",
        1,
        Some(1),
        |a| {
            let parsed: serde_json::Value = serde_json::from_str(&a.text(0)?)
                .or_else(|e| a.wrong(0, format!("not JSON: {e}")))?;
            from_json(&parsed).ok_or_else(|| "a number in it is too large".into())
        },
    ),
    function(
        "base64encode",
        "base64encode(text)",
        "as base64",
        1,
        Some(1),
        |a| Ok(STANDARD.encode(a.text(0)?.as_bytes()).into()),
    ),
    function(
        "base64decode",
        "base64decode(text)",
        "the text that base64 holds",
        1,
        Some(1),
        |a| {
            let bytes = STANDARD
                .decode(a.text(0)?.as_bytes())
                .or_else(|e| a.wrong(0, format!("not base64: {e}")))?;
            String::from_utf8(bytes).map_or_else(
                |_| a.wrong(0, "what it holds is not UTF-8 text"),
                |text| Ok(text.into()),
            )
        },
    ),
    function(
        "base64gzip",
        "base64gzip(text)",
        "compressed by gzip, as base64",
        1,
        Some(1),
        |a| {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            let packed = encoder
                .write_all(a.text(0)?.as_bytes())
                .and_then(|()| encoder.finish());
            Ok(STANDARD.encode(packed.map_err(|e| e.to_string())?).into())
        },
    ),
    function(
        "base64gunzip",
        "base64gunzip(text)",
        "the text that base64gzip() packed",
        1,
        Some(1),
        |a| {
            let bytes = STANDARD
                .decode(a.text(0)?.as_bytes())
                .or_else(|e| a.wrong(0, format!("not base64: {e}")))?;
            let mut text = String::new();
            let limit = crate::eval::TEXT_MAX as u64 + 1;
            let read = flate2::read::GzDecoder::new(&bytes[..])
                .take(limit)
                .read_to_string(&mut text);
            read.or_else(|e| a.wrong(0, format!("not gzip: {e}")))?;
            a.bounded_text(text.len())?;
            Ok(text.into())
        },
    ),
    function(
        "urlencode",
        "urlencode(text)",
        "as a part of a URL's query",
        1,
        Some(1),
        |a| {
            let mut out = String::new();
            for byte in a.text(0)?.bytes() {
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                        out.push(byte as char);
                    }
                    b' ' => out.push('+'),
                    _ => out.push_str(&format!("%{byte:02X}")),
                }
            }
            Ok(out.into())
        },
    ),
    function(
        "csvdecode",
        "csvdecode(text)",
        "a list of objects, named by the first line",
        1,
        Some(1),
        csv,
    ),
];

/// JSON as Terraform writes it: names sorted, `<`, `>` and `&` escaped.
pub(crate) fn to_json(value: &Value) -> std::result::Result<String, String> {
    let text = plain_json(value)?.to_string();
    Ok(text
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026"))
}

pub(super) fn plain_json(value: &Value) -> std::result::Result<serde_json::Value, String> {
    Ok(match &value.kind {
        Kind::Null => serde_json::Value::Null,
        Kind::Bool(value) => (*value).into(),
        Kind::Number(Number::Whole(number)) => (*number).into(),
        Kind::Number(Number::Real(number)) => (*number).into(),
        Kind::String(text) => text.to_string().into(),
        Kind::List(items) => items
            .iter()
            .map(plain_json)
            .collect::<std::result::Result<Vec<_>, _>>()?
            .into(),
        Kind::Object(members) => {
            let members: std::result::Result<serde_json::Map<_, _>, String> = members
                .iter()
                .map(|(name, value)| Ok((name.clone(), plain_json(value)?)))
                .collect();
            members?.into()
        }
        Kind::Block(_) | Kind::Unknown => return Err("this value cannot be written".to_owned()),
    })
}

/// `None` when a number is too large.
pub(super) fn from_json(json: &serde_json::Value) -> Option<Value> {
    Some(match json {
        serde_json::Value::Null => Value::NULL,
        serde_json::Value::Bool(value) => (*value).into(),
        serde_json::Value::Number(number) => Number::parse(&number.to_string())?.into(),
        serde_json::Value::String(text) => text.as_str().into(),
        serde_json::Value::Array(items) => items
            .iter()
            .map(from_json)
            .collect::<Option<Vec<_>>>()?
            .into(),
        serde_json::Value::Object(members) => members
            .iter()
            .map(|(name, value)| Some((name.clone(), from_json(value)?)))
            .collect::<Option<std::collections::BTreeMap<_, _>>>()?
            .into(),
    })
}

fn csv(a: &Args<'_>) -> Result {
    let text = a.text(0)?;
    let mut rows = records(&text)
        .or_else(|message| a.wrong(0, message))?
        .into_iter();
    let Some(names) = rows.next() else {
        return a.wrong(0, "the first line must name the columns");
    };
    let mut objects = Vec::new();
    for (n, row) in rows.enumerate() {
        if row.len() != names.len() {
            return a.wrong(
                0,
                format!(
                    "row {} has {} fields, the first line has {}",
                    n + 2,
                    row.len(),
                    names.len()
                ),
            );
        }
        let members: std::collections::BTreeMap<String, Value> = names
            .iter()
            .cloned()
            .zip(row.into_iter().map(Value::from))
            .collect();
        objects.push(members.into());
        a.bounded(objects.len())?;
    }
    Ok(objects.into())
}

/// Fields by RFC 4180.
fn records(text: &str) -> std::result::Result<Vec<Vec<String>>, String> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut field = String::new();
    let mut chars = text.chars().peekable();
    let mut is_quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.next_if_eq(&'"').is_some() => field.push('"'),
            '"' if is_quoted => is_quoted = false,
            _ if is_quoted => field.push(c),
            '"' if field.is_empty() => is_quoted = true,
            '"' => return Err(format!("a quote within a field of row {}", rows.len() + 1)),
            ',' => row.push(std::mem::take(&mut field)),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' => {
                if !(row.is_empty() && field.is_empty()) {
                    row.push(std::mem::take(&mut field));
                    rows.push(std::mem::take(&mut row));
                }
            }
            _ => field.push(c),
        }
    }
    if is_quoted {
        return Err("a quoted field has no end".to_owned());
    }
    if !(row.is_empty() && field.is_empty()) {
        row.push(field);
        rows.push(row);
    }
    Ok(rows)
}
