//! Packages added to a tree that has some: unpacked and configured by the tree's own dpkg, in its
//! order. A package is read from the store through a descriptor; none is copied into the tree.

use std::cell::Cell;
use std::os::fd::AsFd as _;

use goldsmith_core::cx::Cx;
use goldsmith_core::event::Unit;
use goldsmith_store::Store;

use super::scripts::Commands;
use super::{BootstrapError, BootstrapSpec, MEMORY, Took, order, ucf};
use crate::deb::meta::PackageMeta;
use crate::deb::{self, Decoded};
use crate::layer::{Made, Parts, Place, Stack, Wanted};

/// Raised when packages are added in another way: layers made before are then of no use.
const FORM: u32 = 2;
/// The descriptors that commands get begin here.
const FIRST_FD: usize = 3;
/// Packages in one run of dpkg: each has a descriptor.
const BATCH: usize = 200;

/// What the layer is a function of, besides the tree below it.
pub fn wanted(spec: &BootstrapSpec<'_>) -> Wanted {
    let mut parts = Parts::default();
    parts.add("added form", &FORM.to_string());
    parts.add("epoch", &spec.epoch.to_string());
    spec.add_packages(&mut parts);
    Wanted {
        title: "packages".to_owned(),
        parts,
        unnoticed: Vec::new(),
    }
}

/// Adds packages as a layer; gives how long it took, when it was not kept.
pub fn add(
    cx: &Cx,
    stack: &mut Stack<'_>,
    spec: &BootstrapSpec<'_>,
) -> Result<Option<Took>, BootstrapError> {
    let store = stack.store();
    let mut took = None;
    stack.layer(cx, &wanted(spec), |place| -> Result<Made, BootstrapError> {
        let digests: Vec<_> = spec.packages.iter().map(|package| package.sha256).collect();
        let packages = deb::decode(cx, store, &digests)?;
        took = Some(install(cx, store, place, spec, &packages)?);
        Ok(Made::default())
    })?;
    Ok(took)
}

fn install(
    cx: &Cx,
    store: &Store,
    place: &Place<'_>,
    spec: &BootstrapSpec<'_>,
    packages: &[Decoded],
) -> Result<Took, BootstrapError> {
    let total = packages.len() as u64;
    let phase = cx.phase("add packages", Some((total, Unit::Packages)));
    let sandbox = place.sandbox(&MEMORY)?;
    let cpu = Cell::default();
    let commands = Commands {
        cx,
        sandbox: &sandbox,
        makes_initramfs: true,
        cpu: &cpu,
        on_failure: spec.on_failure,
    };
    let metas: Vec<&PackageMeta> = packages.iter().map(|package| &package.meta).collect();
    // Each is unpacked when what it depends on to be unpacked is configured.
    let stages = order::stages(&metas, &vec![true; packages.len()]);
    let mut done = 0;
    commands.without_services(|| {
        for stage in &stages {
            for batch in stage.preinst.chunks(BATCH) {
                unpack(&commands, store, spec, batch)?;
            }
            let names = stage.configure.iter().map(|at| metas[*at].info_name());
            commands.configure(names, |_| {
                done += 1;
                phase.progress(done);
                place.say("add packages", done, total);
            })?;
        }
        Ok(())
    })?;
    mark(&commands, spec, packages)?;
    ucf::settle(commands.rooted())
        .map_err(|source| BootstrapError::tree("/var/lib/ucf", source))?;
    Ok(Took {
        name: "add packages",
        time: phase.finish(format!("{total} packages")),
        cpu: cpu.get(),
    })
}

fn unpack(
    commands: &Commands<'_>,
    store: &Store,
    spec: &BootstrapSpec<'_>,
    batch: &[usize],
) -> Result<(), BootstrapError> {
    commands.cx.cancel.check()?;
    let mut files = Vec::new();
    for at in batch {
        files.push(store.open_blob(commands.cx, &spec.packages[*at].sha256)?);
    }
    // Configuration that is there stays: somebody may have changed it.
    let options = [
        "dpkg",
        "--force-unsafe-io",
        "--force-confdef",
        "--force-confold",
        "--log=/dev/null",
        "--unpack",
        "--",
    ];
    let paths = (0..files.len()).map(|at| format!("/proc/self/fd/{}", FIRST_FD + at));
    let mut command = commands.command(options.map(str::to_owned).into_iter().chain(paths));
    command.extra_fds = files.iter().map(|file| file.as_fd()).collect();
    commands.run("dpkg --unpack", &command, |_| ())
}

/// Marks what is there only because another package needs it, where the tree has apt.
fn mark(
    commands: &Commands<'_>,
    spec: &BootstrapSpec<'_>,
    packages: &[Decoded],
) -> Result<(), BootstrapError> {
    let automatic = spec.packages.iter().zip(packages);
    let automatic: Vec<String> = automatic
        .filter(|(package, _)| package.automatic)
        .map(|(_, decoded)| decoded.meta.info_name())
        .collect();
    let has_apt = commands.rooted().place("/usr/bin/apt-mark");
    if automatic.is_empty() || !has_apt.is_ok_and(|place| place.exists()) {
        return Ok(());
    }
    // A cache on disk would be no part of the image.
    let words = [
        "apt-mark",
        "-o",
        "Dir::Cache::pkgcache=",
        "-o",
        "Dir::Cache::srcpkgcache=",
        "auto",
        "--",
    ];
    let command = commands.command(words.map(str::to_owned).into_iter().chain(automatic));
    commands.run("apt-mark auto", &command, |_| ())
}
