//! What every place that images are brought to must do.
//!
//! ```text
//! #[test] fn comes_once() { contract::target::an_image_comes_once_and_whole(&Mine::new()) }
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use goldsmith_core::catalog::CopyRow;
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::{Class, Failure};
use goldsmith_core::image::ImageId;
use goldsmith_core::target::{FormFile, Forms, Parcel, Target, TargetError};

use crate::clock::RealClock;

/// The name that images have there.
pub const NAME: &str = "web-debian-12-1.0.0-20261129";

/// A target under test, and what somebody else sees of it.
pub trait Place {
    /// The target, for images in these forms.
    fn target(&self, forms: &[&str]) -> Box<dyn Target>;
    /// Everything that lies there, half and hidden things too, by its path.
    fn files(&self) -> BTreeSet<String>;
    /// The bytes of one of these.
    fn read(&self, path: &str) -> Vec<u8>;
    /// Somebody else puts something there.
    fn plant(&self, path: &str, bytes: &[u8]);
    /// The name of the image that a channel names, as those who use it find it.
    fn named(&self, family: &str, channel: &str) -> Option<String>;
}

/// Writes the name of the form; fails, when it has begun, at the form `broken`.
#[derive(Debug, Default)]
struct Words {
    written: AtomicUsize,
}

/// Why a form was not written.
#[derive(Debug)]
struct Broken(String);

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Broken {}

impl Failure for Broken {
    fn class(&self) -> Class {
        Class::Environment
    }
}

impl Forms for Words {
    fn ending(&self, form: &str) -> Option<&'static str> {
        match form {
            "raw" => Some(".raw"),
            "qcow2" => Some(".qcow2"),
            "broken" => Some(".broken"),
            _ => None,
        }
    }

    fn write(
        &self,
        _cx: &Cx,
        image: &ImageId,
        form: &str,
        to: &Path,
    ) -> Result<FormFile, TargetError> {
        self.written.fetch_add(1, Ordering::SeqCst);
        let bytes = format!("{image} as {form}");
        let broken = |text: String| -> TargetError { Box::new(Broken(text)) };
        std::fs::write(to, &bytes).map_err(|error| broken(error.to_string()))?;
        if form == "broken" {
            return Err(broken("the form broke on purpose".to_owned()));
        }
        Ok(FormFile {
            sha256: Sha256::of(bytes.as_bytes()),
            size_bytes: bytes.len() as u64,
        })
    }
}

/// Somebody who brings images.
struct Sender {
    cx: Cx,
    forms: Words,
}

impl Sender {
    fn new() -> Self {
        Self {
            cx: Cx::silent(Arc::new(RealClock)),
            forms: Words::default(),
        }
    }

    fn written(&self) -> usize {
        self.forms.written.load(Ordering::SeqCst)
    }

    fn send(&self, target: &dyn Target, image: &ImageId) -> Result<Vec<CopyRow>, TargetError> {
        let sign = |files: &BTreeMap<String, FormFile>| {
            let files: Vec<String> = files
                .iter()
                .map(|(name, file)| {
                    let FormFile { sha256, size_bytes } = file;
                    format!("\"{name}\":{{\"sha256\":\"{sha256}\",\"bytes\":{size_bytes}}}")
                })
                .collect();
            let files = files.join(",");
            let manifest = format!("{{\"image\":\"{image}\",\"files\":{{{files}}}}}");
            let payload = STANDARD.encode(manifest);
            format!("{{\"payload\":\"{payload}\",\"signatures\":[]}}\n").into_bytes()
        };
        let parcel = Parcel {
            image,
            name: NAME,
            arch: "amd64",
            disk: &Sha256::of(image.to_string().as_bytes()),
            tags: &BTreeMap::new(),
            forms: &self.forms,
            sign: &sign,
        };
        target.send(&self.cx, parcel)
    }
}

/// Brings an image there.
pub fn bring(target: &dyn Target, image: &ImageId) -> Result<Vec<CopyRow>, TargetError> {
    Sender::new().send(target, image)
}

/// A step of an image's retirement.
type Step = fn(&dyn Target, &Cx, &str) -> Result<(), TargetError>;

const DEPRECATE: Step = |target, cx, name| target.deprecate(cx, name);
const DISABLE: Step = |target, cx, name| target.disable(cx, name);
const RESTORE: Step = |target, cx, name| target.restore(cx, name);
const WITHDRAW: Step = |target, cx, name| target.withdraw(cx, name);

fn image(text: &str) -> ImageId {
    text.parse().expect("an image")
}

fn below(files: &[&str]) -> BTreeSet<String> {
    files.iter().map(|file| format!("{NAME}/{file}")).collect()
}

