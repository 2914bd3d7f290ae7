//! Any bytes as a file of an image that the search for secrets opens: an archive, something
//! compressed, one in the other.
#![no_main]

mod alone;
mod look;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| look::look(alone::archive("opt/file", bytes)));
