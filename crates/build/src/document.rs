//! The component documents of a recipe: found, read, checked, and given their parameters.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use goldsmith_component::services::DocumentSource;
use goldsmith_component::{Document, Parameters, check_parameters, library};
use goldsmith_core::cx::Cx;
use goldsmith_core::diagnostic::{Diagnostic, SourceFile, Span, nearest};
use goldsmith_core::digest::Sha256;
use goldsmith_core::recipe::ComponentUse;
use goldsmith_core::secret::Secret;
use goldsmith_plan::lock::Input;

/// The largest document that is read, in bytes.
const BYTES_MAX: u64 = 4 << 20;

/// A document that a recipe uses, ready to run.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// As the recipe names it.
    pub path: String,
    /// Digest of its text.
    pub sha256: Sha256,
    /// What it says.
    pub document: Document,
    /// Values of its parameters.
    pub parameters: Parameters,
    /// The documents that it runs, by name; theirs included.
    pub nested: BTreeMap<String, Sha256>,
}

impl Loaded {
    /// Whether it has a phase of this name.
    pub fn has_phase(&self, name: &str) -> bool {
        self.document.phases().any(|phase| phase == name)
    }
}

/// Reads the documents of a recipe. Sensitive parameters become known to the redactor.
///
/// Gives every problem of every document, warnings included; the documents are all there when
/// none of them is an error.
pub fn load(
    cx: &Cx,
    project: &Path,
    components: &[ComponentUse],
) -> (Vec<Loaded>, Vec<Diagnostic>) {
    let mut loaded = Vec::new();
    let mut problems = Vec::new();
    for component in components {
        let file = match read(project, component) {
            Ok(file) => file,
            Err(problem) => {
                problems.push(*problem);
                continue;
            }
        };
        let (document, found) = goldsmith_component::load(&file);
        problems.extend(found);
        let Some(document) = document else { continue };
        let parameters = parameters(cx, component);
        problems.extend(check_parameters(&document, &parameters, &component.span));
        let sha256 = Sha256::of(file.text().as_bytes());
        let mut nested = BTreeMap::new();
        find_nested(project, &document, &mut nested, &mut problems);
        loaded.push(Loaded {
            path: component.document.clone(),
            sha256,
            document,
            parameters,
            nested,
        });
    }
    // A document used twice says its problems once.
    let mut seen: Vec<Diagnostic> = Vec::new();
    problems.retain(|problem| {
        let is_new = !seen.contains(problem);
        if is_new {
            seen.push(problem.clone());
        }
        is_new
    });
    (loaded, problems)
}

/// The documents that a document runs, and so on; each once, so that circles end.
fn find_nested(
    project: &Path,
    document: &Document,
    nested: &mut BTreeMap<String, Sha256>,
    problems: &mut Vec<Diagnostic>,
) {
    for (name, span) in document.nested() {
        if nested.contains_key(name) {
            continue;
        }
        match find(project, name) {
            Err(missing) => {
                problems.push(missing.at(span));
            }
            Ok(file) => {
                nested.insert(name.to_owned(), Sha256::of(file.text().as_bytes()));
                let (document, found) = goldsmith_component::load(&file);
                problems.extend(found);
                if let Some(document) = document {
                    find_nested(project, &document, nested, problems);
                }
            }
        }
    }
}

/// The documents as the lock pins them: each path once, in order.
pub fn locked_inputs(loaded: &[Loaded]) -> Vec<Input> {
    let mut by_path: BTreeMap<&str, Sha256> =
        loaded.iter().map(|l| (l.path.as_str(), l.sha256)).collect();
    let nested = loaded.iter().flat_map(|l| &l.nested);
    by_path.extend(nested.map(|(path, sha256)| (path.as_str(), *sha256)));
    by_path
        .into_iter()
        .map(|(path, sha256)| Input {
            path: path.to_owned(),
            sha256,
        })
        .collect()
}

fn parameters(cx: &Cx, component: &ComponentUse) -> Parameters {
    let mut parameters = Parameters::new();
    for (name, parameter) in &component.parameters {
        if parameter.is_sensitive {
            cx.redactor.add(&Secret::new(parameter.value.clone()));
        }
        parameters.insert(name.clone(), parameter.value.clone());
    }
    parameters
}

/// Why there is no document: what is wrong, what to look at, and more to know.
struct Missing {
    message: String,
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

