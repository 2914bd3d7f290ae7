//! The report as `JUnit` XML, in the form that CI systems read: a suite per boot, a case
//! per check. <https://github.com/testmoapp/junitxml>

use std::fmt::Write as _;

use goldsmith_core::markup::escaped;

use super::format::{Check, TestReport};

/// Writes the report as `JUnit` XML.
pub fn junit(report: &TestReport) -> String {
    let mut suites: Vec<(String, u64, &[Check])> = report
        .boots
        .iter()
        .map(|boot| {
            let name = format!("{} {}", report.image, boot.firmware.name());
            (name, boot.total_ms, &boot.checks[..])
        })
        .collect();
    if !report.checks.is_empty() {
        suites.push((report.image.clone(), 0, &report.checks));
    }
    let all = suites.iter().flat_map(|(_, _, checks)| *checks);
    let (tests, failures) = count(all);

    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let mut line = |text: std::fmt::Arguments<'_>| {
        writeln!(xml, "{text}").expect("a string takes everything");
    };
    line(format_args!(
        "<testsuites name=\"boot test\" tests=\"{tests}\" failures=\"{failures}\" time=\"{}\">",
        seconds(report.total_ms)
    ));
    for (name, total_ms, checks) in suites {
        let (tests, failures) = count(checks);
        let name = escaped(&name);
        line(format_args!(
            "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" time=\"{}\">",
            seconds(total_ms)
        ));
        for check in checks {
            let case = format!(
                "    <testcase classname=\"{name}\" name=\"{}\" time=\"{}\"",
                escaped(&check.name),
                seconds(check.ms)
            );
            let summary = escaped(&check.summary);
            if check.is_passed {
                line(format_args!(
                    "{case}><system-out>{summary}</system-out></testcase>"
                ));
            } else {
                line(format_args!(
                    "{case}>\n      <failure message=\"{summary}\">{}</failure>\n    </testcase>",
                    escaped(&check.details.join("\n"))
                ));
            }
        }
        line(format_args!("  </testsuite>"));
    }
    line(format_args!("</testsuites>"));
    xml
}

fn count<'a>(checks: impl IntoIterator<Item = &'a Check>) -> (usize, usize) {
    checks.into_iter().fold((0, 0), |(tests, failures), check| {
        (tests + 1, failures + usize::from(!check.is_passed))
    })
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}