/// The files of an image in the forms raw and qcow2.
fn both() -> BTreeSet<String> {
    below(&[
        "SHA256SUMS",
        "manifest.dsse.json",
        &format!("{NAME}.qcow2"),
        &format!("{NAME}.raw"),
    ])
}

/// A `send` may be repeated; one that fails leaves what was there, and nothing else.
///
/// # Panics
///
/// When it does not.
pub fn an_image_comes_once_and_whole(place: &dyn Place) {
    let (sender, web) = (Sender::new(), image("web@1.0.0/1"));
    let target = place.target(&["raw", "qcow2"]);
    let taken = || target.taken(&sender.cx, NAME).expect("it can be asked");
    assert_eq!(taken(), None);
    let copies = sender.send(&*target, &web).expect("it comes");
    let again = sender.send(&*target, &web).expect("it is there");
    assert_eq!(copies, again);
    assert_eq!(sender.written(), 2, "what is there is not written again");
    assert_eq!(taken(), Some(web.clone()));
    assert_eq!(place.files(), both());
    let mut sums = String::new();
    for (copy, form) in copies.iter().zip(["raw", "qcow2"]) {
        let file = format!("{NAME}/{NAME}.{form}");
        let bytes = place.read(&file);
        let sha256 = Sha256::of(&bytes);
        assert_eq!(copy.digest, Some(sha256));
        assert_eq!(copy.format, form);
        assert!(copy.location.ends_with(&file), "{}", copy.location);
        assert_eq!(copy.target, target.name());
        assert!(copy.is_there && copy.image == web && copy.name == NAME);
        sums.insert_str(0, &format!("{sha256}  {NAME}.{form}\n"));
    }
    let found = place.read(&format!("{NAME}/SHA256SUMS"));
    assert_eq!(String::from_utf8_lossy(&found), sums);
    // Another form is wanted: what is there stays until that is there, too.
    let more = place.target(&["raw", "qcow2", "broken"]);
    let error = sender.send(&*more, &web).expect_err("it breaks");
    assert!(error.to_string().contains("on purpose"), "{error}");
    assert_eq!(place.files(), both());
    assert_eq!(taken(), Some(web.clone()));
    let unknown = place.target(&["punched cards"]);
    let error = sender.send(&*unknown, &web).expect_err("nobody writes it");
    assert!(error.to_string().contains("punched cards"), "{error}");
    let copies = sender.send(&*target, &web).expect("it is there");
    assert_eq!(copies.len(), 2);
    for _ in 0..2 {
        target.withdraw(&sender.cx, NAME).expect("it goes");
        assert!(place.files().is_empty(), "{:?}", place.files());
        assert_eq!(taken(), None);
    }
}

/// One form, then two: what the first has left is used, or made again.
///
/// # Panics
///
/// When it is not.
pub fn a_form_more(place: &dyn Place) {
    let (sender, web) = (Sender::new(), image("web@1.0.0/1"));
    let send = |forms: &[&str]| sender.send(&*place.target(forms), &web);
    assert_eq!(send(&["raw"]).expect("it comes").len(), 1);
    assert_eq!(send(&["raw", "qcow2"]).expect("it comes").len(), 2);
    assert_eq!(place.files(), both());
    // What has more than is asked for has what is asked for.
    assert_eq!(send(&["qcow2"]).expect("it is there").len(), 1);
    assert_eq!(place.files(), both());
}

/// A first `send` that fails leaves nothing.
///
/// # Panics
///
/// When it does.
pub fn nothing_is_left_of_a_failure(place: &dyn Place) {
    let sender = Sender::new();
    let target = place.target(&["raw", "broken"]);
    let sent = sender.send(&*target, &image("web@1.0.0/1"));
    sent.expect_err("it breaks");
    assert!(place.files().is_empty(), "{:?}", place.files());
    assert_eq!(
        target.taken(&sender.cx, NAME).expect("it can be asked"),
        None
    );
}

/// What a `send` that was killed has left (`left`: its paths) is no image, and goes.
///
/// # Panics
///
/// When it does not.
pub fn what_broke_off_is_swept(place: &dyn Place, left: &[&str]) {
    let (sender, web) = (Sender::new(), image("web@1.0.0/1"));
    let target = place.target(&["raw", "qcow2"]);
    let plant = || left.iter().for_each(|path| place.plant(path, b"half"));
    plant();
    assert_eq!(
        target.taken(&sender.cx, NAME).expect("it can be asked"),
        None
    );
    for _ in 0..2 {
        target.sweep(&sender.cx, NAME).expect("it goes");
        assert!(place.files().is_empty(), "{:?}", place.files());
    }
    plant();
    sender.send(&*target, &web).expect("it comes");
    assert_eq!(place.files(), both());
    // What is finished stays.
    target.sweep(&sender.cx, NAME).expect("there is nothing");
    assert_eq!(place.files(), both());
}

