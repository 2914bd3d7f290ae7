//! `goldsmith doctor`: what this host can do, and whether the store is whole.

mod store;

use std::path::Path;

use goldsmith_core::failure::{Class, Failure, with_causes};
use goldsmith_core::size::format_bytes;
use goldsmith_exec::vm::{Arch, accel, firmware};

use crate::app::App;
use crate::args::Outcome;
use crate::host;
use crate::report::CmdError;
use crate::style;
use crate::wiring;

/// Say what this host can do, and what is missing for the rest
///
/// Exits with 7 when images cannot be built here, or, with `--store`, when something in the store
/// is damaged.
///
/// Example: goldsmith doctor --store --repair
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Look at everything in the store instead: blobs by digest, packages and layers file by file
    #[arg(long)]
    store: bool,
    /// Remove what is damaged: what is needed of it is fetched or made again by the next build
    #[arg(long, requires = "store")]
    repair: bool,
}

/// One thing looked at.
struct Check {
    name: &'static str,
    is_ok: bool,
    /// Whether building needs it; the rest is for boot tests or is merely good to know.
    is_needed: bool,
    detail: String,
    hints: Vec<String>,
}

impl Check {
    fn of<E: Failure>(name: &'static str, is_needed: bool, found: Result<String, E>) -> Self {
        match found {
            Ok(detail) => Self {
                name,
                is_ok: true,
                is_needed,
                detail,
                hints: Vec::new(),
            },
            Err(error) => Self {
                name,
                is_ok: false,
                is_needed,
                detail: with_causes(&error),
                hints: error.hints(),
            },
        }
    }
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    if args.store {
        return store::run(app, args.repair);
    }
    let checks = [
        home(app)?,
        sandbox(app)?,
        mirror(),
        Check::of(
            "QEMU",
            false,
            firmware::qemu(Arch::Amd64).map(|path| path.display().to_string()),
        ),
        Check::of(
            "UEFI firmware",
            false,
            firmware::uefi(Arch::Amd64).map(|uefi| uefi.code.display().to_string()),
        ),
        kvm(app)?,
    ];
    let can_build = checks.iter().all(|check| check.is_ok || !check.is_needed);
    if app.output.is_json {
        let shown: Vec<_> = checks
            .iter()
            .map(|c| serde_json::json!({ "name": c.name, "ok": c.is_ok, "needed_to_build": c.is_needed, "detail": c.detail, "hints": c.hints }))
            .collect();
        app.output
            .json(&serde_json::json!({ "can_build": can_build, "checks": shown }));
    } else {
        app.output
            .text(&checks.iter().map(line).collect::<String>());
    }
    Ok(if can_build {
        Outcome::Done
    } else {
        Outcome::No(Class::Environment)
    })
}

fn line(check: &Check) -> String {
    let (word, colour) = match (check.is_ok, check.is_needed) {
        (true, _) => ("ok", style::GOOD),
        (false, true) => ("missing", style::ERROR),
        (false, false) => ("without", style::WARNING),
    };
    let mut text = format!(
        "{colour}{word:<8}{} {:<14} {}\n",
        style::RESET,
        check.name,
        check.detail
    );
    for hint in check.hints.iter().filter(|_| !check.is_ok) {
        text.push_str(&format!(
            "{:23} {}hint:{} {hint}\n",
            "",
            style::HINT,
            style::RESET
        ));
    }
    text
}

/// The home: where it is and how much space there is.
fn home(app: &App) -> Result<Check, CmdError> {
    let home = app.home()?;
    let existing = home
        .ancestors()
        .find(|path| path.exists())
        .unwrap_or(Path::new("/"));
    let space = rustix::fs::statvfs(existing).map_err(|e| {
        CmdError::io(
            format!("cannot look at `{}`", existing.display()),
            &e.into(),
        )
    })?;
    let free = space.f_bavail * space.f_frsize;
    // A first build of a server needs its packages twice and its disk.
    let is_ok = free > 4 << 30;
    Ok(Check {
        name: "home",
        is_ok,
        is_needed: true,
        detail: format!("{} ({} free)", home.display(), format_bytes(free)),
        hints: if is_ok {
            Vec::new()
        } else {
            vec![
                "a build wants 4 GiB: `goldsmith gc`, or set `GOLDSMITH_HOME` to a place with more"
                    .to_owned(),
            ]
        },
    })
}

/// Whether scripts can run in a sandbox over a tree in the home.
fn sandbox(app: &App) -> Result<Check, CmdError> {
    if !rustix::process::geteuid().is_root() {
        // It could not become root before: here is why, or the probe says that it is not.
        if let Err(missing) = goldsmith_exec::user_ns::ranges() {
            return Ok(Check::of("sandbox", true, Err::<String, _>(missing)));
        }
    }
    let store = wiring::store(app)?;
    let scratch = store.scratch("doctor")?;
    Ok(Check::of(
        "sandbox",
        true,
        goldsmith_exec::ns::probe(scratch.path()),
    ))
}

fn mirror() -> Check {
    let found = host::debian_mirror("bookworm");
    Check {
        name: "mirror",
        is_ok: found.is_some(),
        is_needed: false,
        detail: found.unwrap_or_else(|| "this host's apt names no Debian mirror".to_owned()),
        hints: Vec::new(),
    }
}

/// Whether KVM really runs a guest; found out once for each boot of the host.
fn kvm(app: &App) -> Result<Check, CmdError> {
    let found = wiring::accelerator(app)?;
    Ok(Check {
        name: "KVM",
        is_ok: found.as_ref().is_some_and(|probe| probe.is_kvm_usable),
        is_needed: false,
        detail: found.map_or_else(
            || "not tried: no QEMU".to_owned(),
            |probe: accel::Probe| probe.reason,
        ),
        hints: vec![
            "boot tests run under QEMU's own translator: slower, the same result".to_owned(),
        ],
    })
}
