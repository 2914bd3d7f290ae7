//! `UpdateOS`: newer packages, by whatever package manager the machine has.
//!
//! One file for each: how it is told to update all packages, all but some, or only some;
//! without questions, keeping configuration that somebody has changed.

mod apk;
mod apt;
mod dnf;
mod pacman;
mod zypper;

use std::time::Duration;

use super::transfer::refused;
use super::{
    Action, ActionError, Call, EVERYWHERE, Ended, Kind, Outputs, Shape, Values, files, optional,
};
use crate::machine::{MachineError, NodeKind, Program, Script, Status};

pub(super) static ACTION: Action = Action {
    name: "UpdateOS",
    summary: "installs newer versions of packages",
    platforms: EVERYWHERE,
    shape: Shape::Map,
    inputs: &[
        optional("include", Kind::List, "only these packages; default all"),
        optional("exclude", Kind::List, "but for these"),
    ],
    outputs: &[],
    check: None,
    run,
};

/// A package manager.
struct Manager {
    /// The program that shows it is there.
    program: &'static str,
    /// `ID` or `ID_LIKE` of the systems it rules: some have the programs of others besides.
    home: &'static [&'static str],
    update: fn(&mut Tool<'_, '_>, &Wanted) -> Result<(), ActionError>,
}

/// In the order in which they are asked for.
static MANAGERS: [Manager; 8] = [
    apt::MANAGER,
    dnf::DNF,
    dnf::TDNF,
    dnf::MICRODNF,
    dnf::YUM,
    zypper::MANAGER,
    apk::MANAGER,
    pacman::MANAGER,
];

/// Which packages.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    /// All.
    All,
    /// All but these; never empty.
    AllBut(Vec<String>),
    /// These and what they need; never empty.
    Only(Vec<String>),
}

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    let Some(wanted) = wanted(values.list("include"), values.list("exclude"))? else {
        call.cx
            .note("everything that `include` names is excluded: nothing is updated");
        return Ok(Outputs::new());
    };
    let manager = detect(call)?;
    let mut tool = Tool { call };
    (manager.update)(&mut tool, &wanted)?;
    if call.machine.stat(call.cx, "/run/reboot-required")? == Some(NodeKind::File) {
        call.cx.note(REBOOT_NEEDED);
    }
    Ok(Outputs::new())
}

const REBOOT_NEEDED: &str =
    "what was updated asks for a reboot: let a step `Reboot` follow if the next ones depend on it";

/// Included minus excluded; `None` when nothing is left.
fn wanted(include: &[String], exclude: &[String]) -> Result<Option<Wanted>, ActionError> {
    let names = |texts: &[String]| -> Result<Vec<String>, ActionError> {
        let texts = texts.iter().map(|text| text.trim());
        let texts = texts.filter(|text| !text.is_empty());
        texts.map(checked).collect()
    };
    let (include, exclude) = (names(include)?, names(exclude)?);
    if include.is_empty() {
        return Ok(Some(if exclude.is_empty() {
            Wanted::All
        } else {
            Wanted::AllBut(exclude)
        }));
    }
    let is_excluded = |name: &String| exclude.iter().any(|pattern| files::fits(pattern, name));
    let left: Vec<String> = include
        .into_iter()
        .filter(|name| !is_excluded(name))
        .collect();
    Ok((!left.is_empty()).then_some(Wanted::Only(left)))
}

/// A name is put before a package manager, which reads some as orders: `-y`, and for apt
/// `name-` is "remove it" and `name=1` "this version".
fn checked(name: &str) -> Result<String, ActionError> {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || "+-._:*".contains(c);
    let is_name =
        name.chars().all(is_inner) && !name.starts_with(['-', '+']) && !name.ends_with('-');
    if is_name {
        Ok(name.to_owned())
    } else {
        refused(format!("`{name}` is no name of a package"))
    }
}

/// Where programs are.
const DIRECTORIES: [&str; 5] = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin"];

