//! `goldsmith build --check-reproducible`: the image once more, by another process of this program
//! in other surroundings.

use std::fs;
use std::path::Path;

use goldsmith_build::record::Image;
use goldsmith_build::repro::{Again, Difference, ReproReport, Round, Surroundings};
use goldsmith_core::event::{Event, Stream};
use goldsmith_core::failure::Class;
use goldsmith_exec::child::{Program, World};
use goldsmith_plan::lock::Section;
use goldsmith_store::Store;

use super::Args;
use crate::app::App;
use crate::host;
use crate::report::CmdError;

/// What is left to everything else on this host when a build stands in memory, in bytes.
const SPARE: u64 = 1 << 30;

/// Builds an image so many times more.
pub(super) fn check(
    args: &Args,
    app: &App,
    store: &Store,
    image: &Image,
    section: &Section,
    rounds: u32,
) -> Result<ReproReport, CmdError> {
    let mut done = Vec::new();
    for number in 1..=rounds {
        let name = format!("build again ({number} of {rounds})");
        let phase = app.cx.phase(name, None);
        let started = app.cx.clock().monotonic();
        let mut surroundings = Surroundings::of_round(number);
        surroundings.in_memory &= has_memory(image, section);
        let again = once(args, app, store, image, &mut surroundings)?;
        let time = app.cx.clock().monotonic().saturating_sub(started);
        let verdict = match &again.difference {
            None => "the same bytes",
            Some(_) => "other bytes",
        };
        phase.finish(verdict);
        done.push(Round {
            number,
            ms: u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
            digest: again.digest,
            surroundings,
            difference: again.difference,
        });
    }
    let digest = image.record.artifacts.first().map(|disk| disk.digest);
    Ok(ReproReport::new(image.title(), digest, done))
}

/// Whether a build has room in memory: its packages, decoded and not, its layers and its disk.
fn has_memory(image: &Image, section: &Section) -> bool {
    host::available_memory().is_some_and(|free| free > needed(image, section) + SPARE)
}

fn needed(image: &Image, section: &Section) -> u64 {
    let packages: u64 = section.all_packages().map(|package| package.size).sum();
    let disk: u64 = image
        .record
        .artifacts
        .iter()
        .map(|a| a.allocated_bytes)
        .sum();
    packages + 4 * disk
}

fn once(
    args: &Args,
    app: &App,
    store: &Store,
    image: &Image,
    surroundings: &mut Surroundings,
) -> Result<Again, CmdError> {
    let scratch = store.scratch("again")?;
    let place = scratch.path().join("some other place").join("home");
    fs::create_dir_all(&place).map_err(|e| CmdError::io("cannot make a place to build in", &e))?;
    // A memory of its own size: what does not fit fails as on a full disk.
    let memory = host::available_memory().unwrap_or(0).saturating_sub(SPARE);
    let world = World {
        umask: surroundings.umask(),
        processors: surroundings.processors,
        host_name: surroundings.host_name.clone(),
        memory: surroundings.in_memory.then(|| (place.clone(), memory)),
    };
    let program = program(args, app, image, surroundings, &place).world(world);
    let mut said = String::new();
    let exit = program.run(&app.cx, &mut |stream, line| match stream {
        Stream::Stdout => {
            said.push_str(line);
            said.push('\n');
        }
        Stream::Stderr => app.cx.emit(Event::Output {
            source: "build again".to_owned(),
            stream,
            text: line.to_owned(),
        }),
    })?;
    if let Ok(again) = serde_json::from_str::<Again>(&said)
        && exit.status.is_success()
    {
        return Ok(again);
    }
    failed(&said).ok_or_else(|| CmdError::Refused {
        class: Class::Bug,
        message: format!(
            "building again ended with {}: {}",
            exit.status,
            exit.tail.join("\n")
        ),
        hints: Vec::new(),
    })?
}

/// What to make of a build that failed: one whose own steps did is not reproducible; of all else
/// the check itself has failed.
fn failed(said: &str) -> Option<Result<Again, CmdError>> {
    let said: serde_json::Value = serde_json::from_str(said).ok()?;
    let error = said.get("error")?;
    let message = error["message"].as_str().unwrap_or_default().to_owned();
    let code = error["exit_code"].as_u64()?;
    let class = Class::ALL
        .into_iter()
        .find(|class| u64::from(class.exit_code()) == code)?;
    if matches!(class, Class::Config | Class::Policy) {
        return Some(Ok(Again {
            digest: None,
            difference: Some(Difference::of_failure(message)),
        }));
    }
    let hints = error["hints"].as_array().into_iter().flatten();
    Some(Err(CmdError::Refused {
        class,
        message: format!("cannot build again: {message}"),
        hints: hints
            .filter_map(|hint| Some(hint.as_str()?.to_owned()))
            .collect(),
    }))
}

/// This program, with the same words, in the same environment but for what is another.
fn program(
    args: &Args,
    app: &App,
    image: &Image,
    surroundings: &Surroundings,
    place: &Path,
) -> Program {
    let mut program = Program::new("/proc/self/exe")
        .cwd(&app.env.working_directory)
        .args(["rebuild", "--json"])
        .arg(image.title().replacen(' ', "@", 1))
        .arg("--place")
        .arg(place)
        .arg("--directory")
        .arg(&app.directory)
        .arg(format!("--moment={}", app.began))
        .arg(format!("--clock-shift={}", surroundings.clock_shift_s));
    if args.offline {
        program = program.arg("--offline");
    }
    for assignment in &args.variables.var {
        program = program.arg("--var").arg(assignment);
    }
    for file in &args.variables.var_file {
        program = program.arg("--var-file").arg(file);
    }
    for (name, value) in app.env.all() {
        program = program.env(name, value);
    }
    for (name, value) in surroundings.variables() {
        program = program.env(name, value);
    }
    program
}
