use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use goldsmith_core::digest::Sha256;
use goldsmith_store::GcPolicy;
use goldsmith_testing::clock::FakeClock;

use super::*;
use crate::deb::decode;
use crate::layer::{Anew, LayerError, Made, Parts, Stack, Wanted};

fn cx() -> Cx {
    Cx::silent(Arc::new(FakeClock::at(1_700_000_000)))
}

/// Three layers on one another, each a file; gives where they stand.
fn layers(cx: &Cx, store: &Store) -> Vec<PathBuf> {
    let mut stack = Stack::new(store, 1_700_000_000, Anew::None);
    for title in ["bottom", "middle", "top"] {
        let mut parts = Parts::default();
        parts.add("title", title);
        let wanted = Wanted {
            title: title.to_owned(),
            parts,
            unnoticed: Vec::new(),
        };
        let make = |place: &layer::Place<'_>| {
            fs::create_dir(place.directory().join("srv")).unwrap();
            fs::write(place.directory().join("srv").join(title), title).unwrap();
            Ok::<_, LayerError>(Made::default())
        };
        stack.layer(cx, &wanted, make).unwrap();
    }
    let names = stack.layers().iter().map(|layer| layer.name);
    let names: Vec<Sha256> = names.collect();
    store.set_chain("web", store.root(), &names).unwrap();
    let places = names
        .iter()
        .map(|name| store.entry_path(goldsmith_store::Shelf::Layers, name));
    places.collect()
}

struct Home {
    _directory: tempfile::TempDir,
    store: Store,
    blob: PathBuf,
    package: PathBuf,
    layers: Vec<PathBuf>,
}

fn home() -> Home {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(&directory.path().join("store")).unwrap();
    let deb = store.insert(&deb::tests::any()[..], None).unwrap();
    let package = decode(&cx(), &store, &[deb]).unwrap().remove(0).path;
    store.pin("project", &[deb].into()).unwrap();
    Home {
        blob: store.blob_path(&deb),
        layers: layers(&cx(), &store),
        package,
        store,
        _directory: directory,
    }
}

/// Damages a home that was whole; what is found first begins with `what`. `places` things are
/// then removed, and the home is whole and of use again.
#[track_caller]
fn check_damage(damage: impl FnOnce(&Home), what: &str, places: usize) {
    let home = home();
    let (cx, store) = (cx(), &home.store);
    assert_eq!(check(&cx, store).unwrap().problems, []);
    damage(&home);
    let problems = check(&cx, store).unwrap().problems;
    let said: Vec<&str> = problems.iter().map(|p| p.what.as_str()).collect();
    assert!(
        said.first().is_some_and(|s| s.starts_with(what)),
        "{said:?}"
    );
    assert!(!store.remedy(&problems[0]).is_empty());
    let removed = repair(&cx, store).unwrap();
    assert_eq!(removed.len(), places, "{what}: {removed:?}");
    assert_eq!(check(&cx, store).unwrap().problems, []);
    store.gc_plan(&cx, GcPolicy::default()).unwrap();
    store.insert(&deb::tests::any()[..], None).unwrap();
    layers(&cx, store);
    assert_eq!(check(&cx, store).unwrap().problems, []);
}

fn cut(path: &Path) {
    let bytes = fs::read(path).unwrap();
    drop(fs::remove_file(path));
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

#[test]
fn blobs_and_packages() {
    check_damage(|home| cut(&home.blob), "its digest is", 1);
    check_damage(
        |home| fs::rename(&home.blob, home.blob.with_file_name("x")).unwrap(),
        "no blob has such a name",
        1,
    );
    let coin = "root/usr/bin/coin";
    check_damage(
        |home| fs::write(home.package.join(coin), "lead!").unwrap(),
        "`/usr/bin/coin` has other bytes",
        1,
    );
    check_damage(
        |home| cut(&home.package.join(coin)),
        "`/usr/bin/coin` has 2",
        1,
    );
    check_damage(
        |home| fs::remove_file(home.package.join("root/null")).unwrap(),
        "`/null` cannot be found",
        1,
    );
    check_damage(
        |home| cut(&home.package.join("meta.json")),
        "`meta.json` is",
        1,
    );
}

#[test]
fn layers_and_what_stands_on_them() {
    check_damage(
        |home| cut(&home.layers[2].join("tree/srv/top")),
        "`/srv/top` has 1",
        1,
    );
    check_damage(
        |home| cut(&home.layers[1].join("manifest")),
        "`manifest` is damaged",
        2,
    );
    check_damage(
        |home| cut(&home.layers[0].join("layer.json")),
        "`layer.json` is",
        3,
    );
    check_damage(
        |home| cut(&home.layers[2].join("entry.json")),
        "its description",
        1,
    );
    check_damage(
        |home| fs::remove_dir_all(&home.layers[0]).unwrap(),
        "what it needs is gone",
        2,
    );
    check_damage(
        |home| {
            let other = Sha256::of(b"other").to_string();
            fs::rename(&home.layers[2], home.layers[2].with_file_name(other)).unwrap();
        },
        "its name does not follow",
        1,
    );
}

#[test]
fn words_and_strangers() {
    let write = |path: &'static str| {
        move |home: &Home| fs::write(home.store.root().join(path), "x").unwrap()
    };
    check_damage(write("pins/project.json"), "`", 1);
    check_damage(write("chains/web.json"), "`", 1);
    check_damage(write("again/web"), "it is named after no layer", 1);
    check_damage(write("partial/web"), "no download", 1);
    check_damage(write("layers/web"), "no entry has such a name", 1);
    check_damage(write("notes.txt"), "nothing of a store", 1);
    check_damage(
        |home| fs::create_dir(home.store.root().join("scratch/layer-1-1")).unwrap(),
        "a dead process left it",
        1,
    );
}

#[test]
fn not_while_others_work() {
    let home = home();
    cut(&home.blob);
    let other = Store::open(home.store.root()).unwrap();
    let refused = repair(&cx(), &home.store).unwrap_err();
    assert!(matches!(refused, StoreError::InUse(_)), "{refused}");
    drop(other);
    assert_eq!(repair(&cx(), &home.store).unwrap().len(), 1);
}
