//! Programs of this machine's compiler, with the sections put in by objcopy.

use std::io::Write as _;

use crate::inventory::tests::{of_tree, rows};
use crate::sanitize::testing::Tree;
use crate::view::disk::tests::run;

/// A program with a section.
fn with_section(tree: &Tree, path: &str, section: &str, content: &[u8]) {
    let at = tree.at(path);
    std::fs::create_dir_all(at.parent().unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let text = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(text("main.c"), "int main(void) { return 0; }\n").unwrap();
    std::fs::write(text("content"), content).unwrap();
    run("cc", &["-O1", "-o", &text("main"), &text("main.c")]);
    let add = format!("{section}={}", text("content"));
    run(
        "objcopy",
        &["--add-section", &add, &text("main"), at.to_str().unwrap()],
    );
}

fn check(tree: &Tree, expected: &[&str]) {
    let (inventory, findings) = of_tree(tree);
    assert_eq!(findings, []);
    assert_eq!(rows(&inventory), expected);
}

const MODULES: &str = "path\texample.com/tool\nmod\texample.com/tool\tv1.2.3\th1:x=\n\
    dep\tgolang.org/x/crypto\tv0.1.0\th1:y=\ndep\texample.com/old\tv1.0.0\n=>\texample.com/fork\tv1.0.1\th1:z=\n\
    build\t-compiler=gc\n";

#[test]
fn of_go() {
    let mut content = b"\xFF Go buildinf:\x08\x02".to_vec();
    content.resize(32, 0);
    let modules = format!("{}{MODULES}{}", "0".repeat(16), "1".repeat(16));
    for text in ["go1.22.1 X:nocoverageredesign", &modules] {
        let mut length = text.len();
        while length >= 0x80 {
            content.push(u8::try_from(length & 0x7F).unwrap() | 0x80);
            length >>= 7;
        }
        content.push(u8::try_from(length).unwrap());
        content.extend(text.as_bytes());
    }
    let tree = Tree::clean();
    with_section(&tree, "/usr/local/bin/tool", ".go.buildinfo", &content);
    check(
        &tree,
        &[
            "golang example.com/fork v1.0.1",
            "golang example.com/tool v1.2.3",
            "golang golang.org/x/crypto v0.1.0",
            "golang stdlib 1.22.1",
        ],
    );
}

/// As Go wrote it before 1.18: addresses of texts. Of 32 bits and big-endian, laid out by hand.
#[test]
fn of_old_go() {
    let modules = format!("{}{MODULES}{}", "0".repeat(16), "1".repeat(16));
    let mut program = vec![0; 0x200];
    let mut put = |at: usize, bytes: &[u8]| program[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"\x7FELF\x01\x02\x01");
    put(28, &0x34_u32.to_be_bytes());
    put(42, &32_u16.to_be_bytes());
    put(44, &1_u16.to_be_bytes());
    let length = 0x100 + u32::try_from(modules.len()).unwrap();
    for (at, number) in [(0, 1), (4, 0x100), (8, 0x1000), (16, length)] {
        put(0x34 + at, &number.to_be_bytes());
    }
    put(0x120, b"\xFF Go buildinf:\x04\x01");
    put(0x130, &0x1080_u32.to_be_bytes());
    put(0x134, &0x1088_u32.to_be_bytes());
    put(0x180, &0x10A0_u32.to_be_bytes());
    put(0x184, &6_u32.to_be_bytes());
    put(0x188, &0x1100_u32.to_be_bytes());
    put(0x18C, &u32::try_from(modules.len()).unwrap().to_be_bytes());
    put(0x1A0, b"go1.17");
    program.extend(modules.as_bytes());
    let tree = Tree::clean();
    tree.put(&[("/usr/local/bin/tool", "")]);
    let at = tree.at("/usr/local/bin/tool");
    std::fs::write(&at, program).unwrap();
    run("chmod", &["+x", at.to_str().unwrap()]);
    check(
        &tree,
        &[
            "golang example.com/fork v1.0.1",
            "golang example.com/tool v1.2.3",
            "golang golang.org/x/crypto v0.1.0",
            "golang stdlib 1.17",
        ],
    );
}

#[test]
fn of_rust() {
    let list = r#"{"packages":[{"name":"cc","version":"1.0.0","source":"crates.io","kind":"build"},
        {"name":"serde","version":"1.0.219","source":"crates.io"},{"name":"tool","version":"0.3.0","source":"local","root":true}]}"#;
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(list.as_bytes()).unwrap();
    let tree = Tree::clean();
    with_section(
        &tree,
        "/usr/local/bin/tool",
        ".dep-v0",
        &packed.finish().unwrap(),
    );
    check(&tree, &["cargo serde 1.0.219", "cargo tool 0.3.0"]);
    with_section(&tree, "/usr/local/bin/tool", ".dep-v0", b"no zlib");
    let (inventory, findings) = of_tree(&tree);
    assert_eq!((inventory.packages.len(), findings.len()), (0, 1));
}
