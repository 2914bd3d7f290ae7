//! The files of a project: its documents, its scripts, what it puts into images.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use goldsmith_component::library;
use goldsmith_component::services::{DocumentSource, ProjectFiles, ProjectNode};
use goldsmith_core::diagnostic::{Diagnostic, SourceFile, Span, nearest};
use goldsmith_core::digest::{Hasher, Sha256};

/// The largest document that is read, in bytes.
const BYTES_MAX: u64 = 4 << 20;
/// Directories in directories; a link to one above would never end.
const DEPTH_MAX: usize = 100;

/// Why there is no document: what is wrong, what to look at, and more to know.
pub(crate) struct Missing {
    pub(crate) message: String,
    label: String,
    note: Option<String>,
}

impl Missing {
    fn new(message: String, label: &str) -> Self {
        Self {
            message,
            label: label.to_owned(),
            note: None,
        }
    }

    pub(crate) fn at(self, span: Span) -> Diagnostic {
        let problem = Diagnostic::error("C0001", self.message).label(span, self.label);
        match self.note {
            Some(note) => problem.note(note),
            None => problem,
        }
    }
}

/// The directory of a project.
#[derive(Debug, Clone)]
pub struct ProjectDirectory {
    directory: PathBuf,
}

impl DocumentSource for ProjectDirectory {
    fn document(&self, name: &str) -> Result<SourceFile, String> {
        self.find(name).map_err(|missing| missing.message)
    }
}

impl ProjectFiles for ProjectDirectory {
    fn nodes(&self, path: &str) -> Result<Vec<ProjectNode>, String> {
        let mut nodes = Vec::new();
        walk(&self.directory.join(path), "", &mut nodes, 0)?;
        Ok(nodes)
    }

    fn open(&self, path: &str, below: &str) -> io::Result<Box<dyn io::Read>> {
        let path = self.directory.join(path);
        let path = if below.is_empty() {
            path
        } else {
            path.join(below)
        };
        Ok(Box::new(fs::File::open(path)?))
    }
}

impl ProjectDirectory {
    /// In this directory.
    pub fn new(directory: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.directory
    }

    /// Digest of a file or of everything below a directory: names, bytes, and whether a file
    /// is executable.
    pub(crate) fn digest(&self, path: &str) -> Result<Sha256, String> {
        let nodes = self.nodes(path)?;
        if let [only] = nodes.as_slice()
            && !only.is_directory
        {
            return self.digest_of(path, "");
        }
        let mut hasher = Hasher::new();
        for node in nodes {
            hasher.field(node.path.as_bytes());
            hasher.field(format!("{} {}", node.is_directory, node.is_executable).as_bytes());
            if !node.is_directory {
                hasher.field(self.digest_of(path, &node.path)?.as_bytes());
            }
        }
        Ok(hasher.finish())
    }

    fn digest_of(&self, path: &str, below: &str) -> Result<Sha256, String> {
        let mut hasher = Hasher::new();
        let mut buffer = vec![0; 128 << 10];
        let read = |hasher: &mut Hasher, buffer: &mut [u8]| -> io::Result<()> {
            let mut file = self.open(path, below)?;
            loop {
                match file.read(buffer)? {
                    0 => return Ok(()),
                    length => hasher.update(&buffer[..length]),
                }
            }
        };
        read(&mut hasher, &mut buffer).map_err(|error| format!("cannot read it: {error}"))?;
        Ok(hasher.finish())
    }

    /// The text of a document: of the project when the name is a path, else of the library.
    pub(crate) fn find(&self, name: &str) -> Result<SourceFile, Missing> {
        if !["./", "../", "/"]
            .iter()
            .any(|start| name.starts_with(start))
        {
            return library::find(name)
                .map(|found| found.file())
                .ok_or_else(|| {
                    let known: Vec<&str> = library::ALL.iter().map(|c| c.name).collect();
                    let label = match nearest(name, known.iter().copied()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "a document of the project begins with `./`".to_owned(),
                    };
                    Missing {
                        message: format!("there is no component `{name}` in the library"),
                        label,
                        note: Some(format!("the library has: {}", known.join(", "))),
                    }
                });
        }
        let path = self.directory.join(name);
        let refuse = |message: String| Missing::new(message, "this document");
        let size = fs::metadata(&path).map(|m| if m.is_file() { m.len() } else { u64::MAX });
        match size {
            Ok(u64::MAX) => return Err(refuse(format!("`{name}` is not a file"))),
            Ok(size) if size > BYTES_MAX => {
                let message = format!("`{name}` has {size} bytes, and {BYTES_MAX} is the most");
                return Err(refuse(message));
            }
            _ => {}
        }
        let bytes = fs::read(&path).map_err(|e| refuse(format!("cannot read `{name}`: {e}")))?;
        let text =
            String::from_utf8(bytes).map_err(|_| refuse(format!("`{name}` is not UTF-8 text")))?;
        Ok(SourceFile::new(name, text))
    }
}

/// A file or directory and what is below it. Links are what they lead to, as when Packer copies.
fn walk(
    path: &Path,
    below: &str,
    nodes: &mut Vec<ProjectNode>,
    depth: usize,
) -> Result<(), String> {
    let failed = |error: io::Error| {
        let place = if below.is_empty() { "it" } else { below };
        format!("cannot read {place}: {error}")
    };
    let metadata = fs::metadata(path).map_err(failed)?;
    let is_directory = metadata.is_dir();
    if !is_directory && !metadata.is_file() {
        return Err(format!("{below} is neither a file nor a directory")
            .trim()
            .to_owned());
    }
    if depth > DEPTH_MAX {
        return Err(format!("{below} is too deep: does a link lead back?"));
    }
    nodes.push(ProjectNode {
        path: below.to_owned(),
        is_directory,
        is_executable: !is_directory && metadata.permissions().mode() & 0o100 != 0,
    });
    if !is_directory {
        return Ok(());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let name = name.into_string();
        names.push(name.map_err(|name| format!("the name {} is not UTF-8", name.display()))?);
    }
    names.sort_unstable();
    for name in names {
        let next = if below.is_empty() {
            name.clone()
        } else {
            format!("{below}/{name}")
        };
        walk(&path.join(&name), &next, nodes, depth + 1)?;
    }
    Ok(())
}
