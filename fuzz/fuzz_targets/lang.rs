//! Any bytes as a configuration file: problems, never a panic.
#![no_main]

use goldsmith_lang::{Host, Input, Options};

struct Bare;

impl Host for Bare {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Err("no files".to_owned())
    }

    fn exists(&self, _: &str) -> bool {
        false
    }

    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }

    fn unix_seconds(&self) -> i64 {
        0
    }

    fn env(&self, _: &str) -> Option<String> {
        None
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for name in ["x.gold.hcl", "x.gold.json"] {
        let input = Input {
            name: name.to_owned(),
            bytes: bytes.to_vec(),
        };
        goldsmith_lang::evaluate(&[input], &Options::default(), &Bare);
    }
    if let Ok(text) = goldsmith_lang::format("x.gold.hcl", bytes) {
        assert_eq!(
            goldsmith_lang::format("x.gold.hcl", text.as_bytes()).ok(),
            Some(text)
        );
    }
});
