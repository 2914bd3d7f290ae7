//! Any text as a component document: problems, never a panic; what is accepted is run on a
//! machine that does nothing.
#![no_main]

mod nothing;

use goldsmith_component::{Platform, Rules, validate};
use goldsmith_core::diagnostic::SourceFile;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let file = SourceFile::new("x.yaml", text);
    for (platform, is_strict) in [(Platform::Linux, false), (Platform::Windows, true)] {
        let rules = Rules {
            platform,
            is_strict,
            has_lints: true,
            has_shellcheck: false,
        };
        let found = validate(&file, rules);
        for label in found.problems.iter().flat_map(|problem| &problem.labels) {
            let range = label.span.range.clone();
            assert!(text.get(range.clone()).is_some(), "{range:?} in {text:?}");
        }
        if let (Some(document), _) = found.into_parts() {
            nothing::run(&document);
        }
    }
});
