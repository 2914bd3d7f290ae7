//! `chaining.json`: what references to steps before came to.
//!
//! ```text
//! { "<file of a document>": { "build.Dir.outputs[0].stdout": "/opt/app", ... } }
//! ```
//!
//! Values are what reports have, so those of steps with `disableLogging` are left out.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::execution::{ExecutionReport, Planned};
use crate::expr::{Chain, Piece, Reference, Template};
use crate::run::{Given, Report, StepReport};

/// The content of the file.
pub fn chaining(report: &ExecutionReport, planned: &[Planned]) -> Value {
    let documents = report.documents.iter().zip(planned);
    let all: BTreeMap<&str, BTreeMap<String, String>> = documents
        .map(|(report, one)| (report.file.as_str(), of_document(report, one)))
        .collect();
    json!(all)
}

fn of_document(report: &Report, planned: &Planned) -> BTreeMap<String, String> {
    let phases = planned.document.phases.iter();
    let texts = phases
        .flat_map(|phase| &phase.steps)
        .flat_map(|step| step.texts());
    let pieces = texts.flat_map(|text| Template::parse(&text.value).pieces);
    let chains = pieces.filter_map(|piece| match piece {
        Piece::Reference(Reference::Chain(chain), _) => Some(chain),
        _ => None,
    });
    chains
        .filter_map(|chain| Some((name(&chain), value(report, &chain)?)))
        .collect()
}

fn name(chain: &Chain) -> String {
    let side = if chain.is_output { "outputs" } else { "inputs" };
    let Chain {
        phase,
        step,
        index,
        var,
        ..
    } = chain;
    format!("{phase}.{step}.{side}[{index}].{var}")
}

fn value(report: &Report, chain: &Chain) -> Option<String> {
    let is_meant = |step: &&StepReport| step.phase == chain.phase && step.step == chain.step;
    let step = report.steps.iter().find(is_meant)?;
    if chain.is_output {
        return step.outputs.get(chain.index)?.get(&chain.var).cloned();
    }
    Some(match step.inputs.get(chain.index)?.get(&chain.var)? {
        Given::Text(text) => text.clone(),
        Given::List(texts) => texts.join("\n"),
        Given::Pairs(pairs) => {
            let texts = pairs.iter().flat_map(|pair| [&pair.name, &pair.value]);
            texts.cloned().collect::<Vec<_>>().join("\n")
        }
    })
}
