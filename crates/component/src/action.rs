//! What a step can do. One file per action: its record, and what it does on a machine.
//!
//! To add one: a file here with an `ACTION`, a line in `ALL`, documents in the corpus that
//! use it rightly and that show its errors.

mod append_file;
mod assert;
mod attributes;
mod copy_file;
mod copy_folder;
mod create_file;
mod create_folder;
mod create_symlink;
mod delete_file;
mod delete_folder;
pub(crate) mod encoding;
mod execute_bash;
mod execute_binary;
mod execute_document;
mod execute_power_shell;
mod file;
mod files;
mod from_to;
mod input;
mod install_msi;
mod list_files;
mod move_file;
mod move_folder;
mod msi;
mod read_file;
mod reboot;
mod s3_download;
mod s3_upload;
mod set_file_encoding;
mod set_file_owner;
mod set_file_permissions;
mod set_folder_owner;
mod set_folder_permissions;
mod set_registry;
mod shell;
mod transfer;
mod uninstall_msi;
mod update_os;
mod values;
mod web_download;
mod windows;

use std::collections::BTreeMap;
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::event::Stream;

use crate::machine::{Machine, MachineError, Program, Script, Status};
use crate::run::nested::Nest;
use crate::run::stop::Reboot;
use crate::run::{Report, State};
use crate::services::{ProjectFiles, Services};

pub(crate) use input::{Given, Wrong};
pub use input::{InputRecord, Kind, Shape};
use input::{optional, required};
pub(crate) use values::{Values, parse_flag, parse_permissions};

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
    /// What is wrong with the inputs of an entry taken together.
    check: Option<fn(&Given<'_>) -> Option<Wrong>>,
    run: fn(&mut Call<'_>, &Values) -> Result<Outputs, ActionError>,
}

impl std::fmt::Debug for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Action {
    /// What is wrong with the inputs of an entry taken together.
    pub(crate) fn check(&self, given: &Given<'_>) -> Option<Wrong> {
        self.check.and_then(|check| check(given))
    }

    /// Does it once.
    pub(crate) fn run(&self, call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
        (self.run)(call, values)
    }

    /// Whether the outputs of its entries are one: a line for each.
    pub(crate) fn joins_outputs(&self) -> bool {
        self.name == web_download::ACTION.name
    }
}

/// Where everything runs but on Windows.
const UNIX: &[&str] = &["linux", "darwin"];
const EVERYWHERE: &[&str] = &["linux", "windows", "darwin"];
const WINDOWS: &[&str] = &["windows"];

static ALL: &[&Action] = &[
    &append_file::ACTION,
    &assert::ACTION,
    &copy_file::ACTION,
    &copy_folder::ACTION,
    &create_file::ACTION,
    &create_folder::ACTION,
    &create_symlink::ACTION,
    &delete_file::ACTION,
    &delete_folder::ACTION,
    &execute_bash::ACTION,
    &execute_binary::ACTION,
    &execute_document::ACTION,
    &execute_power_shell::ACTION,
    &install_msi::ACTION,
    &list_files::ACTION,
    &move_file::ACTION,
    &move_folder::ACTION,
    &read_file::ACTION,
    &reboot::ACTION,
    &s3_download::ACTION,
    &s3_upload::ACTION,
    &set_file_encoding::ACTION,
    &set_file_owner::ACTION,
    &set_file_permissions::ACTION,
    &set_folder_owner::ACTION,
    &set_folder_permissions::ACTION,
    &set_registry::ACTION,
    &uninstall_msi::ACTION,
    &update_os::ACTION,
    &web_download::ACTION,
];

/// What `provisioner "shell"` does.
pub(crate) fn shell() -> &'static Action {
    &shell::ACTION
}

/// What `provisioner "file"` does.
pub(crate) fn file() -> &'static Action {
    &file::ACTION
}

/// Every action of the schema, by name.
pub fn all() -> &'static [&'static Action] {
    ALL
}

pub(crate) fn find(name: &str) -> Option<&'static Action> {
    all().iter().copied().find(|action| action.name == name)
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
        let ended = self.start(script)?;
        match ended.status {
            Status::Code(0) => Ok(ended.stdout),
            Status::Code(REBOOT) => Err(ActionError::Reboot(Reboot {
                again: true,
                delay: Duration::ZERO,
                nested: None,
            })),
            status => Err(ActionError::Exit(status)),
        }
    }

    /// Runs a program to its end, however it ends.
    fn start(&mut self, script: &Script) -> Result<Ended, ActionError> {
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
        stdout.truncate(stdout.trim_end_matches('\n').len());
        Ok(Ended {
            status: exit.status,
            stdout,
            tail: exit.tail,
        })
    }
}

/// A program that has ended.
struct Ended {
    status: Status,
    /// Without the last line end; what is too much is missing.
    stdout: String,
    /// The last lines of both outputs.
    tail: Vec<String>,
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
        let names: Vec<&str> = all().iter().map(|action| action.name).collect();
        assert!(names.is_sorted_by(|a, b| a < b));
        assert_eq!(names.len(), 30);
    }
}
