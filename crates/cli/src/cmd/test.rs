//! `goldsmith test`: boot an image and check it from inside.

use std::fs;
use std::path::PathBuf;

use goldsmith_advisory::policy::{self, Decision};
use goldsmith_build::boot_test::format::TestReport;
use goldsmith_build::boot_test::{self, Hardening, Ruling, Subject, TestDocument};
use goldsmith_build::document::Loaded;
use goldsmith_build::project::ProjectDirectory;
use goldsmith_build::record::{Image, TestSummary};
use goldsmith_build::services::{self, Part, Purpose};
use goldsmith_core::failure::Class;
use goldsmith_core::finding::Finding;
use goldsmith_core::recipe::{Firmware, ScanSpec, TestSpec};
use goldsmith_inspect::harden::Profile;

use crate::app::App;
use crate::args::{Outcome, Variables};
use crate::catalog;
use crate::lockfile;
use crate::project;
use crate::report::CmdError;
use crate::wiring;

/// Boot the newest image of a recipe and check it from inside
///
/// The disk is never written: the machine runs on a throw-away layer over it. Budgets and
/// firmwares come from the `test` block of the recipe's pipeline, checks of your own from the
/// `test` phases of its components; the hardening profile that its `scan` block names is asked of the
/// running machine too, and that block says what may stand. Exits with 6 when a check fails.
///
/// Example: goldsmith test web --boot uefi
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The image: `web`, `web@1.4.0` or `web@1.4.0/2`; the newest that fits
    image: String,
    /// Boot only with this firmware
    #[arg(long, value_name = "FIRMWARE", value_parser = ["bios", "uefi"])]
    boot: Vec<String>,
    /// Test without the project: only the checks that every image has to pass
    #[arg(long)]
    bare: bool,
    #[command(flatten)]
    variables: Variables,
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let mut image = catalog::find(app, &args.image)?;
    image.disk()?;
    let wanted = if args.bare {
        Wanted::default()
    } else {
        wanted(args, app, &image)?
    };
    let firmwares = firmwares(&args.boot, &wanted.test, &image)?;
    let (report, logs) = boot(app, &mut image, "test", wanted, firmwares)?;
    app.output.result(&boot_test::text(&report), || {
        serde_json::json!({ "image": image.title(), "report": report, "junit": logs.join("junit.xml").to_string_lossy() })
    });
    Ok(if report.is_passed {
        Outcome::Done
    } else {
        Outcome::No(Class::Test)
    })
}

/// Boots the image with each firmware and keeps what was found in this folder beside it; gives
/// the folder too.
pub(crate) fn boot(
    app: &App,
    image: &mut Image,
    folder: &str,
    wanted: Wanted,
    firmwares: Vec<Firmware>,
) -> Result<(TestReport, PathBuf), CmdError> {
    let Some(probe) = wiring::accelerator(app)? else {
        return Err(goldsmith_exec::vm::VmError::NoQemu {
            program: "qemu-system-x86_64",
        }
        .into());
    };
    let store = wiring::store(app)?;
    let scratch = store.scratch("boot-test")?;
    let logs = image.path(folder);
    drop(fs::remove_dir_all(&logs));
    let own = ProjectDirectory::new(&app.directory);
    let outside = wiring::outside(app, false);
    let purpose = Purpose {
        version: &image.record.version.to_string(),
        epoch: image.record.epoch_unix,
        key: image.record.key,
    };
    let today = app.today();
    let judge = |finding| ruling(finding, &wanted.scan, &today);
    let profile = wanted.scan.profile.as_deref().and_then(Profile::of_word);
    let subject = Subject {
        services: services::services(
            &wiring::services(outside.as_ref()),
            &own,
            purpose,
            Part::Testing,
        ),
        firmwares,
        documents: wanted.documents,
        budget: wanted.test.budget,
        hardening: profile.map(|profile| Hardening {
            profile,
            judge: &judge,
        }),
        logs: logs.clone(),
        ..Subject::new(
            &image.title(),
            &image.disk()?,
            &image.record.arch,
            probe,
            scratch.path(),
        )
    };
    let report = boot_test::boot_test(&app.cx, &subject)?;
    keep(app, image, &report, &logs)?;
    Ok((report, logs))
}

/// What the project wants tested: the `test` and `scan` blocks of the pipeline, and the documents
/// of the recipe.
#[derive(Default)]
pub(crate) struct Wanted {
    pub(crate) test: TestSpec,
    pub(crate) scan: ScanSpec,
    pub(crate) documents: Vec<TestDocument>,
}

