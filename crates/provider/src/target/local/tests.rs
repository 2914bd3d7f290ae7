use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use goldsmith_testing::clock::RealClock;

use super::*;
use goldsmith_core::target::Forms;

/// Writes the name of the form; fails at one that is called so.
#[derive(Debug, Default)]
struct Words {
    written: AtomicUsize,
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
        write(to, bytes.as_bytes()).map_err(boxed)?;
        if form == "broken" {
            return Err(boxed(LocalTargetError::Form {
                form: form.to_owned(),
            }));
        }
        Ok(FormFile {
            sha256: Sha256::of(bytes.as_bytes()),
            size_bytes: bytes.len() as u64,
        })
    }
}

const NAME: &str = "web-debian-12-1.0.0-20261129";

struct World {
    dir: tempfile::TempDir,
    cx: Cx,
    forms: Words,
    image: ImageId,
}

impl World {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            cx: Cx::silent(Arc::new(RealClock)),
            forms: Words::default(),
            image: "web@1.0.0/1".parse().unwrap(),
        }
    }

    fn target(&self, forms: &[&str]) -> LocalTarget {
        let forms = forms.iter().map(|form| (*form).to_owned()).collect();
        LocalTarget::new("lab", self.dir.path().join("images"), forms)
    }

    fn send(&self, target: &LocalTarget) -> Result<Vec<CopyRow>, TargetError> {
        let image = self.image.to_string();
        let sign = |files: &BTreeMap<String, FormFile>| {
            let names: Vec<&String> = files.keys().collect();
            let manifest = serde_json::json!({ "image": image, "files": names }).to_string();
            serde_json::json!({ "payload": STANDARD.encode(manifest) })
                .to_string()
                .into_bytes()
        };
        let parcel = Parcel {
            image: &self.image,
            name: NAME,
            tags: &BTreeMap::new(),
            forms: &self.forms,
            sign: &sign,
        };
        target.send(&self.cx, parcel)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path().join("images")).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

#[test]
fn an_image_comes_once_and_whole() {
    let world = World::new();
    let target = world.target(&["raw", "qcow2"]);
    assert_eq!(target.taken(&world.cx, NAME).unwrap(), None);
    let copies = world.send(&target).unwrap();
    let again = world.send(&target).unwrap();
    assert_eq!(copies, again);
    assert_eq!(
        world.forms.written.load(Ordering::SeqCst),
        2,
        "what is there is not written again"
    );
    assert_eq!(
        target.taken(&world.cx, NAME).unwrap(),
        Some(world.image.clone())
    );
    assert_eq!(world.names(), [NAME]);
    for copy in &copies {
        let bytes = fs::read(&copy.location).unwrap();
        assert_eq!(Some(Sha256::of(&bytes)), copy.digest);
    }
    // Another form is wanted: what is there gives way to what has both.
    let more = world.target(&["raw", "qcow2", "broken"]);
    assert!(world.send(&more).is_err());
    assert_eq!(
        world.names(),
        [NAME],
        "what failed leaves what was there and nothing else"
    );
    assert_eq!(world.send(&target).unwrap().len(), 2);
    target.withdraw(&world.cx, NAME).unwrap();
    target.withdraw(&world.cx, NAME).unwrap();
    assert!(world.names().is_empty());
}

#[test]
fn what_a_killed_one_left_is_swept() {
    let world = World::new();
    let target = world.target(&["raw"]);
    let images = world.dir.path().join("images");
    fs::create_dir_all(images.join(format!(".{NAME}.part"))).unwrap();
    fs::write(images.join(format!(".{NAME}.part/half")), "half").unwrap();
    fs::create_dir_all(images.join(format!(".{NAME}.gone"))).unwrap();
    world.send(&target).unwrap();
    assert_eq!(world.names(), [NAME]);
    assert!(!images.join(NAME).join("half").exists());
}

#[test]
fn channels_are_links() {
    let world = World::new();
    let target = world.target(&["raw"]);
    world.send(&target).unwrap();
    target
        .point(&world.cx, "web", "production", Some(NAME))
        .unwrap();
    target
        .point(&world.cx, "web", "production", Some(NAME))
        .unwrap();
    let link = world.dir.path().join("images/channels/web/production");
    assert!(link.join(SUMS).is_file());
    target.point(&world.cx, "web", "production", None).unwrap();
    target.point(&world.cx, "web", "production", None).unwrap();
    assert!(link.symlink_metadata().is_err());
}

#[test]
fn what_is_not_ours_is_not_touched() {
    let world = World::new();
    let target = world.target(&["raw"]);
    let folder = world.dir.path().join("images").join(NAME);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("mine"), "mine").unwrap();
    let error = world.send(&target).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("not an image that Goldsmith brought"),
        "{error}"
    );
    assert!(folder.join("mine").exists());
    for name in ["", ".", "..", "a/b", ".hidden", "channels"] {
        assert!(target.taken(&world.cx, name).is_err(), "{name}");
        assert!(
            target.point(&world.cx, "web", name, None).is_err(),
            "{name}"
        );
    }
}
