//! A bucket as a target: what every target must do, and what only a bucket can go wrong with.

use std::collections::BTreeSet;
use std::sync::Arc;

use goldsmith_core::target::Target;
use goldsmith_provider::aws::Aws;
use goldsmith_provider::target::S3Target;
use goldsmith_provider::target::s3::Bucket;
use goldsmith_testing::contract::target::{self as contract, NAME, Place};
use goldsmith_testing::front::{Act, Front};
use goldsmith_testing::moto::Moto;

use super::{cx, settings};

/// A bucket of moto's, seen by boto3.
struct Store {
    moto: Moto,
    front: Front,
    aws: Arc<Aws>,
    scratch: tempfile::TempDir,
    prefix: &'static str,
}

impl Store {
    fn new(prefix: &'static str) -> Self {
        let moto = Moto::start(&[]);
        moto.boto("s3.create_bucket(Bucket='bucket')");
        let front = Front::of(Some(moto.port()));
        let aws = Aws::new(settings(&[
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "hunter22"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL", &front.url()),
        ]));
        Self {
            moto,
            front,
            aws: Arc::new(aws),
            scratch: tempfile::tempdir().unwrap(),
            prefix,
        }
    }

    fn key(&self, path: &str) -> String {
        match self.prefix {
            "" => path.to_owned(),
            prefix => format!("{prefix}/{path}"),
        }
    }

    /// Begins an object in parts, and leaves it.
    fn begin(&self, path: &str) {
        let key = self.key(path);
        self.moto.boto(&format!(
            "u = s3.create_multipart_upload(Bucket='bucket', Key='{key}')['UploadId']\n\
             s3.upload_part(Bucket='bucket', Key='{key}', UploadId=u, PartNumber=1, Body=b'x')"
        ));
    }

    fn bucket(&self) -> Bucket {
        Bucket {
            name: "bucket".to_owned(),
            prefix: self.prefix.to_owned(),
            owner: None,
        }
    }
}

impl Place for Store {
    fn target(&self, forms: &[&str]) -> Box<dyn Target> {
        let forms = forms.iter().map(|form| (*form).to_owned()).collect();
        let scratch = self.scratch.path().to_owned();
        let aws = Arc::clone(&self.aws);
        Box::new(S3Target::new("lab", aws, self.bucket(), forms, scratch))
    }

    /// Objects, objects that were begun, and what lies here.
    fn files(&self) -> BTreeSet<String> {
        let script = "for o in s3.list_objects_v2(Bucket='bucket').get('Contents', []): print(o['Key'])\n\
            for u in s3.list_multipart_uploads(Bucket='bucket').get('Uploads', []): print('upload', u['Key'])";
        let prefix = self.key("");
        let there = self.moto.boto(script);
        let there = there.lines().map(|line| match line.strip_prefix(&prefix) {
            Some(path) => path.to_owned(),
            None => format!("outside: {line}"),
        });
        let here = self.scratch.path().read_dir().unwrap().flatten();
        let here = here.map(|entry| format!("scratch: {}", entry.path().display()));
        there.chain(here).collect()
    }

    fn read(&self, path: &str) -> Vec<u8> {
        let key = self.key(path);
        let script =
            format!("print(s3.get_object(Bucket='bucket', Key='{key}')['Body'].read().hex())");
        let hex = self.moto.boto(&script);
        let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        (0..hex.trim().len()).step_by(2).map(byte).collect()
    }

    fn plant(&self, path: &str, bytes: &[u8]) {
        let (key, text) = (self.key(path), String::from_utf8_lossy(bytes));
        self.moto.boto(&format!(
            "s3.put_object(Bucket='bucket', Key='{key}', Body=b'{text}')"
        ));
    }

    fn named(&self, family: &str, channel: &str) -> Option<String> {
        let path = format!("channels/{family}/{channel}");
        let is_there = self.files().contains(&path);
        is_there.then(|| {
            String::from_utf8(self.read(&path))
                .unwrap()
                .trim()
                .to_owned()
        })
    }
}

