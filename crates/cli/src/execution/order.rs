//! What a command line asks for: which documents, with which parameters, which phases.

use goldsmith_component::awstoe::config::{self, Config, ConfigDocument};
use goldsmith_component::execution::Planned;
use goldsmith_component::{Document, Parameters, check_blocked, check_parameters, code, lint};
use goldsmith_core::diagnostic::{Diagnostic, Severity, SourceFile, Span, nearest};
use goldsmith_core::remote::ObjectStore;
use goldsmith_core::secret::Secret;

use crate::app::App;
use crate::documents;
use crate::project;
use crate::report::CmdError;

/// Shortest value of a parameter or variable that is masked because of its name: shorter ones are
/// words that other texts have, too.
const SECRET_LENGTH_MIN: usize = 8;

/// How strict a command is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Manners<'a> {
    /// As AWSTOE: a parameter without a value is the empty text.
    pub(crate) fills_parameters: bool,
    /// As AWSTOE: a value for a parameter that no document has is passed over, and so is a phase.
    pub(crate) passes_over_unknown: bool,
    /// Actions that may not be used.
    pub(crate) blocked: &'a [String],
}

/// Reads the configuration at a path or `s3://`.
pub(crate) fn configuration(
    app: &App,
    objects: Option<&dyn ObjectStore>,
    path: &str,
    owner: Option<&str>,
) -> Result<Config, CmdError> {
    let file = documents::file(app, objects, path, owner)?;
    let (config, problems) = config::read(&file);
    let Some(config) = config else {
        return Err(CmdError::Problems(problems));
    };
    project::warnings(app, &problems);
    Ok(config)
}

/// Finds the documents of a configuration, checks them and gives them their parameters. Values
/// whose names say that they are secret become known to the redactor.
pub(crate) fn planned(
    app: &App,
    objects: Option<&dyn ObjectStore>,
    config: &Config,
    manners: Manners<'_>,
) -> Result<Vec<Planned>, CmdError> {
    let said = CommandLine::of(config);
    let given = config.documents.iter().flat_map(|one| &one.parameters);
    mask(app, given.chain(&config.parameters));
    let mut planned = Vec::new();
    let mut problems = Vec::new();
    for one in &config.documents {
        let owner = config.document_s3_bucket_owner.as_deref();
        let file = documents::document(app, objects, &one.path, owner)?;
        let (document, found) = goldsmith_component::load(&file);
        // A document that is run twice says its problems once.
        for problem in found {
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
        let Some(document) = document else { continue };
        let (parameters, found) = parameters(app, &document, one, config, &said, manners);
        problems.extend(found);
        let phases = config.phases.as_deref().unwrap_or_default();
        problems.extend(check_blocked(&document, phases, manners.blocked));
        planned.push(Planned {
            document,
            parameters,
        });
    }
    let are_all_there = planned.len() == config.documents.len();
    if are_all_there {
        problems.extend(unknown(app, &planned, config, &said, manners));
    }
    if problems.iter().any(|p| p.severity == Severity::Error) {
        return Err(CmdError::Problems(problems));
    }
    project::warnings(app, &problems);
    phases(app, &planned, config, manners)?;
    Ok(planned)
}

/// Makes values known to the redactor whose names say that they are secret.
pub(crate) fn mask<'a>(app: &App, named: impl IntoIterator<Item = (&'a String, &'a String)>) {
    for (name, value) in named {
        if value.len() >= SECRET_LENGTH_MIN && lint::names_secret(name) {
            app.cx.redactor.add(&Secret::new(value.clone()));
        }
    }
}

/// The parameters of one document: its own, and those of all that it declares.
fn parameters(
    app: &App,
    document: &Document,
    one: &ConfigDocument,
    config: &Config,
    said: &CommandLine,
    manners: Manners<'_>,
) -> (Parameters, Vec<Diagnostic>) {
    let shared = config.parameters.iter();
    let shared = shared.filter(|(name, _)| document.has_parameter(name));
    let mut all: Parameters = shared
        .chain(&one.parameters)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if manners.passes_over_unknown {
        all.retain(|name, _| {
            let is_known = document.has_parameter(name);
            if !is_known {
                let document = document.name();
                app.cx.warn(format!(
                    "`{document}` has no parameter `{name}`: passed over"
                ));
            }
            is_known
        });
    }
    if manners.fills_parameters {
        for name in document.fill(&mut all) {
            let document = document.name();
            app.cx.warn(format!(
                "the parameter `{name}` of `{document}` has no value: taken as the empty text"
            ));
        }
    }
    let problems = check_parameters(document, &all, &said.whole());
    (all, problems)
}