fn detect(call: &Call<'_>) -> Result<&'static Manager, ActionError> {
    let mut found = Vec::new();
    for manager in &MANAGERS {
        for directory in DIRECTORIES {
            let path = format!("{directory}/{}", manager.program);
            if call.machine.stat(call.cx, &path)? == Some(NodeKind::File) {
                found.push(manager);
                break;
            }
        }
    }
    let ids = ids(call);
    let at_home = found.iter().find(|manager| {
        manager
            .home
            .iter()
            .any(|home| ids.iter().any(|id| id == home))
    });
    at_home.or(found.first()).copied().map_or_else(
        || {
            let known: Vec<&str> = MANAGERS.iter().map(|manager| manager.program).collect();
            refused(format!(
                "the machine has no package manager that `UpdateOS` knows: {}",
                known.join(", ")
            ))
        },
        Ok,
    )
}

/// What the machine calls itself.
fn ids(call: &Call<'_>) -> Vec<String> {
    // A machine that does not say has the program it has.
    let release = call
        .machine
        .read(call.cx, "/etc/os-release")
        .unwrap_or_default();
    let release = String::from_utf8_lossy(&release);
    let values = release.lines().filter_map(|line| {
        let value = line.strip_prefix("ID=").or(line.strip_prefix("ID_LIKE="))?;
        Some(value.trim_matches(['"', '\'']))
    });
    let words = values.flat_map(str::split_whitespace);
    words.map(str::to_owned).collect()
}

/// Runs the programs of a package manager, all of them in the time of the step.
struct Tool<'a, 'c> {
    call: &'a mut Call<'c>,
}

impl Tool<'_, '_> {
    /// Runs a program to its end, with further variables.
    fn run(&mut self, words: &[&str], variables: &[(&str, &str)]) -> Result<Ended, ActionError> {
        let call = &mut *self.call;
        if call.timeout.is_some_and(|left| left.is_zero()) {
            return Err(MachineError::TimedOut(Duration::ZERO).into());
        }
        let started = call.cx.clock().monotonic();
        // The words that are looked for are English; where there is no such locale, it is `C`.
        let mut env = call.services.env.clone();
        for (name, value) in [("LC_ALL", "C.UTF-8")].iter().chain(variables) {
            env.insert((*name).to_owned(), (*value).to_owned());
        }
        let argv = words.iter().map(|word| (*word).to_owned()).collect();
        let script = Script {
            timeout: call.timeout,
            env,
            ..Script::new(Program::Argv(argv))
        };
        let ended = call.start(&script);
        let passed = call.cx.clock().monotonic().saturating_sub(started);
        call.timeout = call.timeout.map(|left| left.saturating_sub(passed));
        ended
    }

    /// Runs a program that must exit with 0; gives its standard output.
    fn must(&mut self, words: &[&str], variables: &[(&str, &str)]) -> Result<String, ActionError> {
        let ended = self.run(words, variables)?;
        match ended.status {
            Status::Code(0) => Ok(ended.stdout),
            status => Err(ActionError::Exit(status)),
        }
    }

    fn note(&self, text: &str) {
        self.call.cx.note(text);
    }
}

/// Words followed by names.
fn with<'w>(words: &[&'w str], names: &'w [String]) -> Vec<&'w str> {
    let names = names.iter().map(String::as_str);
    words.iter().copied().chain(names).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(words: &str) -> Vec<String> {
        words.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn included_minus_excluded() {
        for (include, exclude, expected) in [
            ("", "", Some(Wanted::All)),
            ("", "a b*", Some(Wanted::AllBut(texts("a b*")))),
            ("a b", "", Some(Wanted::Only(texts("a b")))),
            ("a b g++", "b", Some(Wanted::Only(texts("a g++")))),
            ("kernel-core", "kernel*", None),
            ("a", "a", None),
        ] {
            let found = wanted(&texts(include), &texts(exclude));
            assert_eq!(found.ok().unwrap(), expected, "{include} - {exclude}");
        }
        let empty = vec![String::new(), " ".to_owned()];
        assert_eq!(wanted(&empty, &empty).ok().unwrap(), Some(Wanted::All));
    }

    #[test]
    fn names() {
        for name in [
            "libc6",
            "g++",
            "libc6:amd64",
            "kernel*",
            "python3.11",
            "java-17_x",
        ] {
            assert!(checked(name).is_ok(), "{name}");
        }
        for name in ["-y", "nginx-", "a=1", "a/b", "a b", "$(x)", "+a", "a,b"] {
            assert!(checked(name).is_err(), "{name}");
        }
    }
}
