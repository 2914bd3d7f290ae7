//! What is stated of an image, signed: in-toto statements in DSSE envelopes, bound to the digest
//! of the disk. Everything can be checked without a network and by others' programs.

pub mod envelope;
pub mod key;
pub mod predicate;
pub mod statement;
pub mod verify;

pub use envelope::Envelope;
pub use key::{PublicKey, SigningKey};
pub use statement::Statement;
