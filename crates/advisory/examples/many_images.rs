//! Thousands of stored lists of packages, held against a feed: what `cargo xtask bench scan` measures.
//!
//! `make INVENTORY FOLDER COUNT` writes lists that differ as images of one house do: some packages
//! more or fewer, some with and some without their updates. `match FEED FOLDER` reads the feed as
//! it is published and every list, and counts.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use goldsmith_advisory::database::Database;
use goldsmith_advisory::feed::{Import, Origin};
use goldsmith_advisory::matching;
use goldsmith_advisory::stock::Stock;
use goldsmith_core::inventory::{Distribution, Ecosystem, Inventory, Package, SourcePackage};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
    match words.as_slice() {
        ["make", inventory, folder, count] => make(inventory, Path::new(folder), count.parse()?),
        ["match", feed, folder] => hold(feed, Path::new(folder)),
        _ => Err("make INVENTORY FOLDER COUNT | match FEED FOLDER".into()),
    }
}

fn make(inventory: &str, folder: &Path, count: u64) -> Result<(), Box<dyn Error>> {
    let text = zstd::decode_all(fs::File::open(inventory)?)?;
    let rows: Vec<serde_json::Value> = serde_json::Deserializer::from_slice(&text)
        .into_iter()
        .collect::<Result<_, _>>()?;
    let distribution = Distribution {
        id: "debian".to_owned(),
        like: Vec::new(),
        version: Some("12".to_owned()),
        codename: Some("bookworm".to_owned()),
        title: "Debian GNU/Linux 12 (bookworm)".to_owned(),
        point_release: None,
    };
    // A fixed sequence: every run makes the same lists.
    let mut state: u64 = 1;
    let mut chance = |of: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33).is_multiple_of(of)
    };
    for number in 0..count {
        let mut packages = Vec::new();
        for row in &rows {
            if chance(10) {
                continue;
            }
            let state = if row["update"].is_object() && chance(2) {
                &row["update"]
            } else {
                row
            };
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            packages.push(Package {
                arch: Some("amd64".to_owned()),
                source: Some(SourcePackage {
                    name: text(&row["source"]),
                    version: text(&state["source_version"]),
                }),
                ..Package::new(
                    Ecosystem::Deb,
                    &text(&row["package"]),
                    &text(&state["version"]),
                )
            });
        }
        let stock = Stock::of(&Inventory {
            distribution: Some(distribution.clone()),
            packages,
        });
        let packed = zstd::encode_all(stock.encode().as_bytes(), 3)?;
        fs::write(folder.join(format!("{number}.stock")), packed)?;
    }
    Ok(())
}

fn hold(feed: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut import = Import::default();
    import.add(feed, &fs::read(feed)?)?;
    let made = import.finish(&Origin::default());
    let files = made.into_iter().map(|made| (made.header.name, made.bytes));
    let database = Database::new(files)?;
    let paths: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_, std::io::Error>>()?;
    let next = AtomicUsize::new(0);
    let work = || -> Result<[usize; 3], String> {
        let mut counts = [0; 3];
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            let packed = fs::read(path).map_err(|e| e.to_string())?;
            let text = zstd::decode_all(packed.as_slice()).map_err(|e| e.to_string())?;
            let text = String::from_utf8(text).map_err(|e| e.to_string())?;
            let stock = Stock::decode(&text).map_err(|e| e.to_string())?;
            counts[0] += 1;
            counts[1] += stock.items.len();
            matching::hits(&database, &stock, &mut |_, _| counts[2] += 1);
        }
        Ok(counts)
    };
    let threads = std::thread::available_parallelism()?.get();
    let counts = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let counts = running
            .into_iter()
            .map(|thread| thread.join().expect("no panic"));
        counts.collect::<Result<Vec<_>, _>>()
    })?;
    let sum = |at: usize| counts.iter().map(|one| one[at]).sum::<usize>();
    #[expect(clippy::print_stdout, reason = "it is all that it says")]
    {
        println!("{} images, {} items, {} hits", sum(0), sum(1), sum(2));
    }
    Ok(())
}
