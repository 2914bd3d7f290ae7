//! The scan of a run: the image of a pipeline by its policy.

use std::collections::BTreeMap;

use goldsmith_advisory::report::word;
use goldsmith_advisory::stock::Stock;
use goldsmith_build::record::Image;
use goldsmith_build::source::KernelView;
use goldsmith_core::finding::{Finding, Kind, Severity};
use goldsmith_core::inventory::Inventory;
use goldsmith_core::recipe::ScanSpec;
use goldsmith_inspect::harden::Profile;
use goldsmith_inspect::scan::{Hardening, format};
use goldsmith_inspect::snapshot::Snapshot;
use goldsmith_inspect::view::open::open;
use goldsmith_pipeline::port::{Flaw, Scanned};

use super::verdict::Judgement;
use super::{Target, kept, look, policy, verdict};
use crate::app::App;
use crate::report::CmdError;

/// Scans the image and holds it against the policy of a pipeline.
pub(crate) fn scan(
    app: &App,
    image: Image,
    pipeline: &str,
    spec: &ScanSpec,
) -> Result<Scanned, CmdError> {
    let policy = policy::of(app, pipeline, spec)?;
    let target = Target::of(image);
    let (form, inventory, judged) = match kept::read(&target, false)? {
        // Of an image that was made on an instance there is no disk here.
        Some(kept) => {
            let judged = verdict::judge(app, &policy, &kept.stock, Vec::new())?;
            (kept.form.to_owned(), kept.inventory, judged)
        }
        None => disk(app, &target, spec, &policy)?,
    };
    let findings = judged.findings();
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut flaws: BTreeMap<String, Severity> = BTreeMap::new();
    for finding in &findings {
        *counts.entry(word(finding.severity).to_owned()).or_default() += 1;
        if finding.kind == Kind::Vulnerability {
            let worst = flaws.entry(finding.id.clone()).or_insert(finding.severity);
            *worst = finding.severity.max(*worst);
        }
    }
    let flaws = flaws.into_iter();
    let report = format::report(&target.name, &form, &inventory, &findings);
    Ok(Scanned {
        refused: judged.refused(),
        counts,
        findings: flaws.map(|(id, severity)| Flaw { id, severity }).collect(),
        feed: judged.feed(app.began),
        report: judged.complete(report),
    })
}

/// Looks at the disk of an image.
fn disk(
    app: &App,
    target: &Target,
    spec: &ScanSpec,
    policy: &policy::Policy,
) -> Result<(String, Inventory, Judgement), CmdError> {
    let scratch = app.home()?;
    let kernel = KernelView {
        scratch: scratch.clone(),
    };
    let opened = open(&target.path, &scratch, Some(&kernel), &app.cx)?;
    let snapshot = Snapshot::take(&*opened.view, &app.cx)?;
    let profile = spec.profile.as_deref().and_then(Profile::of_word);
    let hardening = profile.map(Hardening::new);
    let (inventory, findings) = look(app, &opened, &snapshot, hardening.as_ref())?;
    let stock = Stock::of(&inventory);
    kept::write(target, &stock)?;
    let judged = verdict::judge(app, policy, &stock, findings)?;
    Ok((opened.form, inventory, judged))
}

/// Vulnerabilities that the feeds of today know of the packages that the last scan of an image
/// found and that the policy of the pipeline does not pass, by severity, the worst first. The
/// disk is not opened.
pub(crate) fn again(
    app: &App,
    image: Image,
    pipeline: &str,
    spec: &ScanSpec,
) -> Result<Vec<Finding>, CmdError> {
    let policy = policy::of(app, pipeline, spec)?;
    let target = Target::of(image);
    let Some(kept) = kept::read(&target, true)? else {
        return Ok(Vec::new());
    };
    let judged = verdict::judge(app, &policy, &kept.stock, Vec::new())?;
    let mut findings = judged.failing();
    findings.retain(|finding| finding.kind == Kind::Vulnerability);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    Ok(findings)
}
