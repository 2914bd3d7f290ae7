//! Fuzz targets, built with coverage by the toolchain that is there: `cargo xtask fuzz TARGET SECONDS`.
//!
//! libFuzzer needs the compiler to count edges, which LLVM's pass does on any toolchain; no
//! sanitizer of its own is needed, since what is fuzzed has no `unsafe`.

mod seed;

use std::fs;
use std::process::Command;

use crate::sh::{self, Outcome};

/// What makes the compiler count edges and show comparisons.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Coverflow-checks";
const TARGET: &str = "x86_64-unknown-linux-gnu";

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let folder = sh::root().join("fuzz");
    let [target, seconds] = arguments else {
        let names = fs::read_dir(folder.join("fuzz_targets")).map_err(|e| e.to_string())?;
        let mut names: Vec<String> = names
            .flatten()
            .filter_map(|entry| {
                let text = fs::read_to_string(entry.path()).ok()?;
                let name = entry.path().file_stem()?.to_string_lossy().into_owned();
                text.contains("fuzz_target!").then_some(name)
            })
            .collect();
        names.sort();
        return Err(format!(
            "usage: cargo xtask fuzz TARGET SECONDS\ntargets: {}",
            names.join(", ")
        ));
    };
    let built = sh::target().join("fuzz");
    let status = Command::new("cargo")
        .current_dir(&folder)
        .env("RUSTFLAGS", FLAGS)
        .env("CARGO_TARGET_DIR", &built)
        .args(["build", "--release", "--target", TARGET, "--bin", target])
        .status()
        .map_err(|e| e.to_string())?;
    if !status.success() {
        return Err(format!("the fuzz target `{target}` does not build"));
    }
    let corpus = sh::target().join("fuzz-corpus").join(target);
    fs::create_dir_all(&corpus).map_err(|e| e.to_string())?;
    seed::make(target, &corpus)?;
    let found = sh::target().join("fuzz-found").join(target);
    fs::create_dir_all(&found).map_err(|e| e.to_string())?;
    let mut fuzzer = Command::new(built.join(TARGET).join("release").join(target));
    fuzzer
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}/", found.display()))
        .args(["-timeout=25", "-rss_limit_mb=4096", "-print_final_stats=1"]);
    let words = folder.join(format!("{target}.dict"));
    if words.exists() {
        fuzzer.arg(format!("-dict={}", words.display()));
    }
    if let Some(most) = seed::longest(target) {
        fuzzer.arg(format!("-max_len={most}"));
    }
    fuzzer.arg(&corpus);
    for seeds in seeds(target) {
        fuzzer.arg(sh::root().join(seeds));
    }
    let status = fuzzer.status().map_err(|e| e.to_string())?;
    if status.success() {
        return Ok(());
    }
    Err(format!(
        "`{target}` found something: {} holds the input",
        found.display()
    ))
}

/// Folders of inputs to begin with.
fn seeds(target: &str) -> &'static [&'static str] {
    match target {
        "component" => &[
            "crates/component/tests/corpus/ok",
            "crates/component/tests/corpus/err",
            "crates/component/tests/corpus/run",
            "crates/component/tests/corpus/lint",
        ],
        "lang" => &[
            "crates/lang/tests/corpus/ok",
            "crates/lang/tests/corpus/err",
        ],
        _ => &[],
    }
}
