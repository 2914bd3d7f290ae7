//! `JUnit` XML, as CI systems read it (<https://github.com/testmoapp/junitxml>): a suite for each
//! kind of finding, a case for each finding. What stops the image is a failure, what is accepted is
//! skipped.

use std::fmt::Write as _;

use goldsmith_core::finding::Kind;
use goldsmith_core::markup::escaped;

use super::Report;
use crate::policy::{Decision, Judged};

/// The whole document.
pub fn junit(report: &Report<'_>) -> String {
    let verdict = report.verdict;
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        xml,
        "<testsuites name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">",
        escaped(&format!("scan of {}", report.image)),
        verdict.judged.len(),
        verdict.count(Decision::Fails),
        verdict.count(Decision::Accepted),
    );
    for kind in Kind::ALL {
        let of = |it: &&Judged| it.finding.kind == kind;
        let judged: Vec<&Judged> = verdict.judged.iter().filter(of).collect();
        if judged.is_empty() {
            continue;
        }
        let count = |wanted| judged.iter().filter(|it| it.decision == wanted).count();
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{kind}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">",
            judged.len(),
            count(Decision::Fails),
            count(Decision::Accepted),
        );
        for one in judged {
            case(&mut xml, kind, one);
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn case(xml: &mut String, kind: Kind, judged: &Judged) {
    let finding = &judged.finding;
    let name = escaped(&format!("{} in {}", finding.id, finding.place));
    let _ = write!(xml, "    <testcase classname=\"{kind}\" name=\"{name}\"");
    let reason = escaped(&judged.reason);
    let _ = match judged.decision {
        Decision::Passes => writeln!(xml, "/>"),
        Decision::Accepted => writeln!(xml, "><skipped message=\"{reason}\"/></testcase>"),
        Decision::Fails => {
            let fix = finding.fix.as_deref().map(|fix| format!("\nfix: {fix}"));
            let text = format!("{}{}", finding.title, fix.unwrap_or_default());
            writeln!(
                xml,
                "><failure type=\"{}\" message=\"{reason}\">{}</failure></testcase>",
                finding.severity,
                escaped(&text)
            )
        }
    };
}
