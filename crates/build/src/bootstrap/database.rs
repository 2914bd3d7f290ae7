//! dpkg's database, as dpkg leaves it when it has unpacked every package and
//! configured none (`/var/lib/dpkg`, dpkg(1) FILES and deb-triggers(5)).
//!
//! ```text
//! status                  every package `install ok unpacked`, sorted by name
//! info/format             "1\n"
//! info/<package>.list     its paths; .md5sums, .preinst, …: its control members
//! triggers/File           "<path> <package>[/noawait]": who is interested in files below a path
//! triggers/<name>         "<package>[/noawait]": who is interested in a named trigger
//! diversions, statoverride, arch
//! ```
//!
//! A conffile is in place under its final name, and `status` has its MD5: to
//! dpkg it is one that the user kept, and configuring leaves it alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use super::farm;
use super::layout::Layout;
use crate::deb::meta::PackageMeta;
use crate::deb::{Decoded, Stanza};

/// Control members that are not files of `info`.
const NOT_INFO: [&str; 1] = ["control"];

/// Writes the database below `root`, and apt's marks of what nobody asked for by name.
///
/// `architecture` is the native one; `automatic(n)` says whether package `n` is there only
/// because another one needs it.
pub(super) fn write(
    root: &Path,
    architecture: &str,
    packages: &[Decoded],
    layout: &Layout,
    automatic: impl Fn(usize) -> bool,
) -> io::Result<()> {
    let dpkg = root.join("var/lib/dpkg");
    for name in ["alternatives", "info", "parts", "triggers", "updates"] {
        farm::directory(&dpkg.join(name))?;
    }
    let info = dpkg.join("info");
    farm::write(&info.join("format"), "1\n")?;
    for (at, package) in packages.iter().enumerate() {
        info_files(&info, at, package, layout)?;
    }
    let metas: Vec<&PackageMeta> = packages.iter().map(|p| &p.meta).collect();
    farm::write(&dpkg.join("status"), status(&metas))?;
    for (name, text) in triggers(packages)? {
        farm::write(&dpkg.join("triggers").join(name), text)?;
    }
    farm::write(&dpkg.join("arch"), format!("{architecture}\n"))?;
    for name in ["diversions", "statoverride", "triggers/Unincorp"] {
        farm::write(&dpkg.join(name), "")?;
    }
    let apt = root.join("var/lib/apt");
    if apt.is_dir() {
        let automatic = (0..packages.len()).filter(|n| automatic(*n));
        let metas: Vec<&PackageMeta> = automatic.map(|n| metas[n]).collect();
        farm::write(
            &apt.join("extended_states"),
            extended_states(architecture, &metas),
        )?;
    }
    Ok(())
}

/// Links a package's files of `info`.
fn info_files(info: &Path, at: usize, package: &Decoded, layout: &Layout) -> io::Result<()> {
    let name = package.meta.info_name();
    let control = package.path.join("control");
    for member in fs::read_dir(&control)? {
        let member = member?.file_name();
        let member = member.to_string_lossy();
        if !NOT_INFO.contains(&&*member) {
            farm::link(
                &control.join(&*member),
                &info.join(format!("{name}.{member}")),
            )?;
        }
    }
    let list = info.join(format!("{name}.list"));
    if layout.held.values().any(|source| source.package == at) {
        // To dpkg it has no files until they are placed.
        return farm::write(&list, "/.\n");
    }
    let lost: Vec<&String> = layout
        .lost
        .range((at, String::new())..(at + 1, String::new()))
        .map(|(_, path)| path)
        .collect();
    if lost.is_empty() {
        return farm::link(&package.path.join("list"), &list);
    }
    let text = fs::read_to_string(package.path.join("list"))?;
    let kept: String = text
        .lines()
        .filter(|line| !lost.iter().any(|path| line[1..] == **path))
        .flat_map(|line| [line, "\n"])
        .collect();
    farm::write(&list, kept)
}

/// The status file.
fn status(packages: &[&PackageMeta]) -> String {
    let mut sorted = packages.to_vec();
    sorted.sort_by_key(|p| (p.name(), p.field("Architecture")));
    let mut out = String::new();
    for package in sorted {
        Stanza::write_field(&mut out, "Package", package.name());
        Stanza::write_field(&mut out, "Status", "install ok unpacked");
        for (name, value) in package.fields.fields() {
            if !name.eq_ignore_ascii_case("Package") && !name.eq_ignore_ascii_case("Status") {
                Stanza::write_field(&mut out, name, value);
            }
        }
        if !package.conffiles.is_empty() {
            let lines = package
                .conffiles
                .iter()
                .fold(String::new(), |mut text, (path, md5)| {
                    write!(text, "\n {path} {md5}").expect("a string takes everything");
                    text
                });
            Stanza::write_field(&mut out, "Conffiles", &lines);
        }
        out.push('\n');
    }
    out
}

/// Files of `triggers` by name. Packages without interest give none.
fn triggers(packages: &[Decoded]) -> io::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::from([("File".to_owned(), String::new())]);
    for package in packages {
        let path = package.path.join("control/triggers");
        let text = match fs::read_to_string(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            text => text?,
        };
        for (trigger, suffix) in interests(&text) {
            let name = package.meta.info_name();
            let (file, line) = if trigger.starts_with('/') {
                ("File", format!("{trigger} {name}{suffix}\n"))
            } else {
                (trigger, format!("{name}{suffix}\n"))
            };
            // A name is one component of a path (deb-triggers(5)).
            if !file.contains('/') && !file.starts_with('.') {
                files.entry(file.to_owned()).or_default().push_str(&line);
            }
        }
    }
    Ok(files)
}

/// Trigger names that a `triggers` member is interested in, each with dpkg's suffix.
fn interests(text: &str) -> impl Iterator<Item = (&str, &'static str)> {
    text.lines().filter_map(|line| {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let suffix = match words.next()? {
            "interest" | "interest-await" => "",
            "interest-noawait" => "/noawait",
            _ => return None,
        };
        Some((words.next()?, suffix))
    })
}

/// apt's list of packages that nobody asked for by name.
fn extended_states(architecture: &str, packages: &[&PackageMeta]) -> String {
    let mut out = String::new();
    for package in packages {
        // apt files packages of every architecture under the native one.
        let own = match package.field("Architecture") {
            "all" => architecture,
            own => own,
        };
        write!(
            out,
            "Package: {}\nArchitecture: {own}\nAuto-Installed: 1\n\n",
            package.name()
        )
        .expect("a string takes everything");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stanza_as_dpkg_reads_it() {
        let meta = PackageMeta {
            version: 1,
            fields: Stanza::parse("Package: coin\nVersion: 1\nDescription: gold\n long").unwrap(),
            paths: Vec::new(),
            conffiles: vec![("/etc/coin".to_owned(), "00ff".to_owned())],
        };
        assert_eq!(
            status(&[&meta]),
            "Package: coin\nStatus: install ok unpacked\nVersion: 1\n\
             Description: gold\n long\nConffiles:\n /etc/coin 00ff\n\n"
        );
    }

    #[test]
    fn interests_of_packages() {
        let text = "# x\ninterest /usr/share/man\ninterest-noawait ldconfig # why\n\
                    activate-noawait ldconfig\n";
        let found: Vec<_> = interests(text).collect();
        assert_eq!(found, [("/usr/share/man", ""), ("ldconfig", "/noawait")]);
    }
}
