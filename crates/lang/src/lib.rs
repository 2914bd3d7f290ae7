//! The configuration language: HCL and its JSON form, to a typed recipe.
//!
//! Pure: files, variables and the environment come in as values, a [`Project`] and every problem
//! of every file come out.
//!
//! ```text
//! bytes ──syntax──► tree ──world──► definitions ──eval (lazily)──► values ──lower──► Project
//! ```

mod decode;
mod eval;
mod fmt;
mod lower;
mod scaffold;
pub mod schema;
mod syntax;
mod types;
mod value;
mod world;

use goldsmith_core::diagnostic::{Diagnostic, Severity, SourceFile, nearest};
use goldsmith_core::recipe::{Pipeline, Project};
use goldsmith_core::secret::Secret;

use eval::Evaluator;
use value::BlockName;
use world::{Given, World};

pub use eval::functions::Host;
pub use fmt::format;
pub use scaffold::scaffold;

/// A file: its name as the user would type it, and its bytes. The ending of the name decides the
/// form: `.json`, else HCL.
#[derive(Debug, Clone)]
pub struct Input {
    /// Shown in problems.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A value for a variable.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// Which variable.
    pub name: String,
    /// Its value as text; for lists and objects as an expression.
    pub text: String,
    /// Where it came from: `-var`.
    pub origin: String,
}

/// How to evaluate.
#[derive(Debug, Default)]
pub struct Options {
    /// From the command line; the last of a name counts.
    pub assignments: Vec<Assignment>,
    /// Files of values, the last of a name counts.
    pub files: Vec<Input>,
    /// From the environment: the weakest, and names without a variable are no problem.
    pub environment: Vec<Assignment>,
    /// The recipes wanted; what others need is not looked at. `None`: all, and a variable without
    /// a value is then no problem, as long as nothing more is wrong.
    pub select: Option<Vec<String>>,
}

/// What came out.
#[derive(Debug)]
pub struct Outcome {
    /// The recipes and pipelines without problems.
    pub project: Project,
    /// Every problem, errors first, by file and place.
    pub problems: Vec<Diagnostic>,
    /// Every secret text met: for the redactor.
    pub secrets: Vec<Secret<String>>,
    /// Names of all recipes of the project.
    pub recipes: Vec<String>,
    /// Recipes that depend on a variable without a value: well formed as far as can be seen.
    pub incomplete: Vec<String>,
}

impl Outcome {
    /// Whether any problem is an error.
    pub fn has_errors(&self) -> bool {
        self.problems
            .iter()
            .any(|problem| problem.severity == Severity::Error)
    }
}

/// Evaluates a project.
pub fn evaluate(inputs: &[Input], options: &Options, host: &dyn Host) -> Outcome {
    let mut problems = Vec::new();
    let mut world = World::default();
    world.allows_unknown = options.select.is_none();
    for input in inputs {
        match syntax::decode(&input.name, &input.bytes) {
            Ok(file) => {
                let (body, found) = syntax::parse(&file);
                problems.extend(found);
                world::collect(&mut world, &file, body, &mut problems);
            }
            Err(problem) => problems.push(problem),
        }
    }
    give(&mut world, options, &mut problems);
    let recipes: Vec<String> = world
        .blocks
        .keys()
        .filter(|name| name.kind == "recipe")
        .map(|name| name.labels[0].clone())
        .collect();
    if let Some(select) = &options.select {
        problems.extend(
            select
                .iter()
                .filter(|name| !recipes.contains(name))
                .map(|name| no_recipe(name, &recipes)),
        );
    }
    let evaluator = Evaluator::new(&world, host);
    let mut project = Project::default();
    let mut incomplete = Vec::new();
    let is_wanted = |name: &str| {
        options
            .select
            .as_ref()
            .is_none_or(|select| select.iter().any(|s| s == name))
    };
    for name in world.blocks.keys() {
        match name.kind.as_str() {
            "recipe" if is_wanted(&name.labels[0]) => match lower::recipe(&world, &evaluator, name)
            {
                Some(recipe) => project.recipes.push(recipe),
                None => incomplete.push(name.labels[0].clone()),
            },
            // A pipeline that cannot be read is a problem only for those who want its recipe.
            "pipeline"
                if options.select.is_none() || wants(&world, &evaluator, name, &is_wanted) =>
            {
                project
                    .pipelines
                    .extend(lower::pipeline(&world, &evaluator, name));
            }
            _ => {}
        }
    }
    lower::check_circles(&world, &evaluator);
    if options.select.is_none() {
        check_rest(&world, &evaluator);
    }
    problems.extend(evaluator.into_problems());
    // What was made of a secret within a recipe is one as well.
    let made = project
        .recipes
        .iter()
        .flat_map(|recipe| &recipe.work)
        .flat_map(goldsmith_core::recipe::Work::values)
        .filter(|parameter| parameter.is_sensitive)
        .map(|parameter| Secret::new(parameter.value.clone()));
    let of_pipelines = project.pipelines.iter().flat_map(Pipeline::secrets);
    let secrets = world
        .secrets()
        .into_iter()
        .map(Secret::new)
        .chain(made)
        .chain(of_pipelines)
        .collect();
    problems.sort_by_key(|problem| {
        let place = problem
            .labels
            .first()
            .map(|label| (label.span.file.name().to_owned(), label.span.range.start));
        (std::cmp::Reverse(problem.severity), place)
    });
    problems.dedup();
    Outcome {
        project,
        problems,
        secrets,
        recipes,
        incomplete,
    }
}

