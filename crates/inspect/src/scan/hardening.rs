//! A hardening profile, by the checks of [`crate::harden`].

use std::sync::OnceLock;

use super::{Engine, Scan, ScanError};
use crate::harden::{Profile, Report, run};

/// Holds an image to a profile.
#[derive(Debug)]
pub struct Hardening {
    profile: Profile,
    report: OnceLock<Report>,
}

impl Hardening {
    /// Holds an image to this one.
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            report: OnceLock::new(),
        }
    }

    /// What every check said, once the scan is over.
    pub fn into_report(self) -> Option<Report> {
        self.report.into_inner()
    }
}

impl Engine for Hardening {
    fn image(&self, scan: &Scan<'_>) -> Result<(), ScanError> {
        let report = run(scan.snapshot, self.profile, scan.cx)?;
        for finding in report.findings() {
            scan.add(finding);
        }
        // A second scan by the same engine says the same of the same image.
        drop(self.report.set(report));
        Ok(())
    }
}
