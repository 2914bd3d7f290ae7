//! Documents and configurations from S3, logs to S3.

use goldsmith_testing::moto::Moto;

use super::{command, folders};
use crate::component_run::one;
use crate::env::{Ran, TestEnv};

#[test]
fn documents_come_from_s3_and_logs_go_there() {
    let env = TestEnv::new();
    let moto = Moto::start(&[]);
    moto.boto(&format!(
        "s3.create_bucket(Bucket='bucket')\n\
         s3.put_object(Bucket='bucket', Key='a.yaml', Body={:?})\n\
         s3.put_object(Bucket='bucket', Key='config.json', Body={:?})",
        one("Say", "echo from S3"),
        r#"{"documents": [{"path": "s3://bucket/a.yaml"}], "logDirectory": "logs", "logS3BucketName": "bucket", "logS3KeyPrefix": "some/where/"}"#,
    ));
    let url = format!("http://127.0.0.1:{}", moto.port());
    let run = |arguments: &[&str]| -> Ran {
        let mut command = command(&env, arguments);
        command
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "hunter2222")
            .env("AWS_ENDPOINT_URL_S3", &url);
        command.output().unwrap().into()
    };
    let ran = run(&["run", "--config", "s3://bucket/config.json"]).expect(0);
    assert!(ran.stderr.contains("build/Say: from S3"), "{}", ran.stderr);
    let folder = folders(&env, "logs")[0].clone();
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    assert_eq!(
        ran.json()["logUrl"],
        format!("s3://bucket/some/where/{name}")
    );
    let keys = moto.boto(
        "for o in s3.list_objects_v2(Bucket='bucket', Prefix='some/')['Contents']: print(o['Key'])",
    );
    let files = [
        "application.log",
        "chaining.json",
        "console.log",
        "detailedoutput.json",
        "document.yaml",
    ];
    let expected: Vec<String> = files
        .iter()
        .map(|file| format!("some/where/{name}/{file}"))
        .collect();
    assert_eq!(keys.lines().collect::<Vec<_>>(), expected);
    // Logs that cannot be uploaded are said to be here; the run is what it was.
    let lost = run(&[
        "run",
        "-d",
        "s3://bucket/a.yaml",
        "-b",
        "no-such-bucket",
        "-l",
        "lost",
    ])
    .expect(0);
    assert!(
        lost.stderr.contains("warning: the logs were not uploaded"),
        "{}",
        lost.stderr
    );
    assert_eq!(
        lost.json()["logUrl"],
        folders(&env, "lost")[0].to_string_lossy().as_ref()
    );
    let none = run(&["run", "-d", "s3://bucket/none.yaml"]).expect(1);
    assert!(
        none.json()["failureMessage"]
            .as_str()
            .unwrap()
            .contains("s3://bucket/none.yaml")
    );
    run(&["validate", "-d", "s3://bucket/a.yaml"]).expect(0);
}
