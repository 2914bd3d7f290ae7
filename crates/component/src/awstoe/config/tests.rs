use super::*;

fn check(text: &str) -> (Option<Config>, Vec<String>) {
    let (config, problems) = read(&SourceFile::new("config.json", text));
    let shown = problems.iter().map(|p| {
        let place = p
            .labels
            .first()
            .map_or_else(String::new, |l| l.span.place());
        let label = p.labels.first().map_or("", |l| &l.text);
        format!("{:?} {place} {}: {label}", p.severity, p.message)
    });
    (config, shown.collect())
}

#[test]
fn every_key_is_read() {
    let (config, problems) = check(
        r#"{ "documents": [
               { "path": "a.yaml", "parameters": [ { "name": "One", "value": "1.10" } ] },
               { "path": "s3://bucket/b.yaml" } ],
             "parameters": [ { "name": "All", "value": "x" } ],
             "phases": "build, validate", "executonId": "abc", "logDirectory": "logs",
             "logS3BucketName": "bucket", "logS3BucketOwner": "111122223333", "logS3KeyPrefix": "p",
             "stateDirectory": "state", "documentS3BucketOwner": "444455556666",
             "cwLogGroup": "g", "cwLogStream": "s", "cwLogRegion": "r", "cwIgnoreFailures": true,
             "trace": false }"#,
    );
    assert!(problems.is_empty(), "{problems:?}");
    let text = |text: &str| Some(text.to_owned());
    let config = config.unwrap();
    assert_eq!(config.documents[0].parameters["One"], "1.10");
    assert_eq!(
        config,
        Config {
            documents: vec![
                ConfigDocument {
                    path: "a.yaml".to_owned(),
                    parameters: [("One".to_owned(), "1.10".to_owned())].into(),
                },
                ConfigDocument {
                    path: "s3://bucket/b.yaml".to_owned(),
                    parameters: Parameters::new(),
                },
            ],
            parameters: [("All".to_owned(), "x".to_owned())].into(),
            phases: Some(vec!["build".to_owned(), "validate".to_owned()]),
            execution_id: text("abc"),
            log_directory: text("logs"),
            log_s3_bucket_name: text("bucket"),
            log_s3_bucket_owner: text("111122223333"),
            log_s3_key_prefix: text("p"),
            state_directory: text("state"),
            document_s3_bucket_owner: text("444455556666"),
            cw_log_group: text("g"),
            cw_log_stream: text("s"),
            cw_log_region: text("r"),
            cw_ignore_failures: Some(true),
            trace: Some(false),
        }
    );
}

#[test]
fn spelling_and_unknown_keys() {
    let (config, problems) = check(
        r#"{"Documents": [{"Path": "a"}], "executionId": "right", "executonId": "wrong", "phase": "build"}"#,
    );
    let config = config.unwrap();
    assert_eq!(config.documents[0].path, "a");
    assert_eq!(config.execution_id.as_deref(), Some("right"));
    assert_eq!(
        problems,
        ["Warning config.json:1:79 the configuration has no field `phase`: did you mean `phases`?"]
    );
}

#[test]
fn problems_are_said_with_their_places() {
    for (text, expected) in [
        ("{}", "the configuration has no `documents`"),
        (r#"{"documents": "a.yaml"}"#, "`documents` must be a list"),
        (r#"{"documents": [{}]}"#, "a document has no `path`"),
        (
            r#"{"documents": [], "parameters": [{"name": "a"}]}"#,
            "an entry of `parameters` has no `value`",
        ),
        (
            r#"{"documents": [], "parameters": [{"name": "a", "value": ""}]}"#,
            "a parameter needs a name and a value",
        ),
        (
            r#"{"documents": [], "parameters": [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]}"#,
            "the parameter `a` is given twice",
        ),
        (
            r#"{"documents": [], "trace": "yes"}"#,
            "`yes` is no value for `trace`",
        ),
        ("{", "Error"),
    ] {
        let (config, problems) = check(text);
        assert!(config.is_none(), "{text}");
        assert!(
            problems.iter().any(|problem| problem.contains(expected)),
            "{text}: {problems:?}"
        );
    }
}

#[test]
fn options_win() {
    let said = Config {
        phases: Some(vec!["test".to_owned()]),
        parameters: [("a".to_owned(), "said".to_owned())].into(),
        ..Config::default()
    };
    let file = Config {
        phases: Some(vec!["build".to_owned()]),
        trace: Some(true),
        parameters: ["a", "b"]
            .map(|name| (name.to_owned(), "file".to_owned()))
            .into(),
        ..Config::default()
    };
    let both = said.over(file);
    assert_eq!(both.phases, Some(vec!["test".to_owned()]));
    assert_eq!(both.trace, Some(true));
    assert_eq!(both.parameters["a"], "said");
    assert_eq!(both.parameters["b"], "file");
}
