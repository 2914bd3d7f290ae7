//! What exists on which operating system.

use crate::code;
use crate::document::{Entry, Step};
use crate::problems::Problems;

/// An operating system that documents run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Platform {
    /// Linux.
    #[default]
    Linux,
    /// Windows.
    Windows,
    /// macOS.
    Darwin,
}

impl Platform {
    /// Every platform.
    pub const ALL: [Self; 3] = [Self::Linux, Self::Windows, Self::Darwin];

    /// As documents name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::Windows => "windows",
            Self::Darwin => "darwin",
        }
    }

    const fn shown(self) -> &'static str {
        match self {
            Self::Linux => "Linux",
            Self::Windows => "Windows",
            Self::Darwin => "macOS",
        }
    }
}

/// Inputs of actions of every platform that Windows has no idea of.
const NOT_ON_WINDOWS: [&str; 3] = ["owner", "group", "permissions"];

pub(super) fn check(step: &Step, platform: Platform, problems: &mut Problems) {
    let action = step.action.value;
    if action.platforms.contains(&platform.name()) {
        return;
    }
    let message = format!(
        "the action `{}` does not exist on {}",
        action.name,
        platform.shown()
    );
    let on: Vec<&str> = Platform::ALL
        .into_iter()
        .filter(|platform| action.platforms.contains(&platform.name()))
        .map(Platform::shown)
        .collect();
    let label = format!("it exists on {} only", on.join(" and "));
    problems.error(code::PLATFORM, &step.action.range, message, label);
}

/// Inputs that are an error where their action is none.
pub(super) fn check_entry(step: &Step, entry: &Entry, platform: Platform, problems: &mut Problems) {
    let action = step.action.value;
    if platform != Platform::Windows || !action.platforms.contains(&platform.name()) {
        return;
    }
    for (name, _) in &entry.fields {
        if NOT_ON_WINDOWS.contains(&name.value.as_str())
            && action.inputs.iter().any(|input| input.name == name.value)
        {
            let message = format!("`{}` does not exist on Windows", name.value);
            let label = format!("`{}` fails there with it", action.name);
            problems.error(code::PLATFORM, &name.range, message, label);
        }
    }
}
