//! What a recipe does, as documents: found, read, checked, and given their parameters.

mod provisioner;

use goldsmith_component::{Document, Parameters, check_parameters, library};
use goldsmith_core::cx::Cx;
use goldsmith_core::diagnostic::Diagnostic;
use goldsmith_core::digest::Sha256;
use goldsmith_core::recipe::{ComponentUse, Source, Work};
use goldsmith_core::secret::Secret;
use goldsmith_plan::lock::Input;
use std::collections::BTreeMap;

use crate::project::ProjectDirectory;

/// A document that a recipe uses, ready to run.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// As the recipe names it.
    pub path: String,
    /// What it says.
    pub document: Document,
    /// Values of its parameters.
    pub parameters: Parameters,
    /// The files of the project that it is made of, by name: itself, what it runs, what it puts.
    pub pinned: BTreeMap<String, Sha256>,
}

impl Loaded {
    /// Whether it has a phase of this name.
    pub fn has_phase(&self, name: &str) -> bool {
        self.document.phases().any(|phase| phase == name)
    }
}

/// Reads what a recipe does. Sensitive values become known to the redactor.
///
/// Gives every problem of every document, warnings included; the documents are all there when
/// none of them is an error.
pub fn load(cx: &Cx, project: &ProjectDirectory, work: &[Work]) -> (Vec<Loaded>, Vec<Diagnostic>) {
    let mut loaded = Vec::new();
    let mut problems = Vec::new();
    for work in work {
        for value in work.values().into_iter().filter(|value| value.is_sensitive) {
            cx.redactor.add(&Secret::new(value.value.clone()));
        }
        loaded.extend(match work {
            Work::Component(one) => component(project, one, &mut problems),
            Work::Provisioner(one) => provisioner::lower(project, one, &mut problems),
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

fn component(
    project: &ProjectDirectory,
    component: &ComponentUse,
    problems: &mut Vec<Diagnostic>,
) -> Option<Loaded> {
    let name = &component.document;
    let file = match project.find(name) {
        Ok(file) => file,
        Err(missing) => {
            problems.push(missing.at(component.span.clone()));
            return None;
        }
    };
    let (document, found) = goldsmith_component::load(&file);
    problems.extend(found);
    let document = document?;
    let parameters: Parameters = component
        .parameters
        .iter()
        .map(|(name, parameter)| (name.clone(), parameter.value.clone()))
        .collect();
    problems.extend(check_parameters(&document, &parameters, &component.span));
    let digest = Sha256::of(file.text().as_bytes());
    let mut pinned = BTreeMap::from([(name.clone(), digest)]);
    find_nested(project, &document, &mut pinned, problems);
    Some(Loaded {
        path: name.clone(),
        document,
        parameters,
        pinned,
    })
}

/// The documents that a document runs, and so on; each once, so that circles end.
fn find_nested(
    project: &ProjectDirectory,
    document: &Document,
    nested: &mut BTreeMap<String, Sha256>,
    problems: &mut Vec<Diagnostic>,
) {
    for (name, span) in document.nested() {
        if nested.contains_key(name) {
            continue;
        }
        match project.find(name) {
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

/// The source with the packages that components of the library need: those are locked with its own.
/// A disk of others and an image of AWS take none: what a component misses there it says itself.
pub fn with_packages(source: &Source, loaded: &[Loaded]) -> Source {
    let mut source = source.clone();
    let packages = match &mut source {
        Source::Debian(source) => &mut source.packages,
        Source::Image(source) => &mut source.packages,
        Source::Disk(_) | Source::Ami(_) => return source,
    };
    let names = loaded.iter().flat_map(|one| one.pinned.keys());
    for package in library::packages(names.map(String::as_str)) {
        if !packages.iter().any(|named| is_of(named, package)) {
            packages.push(package.to_owned());
        }
    }
    source
}

/// Whether a request, `name:arch` or `name=version`, is for a package.
fn is_of(request: &str, package: &str) -> bool {
    request.split([':', '=']).next() == Some(package)
}

/// The documents as the lock pins them: each path once, in order.
pub fn locked_inputs(loaded: &[Loaded]) -> Vec<Input> {
    let pinned = loaded.iter().flat_map(|l| &l.pinned);
    let by_path: BTreeMap<&str, Sha256> = pinned
        .map(|(path, sha256)| (path.as_str(), *sha256))
        .collect();
    by_path
        .into_iter()
        .map(|(path, sha256)| Input {
            path: path.to_owned(),
            sha256,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use goldsmith_core::diagnostic::{SourceFile, Span};
    use goldsmith_core::recipe::Parameter;
    use goldsmith_testing::clock::FakeClock;

    use super::*;

    fn used(document: &str, parameters: &[(&str, &str, bool)]) -> Work {
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
        Work::Component(ComponentUse {
            document: document.to_owned(),
            span: Span::new(&SourceFile::new("r", "component"), 0..9),
            parameters,
        })
    }

    #[test]
    fn reads_and_refuses() {
        let project = tempfile::tempdir().unwrap();
        let own = ProjectDirectory::new(project.path());
        fs::write(
            project.path().join("a.yaml"),
            "name: a\nschemaVersion: 1.0\nparameters:\n  - word:\n      type: string\nphases:\n  - name: build\n    steps:\n      - name: Say\n        action: ExecuteBash\n        inputs:\n          commands:\n            - echo '{{ word }}'\n",
        )
        .unwrap();
        let cx = Cx::silent(Arc::new(FakeClock::at(0)));
        let secret = used("./a.yaml", &[("word", "hunter22", true)]);
        let (loaded, problems) = load(&cx, &own, std::slice::from_ref(&secret));
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
            let (_, problems) = load(&cx, &own, &[used(name, &[])]);
            assert!(
                problems[0].message.contains(message),
                "{name}: {}",
                problems[0].message
            );
        }
        // A document in a document is looked at and pinned, too.
        let outer = "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n      - name: Nest\n        action: ExecuteDocument\n        inputs: {document: ./b.yaml}\n";
        fs::write(project.path().join("outer.yaml"), outer).unwrap();
        let (_, problems) = load(&cx, &own, &[used("./outer.yaml", &[])]);
        assert!(problems[0].message.contains("cannot read `./b.yaml`"));
        fs::write(project.path().join("b.yaml"), outer).unwrap();
        let (loaded, problems) = load(&cx, &own, &[used("./outer.yaml", &[])]);
        assert_eq!(problems, []);
        let inputs = locked_inputs(&loaded);
        let pinned: Vec<&str> = inputs.iter().map(|input| input.path.as_str()).collect();
        assert_eq!(pinned, ["./b.yaml", "./outer.yaml"]);

        // A parameter without a value and without a default.
        let (_, problems) = load(&cx, &own, &[used("./a.yaml", &[])]);
        assert!(problems[0].message.contains("word"), "{problems:?}");
    }
}
