//! What a recipe does to the tree: components, and steps without a document.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diagnostic::Span;

/// One thing that a recipe does to the tree.
#[derive(Debug, Clone)]
pub enum Work {
    /// A `component` block.
    Component(ComponentUse),
    /// A `provisioner` block: steps without a document.
    Provisioner(Provisioner),
}

impl Work {
    /// Every value that came from the recipe's expressions.
    pub fn values(&self) -> Vec<&Parameter> {
        match self {
            Self::Component(component) => component.parameters.values().collect(),
            Self::Provisioner(provisioner) => match &provisioner.what {
                Provision::Shell(shell) => {
                    let inline = shell.inline.iter();
                    inline.chain(shell.environment.values()).collect()
                }
                Provision::File(FileProvision {
                    from: FileFrom::Content(content),
                    ..
                }) => vec![content],
                Provision::File(_) => Vec::new(),
            },
        }
    }
}

/// One `provisioner` block.
#[derive(Debug, Clone)]
pub struct Provisioner {
    /// As it is shown: `shell 1`, or the name it was given.
    pub name: String,
    /// The place of its block.
    pub span: Span,
    /// What it does.
    pub what: Provision,
}

/// What a provisioner does.
#[derive(Debug, Clone)]
pub enum Provision {
    /// `provisioner "shell"`.
    Shell(ShellProvision),
    /// `provisioner "file"`.
    File(FileProvision),
}

/// `provisioner "shell"`: commands, or scripts of the project.
#[derive(Debug, Clone, Default)]
pub struct ShellProvision {
    /// Lines of one script that ends at its first failure; empty with `scripts`.
    pub inline: Vec<Parameter>,
    /// Paths relative to the project, each run by itself.
    pub scripts: Vec<String>,
    /// Variables of the environment.
    pub environment: BTreeMap<String, Parameter>,
    /// Name of the user; `None` is root.
    pub execute_as: Option<String>,
    /// Exit codes that are a success; empty: 0 only.
    pub valid_exit_codes: Vec<i32>,
    /// The longest a script may take; `None`: as long as any step.
    pub timeout: Option<Duration>,
    /// How often a script that fails is tried again.
    pub max_retries: u32,
}

/// `provisioner "file"`: a file or directory of the project, or a text, into the tree.
#[derive(Debug, Clone)]
pub struct FileProvision {
    /// Where its bytes come from.
    pub from: FileFrom,
    /// Absolute path in the tree; one that ends in `/` is a directory to put it into.
    pub destination: String,
    /// User; `None` is root.
    pub owner: Option<String>,
    /// Group; `None` is root.
    pub group: Option<String>,
    /// Permission bits of files; `None`: 0755 for what is executable, else 0644.
    pub mode: Option<u32>,
}

/// Where the bytes of a file come from.
#[derive(Debug, Clone)]
pub enum FileFrom {
    /// A path relative to the project. A directory that ends in `/` means what is in it.
    Path(String),
    /// A text.
    Content(Parameter),
}

/// One component of a recipe.
#[derive(Debug, Clone)]
pub struct ComponentUse {
    /// Path of a document relative to the project when it starts with `./`, `../` or `/`,
    /// else a name in the library.
    pub document: String,
    /// The place of its block.
    pub span: Span,
    /// Values for the document's parameters, as text; marked when they came from a
    /// sensitive variable.
    pub parameters: BTreeMap<String, Parameter>,
}

/// The value of a component's parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// As text: documents know only text.
    pub value: String,
    /// Came from a sensitive variable: must not be printed, stored or put into a key in clear.
    pub is_sensitive: bool,
}
