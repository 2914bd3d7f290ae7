//! What the next build of a recipe would find kept, and why it would make the rest: layer by
//! layer, with nothing made.
//!
//! The first layer that is not kept is held against the one that the project last had in its place.
//! What comes after it cannot be known: a step may ask for what the steps before it come to.

use goldsmith_component::run::Run;
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_store::Store;

use super::chain::{PHASES, bootstrap_layers, used};
use super::lazy::Lazy;
use super::title::step_titles;
use super::{BuildError, Job};
use super::{parent, steps};
use crate::layer::{Anew, LayerFile, PartChange, Stack, Wanted, described};

/// A layer, as the next build would meet it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    /// How it is called.
    pub title: String,
    /// Whether it is kept.
    pub verdict: Verdict,
    /// What may change without the build noticing: downloads that nobody pinned.
    pub unnoticed: Vec<String>,
}

/// Whether a layer is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is, and would be taken.
    Kept {
        /// Files that it changes.
        files: u64,
        /// Bytes in them.
        bytes: u64,
        /// How long it took to make, in milliseconds.
        made_ms: u64,
    },
    /// It is not, and would be made.
    Made(Because),
}

/// Why a layer would be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// These inputs are others than they were; secrets are masked.
    Inputs(Vec<PartChange>),
    /// The project has not had such a layer yet, or the step failed.
    New,
    /// It was made of the same, and is gone from the store.
    Gone,
    /// It stands on another layer than before, or on one that would be made.
    Below,
}

/// Looks at every layer of a recipe, bottom first. What is made elsewhere has none, which is an
/// error.
pub fn forecast(cx: &Cx, store: &Store, job: &Job<'_>) -> Result<Vec<Forecast>, BuildError> {
    parent::check_here(job)?;
    let mut look = Look {
        stack: Stack::new(store, job.section.epoch, Anew::None),
        before: before(store, job)?,
        found: Vec::new(),
    };
    look.at_all(cx, job)?;
    let mut found = look.found;
    let titles = step_titles(job)?;
    found.extend(titles.into_iter().skip(found.len()).map(|title| Forecast {
        title,
        verdict: Verdict::Made(Because::Below),
        unnoticed: Vec::new(),
    }));
    Ok(found)
}

/// The layers of the last try, then those of the last image.
fn before(store: &Store, job: &Job<'_>) -> Result<Vec<LayerFile>, BuildError> {
    let mut names = store.chain(&job.owner.tried())?;
    names.extend(store.chain(&job.owner.done())?);
    let files = names.iter().filter_map(|name| described(store, name));
    Ok(files.collect())
}

struct Look<'s> {
    stack: Stack<'s>,
    before: Vec<LayerFile>,
    found: Vec<Forecast>,
}

impl Look<'_> {
    /// Goes up to the first layer that is not kept.
    fn at_all(&mut self, cx: &Cx, job: &Job<'_>) -> Result<(), BuildError> {
        for wanted in bootstrap_layers(job) {
            if self.at(cx, &wanted)?.is_none() {
                return Ok(());
            }
        }
        for (loaded, name) in used(job.documents) {
            let mut run = Run::new(&loaded.document, &loaded.parameters, &PHASES)?;
            while let Some(next) = run.peek() {
                let inputs = run.next_inputs(cx, &Lazy::of(&self.stack), &job.services)?;
                let wanted = steps::wanted(job, &name, next, &inputs);
                match self.at(cx, &wanted)?.and_then(|file| file.done) {
                    Some(done) => run.accept(done),
                    None => return Ok(()),
                }
            }
        }
        Ok(())
    }

    /// Looks at one layer; gives what is known of it when it is kept.
    fn at(&mut self, cx: &Cx, wanted: &Wanted) -> Result<Option<LayerFile>, BuildError> {
        let below = self.stack.top();
        let kept = self.stack.take(cx, wanted)?.map(|layer| layer.file.clone());
        let verdict = match &kept {
            Some(file) => Verdict::Kept {
                files: file.changes.count,
                bytes: file.changes.bytes,
                made_ms: file.made_ms,
            },
            None => Verdict::Made(self.because(wanted, below.as_ref())),
        };
        self.found.push(Forecast {
            title: wanted.title.clone(),
            verdict,
            unnoticed: wanted.unnoticed.clone(),
        });
        Ok(kept)
    }

    fn because(&self, wanted: &Wanted, below: Option<&Sha256>) -> Because {
        let mut same_title = self.before.iter().filter(|old| old.title == wanted.title);
        let Some(old) = same_title.next() else {
            return Because::New;
        };
        let changes = wanted.parts.changes(&old.parts);
        if !changes.is_empty() {
            Because::Inputs(changes)
        } else if old.below.as_ref() == below {
            Because::Gone
        } else {
            Because::Below
        }
    }
}
