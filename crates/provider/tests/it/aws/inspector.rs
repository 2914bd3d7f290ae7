//! Findings of Amazon Inspector.

use goldsmith_testing::front::Act;

use super::Cloud;

/// Page after page, of the resource that was asked for.
#[test]
fn all_pages() {
    let cloud = Cloud::new();
    let pages = [
        r#"{"findings":[{"severity":"HIGH"},{"severity":"LOW"}],"nextToken":"second"}"#,
        r#"{"findings":[{"severity":"MEDIUM"}]}"#,
    ];
    for page in pages {
        cloud
            .front
            .on("POST /findings/list", 1, Act::answer(200, page));
    }
    let found = cloud.aws.findings(&cloud.cx, "i-0abc").unwrap();
    let severities = found["findings"].as_array().unwrap().iter();
    let severities: Vec<_> = severities
        .map(|it| it["severity"].as_str().unwrap())
        .collect();
    assert_eq!(severities, ["HIGH", "LOW", "MEDIUM"]);
    let bodies: Vec<serde_json::Value> = cloud
        .front
        .seen()
        .iter()
        .map(|seen| serde_json::from_slice(&seen.body).unwrap())
        .collect();
    let filter =
        serde_json::json!({ "resourceId": [{ "comparison": "EQUALS", "value": "i-0abc" }] });
    assert_eq!(bodies[0]["filterCriteria"], filter);
    assert_eq!(bodies[0].get("nextToken"), None);
    assert_eq!(bodies[1]["nextToken"], "second");
}

/// As `moto` has them: what was put there comes back in the form that files have.
#[test]
fn of_a_server() {
    let cloud = Cloud::new();
    let finding =
        r#"{"severity": "HIGH", "packageVulnerabilityDetails": {"vulnerabilityId": "CVE-2026-1"}}"#;
    cloud.moto.boto(&format!(
        "import urllib.request\n\
         body = json.dumps({{'results': [[json.loads('{finding}')]], 'account_id': '123456789012', 'region': 'us-east-1'}}).encode()\n\
         urllib.request.urlopen(os.environ['ENDPOINT'] + '/moto-api/static/inspector2/findings-results', body)"
    ));
    let found = cloud.aws.findings(&cloud.cx, "i-0abc").unwrap();
    let id = &found["findings"][0]["packageVulnerabilityDetails"]["vulnerabilityId"];
    assert_eq!(id, "CVE-2026-1");
}

#[test]
fn what_is_no_answer() {
    let cloud = Cloud::new();
    cloud
        .front
        .on("POST /findings/list", 1, Act::answer(200, "{}"));
    let error = cloud.aws.findings(&cloud.cx, "i-0abc").unwrap_err();
    let text =
        "Inspector ListFindings of the findings of `i-0abc` failed: the answer holds no findings";
    assert_eq!(error.to_string(), text);
}
