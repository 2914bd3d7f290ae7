//! An image that was made on an instance: what is known of it becomes a record, beside which there
//! is no disk.

use std::fs;
use std::time::Duration;

use goldsmith_component::execution::ExecutionReport;
use goldsmith_component::run::{StepReport, StepStatus};
use goldsmith_core::cloud::CloudImage;
use goldsmith_core::cx::Cx;
use goldsmith_core::image::ImageId;
use goldsmith_core::inventory::Inventory;
use goldsmith_inspect::sanitize::Report;
use goldsmith_inspect::sbom::{self, Form, Subject};
use goldsmith_plan::lock::Lock;
use goldsmith_store::Store;

use super::steps::status;
use super::{BILL, BuildError, Job, Times, write, write_report};
use crate::record::{Image, Images, Record, RecordError, StepRecord, TestSummary, Unpublished};

/// The file of an image that says what its tests on an instance came to.
const TESTED: &str = "test/execution.json";

/// An image that was made, and how.
#[derive(Debug, Clone, Copy)]
pub struct Finished<'a> {
    /// The numbers that it is called by already.
    pub id: &'a ImageId,
    /// Where it is.
    pub cloud: &'a CloudImage,
    /// The phases `build` and `validate` of its documents.
    pub built: &'a ExecutionReport,
    /// Their phase `test`, where there is one.
    pub tested: Option<&'a ExecutionReport>,
    /// What was removed.
    pub sanitized: &'a Report,
    /// That nothing was left.
    pub verified: &'a Report,
    /// The software on it.
    pub inventory: &'a Inventory,
    /// What took how long.
    pub times: &'a [(&'static str, Duration)],
}

/// Makes an image of what is known.
pub fn publish(
    cx: &Cx,
    store: &Store,
    images: &Images,
    job: &Job<'_>,
    finished: &Finished<'_>,
) -> Result<Image, BuildError> {
    let output = store.scratch("image")?;
    let folder = output.path().join("image");
    let test = folder.join("test");
    fs::create_dir_all(&test).map_err(BuildError::io("create", &test))?;
    write_report(&folder.join("sanitize.json"), finished.sanitized)?;
    write_report(&folder.join("verify.json"), finished.verified)?;
    let numbers = format!("{}/{}", finished.id.version, finished.id.build);
    let subject = Subject {
        name: &job.recipe.name,
        version: Some(&numbers),
        sha256: None,
        epoch: Some(job.section.epoch),
        files: None,
    };
    let bill = sbom::write(finished.inventory, Form::CycloneDx, &subject);
    write(&folder.join(BILL), bill.as_bytes())?;
    let lock = Lock {
        recipes: [(job.recipe.name.clone(), job.section.clone())].into(),
    };
    write(&folder.join("goldsmith.lock"), lock.to_text().as_bytes())?;
    if let Some(tested) = finished.tested {
        let text = serde_json::to_string_pretty(tested).expect("a report has a JSON form");
        write(&folder.join(TESTED), format!("{text}\n").as_bytes())?;
    }
    let mut times = Times::default();
    for (name, time) in finished.times {
        times.add(name, *time);
    }
    let mut record = Record::new(&job.recipe.name, job.inputs.key());
    record.purpose.clone_from(&job.recipe.purpose);
    job.section.arch().clone_into(&mut record.arch);
    record.created_unix = cx.clock().unix_seconds();
    record.epoch_unix = job.section.epoch;
    record.inputs = job.inputs.clone();
    record.cloud = Some(finished.cloud.clone());
    let packages = finished.inventory.packages.iter();
    record.packages = packages.filter(|it| it.ecosystem.is_of_system()).count();
    record.parent = job.section.parent.as_ref().map(Into::into);
    record.phases = times.0;
    record.steps = steps(finished.built);
    record.test = finished.tested.map(summary);
    let published = images.publish_as(&folder, finished.id, record);
    published.map_err(|error| match error {
        Unpublished::Taken(_) => {
            let title = finished.id.to_string();
            RecordError::Taken { title }.into()
        }
        Unpublished::Failed(error) => error.into(),
    })
}

/// What a test on an instance came to.
pub fn summary(tested: &ExecutionReport) -> TestSummary {
    let steps = || tested.documents.iter().flat_map(|report| &report.steps);
    let failed = steps().filter(|step| step.status == StepStatus::Failed);
    TestSummary {
        passed: failed.clone().next().is_none() && tested.failure.is_none(),
        unix: tested.ended,
        checks: steps().count(),
        failed: failed.map(|step| step.step.clone()).collect(),
    }
}

/// The steps as they ran there, where no layers are kept.
fn steps(report: &ExecutionReport) -> Vec<StepRecord> {
    let of = |document: &str, step: &StepReport| StepRecord {
        document: document.to_owned(),
        phase: step.phase.clone(),
        step: step.step.clone(),
        action: step.action.clone(),
        status: status(step.status).to_owned(),
        attempts: step.attempts,
        ms: ms(step.duration),
        cpu_ms: ms(step.cpu),
        max_rss_bytes: step.max_rss_bytes,
        tail: step.tail.clone(),
        ..StepRecord::default()
    };
    let reports = report.documents.iter();
    let steps = reports.flat_map(|report| report.steps.iter().map(|step| of(&report.file, step)));
    steps.collect()
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
