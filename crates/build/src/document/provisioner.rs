//! `provisioner` blocks as documents. What they need of the project is pinned.

use std::collections::BTreeMap;

use goldsmith_component::Parameters;
use goldsmith_component::program::{self, Does, MadeStep};
use goldsmith_core::diagnostic::Diagnostic;
use goldsmith_core::digest::Sha256;
use goldsmith_core::recipe::{FileFrom, FileProvision, Provision, Provisioner, ShellProvision};

use super::Loaded;
use crate::project::ProjectDirectory;

/// The phase of a provisioner's steps.
const PHASE: &str = "build";

pub(super) fn lower(
    project: &ProjectDirectory,
    provisioner: &Provisioner,
    problems: &mut Vec<Diagnostic>,
) -> Option<Loaded> {
    let mut pinned = BTreeMap::new();
    let mut pin = |path: &str| match project.digest(path) {
        Ok(digest) => {
            pinned.insert(path.to_owned(), digest);
            Some(digest)
        }
        Err(why) => {
            let problem = Diagnostic::error("C0001", format!("`{path}`: {why}"));
            problems.push(problem.label(provisioner.span.clone(), "this provisioner needs it"));
            None
        }
    };
    let steps = match &provisioner.what {
        Provision::Shell(shell) => scripts(shell, &mut pin)?,
        Provision::File(file) => vec![put(file, &mut pin)?],
    };
    Some(Loaded {
        path: provisioner.name.clone(),
        document: program::document(&provisioner.name, PHASE, steps),
        parameters: Parameters::new(),
        pinned,
    })
}

/// One step for the lines, or one for each script.
fn scripts(
    shell: &ShellProvision,
    pin: &mut dyn FnMut(&str) -> Option<Sha256>,
) -> Option<Vec<MadeStep>> {
    let environment = shell.environment.iter();
    let environment: Vec<String> = environment
        .flat_map(|(name, value)| [name.clone(), value.value.clone()])
        .collect();
    let codes: Vec<String> = shell.valid_exit_codes.iter().map(i32::to_string).collect();
    let step = |name: String, mut inputs: Vec<(&'static str, Vec<String>)>| {
        if !environment.is_empty() {
            inputs.push(("environment", environment.clone()));
        }
        if !codes.is_empty() {
            inputs.push(("exitCodes", codes.clone()));
        }
        inputs.extend(
            shell
                .execute_as
                .iter()
                .map(|user| ("user", vec![user.clone()])),
        );
        MadeStep {
            name,
            does: Does::Shell,
            inputs,
            timeout: shell.timeout,
            attempts: shell.max_retries.saturating_add(1),
        }
    };
    if shell.scripts.is_empty() {
        let lines = shell.inline.iter().map(|line| line.value.clone()).collect();
        return Some(vec![step("inline".to_owned(), vec![("commands", lines)])]);
    }
    // Every script that is missing is said, not only the first.
    let steps: Vec<Option<MadeStep>> = shell
        .scripts
        .iter()
        .map(|path| {
            let digest = pin(path)?.to_string();
            let inputs = vec![("script", vec![path.clone()]), ("sha256", vec![digest])];
            Some(step(path.clone(), inputs))
        })
        .collect();
    steps.into_iter().collect()
}

fn put(file: &FileProvision, pin: &mut dyn FnMut(&str) -> Option<Sha256>) -> Option<MadeStep> {
    let mut inputs = match &file.from {
        FileFrom::Content(content) => vec![("content", vec![content.value.clone()])],
        FileFrom::Path(path) => {
            let digest = pin(path)?.to_string();
            vec![("source", vec![path.clone()]), ("sha256", vec![digest])]
        }
    };
    inputs.push(("destination", vec![file.destination.clone()]));
    inputs.extend(
        file.owner
            .iter()
            .map(|owner| ("owner", vec![owner.clone()])),
    );
    inputs.extend(
        file.group
            .iter()
            .map(|group| ("group", vec![group.clone()])),
    );
    inputs.extend(
        file.mode
            .map(|mode| ("permissions", vec![format!("{mode:04o}")])),
    );
    Some(MadeStep {
        name: "put".to_owned(),
        does: Does::File,
        inputs,
        timeout: None,
        attempts: 1,
    })
}
