//! How the layers of a recipe are called, and which one a person means.

use goldsmith_core::failure::{Class, Failure};

use super::chain::{PHASES, bootstrap_layers, used};
use super::{BuildError, Job, parent};

/// How a step is called.
pub(super) fn title(document: &str, phase: &str, step: &str) -> String {
    format!("{document} {phase}/{step}")
}

/// The titles of all layers of a recipe, bottom first. What is made elsewhere has none, which is an
/// error.
pub fn step_titles(job: &Job<'_>) -> Result<Vec<String>, BuildError> {
    parent::check_here(job)?;
    let bootstrap = bootstrap_layers(job);
    let mut titles: Vec<String> = bootstrap.into_iter().map(|wanted| wanted.title).collect();
    for (loaded, name) in used(job.documents) {
        let steps = loaded.document.steps();
        titles.extend(
            steps
                .filter(|(phase, _)| PHASES.contains(phase))
                .map(|(phase, step)| title(&name, phase, step)),
        );
    }
    Ok(titles)
}

/// The title of the layer that a person means, as [`Anew::From`](crate::layer::Anew) takes it: by
/// all of it or by a part that no other title has. Whatever the letters' case.
pub fn find_step(titles: &[String], wanted: &str) -> Result<String, StepError> {
    if let Some(title) = titles.iter().find(|title| *title == wanted) {
        return Ok(title.clone());
    }
    let part = wanted.to_lowercase();
    let fits = |title: &&String| title.to_lowercase().contains(&part);
    let mut found: Vec<String> = titles.iter().filter(fits).cloned().collect();
    let wanted = wanted.to_owned();
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(StepError::Unknown {
            wanted,
            steps: titles.to_vec(),
        }),
        _ => Err(StepError::Several {
            wanted,
            steps: found,
        }),
    }
}

/// A step that cannot be told from what was said of it.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// None is called so.
    #[error("no step of the recipe is called `{wanted}`")]
    Unknown {
        /// What was asked for.
        wanted: String,
        /// The steps there are.
        steps: Vec<String>,
    },
    /// Several have it in their title.
    #[error("`{wanted}` fits several steps of the recipe")]
    Several {
        /// What was asked for.
        wanted: String,
        /// Those that it fits.
        steps: Vec<String>,
    },
}

impl Failure for StepError {
    fn class(&self) -> Class {
        Class::Usage
    }

    fn hints(&self) -> Vec<String> {
        let (Self::Unknown { steps, .. } | Self::Several { steps, .. }) = self;
        let lines: String = steps.iter().map(|step| format!("\n  {step}")).collect();
        let what = match self {
            Self::Unknown { .. } => "the steps are",
            Self::Several { .. } => "say more of one of these",
        };
        vec![format!("{what}:{lines}")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_title_is_enough() {
        let titles = [
            "packages",
            "a.yaml build/Install",
            "a.yaml build/Install2",
            "b.yaml build/Copy",
        ]
        .map(str::to_owned);
        for (said, meant) in [
            ("packages", Ok(0)),
            ("b.yaml", Ok(3)),
            ("copy", Ok(3)),
            ("a.yaml build/Install", Ok(1)),
            ("Install2", Ok(2)),
            ("Install", Err(2)),
            ("nothing", Err(4)),
        ] {
            match (find_step(&titles, said), meant) {
                (Ok(found), Ok(meant)) => assert_eq!(found, titles[meant], "{said}"),
                (Err(error), Err(listed)) => {
                    let hints = error.hints().join("\n");
                    assert_eq!(hints.lines().count(), listed + 1, "{said}: {hints}");
                }
                (found, _) => panic!("{said}: {found:?}"),
            }
        }
    }
}
