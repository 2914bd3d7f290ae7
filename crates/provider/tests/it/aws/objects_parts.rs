//! Large objects, in parts.

use std::path::PathBuf;

use goldsmith_core::remote::{ObjectPath, ObjectStore as _, RemoteError};
use goldsmith_testing::front::Act;

use super::{Cloud, MUCH, bytes, object};

/// Just above what goes at once: four parts of 16 MiB and one of a few bytes.
const SIZE: usize = (64 << 20) + 5;

impl Cloud {
    fn large(&self) -> PathBuf {
        let path = self.path("large");
        // Every part is another one.
        let mut content = bytes(SIZE / 16);
        while content.len() < SIZE {
            let part = u8::try_from(content.len() >> 20).unwrap();
            let again: Vec<u8> = content[..SIZE / 16]
                .iter()
                .map(|byte| byte ^ part)
                .collect();
            content.extend(again);
        }
        content.truncate(SIZE);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn put_large(&self, there: &ObjectPath) -> Result<(), RemoteError> {
        self.aws
            .put(&self.cx, &self.large(), there, Some("123456789012"))
    }

    /// Uploads that were begun and neither finished nor taken back, as another client sees.
    fn unfinished(&self) -> String {
        let script = "print(len(s3.list_multipart_uploads(Bucket='bucket').get('Uploads', [])))";
        self.moto.boto(script).trim().to_owned()
    }

    fn assert_same(&self, key: &str) {
        let script = format!(
            "import hashlib; print(hashlib.sha256(s3.get_object(Bucket='bucket', Key='{key}')['Body'].read()).hexdigest())"
        );
        let file = std::fs::read(self.path("large")).unwrap();
        let expected = goldsmith_core::digest::Sha256::of(&file).to_string();
        assert_eq!(self.moto.boto(&script).trim(), expected);
    }
}

/// A part is lost, one is refused, the answer to the last word is lost.
#[test]
fn whole_in_spite_of_faults() {
    let cloud = Cloud::with(MUCH);
    let there = object("s3://bucket/large");
    cloud.front.on("PUT /bucket/large?uploadId=", 1, Act::Close);
    cloud
        .front
        .on("PUT /bucket/large?uploadId=", 1, Act::answer(503, ""));
    cloud
        .front
        .on("POST /bucket/large?uploadId=", 1, Act::LoseAnswer);
    let gone = "<Error><Code>NoSuchUpload</Code><Message>no</Message></Error>";
    cloud
        .front
        .on("POST /bucket/large?uploadId=", 1, Act::answer(404, gone));
    cloud.put_large(&there).unwrap();
    cloud.assert_same("large");
    assert_eq!(cloud.unfinished(), "0");
    let lines = cloud.front.lines();
    let count = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!(count("POST /bucket/large?uploads"), 1);
    assert_eq!(count("PUT "), 5 + 2);
    assert_eq!(count("POST /bucket/large?uploadId="), 2);
    assert_eq!(count("HEAD "), 1, "the object is there already");
    assert_eq!(count("DELETE "), 0);
    let parts = lines.iter().filter(|line| line.contains("partNumber=5"));
    assert_eq!(parts.count(), 1);

    // And back.
    cloud.front.on("GET /bucket/large", 1, Act::Cut(40 << 20));
    cloud
        .aws
        .get(&cloud.cx, &there, None, &cloud.path("back"))
        .unwrap();
    let same =
        std::fs::read(cloud.path("back")).unwrap() == std::fs::read(cloud.path("large")).unwrap();
    assert!(same);
}

#[test]
fn nothing_is_left_of_a_failure() {
    let cloud = Cloud::with(MUCH);
    let there = object("s3://bucket/large");
    let denied = "<Error><Code>AccessDenied</Code></Error>";
    // A part, and a last word that says yes and then no.
    let begun = "PUT /bucket/large?uploadId=";
    cloud.front.on(begun, 1, Act::answer(403, denied));
    let error = cloud.put_large(&there).unwrap_err();
    assert!(matches!(error, RemoteError::Denied { .. }), "{error}");
    assert_eq!(cloud.unfinished(), "0");
    let no = denied.replace("AccessDenied", "InvalidPart");
    cloud
        .front
        .on("POST /bucket/large?uploadId=", 1, Act::answer(200, &no));
    let error = cloud.put_large(&there).unwrap_err();
    assert!(
        error.to_string().contains("CompleteMultipartUpload")
            && error.to_string().contains("InvalidPart"),
        "{error}"
    );
    assert_eq!(cloud.unfinished(), "0");
    assert_eq!(
        cloud
            .moto
            .boto("print(s3.list_objects_v2(Bucket='bucket')['KeyCount'])")
            .trim(),
        "0"
    );
}

#[test]
fn nothing_is_left_of_a_stop() {
    let cloud = Cloud::with(MUCH);
    let there = object("s3://bucket/large");
    cloud.front.on("PUT /bucket/large?uploadId=", 1, Act::Hang);
    let stopped = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !cloud
                .front
                .lines()
                .iter()
                .any(|line| line.starts_with("PUT"))
            {
                std::thread::yield_now();
            }
            cloud.cx.cancel.cancel();
        });
        cloud.put_large(&there)
    });
    assert!(
        matches!(stopped, Err(RemoteError::Cancelled(_))),
        "{stopped:?}"
    );
    assert!(
        cloud
            .front
            .lines()
            .last()
            .unwrap()
            .starts_with("DELETE /bucket/large?uploadId=")
    );
    assert_eq!(cloud.unfinished(), "0");
}
