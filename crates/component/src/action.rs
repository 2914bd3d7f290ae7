//! What a step can do. One file per action: its record, and what it does on a machine.
//!
//! To add one: a file here with an `ACTION`, a line in `ALL`, a case in the golden-tree
//! tests.

mod append_file;
mod assert;
mod copy_file;
mod create_file;
mod create_folder;
mod delete_file;
mod execute_bash;
mod execute_binary;
mod execute_document;
mod file;
pub(crate) mod files;
mod read_file;
mod reboot;
mod shell;

use std::collections::BTreeMap;
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::event::Stream;

use crate::machine::{Machine, MachineError, Program, Script, Status};
use crate::run::nested::Nest;
use crate::run::stop::Reboot;
use crate::run::{Report, State};
use crate::services::{ProjectFiles, Services};

/// How the inputs of an action are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One mapping.
    Map,
    /// A list of mappings, done one after the other.
    List,
    /// One condition.
    Condition,
}

/// What an input holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A list of texts; one text is taken as a list of one.
    List,
    /// `true` or `false`.
    Flag,
    /// Permissions in octal: `0644`.
    Permissions,
    /// The name of an encoding.
    Encoding,
    /// A whole number, not negative.
    Number,
    /// Texts by name: a mapping, or a list of mappings with `name` and `value`.
    Pairs,
}

/// An input of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputRecord {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it must be there.
    pub is_required: bool,
    /// What it is for.
    pub summary: &'static str,
}

const fn required(name: &'static str, kind: Kind, summary: &'static str) -> InputRecord {
    InputRecord {
        name,
        kind,
        is_required: true,
        summary,
    }
}

const fn optional(name: &'static str, kind: Kind, summary: &'static str) -> InputRecord {
    InputRecord {
        is_required: false,
        ..required(name, kind, summary)
    }
}

/// Outputs of one entry, by name.
pub(crate) type Outputs = BTreeMap<&'static str, String>;

/// An action.
pub struct Action {
    /// As steps name it.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Operating systems it exists on, as documents name them.
    pub platforms: &'static [&'static str],
    /// How its inputs are written.
    pub shape: Shape,
    /// Its inputs.
    pub inputs: &'static [InputRecord],
    /// Names of its outputs.
    pub outputs: &'static [&'static str],
    run: fn(&mut Call<'_>, &Values) -> Result<Outputs, ActionError>,
}

impl std::fmt::Debug for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Action {
    /// Does it once.
    pub(crate) fn run(&self, call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
        (self.run)(call, values)
    }
}

/// Where everything runs but on Windows.
const UNIX: &[&str] = &["linux", "darwin"];
const EVERYWHERE: &[&str] = &["linux", "windows", "darwin"];

static ALL: &[&Action] = &[
    &append_file::ACTION,
    &assert::ACTION,
    &copy_file::ACTION,
    &create_file::ACTION,
    &create_folder::ACTION,
    &delete_file::ACTION,
    &execute_bash::ACTION,
    &execute_binary::ACTION,
    &execute_document::ACTION,
    &read_file::ACTION,
    &reboot::ACTION,
];

/// What `provisioner "shell"` does.
pub(crate) fn shell() -> &'static Action {
    &shell::ACTION
}

/// What `provisioner "file"` does.
pub(crate) fn file() -> &'static Action {
    &file::ACTION
}

/// Every action Goldsmith runs, by name.
pub fn all() -> &'static [&'static Action] {
    ALL
}

