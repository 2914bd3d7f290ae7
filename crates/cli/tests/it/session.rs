//! `docs/from-schedule-to-retirement.md`: the page is the script. Its recipe is written into a project,
//! each line after a `$` is given to a shell with the real binary, the clock stands at the time that a
//! line `# 2026-02-02 06:00 UTC ...` says, and what comes out must be what the page shows.

use std::fs;
use std::path::PathBuf;

use goldsmith_pipeline::evidence::SigningKey;

use crate::env::{TestEnv, repository};
use crate::small;

const PAGE: &str = "docs/from-schedule-to-retirement.md";

/// A project with the files that the page speaks of.
fn project() -> TestEnv {
    let env = TestEnv::new();
    small::root(&env, "3.0.15-1");
    for (seed, name) in [(7, "goldsmith"), (1, "ann"), (2, "ben")] {
        let key = SigningKey::of_seed([seed; 32]);
        env.write(&format!("../{name}.pem"), key.to_pem().expose());
        let public = match name {
            "goldsmith" => "goldsmith.pub".to_owned(),
            name => format!("keys/{name}@example.com.pub"),
        };
        env.write(&public, key.public().to_pem());
    }
    env
}

/// Gives a line to a shell; what it says, as people see it.
fn say(env: &TestEnv, moment: &str, line: &str) -> String {
    let script = format!("goldsmith() {{ \"$GOLDSMITH\" \"$@\"; }}; exec 2>&1; {line}");
    let mut shell = small::at(env.shell(&script), moment);
    let done = shell
        .current_dir(env.project())
        .env("GOLDSMITH_ACTOR", "ops@example.com")
        .env("GOLDSMITH_SIGNING_KEY", env.root().join("goldsmith.pem"))
        .output()
        .unwrap();
    let text = String::from_utf8(done.stdout).unwrap();
    let text = text.replace(env.project().to_str().unwrap(), "~/tiny");
    let mut said: String = text
        .lines()
        // How long something took differs each time.
        .filter(|line| !(line.ends_with(" s)") && line.contains(" (")))
        .map(|line| format!("{}\n", line.trim_end()))
        .collect();
    if !done.status.success() {
        said += &format!("(exit code {})\n", done.status.code().unwrap_or(-1));
    }
    said.trim_start_matches('\n').to_owned()
}

/// The page with what its commands say now.
fn played(page: &str) -> String {
    let env = project();
    let mut fresh = String::new();
    let mut moment = None;
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        fresh += &format!("{line}\n");
        match line {
            "```hcl" => {
                let mut text = String::new();
                for line in lines.by_ref() {
                    fresh += &format!("{line}\n");
                    if line == "```" {
                        break;
                    }
                    text += &format!("{line}\n");
                }
                env.write("tiny.gold.hcl", text);
            }
            "```console" => {
                while let Some(line) = lines.next_if(|line| *line != "```") {
                    if let Some(time) = line.strip_prefix("# ") {
                        moment = Some(format!("{} {}:00", &time[..10], &time[11..16]));
                        fresh += &format!("{line}\n");
                    } else if let Some(command) = line.strip_prefix("$ ") {
                        let moment = moment.as_deref().expect("the page says when");
                        fresh += &format!("{line}\n{}", say(&env, moment, command));
                    }
                }
            }
            _ => {}
        }
    }
    fresh
}

#[test]
fn the_page_is_what_happens() {
    let kept = fs::read_to_string(repository(PAGE)).unwrap();
    let fresh = played(&kept);
    if kept != fresh {
        let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("session.md");
        fs::write(&place, &fresh).unwrap();
        panic!(
            "{PAGE} is not what happens any more: `diff {PAGE} {0}`, and where that is right `cp {0} {PAGE}`",
            place.display()
        );
    }
}
