//! Archives made by zip.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::inventory::tests::{of_tree, rows};
use crate::sanitize::testing::Tree;
use crate::view::disk::tests::run;

/// An archive of files by their names; `level` 0 stores them.
fn jar(at: &Path, files: &[(&str, &[u8])], level: &str) {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    std::fs::create_dir_all(at.parent().unwrap()).unwrap();
    let into = folder.path().join("made.jar");
    let command = format!(
        "cd {} && zip -q -r {level} made.jar .",
        folder.path().display()
    );
    run("sh", &["-c", &command]);
    std::fs::rename(into, at).unwrap();
}

const LOG4J: &[u8] = b"#Created by Apache Maven\nversion=2.14.1\ngroupId=org.apache.logging.log4j\nartifactId=log4j-core\n";

fn log4j() -> (&'static str, &'static [u8]) {
    (
        "META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties",
        LOG4J,
    )
}

#[test]
fn in_archives_of_archives() {
    let tree = Tree::clean();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    jar(&at("inner.jar"), &[log4j()], "-9");
    let inner = std::fs::read(at("inner.jar")).unwrap();
    jar(
        &at("stored.war"),
        &[("WEB-INF/lib/log4j-core.jar", &inner)],
        "-0",
    );
    let stored = std::fs::read(at("stored.war")).unwrap();
    jar(
        &tree.at("/opt/app/app.ear"),
        &[("web/app.war", &stored), ("x.txt", b"x")],
        "-9",
    );
    let manifest = b"Manifest-Version: 1.0\r\nBundle-SymbolicName: org.apache.comm\r\n ons.lang3;singleton:=true\r\nBundle-Version: 3.12.0\r\n";
    jar(
        &tree.at("/opt/app/commons-lang3-3.12.0.jar"),
        &[("META-INF/MANIFEST.MF", manifest)],
        "-6",
    );
    jar(
        &tree.at("/opt/app/guava-31.1-jre.jar"),
        &[("a.class", b"x")],
        "-6",
    );
    jar(
        &tree.at("/opt/app/nameless.jar"),
        &[("a.class", b"x")],
        "-6",
    );
    // A launcher before the archive.
    let mut launched = b"#!/bin/sh\nexec java -jar \"$0\"\n".to_vec();
    launched.extend(&inner);
    std::fs::write(tree.at("/opt/app/run.jar"), launched).unwrap();
    let (inventory, findings) = of_tree(&tree);
    assert_eq!(findings, []);
    assert_eq!(
        rows(&inventory),
        [
            "maven guava 31.1-jre",
            "maven org.apache.commons:commons-lang3 3.12.0",
            "maven org.apache.logging.log4j:log4j-core 2.14.1",
        ]
    );
    let evidence = &inventory.packages[2].evidence;
    let pom = log4j().0;
    assert_eq!(
        evidence[..],
        [
            format!("/opt/app/app.ear!/web/app.war!/WEB-INF/lib/log4j-core.jar!/{pom}"),
            format!("/opt/app/run.jar!/{pom}"),
        ]
    );
}

#[test]
fn limits() {
    let tree = Tree::clean();
    let mut inner = {
        let at = tree.at("/tmp/x.jar");
        jar(&at, &[log4j()], "-9");
        std::fs::read(&at).unwrap()
    };
    std::fs::remove_file(tree.at("/tmp/x.jar")).unwrap();
    for _ in 0..6 {
        jar(&tree.at("/opt/deep.jar"), &[("x.jar", &inner)], "-9");
        inner = std::fs::read(tree.at("/opt/deep.jar")).unwrap();
    }
    std::fs::write(tree.at("/opt/none.jar"), "PK").unwrap();
    let (inventory, findings) = of_tree(&tree);
    assert_eq!(rows(&inventory), [""; 0]);
    let told: Vec<&str> = findings.iter().map(|f| f.title.as_str()).collect();
    let deep = "/opt/deep.jar!/x.jar!/x.jar!/x.jar!/x.jar!/x.jar";
    let nested = format!("not looked at: `{deep}` is nested too deep");
    assert_eq!(
        told,
        [nested.as_str(), "not looked at: it is no ZIP archive"]
    );
}

proptest! {
    #[test]
    fn any_bytes(changes in proptest::collection::vec((any::<u16>(), any::<u8>()), 1..6), cut in 0usize..3) {
        static JAR: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| {
            let folder = tempfile::tempdir().unwrap();
            let at = folder.path().join("x.jar");
            jar(&at, &[log4j(), ("a", &[7; 600])], "-9");
            std::fs::read(at).unwrap()
        });
        let mut bytes = JAR.clone();
        for (at, byte) in changes {
            let at = usize::from(at) % bytes.len();
            bytes[at] = byte;
        }
        bytes.truncate(bytes.len() - cut * 37);
        let subject = Subject { path: "/x.jar", file: &bytes };
        drop(read(&subject, &mut Vec::new()));
    }
}
