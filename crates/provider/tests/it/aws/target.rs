//! A bucket as a target: what every target must do, and what only a bucket can go wrong with.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use goldsmith_core::catalog::CopyRow;
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::image::ImageId;
use goldsmith_core::target::{FormFile, Forms, Parcel, Target, TargetError};
use goldsmith_provider::aws::Aws;
use goldsmith_provider::target::S3Target;
use goldsmith_provider::target::s3::Bucket;
use goldsmith_testing::contract::target::{self as contract, NAME, Place};
use goldsmith_testing::front::{Act, Front};
use goldsmith_testing::moto::Moto;

use super::{MUCH, bytes, cx, settings_with};

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
        let variables = [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "hunter22"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL", &front.url()),
        ];
        let aws = Aws::new(settings_with(MUCH, &variables));
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
fn an_image_retires_step_by_step() {
    contract::an_image_retires_step_by_step(&Store::new("golden"));
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

/// An image that is just above what goes at once: four parts of 16 MiB and one of a few bytes.
struct Large(Vec<u8>);

impl Large {
    fn new() -> Self {
        let mut all = bytes(16 << 20);
        for part in 1..=3 {
            // Every part is another one.
            let next: Vec<u8> = all[..16 << 20].iter().map(|byte| byte ^ part).collect();
            all.extend(next);
        }
        all.extend(b"large");
        Self(all)
    }

    fn bring(&self, target: &dyn Target) -> Result<Vec<CopyRow>, TargetError> {
        let sign = |files: &BTreeMap<String, FormFile>| {
            let files = files.iter();
            let files: Vec<String> = files
                .map(|(name, file)| format!("\"{name}\":{{\"sha256\":\"{}\"}}", file.sha256))
                .collect();
            let manifest = format!(
                "{{\"image\":\"web 1.0.0/1\",\"files\":{{{}}}}}",
                files.join(",")
            );
            let payload = STANDARD.encode(manifest);
            format!("{{\"payload\":\"{payload}\",\"signatures\":[]}}\n").into_bytes()
        };
        let parcel = Parcel {
            image: &"web@1.0.0/1".parse().unwrap(),
            arch: "amd64",
            disk: &Sha256::of(&self.0),
            name: NAME,
            tags: &BTreeMap::new(),
            forms: self,
            sign: &sign,
        };
        target.send(&cx().0, parcel)
    }
}

impl Forms for Large {
    fn ending(&self, form: &str) -> Option<&'static str> {
        (form == "raw").then_some(".raw")
    }

    fn write(
        &self,
        _cx: &Cx,
        _image: &ImageId,
        _form: &str,
        to: &Path,
    ) -> Result<FormFile, TargetError> {
        std::fs::write(to, &self.0).unwrap();
        Ok(FormFile {
            sha256: Sha256::of(&self.0),
            size_bytes: self.0.len() as u64,
        })
    }
}

/// It goes in parts: one of them is lost on the way, and once the last word is refused.
#[test]
fn a_large_form() {
    let store = Store::new("golden");
    let target = store.target(&["raw"]);
    let large = Large::new();
    let there = format!("/bucket/golden/{NAME}/{NAME}.raw?upload");
    store
        .front
        .on(&format!("POST {there}Id="), 1, Act::answer(403, ""));
    let error = large.bring(&*target).unwrap_err();
    assert!(error.to_string().contains("access denied"), "{error}");
    assert_eq!(store.files(), BTreeSet::new(), "neither parts nor an image");

    let before = store.front.lines().len();
    store
        .front
        .on(&format!("PUT {there}Id="), 1, Act::LoseAnswer);
    let copies = large.bring(&*target).unwrap();
    assert_eq!(copies[0].digest, Some(Sha256::of(&large.0)));
    let lines = store.front.lines().split_off(before);
    let count = |start: String| lines.iter().filter(|line| line.starts_with(&start)).count();
    assert_eq!(count(format!("POST {there}s")), 1);
    assert_eq!(count(format!("PUT {there}Id=")), 5 + 1);
    assert_eq!(count(format!("POST {there}Id=")), 1);
    let script = format!(
        "import hashlib; print(hashlib.sha256(s3.get_object(Bucket='bucket', Key='golden/{NAME}/{NAME}.raw')['Body'].read()).hexdigest())"
    );
    let digest = store.moto.boto(&script);
    assert_eq!(digest.trim(), Sha256::of(&large.0).to_string());
    let files = ["SHA256SUMS", "manifest.dsse.json", &format!("{NAME}.raw")];
    let expected: BTreeSet<String> = files.iter().map(|file| format!("{NAME}/{file}")).collect();
    assert_eq!(store.files(), expected);
    // It is there: nothing of it is sent again.
    let before = store.front.lines().len();
    assert_eq!(large.bring(&*target).unwrap(), copies);
    let lines = store.front.lines().split_off(before);
    assert!(
        !lines.iter().any(|line| line.starts_with("PUT")),
        "{lines:?}"
    );
}