/// Actions of the schema that are not run, and why.
const NOT_RUN: &[(&str, &str)] = &[
    ("CopyFolder", LATER),
    ("CreateSymlink", LATER),
    ("DeleteFolder", LATER),
    ("ExecutePowerShell", WINDOWS),
    ("InstallMSI", WINDOWS),
    ("ListFiles", LATER),
    ("MoveFile", LATER),
    ("MoveFolder", LATER),
    ("S3Download", LATER),
    ("S3Upload", LATER),
    ("SetFileEncoding", LATER),
    ("SetFileOwner", LATER),
    ("SetFilePermissions", LATER),
    ("SetFolderOwner", LATER),
    ("SetFolderPermissions", LATER),
    ("SetRegistry", WINDOWS),
    ("UninstallMSI", WINDOWS),
    ("UpdateOS", LATER),
    ("WebDownload", LATER),
];
const LATER: &str = "not supported by this version; `ExecuteBash` can do it";
const WINDOWS: &str = "exists on Windows only";

pub(crate) fn find(name: &str) -> Option<&'static Action> {
    all().iter().copied().find(|action| action.name == name)
}

/// Why an action of the schema is not run.
pub(crate) fn why_not(name: &str) -> Option<&'static str> {
    NOT_RUN
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, why)| *why)
}

/// Inputs of one entry, references replaced.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values(pub(crate) BTreeMap<String, Vec<String>>);

impl Values {
    fn text(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(|texts| texts.first().map_or("", String::as_str))
    }

    /// An input that [`crate::load`] has found to be there.
    fn required(&self, name: &str) -> Result<&str, ActionError> {
        self.text(name)
            .ok_or_else(|| ActionError::Refused(format!("there is no `{name}`")))
    }

    fn list(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// Names with their values, in the order of the document.
    fn pairs(&self, name: &str) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.list(name).chunks_exact(2);
        pairs.map(|pair| (pair[0].as_str(), pair[1].as_str()))
    }

    /// A number that may come out of a reference.
    fn number(&self, name: &str) -> Result<Option<u64>, ActionError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        text.trim()
            .parse()
            .map(Some)
            .map_err(|_| ActionError::Refused(format!("`{name}` is `{text}`, not a whole number")))
    }

    /// Flags may come out of references, so they can be wrong at this late moment.
    fn flag(&self, name: &str, default: bool) -> Result<bool, ActionError> {
        match self.text(name) {
            None => Ok(default),
            Some(text) => parse_flag(text).ok_or_else(|| {
                ActionError::Refused(format!("`{name}` is `{text}`, not `true` or `false`"))
            }),
        }
    }

    fn permissions(&self) -> Result<Option<u32>, ActionError> {
        let Some(text) = self.text("permissions") else {
            return Ok(None);
        };
        parse_permissions(text).map(Some).ok_or_else(|| {
            ActionError::Refused(format!(
                "`permissions` is `{text}`, not octal such as `0644`"
            ))
        })
    }
}

pub(crate) fn parse_flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

pub(crate) fn parse_permissions(text: &str) -> Option<u32> {
    let octal = text.strip_prefix("0o").unwrap_or(text);
    let plain = !octal.is_empty() && octal.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    u32::from_str_radix(octal, 8)
        .ok()
        .filter(|mode| plain && *mode <= 0o7777)
}

/// What an action works with.
pub(crate) struct Call<'a> {
    pub(crate) cx: &'a Cx,
    pub(crate) machine: &'a dyn Machine,
    pub(crate) services: &'a Services<'a>,
    /// Time left for the step.
    pub(crate) timeout: Option<Duration>,
    /// Takes what is printed.
    pub(crate) say: &'a mut dyn FnMut(Stream, &str),
    /// What the programs of the step took.
    pub(crate) usage: &'a mut Usage,
    /// The documents that are running.
    pub(crate) nest: &'a Nest,
    /// Takes what came of documents that the action ran.
    pub(crate) nested: &'a mut Vec<Report>,
    /// A document that the action was running before the machine was rebooted.
    pub(crate) resumed: Option<State>,
}

/// What programs took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Processor time of all.
    pub(crate) cpu: Duration,
    /// Of the largest.
    pub(crate) max_rss_bytes: Option<u64>,
}

