//! The `approval` block of a pipeline.

use goldsmith_core::diagnostic::Diagnostic;
use goldsmith_core::recipe::{ApprovalSpec, AutoApproval, is_address};

use super::check_words;
use crate::decode::{Found, Reader};

pub(super) fn approval(reader: &Reader<'_>) -> Option<ApprovalSpec> {
    let required = reader.number("required", 1..=100).or(1);
    let approvers = reader.texts("approvers").required();
    let expires = reader.time("expires").optional();
    let auto = match reader.choice("auto") {
        Found::Absent => Some(None),
        found => found.required().map(|_| Some(AutoApproval::NoNewFindings)),
    };
    let approvers = approvers?;
    check_words(
        reader,
        "approvers",
        Some(&approvers),
        is_address,
        "is not the address of a person such as `security@example.com`",
    );
    let is_known = approvers.iter().all(|one| is_address(one));
    let mut names: Vec<String> = approvers.iter().map(|one| one.to_lowercase()).collect();
    names.sort();
    let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
    if let (Some([name, ..]), Some(attribute)) = (twice, reader.body.attribute("approvers")) {
        let message = format!("`{name}` stands twice in `approvers`");
        let problem = Diagnostic::error("L0113", message);
        let label = "one person has one voice; upper and lower case are the same";
        let place = reader.span(&attribute.value.at);
        reader.evaluator.report(problem.label(place, label));
        return None;
    }
    let required = required?;
    if names.len() < required as usize {
        let place = reader
            .body
            .attribute("required")
            .or(reader.body.attribute("approvers"));
        if let Some(attribute) = place {
            reader.wrong(
                &attribute.value,
                format!(
                    "{required} must agree, and there are {} who may",
                    names.len()
                ),
                "nothing could ever be approved".to_owned(),
            );
        }
        return None;
    }
    is_known.then_some(ApprovalSpec {
        required,
        approvers: names,
        expires: expires?,
        auto: auto?,
    })
}
