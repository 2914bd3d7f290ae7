//! The README's first command: from a fresh machine to a golden image that was booted.

use std::fs;
use std::path::Path;

use crate::setup;
use crate::sh::{self, Outcome, step};

pub(crate) fn run(_arguments: &[String]) -> Outcome {
    step("setup", setup::for_demo)?;
    step("build goldsmith", || {
        sh::run(
            "cargo",
            &[
                "build",
                "--release",
                "--locked",
                "--package",
                "goldsmith-cli",
            ],
        )
    })?;
    let place = sh::target().join("demo");
    let project = place.join("nginx");
    fresh_copy(&sh::root().join("examples/nginx"), &project)?;
    let goldsmith = |arguments: &[&str]| {
        let program = sh::target().join("release/goldsmith");
        let mut command = sh::command(program, arguments);
        command
            .current_dir(&project)
            .env("GOLDSMITH_HOME", place.join("home"));
        println!("$ goldsmith {}", arguments.join(" "));
        sh::check(&mut command)
    };
    step("lock", || goldsmith(&["lock"]))?;
    step("build", || goldsmith(&["build", "web"]))?;
    step("boot test", || goldsmith(&["test", "web"]))?;
    step("record", || goldsmith(&["show", "web"]))?;
    println!(
        "\nThe image lies under {}",
        place.join("home/images/web").display()
    );
    println!(
        "Look around: GOLDSMITH_HOME={} {} images",
        place.join("home").display(),
        sh::target().join("release/goldsmith").display()
    );
    Ok(())
}

/// Copies an example, so that the lock it gets does not change the repository.
pub(crate) fn fresh_copy(from: &Path, to: &Path) -> Outcome {
    let describe =
        |e: std::io::Error| format!("cannot copy {} to {}: {e}", from.display(), to.display());
    drop(fs::remove_dir_all(to));
    fs::create_dir_all(to.parent().unwrap_or(to)).map_err(describe)?;
    sh::run(
        "cp",
        &["-R", &from.to_string_lossy(), &to.to_string_lossy()],
    )
}
