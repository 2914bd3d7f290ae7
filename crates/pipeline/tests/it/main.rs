//! Runs against a real catalog, a real directory as a target, and a workshop whose images are
//! small files; and what they leave behind, held against programs of others.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod aws;
mod event;
mod evidence;
mod kill;
mod world;
mod year;

use goldsmith_testing::emulators;

/// Has Python look at texts, each in a file of its own; gives what it prints.
fn python(script: &str, texts: &[String]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let path = folder.path().join(number.to_string());
        std::fs::write(&path, text).unwrap();
        files.push(path);
    }
    #[expect(clippy::disallowed_methods, reason = "an oracle of tests")]
    let output = std::process::Command::new(emulators::program("python3"))
        .arg("-c")
        .arg(script)
        .args(files)
        .env_clear()
        .output()
        .expect("python starts");
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}
