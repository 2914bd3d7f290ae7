//! What is known against software, and what follows from it.
//!
//! [`feed`] reads what others publish into one compact form ([`mod@format`]); [`database`] answers
//! from it; [`matching`] holds an inventory against it by the rules of each distribution and
//! language; [`policy`] says whether what is found may stand, [`report`] in which forms. Nothing here does input or output: bytes come in, values go out.

mod archive;
mod cvss;
pub mod database;
pub mod external;
pub mod feed;
pub mod format;
pub mod matching;
pub mod policy;
pub mod report;
mod space;
pub mod stock;
pub mod version;
