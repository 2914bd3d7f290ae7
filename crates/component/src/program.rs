//! Documents made by a program: the short forms of a recipe. Their inputs are taken as they
//! are, double braces included.

use std::time::Duration;

use goldsmith_core::diagnostic::SourceFile;
use goldsmith_core::digest::Hasher;

use crate::action;
use crate::document::{Document, Entry, Input, Inputs, OnFailure, Phase, Step, TIMEOUT};
use crate::yaml::Spanned;

/// What a step of such a document does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// Runs a script: `commands` or `script` (a file of the project), `environment` (name, value,
    /// name, value, ...), `user`, `exitCodes`.
    Shell,
    /// Puts a file: `content` or `source` (a path of the project), `destination`, `owner`,
    /// `group`, `permissions`.
    File,
}

/// A step that a program makes.
#[derive(Debug, Clone)]
pub struct MadeStep {
    /// Its name in the document.
    pub name: String,
    /// What it does.
    pub does: Does,
    /// Its inputs by name.
    pub inputs: Vec<(&'static str, Vec<String>)>,
    /// The longest an attempt may take; `None` is as long as any step.
    pub timeout: Option<Duration>,
    /// How often it is tried.
    pub attempts: u32,
}

/// A document with one phase.
pub fn document(name: &str, phase: &str, steps: Vec<MadeStep>) -> Document {
    // There is no text: the digest of what it does stands for it.
    let mut hasher = Hasher::new();
    for step in &steps {
        hasher.field(format!("{step:?}").as_bytes());
    }
    let spanned = |value: String| Spanned { value, range: 0..0 };
    let steps = steps.into_iter().map(|step| Step {
        name: spanned(step.name),
        range: 0..0,
        action: Spanned {
            value: match step.does {
                Does::Shell => action::shell(),
                Does::File => action::file(),
            },
            range: 0..0,
        },
        inputs: Inputs::Entries(vec![Entry {
            fields: step
                .inputs
                .into_iter()
                .map(|(name, texts)| {
                    let texts = texts.into_iter().map(spanned).collect();
                    (spanned(name.to_owned()), Input::Verbatim(texts))
                })
                .collect(),
        }]),
        timeout: Some(step.timeout.unwrap_or(TIMEOUT)),
        on_failure: OnFailure::Abort,
        on_failure_at: 0..0,
        attempts_max: step.attempts.max(1),
        is_silent: false,
        condition: None,
        repeat: None,
    });
    Document {
        file: SourceFile::new(name, hasher.finish().to_string()),
        name: Some(spanned(name.to_owned())),
        description: String::new(),
        parameters: Vec::new(),
        constants: Vec::new(),
        phases: vec![Phase {
            name: spanned(phase.to_owned()),
            range: 0..0,
            steps: steps.collect(),
        }],
        unread: Vec::new(),
    }
}
