//! What Amazon Inspector found wrong with a machine.

use goldsmith_core::cx::Cx;
use goldsmith_core::remote::RemoteError;
use serde_json::{Value, json};

use super::Aws;
use super::api::inspector as api;
use super::call::Request;

/// Findings of a page: the most that it gives.
const PAGE: u32 = 100;
/// Most pages: what is beyond is no list that a person made.
const PAGES_MAX: usize = 1000;

impl Aws {
    /// All findings of a resource, `i-0abc`, in the form of `aws inspector2 list-findings`.
    pub fn findings(&self, cx: &Cx, resource: &str) -> Result<Value, RemoteError> {
        let filter = json!({ "resourceId": [{ "comparison": "EQUALS", "value": resource }] });
        let subject = format!("the findings of `{resource}`");
        let mut findings = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let mut inputs = vec![
                ("filterCriteria", filter.clone()),
                ("maxResults", json!(PAGE)),
            ];
            inputs.extend(token.take().map(|token| ("nextToken", json!(token))));
            let request = Request::json(&api::LIST_FINDINGS, subject.clone(), &inputs);
            // Whoever reads findings wants all that they say, so they stay as they came.
            let text = self.call(cx, &request, |answer| answer.text(cx))?;
            let mut answer: Value = serde_json::from_str(&text).unwrap_or_default();
            match answer["findings"].take() {
                Value::Array(more) => findings.extend(more),
                _ => return Err(request.senseless("the answer holds no findings")),
            }
            token = answer["nextToken"].as_str().map(str::to_owned);
            if token.is_none() {
                return Ok(json!({ "findings": findings }));
            }
        }
        let request = Request::json(&api::LIST_FINDINGS, subject, &[]);
        Err(request.senseless("the list has no end"))
    }
}
