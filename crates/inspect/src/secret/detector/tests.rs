//! Made-up secrets, and what every table must keep.

use std::collections::BTreeSet;

use super::*;
use crate::secret::search::{Hit, Searcher};

pub(super) const HEX: &str = "0123456789abcdef";
pub(super) const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
pub(super) const ALNUM: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
pub(super) const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
pub(super) const LOWER: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
pub(super) const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Letters that nobody chose: the same every time.
pub(crate) fn made(alphabet: &str, count: usize) -> String {
    let letters: Vec<char> = alphabet.chars().collect();
    let mut state = 0x2545_f491_4f6c_dd1d_u64 ^ (count as u64).wrapping_mul(0x9e37_79b9);
    (0..count)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let at = usize::try_from(state >> 33).unwrap() % letters.len();
            letters[at]
        })
        .collect()
}

pub(crate) fn hits(text: &[u8]) -> Vec<Hit> {
    Searcher::get().search_bytes("/opt/app/settings", text)
}

/// The detector finds exactly one secret in the text, and shows none of it.
pub(super) fn found(id: &str, text: &str) {
    let hits = hits(text.as_bytes());
    let own: Vec<&Hit> = hits.iter().filter(|hit| hit.detector.id == id).collect();
    assert_eq!(
        own.len(),
        1,
        "{id}: {hits:?} in {}",
        &text[..text.len().min(60)]
    );
    assert!(own[0].shown.chars().count() <= 20, "{:?}", own[0]);
}

/// Nothing at all is found.
pub(super) fn nothing(text: &str) {
    let hits = hits(text.as_bytes());
    assert!(
        hits.is_empty(),
        "{hits:?} in {}",
        &text[..text.len().min(80)]
    );
}

#[test]
fn ids_are_unique_and_patterns_compile() {
    let mut ids = BTreeSet::new();
    for detector in all() {
        assert!(ids.insert(detector.id), "{} is there twice", detector.id);
        assert!(!detector.keywords.is_empty(), "{}", detector.id);
        assert!(
            detector.keywords.iter().all(|word| word.len() >= 2),
            "{}",
            detector.id
        );
        let regex = crate::secret::search::compile(detector);
        assert!(
            regex.captures_len() >= 2,
            "{} captures nothing",
            detector.id
        );
        assert!(
            detector.reach.0 <= crate::secret::search::BEHIND,
            "{}",
            detector.id
        );
        assert!(
            detector.reach.1 <= crate::secret::search::OVERLAP,
            "{}",
            detector.id
        );
    }
    assert!(ids.len() >= 150, "{}", ids.len());
}