/// Parameters of all documents that none of them has.
fn unknown(
    app: &App,
    planned: &[Planned],
    config: &Config,
    said: &CommandLine,
    manners: Manners<'_>,
) -> Vec<Diagnostic> {
    let is_unknown = |name: &&String| planned.iter().all(|p| !p.document.has_parameter(name));
    let unknown = config.parameters.keys().filter(is_unknown);
    if manners.passes_over_unknown {
        unknown.for_each(|name| {
            app.cx
                .warn(format!("no document has a parameter `{name}`: passed over"));
        });
        return Vec::new();
    }
    let known: Vec<&str> = planned
        .iter()
        .flat_map(|one| one.document.parameters())
        .map(|parameter| parameter.name)
        .collect();
    let problem = |name: &String| {
        let message = format!("no document has a parameter `{name}`");
        let near = nearest(name, known.iter().copied());
        let label = near.map_or_else(String::new, |near| format!("did you mean `{near}`?"));
        let problem = Diagnostic::error(code::UNKNOWN_PARAMETER, message);
        let problem = problem.label(said.parameter(name), label);
        problem.note(match known.as_slice() {
            [] => "they have no parameters".to_owned(),
            known => format!("parameters: {}", known.join(", ")),
        })
    };
    unknown.map(problem).collect()
}

/// A phase that no document has is a slip.
fn phases(
    app: &App,
    planned: &[Planned],
    config: &Config,
    manners: Manners<'_>,
) -> Result<(), CmdError> {
    let known = || planned.iter().flat_map(|one| one.document.phases());
    let asked = config.phases.as_deref().unwrap_or_default();
    let is_known = |phase: &&String| known().any(|known| known == *phase);
    if manners.passes_over_unknown {
        if !asked.is_empty() && !asked.iter().any(|phase| is_known(&phase)) {
            app.cx.warn(format!(
                "no document has a phase {}: nothing is run",
                asked.join(" or ")
            ));
        }
        return Ok(());
    }
    let Some(missing) = asked.iter().find(|phase| !is_known(phase)) else {
        return Ok(());
    };
    let mut names: Vec<&str> = known().collect();
    names.sort_unstable();
    names.dedup();
    let near = nearest(missing, names.iter().copied());
    let error = CmdError::usage(match planned {
        [only] => format!("`{}` has no phase `{missing}`", only.document.name()),
        _ => format!("no document has a phase `{missing}`"),
    });
    let error = match near {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error,
    };
    Err(error.hint(format!("there are: {}", names.join(", "))))
}

/// What was asked for, as a text in which problems have a place.
struct CommandLine {
    file: SourceFile,
}

impl CommandLine {
    fn of(config: &Config) -> Self {
        let documents = config.documents.iter().map(|one| one.path.as_str());
        let mut text = documents.collect::<Vec<_>>().join(" ");
        let parameters = config.parameters.iter();
        let parameters = parameters.map(|(name, value)| format!("{name}={value}"));
        let parameters = parameters.collect::<Vec<_>>().join(",");
        if !parameters.is_empty() {
            text = format!("{text} --parameters {parameters}");
        }
        Self {
            file: SourceFile::new("(command line)", text.replace('\n', " ")),
        }
    }

    fn whole(&self) -> Span {
        Span::new(&self.file, 0..self.file.text().len())
    }

    fn parameter(&self, name: &str) -> Span {
        let needle = format!("{name}=");
        let start = self.file.text().rfind(" --parameters ").unwrap_or(0);
        match self.file.text()[start..].find(&needle) {
            Some(at) => Span::new(&self.file, start + at..start + at + name.len()),
            None => self.whole(),
        }
    }
}
