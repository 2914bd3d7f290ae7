//! Where the emulators of clouds are installed: a Python environment in Cargo's target
//! directory, made by `cargo xtask setup`.

use std::path::{Path, PathBuf};

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
