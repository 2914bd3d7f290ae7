//! The `goldsmith` command.
fn main() {}
