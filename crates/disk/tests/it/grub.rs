//! Our core image against the one `grub-mkimage` makes of the same files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use goldsmith_disk::boot::grub::{BiosFiles, BiosImage, MODULES};
use liblzma::stream::{Action, Filters, LzmaOptions, Stream};

use crate::tool::tool;

const DIRECTORY: &str = "/usr/lib/grub/i386-pc";
const CONFIG: &str = "search.fs_uuid 11111111-2222-3333-4444-555555555555 root\n";

pub(crate) fn bios_files() -> BiosFiles {
    let entries = fs::read_dir(DIRECTORY)
        .unwrap_or_else(|error| panic!("this test needs package `grub-pc-bin`: {error}"));
    let files: BTreeMap<String, Vec<u8>> = entries
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect();
    BiosFiles { files }
}

/// The decompressor with its sizes blanked, and the plain payload.
fn open(core: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let u32_at = |at: usize| {
        let bytes = core[512 + at..512 + at + 4].try_into().unwrap();
        u32::from_le_bytes(bytes) as usize
    };
    let (packed, plain) = (u32_at(0x08), u32_at(0x0C));
    let file = Path::new(DIRECTORY).join("lzma_decompress.img");
    let decompressor_size = fs::read(file).unwrap().len();
    let from = 512 + decompressor_size;
    let mut options = LzmaOptions::new_preset(6).unwrap();
    options.dict_size(1 << 16);
    let mut filters = Filters::new();
    filters.lzma1(&options);
    let mut stream = Stream::new_raw_decoder(&filters).unwrap();
    let mut payload = Vec::with_capacity(plain);
    // GRUB's own packer writes no end mark: decoding ends with the input or the space.
    stream
        .process_vec(&core[from..from + packed], &mut payload, Action::Run)
        .unwrap();
    assert_eq!(payload.len(), plain);
    let mut decompressor = core[512..from].to_vec();
    decompressor[0x08..0x10].fill(0);
    (decompressor, payload)
}

fn check(modules: &[&str], prefix: &str) {
    let scratch = tempfile::tempdir().unwrap();
    let (config, theirs) = (scratch.path().join("c"), scratch.path().join("core"));
    fs::write(&config, CONFIG).unwrap();
    let mut arguments = vec!["-O", "i386-pc", "-d", DIRECTORY, "-p", prefix];
    arguments.extend(["-c", config.to_str().unwrap()]);
    arguments.extend(["-o", theirs.to_str().unwrap()]);
    arguments.extend(modules);
    tool("grub-common", "grub-mkimage", &arguments);
    let theirs = open(&fs::read(&theirs).unwrap());

    let image = BiosImage::build(&bios_files(), modules, CONFIG, prefix).unwrap();
    let ours = open(image.core());
    assert!(ours.0 == theirs.0, "the decompressors differ");
    assert_eq!(ours.1.len(), theirs.1.len());
    let differs = ours.1.iter().zip(&theirs.1).position(|(a, b)| a != b);
    assert_eq!(differs, None, "first byte of the payload that differs");
}

#[test]
fn payload_is_that_of_grub_mkimage() {
    check(&MODULES, "/boot/grub");
    check(&["biosdisk"], "(hd0)/grub");
    check(&["normal", "gfxterm", "btrfs", "lvm", "part_msdos"], "/x");
}

#[test]
fn core_image_fits_its_partition() {
    let image = BiosImage::build(&bios_files(), &MODULES, CONFIG, "/boot/grub").unwrap();
    assert!(image.core().len() < 400 << 10, "{}", image.core().len());
}
