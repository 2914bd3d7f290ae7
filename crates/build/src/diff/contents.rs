//! What is on the disks: packages, files, configuration.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;

use goldsmith_core::cx::Cx;
use goldsmith_core::event::Unit;
use goldsmith_disk::boot::config::GRUB_CFG_PATH;
use goldsmith_inspect::mask;
use goldsmith_inspect::snapshot::Snapshot;
use goldsmith_inspect::view::disk::DiskView;
use goldsmith_inspect::view::{Kind, Node};
use goldsmith_plan::diff::files::{self, File, What};
use goldsmith_plan::diff::packages::{self, Package};
use goldsmith_plan::diff::text::{self, Hunk};

use super::{Configuration, DiffError, ImageDiff, Side, Size};

/// Larger files of configuration are not compared line by line.
const TEXT_MAX: u64 = 256 << 10;
/// Lines of one file that are listed.
const LINES_MAX: usize = 200;
/// Lines around those that differ.
const AROUND: usize = 2;

/// A disk and what is on it.
struct Read<'s> {
    side: &'s Side,
    view: &'s DiskView,
    snapshot: Snapshot<'s>,
    /// In their order.
    packages: Vec<Package>,
}

impl<'s> Read<'s> {
    fn of(cx: &Cx, side: &'s Side, view: &'s DiskView) -> Result<Self, DiffError> {
        let snapshot = Snapshot::take(view, cx).map_err(DiffError::view(side))?;
        let installed = snapshot.system().packages().iter();
        let mut packages: Vec<Package> = installed.map(package).collect();
        packages.sort_unstable();
        Ok(Self {
            side,
            view,
            snapshot,
            packages,
        })
    }

    fn files(&self) -> Vec<File> {
        self.snapshot.nodes().iter().map(file).collect()
    }

    fn node(&self, path: &str) -> Option<&Node> {
        self.snapshot.get(path)
    }

    /// The text of a file, or why it is not shown. No file: nothing.
    fn text(&self, path: &str) -> Result<Result<String, String>, DiffError> {
        let Some(node) = self.node(path).filter(|node| node.kind == Kind::File) else {
            return Ok(Ok(String::new()));
        };
        if !may_show(path, node.mode) {
            return Ok(Err("not everybody may read it".to_owned()));
        }
        if node.size > TEXT_MAX {
            return Ok(Err("it is too large".to_owned()));
        }
        let bytes = self.snapshot.read(node, usize::MAX);
        let text = String::from_utf8(bytes.map_err(DiffError::view(self.side))?);
        let text = text.ok().filter(|text| !text.contains('\0'));
        Ok(text.ok_or_else(|| "it is no text".to_owned()))
    }

    fn bytes_of_files(&self) -> u64 {
        self.snapshot.nodes().iter().map(|node| node.size).sum()
    }

    fn count_of_files(&self) -> u64 {
        let nodes = self.snapshot.nodes().iter();
        nodes.filter(|node| node.kind == Kind::File).count() as u64
    }
}

/// Whether what is in a file may stand in a report: what not everybody may read may be a secret.
/// The boot loader's menu is written by us, of nothing that is one.
pub(crate) fn may_show(path: &str, mode: u32) -> bool {
    mode & 0o004 != 0 || path.trim_start_matches('/') == GRUB_CFG_PATH
}

pub(super) fn package(package: &goldsmith_core::inventory::Package) -> Package {
    Package {
        name: package.name.clone(),
        arch: package.arch.clone().unwrap_or_default(),
        version: package.version.clone(),
    }
}

fn file(node: &Node) -> File {
    File {
        path: node.path.clone(),
        kind: match node.kind {
            Kind::File => files::Kind::File,
            Kind::Folder => files::Kind::Directory,
            Kind::Link => files::Kind::Link,
            Kind::Other => files::Kind::Other,
        },
        mode: node.mode,
        uid: node.uid,
        gid: node.gid,
        size: node.size,
        target: node.target.clone(),
    }
}

/// Compares what is on the disks.
pub(super) fn compare(
    cx: &Cx,
    old: &Side,
    new: &Side,
    diff: &mut ImageDiff,
) -> Result<(), DiffError> {
    let open = |side: &Side| DiskView::open(&side.disk).map_err(DiffError::view(side));
    let views = (open(old)?, open(new)?);
    let (old, new) = (Read::of(cx, old, &views.0)?, Read::of(cx, new, &views.1)?);
    diff.sizes = sizes(&old, &new);
    if diff.is_same_disk {
        return Ok(());
    }
    diff.packages = packages::packages(&old.packages, &new.packages);
    let total = new.snapshot.nodes().len() as u64;
    let phase = cx.phase("compare files", Some((total, Unit::Files)));
    let mut done = 0;
    diff.files = files::files(&old.files(), &new.files(), |a, b| {
        cx.cancel.check()?;
        done += 1;
        phase.progress(done);
        let (Some(a), Some(b)) = (old.node(&a.path), new.node(&b.path)) else {
            return Ok(true);
        };
        let differs = old.view.differs(a, (new.view, b));
        Ok::<_, DiffError>(differs.map_err(DiffError::view(old.side))?.is_some())
    })?;
    phase.finish(format!("{total} paths"));
    of_packages(&old, &new, diff);
    configuration(cx, &old, &new, diff)
}

