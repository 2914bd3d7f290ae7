//! The static `goldsmith-runner`: built for any Linux of this architecture, whatever its C library.

use std::fs;
use std::path::PathBuf;

use crate::sh::{self, Outcome};

/// More would be felt on a slow connection.
const BYTES_MAX: u64 = 12 << 20;

pub(crate) fn run(_arguments: &[String]) -> Outcome {
    build().map(drop)
}

/// Builds it; gives its path.
pub(crate) fn build() -> Result<PathBuf, String> {
    let machine = sh::read("uname", &["-m"])?;
    let target = format!("{}-unknown-linux-gnu", machine.trim());
    let folder = sh::target().join("runner");
    // Only with a named target do the flags leave build scripts and macros alone.
    let mut cargo = sh::command(
        "cargo",
        &[
            "build",
            "--locked",
            "--profile",
            "runner",
            "--target",
            &target,
        ],
    );
    cargo
        .args(["--package", "goldsmith-runner", "--bin", "goldsmith-runner"])
        .env(
            "RUSTFLAGS",
            "-C target-feature=+crt-static -C relocation-model=static",
        )
        .env("CARGO_TARGET_DIR", &folder);
    sh::check(&mut cargo)?;
    let program = folder.join(target).join("runner/goldsmith-runner");
    let bytes = fs::read(&program).map_err(|e| format!("{}: {e}", program.display()))?;
    check(&bytes)?;
    println!(
        "    {}: static, {} KiB",
        program.display(),
        bytes.len() >> 10
    );
    Ok(program)
}

/// A program that needs no other file: it names no interpreter, which would be the loader.
/// <https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html>
fn check(bytes: &[u8]) -> Outcome {
    const INTERPRETER: u32 = 3;
    let field = |at: usize, width: usize| {
        let mut word = [0; 8];
        word[..width].copy_from_slice(bytes.get(at..at + width).ok_or("no program")?);
        usize::try_from(u64::from_le_bytes(word)).map_err(|_| "no program".to_owned())
    };
    let (table, size, count) = (field(32, 8)?, field(54, 2)?, field(56, 2)?);
    for n in 0..count {
        if field(table + n * size, 4)? == INTERPRETER as usize {
            return Err("the runner is not static: it names a loader".to_owned());
        }
    }
    if bytes.len() as u64 > BYTES_MAX {
        return Err(format!(
            "the runner has {} bytes, {BYTES_MAX} are allowed",
            bytes.len()
        ));
    }
    Ok(())
}
