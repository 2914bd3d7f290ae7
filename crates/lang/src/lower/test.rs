//! The `test` blocks of a pipeline.

use std::collections::BTreeMap;

use goldsmith_core::diagnostic::Diagnostic;
use goldsmith_core::recipe::{Budget, ComponentUse, OnFailure, Test, TestSpec};

use super::{blocks, check_distinct, check_words, component_use};
use crate::decode::Reader;
use crate::syntax::ast::Block;

/// What the test without a name is called in a run.
const UNNAMED: &str = "boot";
/// What only a test with a name has.
const NAMED_ONLY: [&str; 4] = ["components", "parallel_group", "on_failure", "skip"];

/// What `goldsmith test` does, and every test of a run.
pub(super) fn tests(pipeline: &Reader<'_>) -> Option<(TestSpec, Vec<Test>)> {
    let all: Vec<&Block> = blocks(pipeline, "test").collect();
    let (named, unnamed): (Vec<&Block>, Vec<&Block>) =
        all.into_iter().partition(|block| !block.labels.is_empty());
    let name = |block: &&Block| {
        block
            .labels
            .first()
            .map_or(UNNAMED, |label| &label.text)
            .to_owned()
    };
    let everyone = unnamed.iter().chain(&named);
    check_distinct(
        pipeline,
        "test",
        everyone.map(|block| (name(block), *block)),
    );
    let named: Vec<Option<Test>> = named.iter().map(|block| test(pipeline, block)).collect();
    let spec = match unnamed.first() {
        Some(block) => {
            let reader = pipeline.inner(block);
            check_unnamed(&reader);
            spec(&reader)
        }
        None => Some(TestSpec::default()),
    };
    let mut tests: Vec<Test> = named.into_iter().collect::<Option<_>>()?;
    let spec = spec?;
    if !unnamed.is_empty() || tests.is_empty() {
        let span = match unnamed.first() {
            Some(block) => pipeline.span(&block.head),
            None => pipeline.definition.span(),
        };
        let boot = Test {
            name: UNNAMED.to_owned(),
            span,
            spec: spec.clone(),
            components: Vec::new(),
            parallel_group: None,
            on_failure: OnFailure::Abort,
            skip: false,
        };
        tests.insert(0, boot);
    }
    Some((spec, tests))
}

fn check_unnamed(reader: &Reader<'_>) {
    for name in NAMED_ONLY {
        if let Some(attribute) = reader.body.attribute(name) {
            let message = format!("`{name}` is for a test with a name");
            let problem = Diagnostic::error("L0110", message);
            let problem = problem.label(
                reader.span(&attribute.name.at),
                "give it one: `test \"name\" {`",
            );
            reader.evaluator.report(problem);
        }
    }
}

fn test(pipeline: &Reader<'_>, block: &Block) -> Option<Test> {
    let reader = pipeline.inner(block);
    let name = block.labels.first()?.text.clone();
    let spec = spec(&reader);
    let documents = reader.texts("components").or(Vec::new());
    let parallel_group = reader.text("parallel_group").optional();
    let on_failure = on_failure(&reader);
    let skip = reader.flag("skip").or(false);
    check_words(
        &reader,
        "parallel_group",
        parallel_group
            .as_ref()
            .and_then(Option::as_ref)
            .map(std::slice::from_ref),
        |word| {
            word.len() <= 100
                && word.starts_with(|c: char| c.is_ascii_alphanumeric())
                && word
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_+#".contains(c))
        },
        "is not the name of a group: letters, digits, `-`, `_`, `+` and `#`",
    );
    let span = reader
        .body
        .attribute("components")
        .map(|a| reader.span(&a.value.at));
    let used = |document: &String| {
        let span = span.clone().unwrap_or_else(|| reader.span(&block.head));
        component_use(&reader, document, span, Some(BTreeMap::new()))
    };
    let components: Option<Vec<ComponentUse>> = documents?.iter().map(used).collect();
    Some(Test {
        name,
        span: reader.span(&block.head),
        spec: spec?,
        components: components?,
        parallel_group: parallel_group?,
        on_failure: on_failure?,
        skip: skip?,
    })
}

/// `on_failure`, of a test or a step.
pub(super) fn on_failure(reader: &Reader<'_>) -> Option<OnFailure> {
    let word = reader.choice("on_failure").or("abort".to_owned())?;
    Some(if word == "continue" {
        OnFailure::Continue
    } else {
        OnFailure::Abort
    })
}

fn spec(reader: &Reader<'_>) -> Option<TestSpec> {
    let boot = reader.firmwares("boot").or(Vec::new());
    let budget = match blocks(reader, "budget").next() {
        Some(block) => budget(&reader.inner(block)),
        None => Some(Budget::default()),
    };
    Some(TestSpec {
        boot: boot?,
        budget: budget?,
    })
}

fn budget(reader: &Reader<'_>) -> Option<Budget> {
    let boot_time = reader.time("boot_time").optional();
    let disk_usage_bytes = reader.size("disk_usage").optional();
    let memory_bytes = reader.size("memory").optional();
    let listening_ports = reader.texts("listening_ports").optional();
    let is_port = |text: &str| {
        text.split_once('/').is_some_and(|(number, kind)| {
            number.parse::<u16>().is_ok_and(|n| n > 0) && matches!(kind, "tcp" | "udp")
        })
    };
    check_words(
        reader,
        "listening_ports",
        listening_ports.as_ref().and_then(Option::as_deref),
        is_port,
        "is not a port such as `22/tcp`",
    );
    Some(Budget {
        boot_time: boot_time?,
        disk_usage_bytes: disk_usage_bytes?,
        memory_bytes: memory_bytes?,
        listening_ports: listening_ports?,
    })
}
