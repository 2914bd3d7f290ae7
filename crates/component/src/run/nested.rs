//! Documents run by documents: how deep, and never in a circle.

use goldsmith_core::digest::Sha256;

/// Documents below the first one.
const DEPTH_MAX: usize = 3;

/// The documents that are running, outermost first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Nest(Vec<(String, Sha256)>);

impl Nest {
    /// With one document more.
    pub(crate) fn with(&self, name: &str, text: &str) -> Self {
        let mut all = self.0.clone();
        all.push((name.to_owned(), Sha256::of(text.as_bytes())));
        Self(all)
    }

    /// Why a document may not run here; `None` when it may.
    pub(crate) fn refuses(&self, name: &str, text: &str) -> Option<String> {
        let digest = Sha256::of(text.as_bytes());
        if let Some(at) = self.0.iter().position(|(_, known)| *known == digest) {
            let names: Vec<&str> = self.0[at..].iter().map(|(name, _)| name.as_str()).collect();
            return Some(format!(
                "`{name}` would run itself: {} -> {name}",
                names.join(" -> ")
            ));
        }
        (self.0.len() > DEPTH_MAX).then(|| {
            format!(
                "`{name}` is nested too deep: {DEPTH_MAX} documents may stand below the first one"
            )
        })
    }
}
