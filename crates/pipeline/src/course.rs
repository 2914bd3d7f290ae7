//! The course of a pipeline: its stages in their order, its own steps before and after them.

use goldsmith_core::recipe::{Pipeline, Position, Stage, Test as TestBlock};
use goldsmith_core::target::{Forms, Target};

use crate::decision::Keys;
use crate::evidence::SigningKey;
use crate::port::{Hands, Workshop};
use crate::stage::approve::Approve;
use crate::stage::build::Build;
use crate::stage::distribute::{Bring, Name, Rule};
use crate::stage::gate::Gate;
use crate::stage::lock::Lock;
use crate::stage::register::Register;
use crate::stage::scan::Scan;
use crate::stage::test::Test;
use crate::step::Own;
use crate::unit::{Course, Unit};

/// Everything that the units of a course work with.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// Who locks, builds, tests and scans.
    pub workshop: &'a dyn Workshop,
    /// Who does what steps ask for.
    pub hands: &'a dyn Hands,
    /// Who writes an image in a form.
    pub forms: &'a dyn Forms,
    /// Where images go.
    pub targets: &'a [Box<dyn Target + 'a>],
    /// What they are called there.
    pub rule: &'a Rule<'a>,
    /// Signs what is stated.
    pub key: &'a SigningKey,
    /// Whose statements count.
    pub keys: Keys<'a>,
    /// Version of Goldsmith.
    pub version: &'a str,
    /// Whether everything moves to its newest version first.
    pub is_update: bool,
}

impl std::fmt::Debug for Ports<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ports").finish_non_exhaustive()
    }
}

/// The course of a pipeline.
pub fn course<'a>(pipeline: &'a Pipeline, ports: Ports<'a>) -> Course<'a> {
    let mut groups: Vec<Vec<Box<dyn Unit + 'a>>> = Vec::new();
    for stage in Stage::ALL {
        groups.extend(steps(pipeline, Position::Before(stage), ports));
        groups.extend(units(stage, pipeline, ports));
        groups.extend(steps(pipeline, Position::After(stage), ports));
    }
    Course { groups }
}

fn steps<'a>(
    pipeline: &'a Pipeline,
    at: Position,
    ports: Ports<'a>,
) -> impl Iterator<Item = Vec<Box<dyn Unit + 'a>>> {
    let steps = pipeline
        .steps
        .iter()
        .filter(move |step| step.position == at);
    steps.map(move |step| vec![Box::new(Own::new(step, ports.hands)) as Box<dyn Unit>])
}

fn units<'a>(
    stage: Stage,
    pipeline: &'a Pipeline,
    ports: Ports<'a>,
) -> Vec<Vec<Box<dyn Unit + 'a>>> {
    let Ports {
        workshop,
        key,
        version,
        ..
    } = ports;
    let unit: Box<dyn Unit + 'a> = match stage {
        Stage::Lock => Box::new(Lock {
            workshop,
            is_update: ports.is_update,
        }),
        Stage::Build => Box::new(Build {
            workshop,
            key,
            version,
        }),
        Stage::Test => {
            return tests(&pipeline.tests)
                .into_iter()
                .map(|group| group.into_iter().map(|block| test(block, ports)).collect())
                .collect();
        }
        Stage::Scan if pipeline.scan.is_none() => return Vec::new(),
        Stage::Scan => Box::new(Scan {
            workshop,
            key,
            version,
        }),
        Stage::Gate => Box::new(Gate {
            keys: ports.keys.trusted,
            pipeline,
        }),
        Stage::Approve => Box::new(Approve::new(pipeline.approval.as_ref(), ports.keys)),
        Stage::Distribute if ports.targets.is_empty() => return Vec::new(),
        Stage::Distribute => {
            let bring = ports
                .targets
                .iter()
                .map(|target| Box::new(Bring::new(&**target, ports.forms, key)) as Box<dyn Unit>);
            let name = Name {
                rule: ports.rule,
                targets: ports.targets,
            };
            return vec![vec![Box::new(name)], bring.collect()];
        }
        Stage::Register => Box::new(Register {
            targets: ports.targets,
        }),
        // What there is to tell is in the outbox as soon as it happens.
        Stage::Notify => return Vec::new(),
    };
    vec![vec![unit]]
}

fn test<'a>(block: &'a TestBlock, ports: Ports<'a>) -> Box<dyn Unit + 'a> {
    Box::new(Test::new(block, ports.workshop, ports.key))
}

/// Blocks one after the other; those that follow one another with the name of one group at once.
fn tests(blocks: &[TestBlock]) -> Vec<Vec<&TestBlock>> {
    let mut groups: Vec<Vec<&TestBlock>> = Vec::new();
    for block in blocks {
        let is_same = |group: &Vec<&TestBlock>| {
            block.parallel_group.is_some()
                && group
                    .last()
                    .is_some_and(|last| last.parallel_group == block.parallel_group)
        };
        match groups.last_mut() {
            Some(group) if is_same(group) => group.push(block),
            _ => groups.push(vec![block]),
        }
    }
    groups
}
