//! What a cloud would know, said in a file or a map: a document that asks for parameters and
//! metadata runs on a laptop.
//!
//! ```text
//! {
//!   "/app/name": "web",
//!   "/app/zones": ["a", "b"],
//!   "/app/key": {"secret": "..."}          never shown
//! }
//! ```
//!
//! or what `aws ssm get-parameters-by-path --with-decryption` prints, where the type says what
//! is secret: `{"Parameters": [{"Name": "/app/name", "Type": "String", "Value": "web"}]}`.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::remote::{InstanceMetadata, ParameterStore, ParameterValue, RemoteError};
use goldsmith_core::secret::Secret;
use serde_json::Value;

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalError {
    /// It cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It holds something else.
    #[error("`{path}` is no such file: {detail}")]
    Content {
        /// The file.
        path: String,
        /// What is wrong and where; never a value.
        detail: String,
    },
}

impl Failure for LocalError {
    fn class(&self) -> Class {
        match self {
            Self::Read { .. } => Class::Environment,
            Self::Content { .. } => Class::Config,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Read { .. } => Vec::new(),
            Self::Content { .. } => vec![
                "an object in JSON: each name with a text, a list of texts, or {\"secret\": \"...\"}"
                    .to_owned(),
            ],
        }
    }
}

/// Parameters by name.
#[derive(Debug, Clone, Default)]
pub struct LocalParameters(BTreeMap<String, ParameterValue>);

impl LocalParameters {
    /// These and no others.
    pub const fn new(values: BTreeMap<String, ParameterValue>) -> Self {
        Self(values)
    }

    /// Those of a file in JSON, as the module says.
    pub fn read(path: &Path) -> Result<Self, LocalError> {
        let content = read(path)?;
        let values = parameters(&content).map_err(|detail| wrong(path, detail))?;
        Ok(Self(values))
    }
}

impl ParameterStore for LocalParameters {
    fn parameter(&self, _: &Cx, name: &str) -> Result<ParameterValue, RemoteError> {
        let value = self.0.get(name).cloned();
        value.ok_or_else(|| RemoteError::NotFound {
            what: format!("the parameter `{name}`"),
        })
    }
}

/// Metadata by path, such as `placement/region`.
#[derive(Debug, Clone, Default)]
pub struct LocalMetadata(BTreeMap<String, String>);

impl LocalMetadata {
    /// This and no other.
    pub const fn new(values: BTreeMap<String, String>) -> Self {
        Self(values)
    }

    /// That of a file in JSON: paths with texts.
    pub fn read(path: &Path) -> Result<Self, LocalError> {
        let mut values = BTreeMap::new();
        for (name, value) in read(path)? {
            let Value::String(text) = value else {
                return Err(wrong(path, format!("`{name}` is no text")));
            };
            values.insert(name, text);
        }
        Ok(Self(values))
    }
}

impl InstanceMetadata for LocalMetadata {
    fn metadata(&self, _: &Cx, path: &str) -> Result<String, RemoteError> {
        let path = path.trim().trim_start_matches('/');
        let value = self.0.get(path).cloned();
        value.ok_or_else(|| RemoteError::NotFound {
            what: format!("the instance metadata `{path}`"),
        })
    }
}

type Content = serde_json::Map<String, Value>;

fn read(path: &Path) -> Result<Content, LocalError> {
    let text = std::fs::read_to_string(path).map_err(|source| LocalError::Read {
        path: path.display().to_string(),
        source,
    })?;
    match serde_json::from_str(&text) {
        Ok(Value::Object(content)) => Ok(content),
        Ok(_) => Err(wrong(path, "it is no object".to_owned())),
        Err(error) => Err(wrong(path, error.to_string())),
    }
}

fn wrong(path: &Path, detail: String) -> LocalError {
    LocalError::Content {
        path: path.display().to_string(),
        detail,
    }
}

fn parameters(content: &Content) -> Result<BTreeMap<String, ParameterValue>, String> {
    if let Some(Value::Array(printed)) = content.get("Parameters") {
        let all = printed.iter().enumerate();
        return all.map(|(at, entry)| of_aws(at, entry)).collect();
    }
    let own = content.iter().map(|(name, value)| {
        let value = plain(value).ok_or_else(|| {
            format!("`{name}` is neither a text, nor a list of texts, nor {{\"secret\": \"...\"}}")
        })?;
        Ok((name.clone(), value))
    });
    own.collect()
}

