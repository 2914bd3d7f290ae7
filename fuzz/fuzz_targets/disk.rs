//! Any bytes as an image: a disk in some form, an archive, something compressed.
#![no_main]

mod look;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| look::look(bytes.to_vec()));
