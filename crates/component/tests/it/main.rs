//! Documents as files: what `load` says of them, and what running them does to a tree.

mod documents;
mod library;
mod machine;
mod runs;
mod sandbox;
mod snapshot;
