//! Who gets to see a tree in which something failed, before it goes: a step of a component, a script
//! of a package.

use goldsmith_core::cx::Cx;
use goldsmith_exec::ns::Sandbox;

/// Looks at such trees.
pub trait OnFailure: std::fmt::Debug {
    /// Looks at one, for as long as it takes. `what` failed, with these last words.
    fn look(&self, cx: &Cx, sandbox: &Sandbox, what: &str, why: &str);
}