/// Everything that no recipe uses is looked at as well: `validate` shows all problems.
fn check_rest(world: &World, evaluator: &Evaluator<'_>) {
    let whole = |file: &SourceFile| goldsmith_core::diagnostic::Span::new(file, 0..0);
    for (name, definition) in &world.variables {
        drop(world.variable(evaluator, name, &whole(&definition.file)));
    }
    for name in world.locals.keys() {
        drop(world.local(evaluator, name, &whole(&SourceFile::new("", ""))));
    }
    for name in world.blocks.keys() {
        lower::check(world, evaluator, name);
    }
}

/// Whether the recipe of a pipeline is wanted.
fn wants(
    world: &World,
    evaluator: &Evaluator<'_>,
    name: &BlockName,
    is_wanted: &dyn Fn(&str) -> bool,
) -> bool {
    let reader = decode::Reader::of(world, evaluator, name);
    evaluator
        .quietly(|| reader.reference("recipe").required().ok_or(eval::Reported))
        .is_ok_and(|recipe| is_wanted(&recipe.labels[0]))
}

fn no_recipe(name: &str, known: &[String]) -> Diagnostic {
    let problem = Diagnostic::error("L0033", format!("there is no recipe `{name}`"));
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => problem.note(format!("did you mean `{near}`?")),
        None if known.is_empty() => problem.note("the project has no recipe"),
        None => problem.note(format!("there is {}", known.join(", "))),
    }
}

/// Puts the given values in order: command line, files, environment.
fn give(world: &mut World, options: &Options, problems: &mut Vec<Diagnostic>) {
    let mut given = Vec::new();
    for assignment in options.assignments.iter().rev() {
        given.push(raw(assignment, true));
    }
    for input in options.files.iter().rev() {
        match syntax::decode(&input.name, &input.bytes) {
            Ok(file) => {
                let (body, found) = syntax::parse(&file);
                problems.extend(found);
                given.extend(body.attributes.into_iter().map(|attribute| Given {
                    name: attribute.name.text,
                    text: world::GivenText::Expr(attribute.value),
                    file: file.clone(),
                    must_exist: true,
                    at: attribute.name.at,
                }));
            }
            Err(problem) => problems.push(problem),
        }
    }
    given.extend(
        options
            .environment
            .iter()
            .map(|assignment| raw(assignment, false)),
    );
    for given in given
        .iter()
        .filter(|given| given.must_exist && !world.variables.contains_key(&given.name))
    {
        let place = goldsmith_core::diagnostic::Span::new(&given.file, given.at.clone());
        let label = eval::suggestion(&given.name, world.variables.keys().map(String::as_str));
        problems.push(
            Diagnostic::error("L0032", format!("there is no variable `{}`", given.name))
                .label(place, label),
        );
    }
    world.given = given;
}

/// A value given as text. The excerpt of a problem shows its name and never the value, which may
/// be secret.
fn raw(assignment: &Assignment, must_exist: bool) -> Given {
    let file = SourceFile::new(&assignment.origin, &assignment.name);
    Given {
        name: assignment.name.clone(),
        text: world::GivenText::Raw(assignment.text.clone()),
        file,
        must_exist,
        at: 0..assignment.name.len(),
    }
}