#[test]
fn an_image_comes_once_and_whole() {
    contract::an_image_comes_once_and_whole(&Store::new("golden/images"));
}

#[test]
fn without_a_prefix() {
    contract::an_image_comes_once_and_whole(&Store::new(""));
}

#[test]
fn a_form_more() {
    contract::a_form_more(&Store::new("golden"));
}

#[test]
fn nothing_is_left_of_a_failure() {
    contract::nothing_is_left_of_a_failure(&Store::new("golden"));
}

#[test]
fn what_broke_off_is_swept() {
    let store = Store::new("golden");
    let half = [format!("{NAME}/{NAME}.raw"), format!("{NAME}/SHA256SUMS")];
    store.begin(&format!("{NAME}/{NAME}.qcow2"));
    contract::what_broke_off_is_swept(&store, &[&half[0], &half[1]]);
}

#[test]
fn channels_name_an_image() {
    contract::channels_name_an_image(&Store::new("golden"));
}

#[test]
fn what_is_not_ours_is_not_touched() {
    contract::what_is_not_ours_is_not_touched(&Store::new("golden"));
}

#[test]
fn a_name_is_of_one_image() {
    contract::a_name_is_of_one_image(&Store::new("golden"));
}

/// The parts of another image, of which this one's name is the beginning, are left alone.
#[test]
fn neighbours() {
    let store = Store::new("golden");
    store.begin(&format!("{NAME}-arm/{NAME}-arm.raw"));
    store.plant(&format!("{NAME}-arm/SHA256SUMS"), b"x");
    let before = store.files();
    let target = store.target(&["raw"]);
    target.sweep(&cx().0, NAME).unwrap();
    target.withdraw(&cx().0, NAME).unwrap();
    assert_eq!(store.files(), before);
    assert_eq!(before.len(), 2);
}

/// What makes it an image goes there last and leaves first.
#[test]
fn the_manifest_is_last_and_first() {
    let store = Store::new("golden");
    let web = "web@1.0.0/1".parse().unwrap();
    let folder = format!("/bucket/golden/{NAME}/");
    let target = store.target(&["raw", "qcow2"]);
    let refused = format!("PUT {folder}manifest");
    store.front.on(&refused, 1, Act::answer(403, ""));
    let error = contract::bring(&*target, &web).unwrap_err();
    assert!(error.to_string().contains("access denied"), "{error}");
    assert!(store.files().is_empty(), "{:?}", store.files());

    let before = store.front.lines().len();
    contract::bring(&*target, &web).unwrap();
    target.withdraw(&cx().0, NAME).unwrap();
    let lines = store.front.lines().split_off(before);
    let files = |verb: &str| -> Vec<String> {
        let start = format!("{verb} {folder}");
        let files = lines.iter().filter_map(|line| line.strip_prefix(&start));
        files.map(str::to_owned).collect()
    };
    let (raw, qcow2) = (format!("{NAME}.raw"), format!("{NAME}.qcow2"));
    let (sums, manifest) = ("SHA256SUMS", "manifest.dsse.json");
    assert_eq!(files("PUT"), [&raw, &qcow2, sums, manifest]);
    assert_eq!(files("DELETE"), [manifest, sums, &qcow2, &raw]);
}

/// A store that does not have the bucket, and one that says no.
#[test]
fn stores_that_cannot_be_used() {
    let store = Store::new("golden");
    let mut bucket = store.bucket();
    bucket.name = "elsewhere".to_owned();
    let scratch = store.scratch.path().to_owned();
    let forms = vec!["raw".to_owned()];
    let target = S3Target::new("lab", Arc::clone(&store.aws), bucket, forms, scratch);
    let error = target.taken(&cx().0, NAME).unwrap_err().to_string();
    assert!(
        error.contains("the bucket `elsewhere` does not exist"),
        "{error}"
    );
    store.front.on("GET /bucket", 1, Act::answer(403, ""));
    let error = store.target(&["raw"]).taken(&cx().0, NAME).unwrap_err();
    assert!(error.to_string().contains("access denied"), "{error}");
}
