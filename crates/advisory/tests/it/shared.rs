//! The data sets that lie beside the project and are not part of it. Whoever has only the
//! repository has none of them, and those tests say so and pass.

use std::fs;
use std::path::PathBuf;

use goldsmith_advisory::database::Database;
use goldsmith_advisory::feed::{Import, Made, Origin};
use goldsmith_core::inventory::{Distribution, Ecosystem, Package, SourcePackage};

/// 2026-11-23 00:00 UTC: when the data was put together.
pub(crate) const NOW: i64 = 1_795_392_000;

/// The folder `vuln`, in `shared/data` beside the checkout or above it; `None`: absent.
fn folder() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let found = root
        .ancestors()
        .map(|above| above.join("shared/data/vuln"))
        .find(|path| path.is_dir());
    #[expect(clippy::print_stdout, reason = "a test that says why it did nothing")]
    if found.is_none() {
        println!("skipped: there is no `shared/data/vuln` beside the project");
    }
    found
}

/// The bytes of data sets; `None`: the folder is absent.
pub(crate) fn read(names: &[&str]) -> Option<Vec<(String, Vec<u8>)>> {
    let folder = folder()?;
    let read = |name: &&str| {
        let bytes = fs::read(folder.join(name)).expect("a set that the folder's README lists");
        ((*name).to_owned(), bytes)
    };
    Some(names.iter().map(read).collect())
}

/// The text of a data set of JSON lines.
pub(crate) fn lines(name: &str) -> Option<Vec<serde_json::Value>> {
    let (_, bytes) = read(&[name])?.pop()?;
    let text = zstd::decode_all(bytes.as_slice()).expect("zstd");
    let values = serde_json::Deserializer::from_slice(&text).into_iter();
    Some(values.map(|value| value.expect("JSON lines")).collect())
}

pub(crate) fn import(documents: &[(String, Vec<u8>)]) -> Vec<Made> {
    let mut import = Import::default();
    for (name, bytes) in documents {
        import.add(name, bytes).expect(name);
    }
    import.finish(&Origin {
        taken: NOW,
        ..Origin::default()
    })
}

pub(crate) fn database(documents: &[(String, Vec<u8>)]) -> Database {
    let files = import(documents)
        .into_iter()
        .map(|made| (made.header.name, made.bytes));
    Database::new(files).expect("what was just made")
}

pub(crate) fn distribution(id: &str, version: &str) -> Distribution {
    Distribution {
        id: id.to_owned(),
        like: Vec::new(),
        version: Some(version.to_owned()),
        codename: None,
        title: format!("{id} {version}"),
        point_release: None,
    }
}

pub(crate) fn package(ecosystem: Ecosystem, name: &str, version: &str) -> Package {
    Package::new(ecosystem, name, version)
}

pub(crate) fn deb(name: &str, version: &str, source: &str, source_version: &str) -> Package {
    Package {
        source: Some(SourcePackage {
            name: source.to_owned(),
            version: source_version.to_owned(),
        }),
        ..package(Ecosystem::Deb, name, version)
    }
}
