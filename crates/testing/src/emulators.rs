//! Where the emulators of clouds are installed: a Python environment in Cargo's target
//! directory, made by `cargo xtask setup`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A program of the environment.
///
/// # Panics
///
/// When the environment was not made.
pub fn program(name: &str) -> PathBuf {
    let path = root().join("bin").join(name);
    assert!(
        path.exists(),
        "this test needs `{}`: run `cargo xtask setup`",
        path.display()
    );
    path
}

/// Runs JavaScript, with the packages of npm that `cargo xtask setup` got for the tests and a text
/// `input`; gives what it prints.
///
/// # Panics
///
/// When there is no `node`, the packages are not there, or the script fails.
pub fn node(script: &str, input: &str) -> String {
    let packages = root().with_file_name("node").join("node_modules");
    assert!(
        packages.exists(),
        "this test needs `{}`: run `cargo xtask setup`",
        packages.display()
    );
    #[expect(clippy::disallowed_methods, reason = "an oracle of tests")]
    let output = Command::new("node")
        .args([
            "-e",
            &format!("const input = process.argv[1];{script}"),
            input,
        ])
        .env("NODE_PATH", packages)
        .output()
        .expect("this test needs `node`");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}\n{text}{error}");
    text
}

/// A service model as `botocore` carries it: the JSON of `service-2.json`.
pub fn service_model(service: &str, version: &str) -> String {
    let lib = root().join("lib");
    let python = lib.read_dir().into_iter().flatten().flatten().next();
    let file = python
        .map(|entry| entry.path().join("site-packages/botocore/data"))
        .unwrap_or(lib)
        .join(service)
        .join(version)
        .join("service-2.json.gz");
    let bytes = std::fs::read(&file).unwrap_or_else(|error| {
        panic!(
            "this test needs `{}` ({error}): run `cargo xtask setup`",
            file.display()
        )
    });
    let mut text = String::new();
    let mut reader = flate2::read::GzDecoder::new(bytes.as_slice());
    std::io::Read::read_to_string(&mut reader, &mut text).expect("a model is JSON");
    text
}

/// `sshd`, and the directory of the libraries that came with it: the host's own, or one that was
/// unpacked for the tests, so that no machine gets a server that its owner did not ask for.
///
/// # Panics
///
/// When there is none.
pub fn sshd() -> (PathBuf, PathBuf) {
    let own = Path::new("/usr/sbin/sshd");
    if own.exists() {
        return (own.to_owned(), PathBuf::new());
    }
    let unpacked = root().with_file_name("sshd");
    let program = unpacked.join("usr/sbin/sshd");
    assert!(
        program.exists(),
        "this test needs `{}`: run `cargo xtask setup`",
        program.display()
    );
    let libraries = unpacked.join("usr/lib");
    let by_machine = libraries.read_dir().into_iter().flatten().flatten();
    let with_libraries = by_machine
        .map(|entry| entry.path())
        .find(|path| path.join("libwrap.so.0").exists());
    (program, with_libraries.unwrap_or(libraries))
}

/// A document of others that `cargo xtask setup` put beside the emulators, by the name of its file: a
/// JSON schema, rules of OpenSCAP.
///
/// # Panics
///
/// When it is not there.
pub fn document(name: &str) -> PathBuf {
    let path = root().with_file_name("documents").join(name);
    assert!(
        path.exists(),
        "this test needs `{}`: run `cargo xtask setup`",
        path.display()
    );
    path
}

fn root() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    // target/debug/deps/test
    let target = test.ancestors().nth(3).unwrap_or_else(|| Path::new("/"));
    target.join("emulators")
}
