//! Layers made anew although one of the same key is kept.
//!
//! A layer that others build on, perhaps at this moment, is never replaced. The new one gets a
//! name of its own, and a number says which of them counts: `again/<key>`.
//!
//! ```text
//! name of number 0 = key        name of number n = H( field(key) field(n) )
//! ```

use std::fs;
use std::io::ErrorKind;

use goldsmith_core::digest::{Hasher, Sha256};

use crate::Store;
use crate::error::StoreError;

impl Store {
    /// How often the layer of a key was made anew.
    pub fn again(&self, key: &Sha256) -> Result<u32, StoreError> {
        let path = self.root.join("again").join(key.to_string());
        match fs::read_to_string(&path) {
            Ok(text) => text.trim().parse().map_err(|_| StoreError::Damaged {
                path,
                detail: "it holds no number".to_owned(),
            }),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(0),
            Err(e) => Err(StoreError::io("read", &path, e)),
        }
    }

    /// Makes another number count from now on. The layer of that number is there.
    pub fn set_again(&self, key: &Sha256, number: u32) -> Result<(), StoreError> {
        let path = self.root.join("again").join(key.to_string());
        self.write_whole(&path, format!("{number}\n").as_bytes())
    }
}

/// The name of a layer of a key.
pub fn layer_name(key: &Sha256, number: u32) -> Sha256 {
    if number == 0 {
        return *key;
    }
    let mut hasher = Hasher::new();
    hasher.field(key.as_bytes());
    hasher.field(&number.to_le_bytes());
    hasher.finish()
}