/// What the policy makes of what a machine does not pass.
fn ruling(finding: Finding, spec: &ScanSpec, today: &str) -> Ruling {
    let judged = policy::judge(vec![finding], spec, &[], today).judged;
    let judged = judged.into_iter().next().expect("one finding is judged");
    let accepted = match judged.decision {
        Decision::Accepted => "accepted: ",
        Decision::Fails | Decision::Passes => "",
    };
    Ruling {
        fails: judged.decision == Decision::Fails,
        reason: format!("{accepted}{}", judged.reason),
    }
}

fn wanted(args: &Args, app: &App, image: &Image) -> Result<Wanted, CmdError> {
    let name = &image.record.name;
    let project = project::recipes(app, &args.variables, std::slice::from_ref(name))?;
    let recipe = &project.recipes[0];
    let documents = project::documents(app, recipe)?;
    let section = lockfile::read(app)?.and_then(|lock| lock.recipes.get(name).cloned());
    let is_same = section.is_some_and(|section| {
        let salt = app
            .home()
            .ok()
            .and_then(|home| goldsmith_build::image::salt(&home).ok());
        salt.is_some_and(|salt| {
            goldsmith_build::image::inputs(recipe, &section, &salt).key() == image.record.key
        })
    });
    if !is_same {
        app.cx.warn(format!("{} was made of other inputs than the recipe has now; its tests are those of the recipe", image.title()));
    }
    let mut pipelines = project
        .pipelines
        .into_iter()
        .filter(|pipeline| pipeline.recipe == *name);
    let (test, scan) = match (pipelines.next(), pipelines.next()) {
        (None, _) => (TestSpec::default(), ScanSpec::default()),
        (Some(only), None) => (only.test, only.scan.unwrap_or_default()),
        (Some(first), Some(second)) => {
            let message = format!(
                "recipe `{name}` has several pipelines: `{}`, `{}`",
                first.name, second.name
            );
            return Err(CmdError::config(message).hint("`--bare` tests without any"));
        }
    };
    Ok(Wanted {
        test,
        scan,
        documents: test_documents(documents),
    })
}

/// Those that have something to do in a booted machine.
pub(crate) fn test_documents(documents: Vec<Loaded>) -> Vec<TestDocument> {
    let with_test = documents
        .into_iter()
        .filter(|loaded| loaded.has_phase("test"));
    with_test
        .map(|loaded| TestDocument {
            document: loaded.document,
            parameters: loaded.parameters,
        })
        .collect()
}

/// Which firmwares to boot with: those asked for, else those of the block, else all.
pub(crate) fn firmwares(
    asked: &[String],
    spec: &TestSpec,
    image: &Image,
) -> Result<Vec<Firmware>, CmdError> {
    let can = &image.record.boot;
    let asked: Vec<Firmware> = [Firmware::Bios, Firmware::Uefi]
        .into_iter()
        .filter(|f| asked.iter().any(|b| b == f.name()))
        .collect();
    let chosen = match (asked.is_empty(), spec.boot.is_empty()) {
        (false, _) => asked,
        (true, false) => spec.boot.clone(),
        (true, true) => can.clone(),
    };
    match chosen.iter().find(|firmware| !can.contains(firmware)) {
        Some(firmware) => Err(CmdError::config(format!(
            "{} does not boot with {}",
            image.title(),
            firmware.name()
        ))
        .hint("add it to `boot` in the `disk` block and build again")),
        None => Ok(chosen),
    }
}

/// Keeps the reports beside the artifact and the summary in the record.
fn keep(
    app: &App,
    image: &mut Image,
    report: &TestReport,
    logs: &std::path::Path,
) -> Result<(), CmdError> {
    let text = serde_json::to_string_pretty(report).expect("a report holds text and numbers only");
    for (name, text) in [
        ("report.json", text + "\n"),
        ("junit.xml", boot_test::junit(report)),
        ("report.txt", boot_test::text(report)),
    ] {
        fs::write(logs.join(name), text)
            .map_err(|e| CmdError::io(format!("cannot write `{name}`"), &e))?;
    }
    let failed = report.all_checks().filter(|(_, check)| !check.is_passed);
    let failed = failed
        .map(|(boot, check)| format!("{boot} {}", check.name).trim().to_owned())
        .collect();
    let summary = TestSummary {
        passed: report.is_passed,
        unix: app.cx.clock().unix_seconds(),
        checks: report.all_checks().count(),
        failed,
    };
    Ok(image.set_test(summary)?)
}
