//! The documents of a recipe as the runner takes them.

use goldsmith_build::document::Loaded;
use goldsmith_component::Services;
use goldsmith_component::execution::Planned;
use goldsmith_core::cx::Cx;
use goldsmith_runner::format::Job;

use crate::execution::elsewhere::{self, Order};
use crate::report::CmdError;

/// Which phases, under which name.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    /// No two executions have the same.
    pub(super) id: &'a str,
    pub(super) phases: &'a [&'a str],
    /// `BUILDING`, `TESTING`: what documents know as `IMAGE_PHASE`.
    pub(super) phase: &'static str,
}

/// The job of these documents; `None`: none of them has such a phase.
pub(super) fn job(
    cx: &Cx,
    documents: &[Loaded],
    services: &Services<'_>,
    part: Part<'_>,
) -> Result<Option<Job>, CmdError> {
    let wanted = documents
        .iter()
        .filter(|loaded| part.phases.iter().any(|phase| loaded.has_phase(phase)));
    let planned: Vec<Planned> = wanted
        .map(|loaded| Planned {
            document: loaded.document.clone(),
            parameters: loaded.parameters.clone(),
        })
        .collect();
    if planned.is_empty() {
        return Ok(None);
    }
    let mut services = services.clone();
    // Nothing of what runs there is kept as a layer: programs may know the names as well.
    services.env.extend(services.names.clone());
    services
        .env
        .insert("IMAGE_PHASE".to_owned(), part.phase.to_owned());
    let phases: Vec<String> = part.phases.iter().map(|&phase| phase.to_owned()).collect();
    let order = Order {
        id: part.id,
        planned: &planned,
        phases: &phases,
        services: &services,
    };
    elsewhere::job(cx, order).map(Some)
}