    fn at(self, span: Span) -> Diagnostic {
        let problem = Diagnostic::error("C0001", self.message).label(span, self.label);
        match self.note {
            Some(note) => problem.note(note),
            None => problem,
        }
    }
}

/// The documents of a project, by the names that recipes and documents use.
#[derive(Debug, Clone)]
pub struct ProjectDocuments {
    project: PathBuf,
}

impl ProjectDocuments {
    /// Of the project in this directory.
    pub fn new(project: &Path) -> Self {
        Self {
            project: project.to_owned(),
        }
    }
}

impl DocumentSource for ProjectDocuments {
    fn document(&self, name: &str) -> Result<SourceFile, String> {
        find(&self.project, name).map_err(|missing| missing.message)
    }
}

/// The text of a document: of the project when the name is a path, else of the library.
fn find(project: &Path, name: &str) -> Result<SourceFile, Missing> {
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
    let path = project.join(name);
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

/// The text of a component; a problem points at its use in the recipe.
fn read(project: &Path, component: &ComponentUse) -> Result<SourceFile, Box<Diagnostic>> {
    find(project, &component.document)
        .map_err(|missing| Box::new(missing.at(component.span.clone())))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use goldsmith_core::recipe::Parameter;
    use goldsmith_testing::clock::FakeClock;

    use super::*;

    fn used(document: &str, parameters: &[(&str, &str, bool)]) -> ComponentUse {
        let parameters = parameters
            .iter()
            .map(|(name, value, is_sensitive)| {
                (
                    (*name).to_owned(),
                    Parameter {
                        value: (*value).to_owned(),
                        is_sensitive: *is_sensitive,
                    },
                )
            })
            .collect();
        ComponentUse {
            document: document.to_owned(),
            span: Span::new(&SourceFile::new("r", "component"), 0..9),
            parameters,
        }
    }

    #[test]
    fn reads_and_refuses() {
        let project = tempfile::tempdir().unwrap();
        fs::write(
            project.path().join("a.yaml"),
            "name: a\nschemaVersion: 1.0\nparameters:\n  - word:\n      type: string\nphases:\n  - name: build\n    steps:\n      - name: Say\n        action: ExecuteBash\n        inputs:\n          commands:\n            - echo '{{ word }}'\n",
        )
        .unwrap();
        let cx = Cx::silent(Arc::new(FakeClock::at(0)));
        let secret = used("./a.yaml", &[("word", "hunter22", true)]);
        let (loaded, problems) = load(&cx, project.path(), std::slice::from_ref(&secret));
        assert_eq!(problems, []);
        assert!(loaded[0].has_phase("build") && !loaded[0].has_phase("test"));
        assert_eq!(cx.redactor.redact("it is hunter22"), "it is (secret)");
        assert_eq!(
            locked_inputs(&[loaded[0].clone(), loaded[0].clone()]).len(),
            1
        );

        for (name, message) in [
            ("./absent.yaml", "cannot read"),
            ("timezon", "there is no component"),
            ("./", "is not a file"),
        ] {
            let (_, problems) = load(&cx, project.path(), &[used(name, &[])]);
            assert!(
                problems[0].message.contains(message),
                "{name}: {}",
                problems[0].message
            );
        }
        // A document in a document is looked at and pinned, too.
        let outer = "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n      - name: Nest\n        action: ExecuteDocument\n        inputs: {document: ./b.yaml}\n";
        fs::write(project.path().join("outer.yaml"), outer).unwrap();
        let (_, problems) = load(&cx, project.path(), &[used("./outer.yaml", &[])]);
        assert!(problems[0].message.contains("cannot read `./b.yaml`"));
        fs::write(project.path().join("b.yaml"), outer).unwrap();
        let (loaded, problems) = load(&cx, project.path(), &[used("./outer.yaml", &[])]);
        assert_eq!(problems, []);
        let inputs = locked_inputs(&loaded);
        let pinned: Vec<&str> = inputs.iter().map(|input| input.path.as_str()).collect();
        assert_eq!(pinned, ["./b.yaml", "./outer.yaml"]);

        // A parameter without a value and without a default.
        let (_, problems) = load(&cx, project.path(), &[used("./a.yaml", &[])]);
        assert!(problems[0].message.contains("word"), "{problems:?}");
    }
}
