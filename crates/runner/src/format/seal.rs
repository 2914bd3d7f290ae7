//! How a machine is to be sealed, and what came of it.
//!
//! ```text
//! on standard input of `seal`:
//! { "version": 1, "off": ["swap"],
//!   "keep": [ { "rule": "users", "path": "/etc/passwd", "entry": "ops", "reason": "..." } ],
//!   "image": ["web", "1.4.0"] }                  what os-release must carry
//!
//! on its standard output, in frames as of the journal:
//! {"n":1,"is":"sealed","sanitized":{...},"verified":{...},     reports of `inspect`
//!  "software":"..."}                                           a bill of materials, CycloneDX 1.6
//! ```

use goldsmith_inspect::sanitize::{Keep, Report, Settings};
use serde::{Deserialize, Serialize};

use super::VERSION;

/// What the recipe allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// [`VERSION`].
    pub version: u32,
    /// Rules that do not run.
    pub off: Vec<String>,
    /// What stays.
    pub keep: Vec<Stays>,
    /// What os-release must carry: `IMAGE_ID` and `IMAGE_VERSION`.
    pub image: Option<(String, String)>,
}

/// Something that stays although a rule matches it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stays {
    /// The rule.
    pub rule: String,
    /// Inside the image.
    pub path: String,
    /// A row of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Why.
    pub reason: String,
}

impl Order {
    /// What these settings say.
    pub fn of(settings: &Settings) -> Self {
        let keep = settings.keep.iter().map(|keep| Stays {
            rule: keep.rule.clone(),
            path: keep.path.clone(),
            entry: keep.entry.clone(),
            reason: keep.reason.clone(),
        });
        Self {
            version: VERSION,
            off: settings.off.iter().cloned().collect(),
            keep: keep.collect(),
            image: settings.image.clone(),
        }
    }

    /// The settings.
    pub fn settings(&self) -> Settings {
        let keep = self.keep.iter().map(|stays| Keep {
            rule: stays.rule.clone(),
            path: stays.path.clone(),
            entry: stays.entry.clone(),
            reason: stays.reason.clone(),
        });
        Settings {
            off: self.off.iter().cloned().collect(),
            keep: keep.collect(),
            image: self.image.clone(),
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// What was found and removed.
    pub sanitized: Report,
    /// What was still there.
    pub verified: Report,
    /// The software on it, as a bill of materials that names nothing else.
    pub software: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_read_as_drawn() {
        let text = r#"{"version":1,"off":["swap"],"keep":[{"rule":"users","path":"/etc/passwd","entry":"ops","reason":"why"}],"image":["web","1.4.0"]}"#;
        let order: Order = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&order).unwrap(), text);
        assert_eq!(Order::of(&order.settings()), order);
    }
}