fn plain(value: &Value) -> Option<ParameterValue> {
    match value {
        Value::String(text) => Some(ParameterValue::Text(text.clone())),
        Value::Array(items) => {
            let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
            texts.collect::<Option<_>>().map(ParameterValue::List)
        }
        Value::Object(fields) if fields.len() == 1 => {
            let secret = fields.get("secret")?.as_str()?;
            Some(ParameterValue::Secret(Secret::new(secret.to_owned())))
        }
        _ => None,
    }
}

/// An entry of what the AWS tools print.
fn of_aws(at: usize, entry: &Value) -> Result<(String, ParameterValue), String> {
    let field = |name: &str| {
        let text = entry.get(name).and_then(Value::as_str);
        text.ok_or_else(|| format!("`Parameters[{at}]` has no text `{name}`"))
    };
    let value = field("Value")?.to_owned();
    let value = match field("Type")? {
        "String" => ParameterValue::Text(value),
        "StringList" => ParameterValue::List(value.split(',').map(str::to_owned).collect()),
        "SecureString" => ParameterValue::Secret(Secret::new(value)),
        _ => return Err(format!("the `Type` of `Parameters[{at}]` is not known")),
    };
    Ok((field("Name")?.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use goldsmith_testing::clock::FakeClock;

    use super::*;

    fn cx() -> Cx {
        Cx::silent(Arc::new(FakeClock::at(0)))
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn both_forms() {
        let own = r#"{"/a": "web", "/l": ["a", "b"], "/s": {"secret": "hunter22"}}"#;
        let aws = r#"{"Parameters": [{"Name": "/a", "Type": "String", "Value": "web", "Version": 3}, {"Name": "/l", "Type": "StringList", "Value": "a,b"}, {"Name": "/s", "Type": "SecureString", "Value": "hunter22"}]}"#;
        for text in [own, aws] {
            let store = LocalParameters::read(file(text).path()).unwrap();
            for (name, expected) in [
                ("/a", "Text(\"web\")"),
                ("/l", "List([\"a\", \"b\"])"),
                ("/s", "Secret((secret))"),
            ] {
                let value = store.parameter(&cx(), name).unwrap();
                assert_eq!(format!("{value:?}"), expected);
            }
            let error = store.parameter(&cx(), "/b").unwrap_err().to_string();
            assert_eq!(error, "the parameter `/b` does not exist");
            assert!(!format!("{store:?}").contains("hunter22"));
        }
    }

    #[test]
    fn metadata() {
        let known = file(r#"{"placement/region": "eu-north-1"}"#);
        let known = LocalMetadata::read(known.path()).unwrap();
        assert_eq!(
            known.metadata(&cx(), "/placement/region").unwrap(),
            "eu-north-1"
        );
        let error = known
            .metadata(&cx(), "instance-id")
            .unwrap_err()
            .to_string();
        assert_eq!(error, "the instance metadata `instance-id` does not exist");
    }

    #[test]
    fn wrong_files_say_where_and_no_value() {
        for (text, why) in [
            ("[]", "no object"),
            ("{\n  \"/a\": \"hunter22\"\n  \"/b\": 1}", "line 3 column 3"),
            (r#"{"/a": 1}"#, "`/a` is neither"),
            (
                r#"{"/a": {"secret": "hunter22", "x": 1}}"#,
                "`/a` is neither",
            ),
            (
                r#"{"Parameters": [{"Name": "/a", "Value": "hunter22"}]}"#,
                "`Parameters[0]` has no text `Type`",
            ),
        ] {
            let file = file(text);
            let error = LocalParameters::read(file.path()).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(
                shown.contains(why) && !shown.contains("hunter22"),
                "{shown}"
            );
            assert!(error.to_string().contains(file.path().to_str().unwrap()));
        }
        let error = LocalMetadata::read(file(r#"{"a": 1}"#).path()).unwrap_err();
        assert!(error.to_string().contains("`a` is no text"));
        let error = LocalParameters::read(Path::new("/nonexistent")).unwrap_err();
        assert!(matches!(error, LocalError::Read { .. }));
    }
}
