//! OpenSCAP: results of an XCCDF evaluation, by themselves or in an ARF document.
//!
//! A rule that failed is a finding, also by the name of our check that asks for the same; one that
//! could not be evaluated is a finding of coverage.

use goldsmith_core::finding::{Finding, Kind, Place, Severity};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{ExternalError, Foreign, alike};

/// `None`: it is XML of another sort.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Option<Foreign>, ExternalError> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| ExternalError::Form {
        name: name.to_owned(),
        tool: "XCCDF",
        source,
    };
    let text = std::str::from_utf8(bytes).map_err(|e| failed(e.into()))?;
    let mut reader = Reader::from_str(text);
    let mut is_result = false;
    let mut tool = "OpenSCAP".to_owned();
    let mut rule: Option<(String, Severity)> = None;
    let mut in_result = false;
    let (mut findings, mut met) = (Vec::new(), Vec::new());
    loop {
        match reader.read_event().map_err(|e| failed(e.into()))? {
            Event::Eof => break,
            Event::Start(tag) => match tag.local_name().as_ref() {
                "TestResult" => {
                    is_result = true;
                    if let Some(system) = attribute(&tag, "test-system") {
                        tool = system;
                    }
                }
                "rule-result" if is_result => {
                    let severity = attribute(&tag, "severity").unwrap_or_default();
                    let severity = Severity::of_word(&severity).unwrap_or(Severity::Unknown);
                    rule = attribute(&tag, "idref").map(|id| (id, severity));
                }
                "result" if rule.is_some() => in_result = true,
                _ => {}
            },
            Event::Text(text) if in_result => {
                let text: &str = &text;
                if let Some((id, severity)) = &rule {
                    findings.extend(finding(id, *severity, text.trim()));
                    let own = alike::check(id).filter(|_| text.trim() == "pass");
                    met.extend(own.map(str::to_owned));
                }
            }
            Event::End(tag) => match tag.local_name().as_ref() {
                "result" => in_result = false,
                "rule-result" => rule = None,
                "TestResult" => break,
                _ => {}
            },
            _ => {}
        }
    }
    Ok(is_result.then_some(Foreign {
        tool,
        database: None,
        kind: Kind::Hardening,
        findings,
        met,
    }))
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.try_get_attribute(name).ok()??;
    let value: &str = &found.value;
    Some(value.to_owned())
}

/// What a result says; `None`: nothing that anybody has to look at.
fn finding(id: &str, severity: Severity, result: &str) -> Option<Finding> {
    let (kind, title) = match result {
        "fail" => (Kind::Hardening, "the rule is not met"),
        "error" | "unknown" => (Kind::Coverage, "the rule could not be evaluated"),
        _ => return None,
    };
    Some(Finding {
        kind,
        id: alike::short(id).to_owned(),
        severity,
        place: Place::Image,
        title: title.to_owned(),
        fix: None,
        references: alike::check(id).map(str::to_owned).into_iter().collect(),
        facts: vec![("result", result.to_owned())],
    })
}
