//! No text makes reading a document panic, and every label lies in the text.

use goldsmith_component::{Rules, validate};
use goldsmith_core::diagnostic::SourceFile;
use proptest::prelude::*;

use crate::snapshot;

fn check(text: &str) {
    let rules = Rules {
        has_lints: true,
        ..Rules::default()
    };
    let found = validate(&SourceFile::new("x.yaml", text), rules);
    for problem in found.problems {
        for label in problem.labels {
            assert!(
                text.get(label.span.range.clone()).is_some(),
                "{}: {:?} of {text:?}",
                problem.code,
                label.span.range
            );
        }
    }
}

/// Every document of the corpus.
fn corpus() -> Vec<String> {
    ["ok", "err", "lint", "run"]
        .iter()
        .flat_map(|directory| snapshot::documents(directory))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in "[-\\[\\]{}:,#&*!|>'\"%@ \n\ta-z0-9ä.]{0,200}") {
        check(&text);
    }

    /// A good document with a piece taken out, doubled or replaced.
    #[test]
    fn broken_documents(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        length in 0usize..60,
        put in prop_oneof![Just(""), Just("{{ "), Just(" }}"), Just("\n"), Just("[0]"), Just("ä"), Just("&a "), Just("*a"), Just(": ")],
    ) {
        let all = corpus();
        let text = which.get(&all);
        let characters: Vec<char> = text.chars().collect();
        let at = at.index(characters.len());
        let end = (at + length).min(characters.len());
        let mut broken: String = characters[..at].iter().collect();
        broken.push_str(put);
        broken.extend(&characters[end..]);
        check(&broken);
    }
}