/// Exit code of a program that asks for a reboot, to be run again afterwards.
const REBOOT: i32 = 194;

impl Call<'_> {
    /// The files of the project.
    fn project(&self) -> Result<&dyn ProjectFiles, ActionError> {
        let missing = || ActionError::Refused("this run has no project".to_owned());
        self.services.files.ok_or_else(missing)
    }

    /// The bytes of a file of the project.
    fn project_file(&self, path: &str) -> Result<Vec<u8>, ActionError> {
        let mut bytes = Vec::new();
        let opened = self.project()?.open(path, "");
        opened
            .and_then(|mut file| file.read_to_end(&mut bytes))
            .map_err(|error| ActionError::Refused(format!("`{path}`: {error}")))?;
        Ok(bytes)
    }

    /// A file of this host for bytes on their way; it goes when dropped.
    fn scratch_file(&self) -> Result<tempfile::NamedTempFile, ActionError> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("goldsmith-");
        let made = match &self.services.scratch {
            Some(directory) => builder.tempfile_in(directory),
            None => builder.tempfile(),
        };
        made.map_err(|error| ActionError::Refused(format!("cannot make a scratch file: {error}")))
    }

    /// Runs a program; gives its standard output without the last line end, and fails
    /// unless it exits with 0.
    fn execute(&mut self, program: Program) -> Result<String, ActionError> {
        let script = Script {
            timeout: self.timeout,
            env: self.services.env.clone(),
            ..Script::new(program)
        };
        self.execute_script(&script)
    }

    fn execute_script(&mut self, script: &Script) -> Result<String, ActionError> {
        let mut stdout = String::new();
        let mut is_cut = false;
        let exit = self.machine.run(self.cx, script, &mut |stream, line| {
            (self.say)(stream, line);
            if stream == Stream::Stdout {
                is_cut |= stdout.len() + line.len() > OUTPUT_BYTES_MAX;
                if !is_cut {
                    stdout.push_str(line);
                    stdout.push('\n');
                }
            }
        })?;
        self.usage.cpu += exit.cpu;
        self.usage.max_rss_bytes = self.usage.max_rss_bytes.max(exit.max_rss_bytes);
        for name in &exit.left_behind {
            self.cx.warn(format!(
                "`{name}` was still running when its step ended, and was killed"
            ));
        }
        match exit.status {
            Status::Code(0) => {
                stdout.truncate(stdout.trim_end_matches('\n').len());
                Ok(stdout)
            }
            Status::Code(REBOOT) => Err(ActionError::Reboot(Reboot {
                again: true,
                delay: Duration::ZERO,
                nested: None,
            })),
            status => Err(ActionError::Exit(status)),
        }
    }
}

/// Most of an output that is kept for `{{ }}`.
const OUTPUT_BYTES_MAX: usize = 1 << 20;

/// Why an action failed.
#[derive(Debug)]
pub(crate) enum ActionError {
    /// A program ended like this.
    Exit(Status),
    /// The action itself says no.
    Refused(String),
    /// The machine could not do it.
    Machine(MachineError),
    /// The machine has to be rebooted first.
    Reboot(Reboot),
}

impl From<MachineError> for ActionError {
    fn from(error: MachineError) -> Self {
        Self::Machine(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_has_thirty_actions() {
        let mut names: Vec<&str> = all().iter().map(|action| action.name).collect();
        assert!(names.is_sorted());
        names.extend(NOT_RUN.iter().map(|(name, _)| *name));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 30);
    }

    #[test]
    fn permissions_are_octal() {
        for (text, mode) in [
            ("0644", 0o644),
            ("755", 0o755),
            ("0o4755", 0o4755),
            ("0", 0),
        ] {
            assert_eq!(parse_permissions(text), Some(mode), "{text}");
        }
        for text in ["", "8", "rwx", "-1", "77777", "+7"] {
            assert_eq!(parse_permissions(text), None, "{text}");
        }
    }
}
