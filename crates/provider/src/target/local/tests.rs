use std::collections::BTreeSet;
use std::path::Path;

use goldsmith_testing::contract::target::{self as contract, NAME, Place};

use super::*;

/// A directory.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn root(&self) -> PathBuf {
        self.0.path().join("images")
    }
}

fn walk(root: &Path, folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            walk(root, &path, found);
        } else {
            let path = path.strip_prefix(root).unwrap();
            found.insert(path.to_str().unwrap().to_owned());
        }
    }
}

impl Place for Folder {
    fn target(&self, forms: &[&str]) -> Box<dyn Target> {
        let forms = forms.iter().map(|form| (*form).to_owned()).collect();
        Box::new(LocalTarget::new("lab", self.root(), forms))
    }

    fn files(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        walk(&self.root(), &self.root(), &mut found);
        found
    }

    fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.root().join(path)).unwrap()
    }

    fn plant(&self, path: &str, bytes: &[u8]) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn named(&self, family: &str, channel: &str) -> Option<String> {
        let link = self.root().join(CHANNELS).join(family).join(channel);
        let aim = fs::read_link(link).ok()?;
        Some(aim.file_name()?.to_str()?.to_owned())
    }
}

#[test]
fn an_image_comes_once_and_whole() {
    contract::an_image_comes_once_and_whole(&Folder::new());
}

#[test]
fn a_form_more() {
    contract::a_form_more(&Folder::new());
}

#[test]
fn nothing_is_left_of_a_failure() {
    contract::nothing_is_left_of_a_failure(&Folder::new());
}

#[test]
fn what_broke_off_is_swept() {
    let half = [format!(".{NAME}.part/half"), format!(".{NAME}.gone/half")];
    contract::what_broke_off_is_swept(&Folder::new(), &[&half[0], &half[1]]);
}

#[test]
fn channels_name_an_image() {
    contract::channels_name_an_image(&Folder::new());
}

#[test]
fn what_is_not_ours_is_not_touched() {
    contract::what_is_not_ours_is_not_touched(&Folder::new());
}

#[test]
fn an_image_retires_step_by_step() {
    contract::an_image_retires_step_by_step(&Folder::new());
}

#[test]
fn a_name_is_of_one_image() {
    contract::a_name_is_of_one_image(&Folder::new());
}

/// A channel is a link through which the files of its image are found.
#[test]
fn channels_are_links() {
    let folder = Folder::new();
    folder.plant(&format!("{NAME}/{SUMS}"), b"");
    let cx = Cx::silent(std::sync::Arc::new(goldsmith_testing::clock::RealClock));
    let target = folder.target(&["raw"]);
    target.point(&cx, "web", "production", Some(NAME)).unwrap();
    assert!(
        folder
            .root()
            .join("channels/web/production")
            .join(SUMS)
            .is_file()
    );
}
