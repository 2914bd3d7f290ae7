use super::*;

fn files() -> BiosFiles {
    let mut files = BTreeMap::new();
    let mut elf = b"\x7fELF\x01\x01".to_vec();
    elf.resize(52, 0);
    elf.extend([0x90; 64]); // the kernel
    let sections = elf.len();
    let mut section = vec![0; 40];
    for (at, value) in [(4, 1_u32), (8, 2), (12, 0x9000), (16, 52), (20, 64)] {
        section[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }
    elf.extend(section);
    put_u32(&mut elf, 32, sections);
    elf[46] = 40;
    elf[48] = 1;
    for (name, bytes) in [
        ("boot.img", vec![1; 512]),
        ("diskboot.img", vec![2; 512]),
        ("lzma_decompress.img", vec![3; 2848]),
        ("kernel.img", elf),
        ("moddep.lst", b"ext2: fshelp\nfshelp:\n".to_vec()),
        ("ext2.mod", vec![5; 7]),
        ("fshelp.mod", vec![6; 8]),
    ] {
        files.insert(name.to_owned(), bytes);
    }
    BiosFiles { files }
}

fn check(change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>), expected: &str) {
    let mut files = files();
    change(&mut files.files);
    let got = BiosImage::build(&files, &["ext2"], "set x=1\n", "/boot/grub")
        .map_or_else(|error| error.to_string(), |_| "ok".into());
    assert_eq!(got, expected);
}

#[test]
fn refuses_files_of_other_form() {
    check(|_| {}, "ok");
    check(
        |f| drop(f.remove("ext2.mod")),
        "GRUB's file `ext2.mod` is missing",
    );
    check(
        |f| drop(f.insert("moddep.lst".into(), vec![])),
        "GRUB has no module `ext2`",
    );
    for (name, bytes) in [
        ("boot.img", vec![0; 511]),
        ("diskboot.img", vec![0; 1024]),
        ("lzma_decompress.img", vec![0; 8]),
        ("kernel.img", vec![0; 100]),
        ("kernel.img", b"\x7fELF\x01\x01".to_vec()),
        ("ext2.mod", vec![0; FILE_MAX + 1]),
    ] {
        let expected = format!("GRUB's file `{name}` is not of the expected form");
        check(|f| drop(f.insert(name.into(), bytes)), &expected);
    }
}

#[test]
fn any_kernel_is_read_without_harm() {
    let good = files().files["kernel.img"].clone();
    for at in 0..good.len() {
        for value in [0, 1, 0x7F, 0xFF] {
            let mut kernel = good.clone();
            kernel[at] = value;
            let mut files = files();
            files.files.insert("kernel.img".into(), kernel);
            drop(BiosImage::build(&files, &["ext2"], "", "/"));
        }
    }
}

#[test]
fn is_told_its_place() {
    let image = BiosImage::build(&files(), &["ext2"], "", "/boot/grub").unwrap();
    let (boot, core) = image.place(2048);
    assert_eq!(boot[0x5C..0x68], [0, 8, 0, 0, 0, 0, 0, 0, 1, 1, 0x90, 0x90]);
    assert_eq!(core.len() % SECTOR, 0);
    let rest = u16::try_from(core.len() / SECTOR - 1)
        .unwrap()
        .to_le_bytes();
    let list = [1, 8, 0, 0, 0, 0, 0, 0, rest[0], rest[1], 0x20, 8];
    assert_eq!(core[500..512], list);
    assert_eq!(
        core[512 + 0x0C..512 + 0x10],
        (64_u32 + 12 + 16 + 16 + 12 + 20).to_le_bytes()
    );
}
