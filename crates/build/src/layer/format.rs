//! What is known of a layer: `layer.json`. Written by this module alone.
//!
//! ```text
//! <store>/layers/<name>/
//!     tree/         the directory of the overlay: what the layer adds, changes, hides
//!     manifest      every path of it (`manifest::format`)
//!     layer.json    this
//!     entry.json    the store's own
//! ```
//!
//! ```json
//! {
//!   "format": "goldsmith-layer", "format_version": 1,
//!   "title": "./nginx.yaml build/Install",   who made it: a stage of the bootstrap, or a step
//!   "key": "<sha256>",                       of the parts and the layer below
//!   "below": "<sha256>",                     name of that layer; none at the bottom
//!   "parts": [["action", "CreateFile"], …],  what it is a function of; secrets masked
//!   "unnoticed": ["https://…"],              what may change without any part changing
//!   "manifest": "<sha256>",                  digest at the end of the manifest
//!   "changes": { "count": 3, "bytes": …, "removed": 0, "named": [{"path": "/etc/x", "bytes": 12}] },
//!   "done": { … } | null,                    a step's report, inputs and outputs; never a secret
//!   "made_ms": 1203                          how long it took
//! }
//! ```

use goldsmith_component::run::DoneStep;
use goldsmith_core::digest::Sha256;
use serde::{Deserialize, Serialize};

use super::manifest::Changes;
use super::parts::Parts;

const FORMAT: &str = "goldsmith-layer";
const VERSION: u32 = 1;

/// What is known of a layer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LayerFile {
    format: String,
    format_version: u32,
    /// Who made it: `packages`, `./nginx.yaml build/Install`.
    pub title: String,
    /// Key of its parts and of the layer below.
    pub key: Sha256,
    /// Name of the layer below.
    pub below: Option<Sha256>,
    /// What it is a function of.
    pub parts: Parts,
    /// What may change without any part changing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unnoticed: Vec<String>,
    /// Digest that names the content of its manifest.
    pub manifest: Sha256,
    /// What it changed, for people.
    pub changes: Changes,
    /// What came of the step.
    pub done: Option<DoneStep>,
    /// Wall time of making it, in milliseconds.
    pub made_ms: u64,
}

impl LayerFile {
    pub(super) fn new(title: &str, key: Sha256, below: Option<Sha256>, parts: Parts) -> Self {
        Self {
            format: FORMAT.to_owned(),
            format_version: VERSION,
            title: title.to_owned(),
            key,
            below,
            parts,
            unnoticed: Vec::new(),
            manifest: Sha256::of(b""),
            changes: Changes::default(),
            done: None,
            made_ms: 0,
        }
    }

    pub(super) fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a layer's description holds text and numbers only")
    }

    /// Reads one; says why it is none.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
            format_version: u32,
        }
        let head: Head = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
        if head.format != FORMAT || head.format_version != VERSION {
            return Err(format!(
                "it is `{}` of version {}",
                head.format, head.format_version
            ));
        }
        serde_json::from_slice(bytes).map_err(|e| e.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_version_1() {
        let text = r#"{"format":"goldsmith-layer","format_version":1,"title":"packages",
            "key":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","below":null,
            "parts":[["arch","amd64"]],"made_ms":5,"done":null,"changes":{"count":0,"bytes":0,"removed":0,"named":[]},
            "manifest":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}"#;
        let layer = LayerFile::read(text.as_bytes()).unwrap();
        assert_eq!(layer.parts.iter().next(), Some(("arch", "amd64")));
        let again = LayerFile::read(&layer.write()).unwrap();
        assert_eq!(again.title, "packages");
        for (from, to) in [("version\":1", "version\":2"), ("goldsmith-layer", "x")] {
            assert!(LayerFile::read(text.replacen(from, to, 1).as_bytes()).is_err());
        }
        assert!(LayerFile::read(b"").is_err());
    }
}