/// Finds out which paths changed because their packages did.
fn of_packages(old: &Read<'_>, new: &Read<'_>, diff: &mut ImageDiff) {
    let packages = &diff.packages;
    let mut paths = BTreeSet::new();
    for (read, own) in [(old, &packages.removed), (new, &packages.added)] {
        let own = own.iter().map(|p| (&*p.name, &*p.arch));
        let changed = packages.changed.iter().map(|p| (&*p.name, &*p.arch));
        let wanted: BTreeSet<(&str, &str)> = own.chain(changed).collect();
        let system = read.snapshot.system();
        let files = system.files().filter(|(package, _)| {
            let found = system.package(*package);
            wanted.contains(&(&*found.name, found.arch.as_deref().unwrap_or_default()))
        });
        paths.extend(files.map(|(_, path)| path.to_owned()));
    }
    diff.package_paths = paths;
    let all = diff.files.added.iter().chain(&diff.files.removed);
    let all = all.chain(diff.files.changed.iter().map(|change| &change.new));
    diff.of_packages = all.filter(|file| diff.is_of_packages(&file.path)).count();
}

/// Compares the files below `/etc` that differ, line by line.
fn configuration(
    cx: &Cx,
    old: &Read<'_>,
    new: &Read<'_>,
    diff: &mut ImageDiff,
) -> Result<(), DiffError> {
    let changed = diff
        .files
        .changed
        .iter()
        .filter(|change| change.what.contains(&What::Content) || change.what.contains(&What::Kind))
        .map(|change| &change.new);
    let mut paths: Vec<&File> = changed
        .chain(&diff.files.added)
        .chain(&diff.files.removed)
        .filter(|file| file.path.starts_with("/etc/") && file.kind == files::Kind::File)
        .collect();
    paths.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    let mut found = Vec::new();
    for file in paths {
        let path = file.path.clone();
        let is_in_both = old.node(&path).is_some() && new.node(&path).is_some();
        let (hidden, hunks) = match (old.text(&path)?, new.text(&path)?) {
            _ if !is_in_both && diff.is_of_packages(&path) => (
                Some("it came or went with its package".to_owned()),
                Vec::new(),
            ),
            (Ok(a), Ok(b)) => (None, text::lines(&a, &b, AROUND)),
            (Err(why), _) | (_, Err(why)) => (Some(why), Vec::new()),
        };
        let (hunks, more) = shown(cx, hunks);
        found.push(Configuration {
            path,
            hidden,
            hunks,
            more,
        });
    }
    diff.configuration = found;
    Ok(())
}

/// The first lines, secrets masked; and how many more there are.
fn shown(cx: &Cx, hunks: Vec<Hunk>) -> (Vec<Hunk>, usize) {
    let all: usize = hunks.iter().map(|hunk| hunk.lines.len()).sum();
    let mut left = LINES_MAX;
    let mut kept = Vec::new();
    for mut hunk in hunks {
        hunk.lines.truncate(left);
        left -= hunk.lines.len();
        for (_, line) in &mut hunk.lines {
            *line = cx.redactor.redact(&mask::line(line));
        }
        if !hunk.lines.is_empty() {
            kept.push(hunk);
        }
    }
    (kept, all.saturating_sub(LINES_MAX))
}

fn sizes(old: &Read<'_>, new: &Read<'_>) -> Vec<Size> {
    let size = |name, unit, of: &dyn Fn(&Read<'_>) -> Option<u64>| Size {
        name,
        unit,
        old: of(old),
        new: of(new),
    };
    let meta = |read: &Read<'_>| fs::metadata(&read.side.disk).ok();
    vec![
        size("disk", "bytes", &|read| Some(meta(read)?.len())),
        size("allocated", "bytes", &|read| {
            Some(meta(read)?.blocks() * 512)
        }),
        size("files", "bytes", &|read| Some(read.bytes_of_files())),
        size("number of files", "count", &|read| {
            Some(read.count_of_files())
        }),
        size("number of packages", "count", &|read| {
            Some(read.packages.len() as u64)
        }),
    ]
}