/// A channel names one image or none.
///
/// # Panics
///
/// When it does not.
pub fn channels_name_an_image(place: &dyn Place) {
    let sender = Sender::new();
    let target = place.target(&["raw"]);
    sender
        .send(&*target, &image("web@1.0.0/1"))
        .expect("it comes");
    let named = || place.named("web", "production");
    let point = |name: Option<&str>| {
        for _ in 0..2 {
            target
                .point(&sender.cx, "web", "production", name)
                .expect("it points");
        }
    };
    assert_eq!(named(), None);
    point(Some(NAME));
    assert_eq!(named().as_deref(), Some(NAME));
    point(Some("web-debian-12-2.0.0-20261130"));
    assert_eq!(named().as_deref(), Some("web-debian-12-2.0.0-20261130"));
    point(None);
    assert_eq!(named(), None);
}

/// What others have put there stays, a name that is taken stays taken, and no name leads out.
///
/// # Panics
///
/// When they do not.
pub fn what_is_not_ours_is_not_touched(place: &dyn Place) {
    let (sender, web) = (Sender::new(), image("web@1.0.0/1"));
    let target = place.target(&["raw"]);
    let mine = format!("{NAME}/mine");
    place.plant(&mine, b"mine");
    let error = sender.send(&*target, &web).expect_err("somebody's");
    let text = error.to_string();
    assert!(
        text.contains("not an image that Goldsmith brought"),
        "{text}"
    );
    target
        .withdraw(&sender.cx, NAME)
        .expect_err("still somebody's");
    assert_eq!(place.read(&mine), b"mine");
    assert_eq!(place.files(), below(&["mine"]));
    for name in ["", ".", "..", "a/b", ".hidden", "channels"] {
        assert!(target.taken(&sender.cx, name).is_err(), "{name}");
        assert!(target.sweep(&sender.cx, name).is_err(), "{name}");
        for step in [DEPRECATE, DISABLE, RESTORE, WITHDRAW] {
            assert!(step(&*target, &sender.cx, name).is_err(), "{name}");
        }
        for (family, channel) in [("web", name), (name, "production")] {
            let pointed = target.point(&sender.cx, family, channel, None);
            assert!(pointed.is_err(), "{name}");
        }
    }
}

/// An image that is deprecated, disabled and brought back is still there, whole; each may be
/// repeated, also for an image that is not there, and one that is disabled can be taken away.
///
/// # Panics
///
/// When it is not.
pub fn an_image_retires_step_by_step(place: &dyn Place) {
    let (sender, web) = (Sender::new(), image("web@1.0.0/1"));
    let target = place.target(&["raw"]);
    let (cx, target) = (&sender.cx, &*target);
    for step in [DEPRECATE, DISABLE, WITHDRAW] {
        step(target, cx, NAME).expect("there is nothing to do");
    }
    let copies = sender.send(target, &web).expect("it comes");
    assert!(copies.iter().all(|copy| target.has(copy)));
    let usage = target.usage(cx, &copies, &[]).expect("it can be asked");
    assert_eq!(usage.seen, goldsmith_core::fleet::Seen::default());
    let before = place.files();
    for step in [DEPRECATE, DISABLE, RESTORE, DISABLE] {
        for _ in 0..2 {
            step(target, cx, NAME).expect("it is done");
            assert_eq!(place.files(), before);
            assert_eq!(
                target.taken(cx, NAME).expect("it can be asked"),
                Some(web.clone())
            );
        }
    }
    for _ in 0..2 {
        target.withdraw(cx, NAME).expect("it goes");
        assert!(place.files().is_empty(), "{:?}", place.files());
    }
}

/// A name belongs to the image that had it first.
///
/// # Panics
///
/// When it does not.
pub fn a_name_is_of_one_image(place: &dyn Place) {
    let sender = Sender::new();
    let target = place.target(&["raw"]);
    sender
        .send(&*target, &image("web@1.0.0/1"))
        .expect("it comes");
    let before = place.files();
    let error = sender
        .send(&*target, &image("web@1.0.0/2"))
        .expect_err("taken");
    assert!(error.to_string().contains("web 1.0.0/1"), "{error}");
    assert!(!error.hints().is_empty());
    assert_eq!(place.files(), before);
    let taken = target.taken(&sender.cx, NAME).expect("it can be asked");
    assert_eq!(taken, Some(image("web@1.0.0/1")));
}
