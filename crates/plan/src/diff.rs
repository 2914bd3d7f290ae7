//! What is different between two images, as far as lists and texts tell it: packages, files,
//! lines of a file. Whoever compares reads them; nothing here does.

pub mod files;
pub mod packages;
pub mod text;
