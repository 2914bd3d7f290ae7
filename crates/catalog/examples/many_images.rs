//! A catalog of very many images, and how long it takes to ask it: for `cargo xtask bench catalog`.
//!
//! ```text
//! many_images fill HOME COUNT      by the tables, without an audit log: that is not asked here
//! many_images measure HOME         lines of: question, tab, median in ms, tab, longest in ms
//! ```

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on has failed"
)]
#![expect(clippy::print_stdout, reason = "its result")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use goldsmith_catalog::Sqlite;
use goldsmith_core::catalog::{Catalog as _, ImageFilter};
use goldsmith_core::image::{ImageId, ImageState};
use goldsmith_core::version::Version;
use sqlx::{ConnectOptions as _, Connection as _};

/// Recipes whose images these are.
const FAMILIES: u64 = 2_000;

/// Images of every page.
const PAGE: usize = 50;

/// How often each question is asked.
const TIMES: u64 = 200;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["fill", home, count] => fill(Path::new(home), count.parse().unwrap()),
        ["measure", home] => measure(Path::new(home)),
        _ => panic!("`many_images fill HOME COUNT` or `many_images measure HOME`"),
    }
}

/// Image `n`, from 0: version and build count up within its family.
fn id(n: u64) -> ImageId {
    let of_family = u32::try_from(n / FAMILIES).unwrap();
    ImageId {
        name: format!("family-{:04}", n % FAMILIES),
        version: Version {
            major: 1,
            minor: of_family / 10,
            patch: of_family % 10,
        },
        build: 1,
    }
}

fn fill(home: &Path, count: u64) {
    drop(Sqlite::open(home).unwrap());
    let statements = format!(
        "BEGIN;
         CREATE TEMP TABLE number AS WITH RECURSIVE s (n) AS
             (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n + 1 < {count}) SELECT n FROM s;
         INSERT INTO image (id, name, major, minor, patch, build, purpose, os, arch, key, digest,
                 parent, created_unix, state, reason, changed_unix)
             SELECT n + 1, printf('family-%04d', n % {FAMILIES}), 1, n / {FAMILIES} / 10,
                 n / {FAMILIES} % 10, 1, 'web', 'debian-12', 'amd64',
                 lower(hex(randomblob(32))), lower(hex(randomblob(32))),
                 CASE WHEN n % 4 = 0 THEN printf('family-%04d 1.0.0/1', n % 97) END,
                 1700000000 + n * 30,
                 CASE WHEN n % 99991 = 7 THEN 'quarantined' WHEN n % 50 < 2 THEN 'available'
                     WHEN n % 3 = 0 THEN 'disabled' ELSE 'deleted' END,
                 '', 1700000000 + n * 30 FROM number;
         INSERT INTO artifact SELECT id, 'disk.raw', 'raw', digest, 8589934592 FROM image;
         INSERT INTO tag SELECT id, 'team', CASE WHEN id % 2 = 0 THEN 'platform' ELSE 'web' END,
             created_unix FROM image;
         INSERT INTO tag SELECT id, 'cost-center', CAST(id % 10007 AS TEXT), created_unix FROM image;
         INSERT INTO copy SELECT id, 'local/lab', 'qcow2', printf('%s-%d', name, id),
             printf('/images/%s-%d.qcow2', name, id), digest, created_unix, 1
             FROM image WHERE state = 'available';
         INSERT INTO channel SELECT name, 'production', MAX(id) FROM image
             WHERE state = 'available' GROUP BY name;
         COMMIT;"
    );
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(home.join("catalog.sqlite"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(statements))
            .execute(&mut connection)
            .await
            .unwrap();
        connection.close().await.unwrap();
    });
}

/// Asks something many times, each time of another image.
#[expect(clippy::disallowed_methods, reason = "it measures")]
fn ask(question: &str, count: u64, mut answer: impl FnMut(u64)) {
    let mut times: Vec<Duration> = (0..TIMES)
        .map(|at| {
            let n = at.wrapping_mul(0x9e37_79b9_7f4a_7c15) % count;
            let began = std::time::Instant::now();
            answer(n);
            began.elapsed()
        })
        .collect();
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let (median, longest) = (times[times.len() / 2], times[times.len() - 1]);
    println!("{question}\t{:.2}\t{:.2}", ms(median), ms(longest));
}

fn measure(home: &Path) {
    let catalog = Sqlite::open(home).unwrap();
    let count = catalog.images(&ImageFilter::default(), None, 1).unwrap();
    let made = count[0].made.id.version;
    let last = u64::from(made.minor) * 10 + u64::from(made.patch);
    let count = (last + 1) * FAMILIES;

    ask("one image", count, |n| drop(catalog.image(&id(n)).unwrap()));
    ask("the image that a channel names", count, |n| {
        drop(catalog.channel(&id(n).name, "production").unwrap());
    });
    ask("the versions of a recipe", count, |n| {
        drop(catalog.versions(&id(n).name).unwrap());
    });
    let any = ImageFilter::default;
    let name = |n: u64| Some(id(n).name);
    let states = |states: &[ImageState]| states.to_vec();
    let tags = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        let owned = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        owned.collect()
    };
    let available = || states(&[ImageState::Available]);
    let filters: [(&str, &dyn Fn(u64) -> ImageFilter); 11] = [
        ("any", &|_| any()),
        ("of a recipe", &|n| ImageFilter {
            name: name(n),
            ..any()
        }),
        ("in a state", &|_| ImageFilter {
            states: available(),
            ..any()
        }),
        ("in a rare state", &|_| ImageFilter {
            states: states(&[ImageState::Quarantined]),
            ..any()
        }),
        ("in one of three states", &|_| ImageFilter {
            states: states(&[
                ImageState::Available,
                ImageState::Quarantined,
                ImageState::Disabled,
            ]),
            ..any()
        }),
        ("of a recipe, in a state", &|n| ImageFilter {
            name: name(n),
            states: available(),
            ..any()
        }),
        ("with a tag that half of all have", &|_| ImageFilter {
            tags: tags(&[("team", "web")]),
            ..any()
        }),
        ("with a rare tag", &|n| ImageFilter {
            tags: tags(&[("cost-center", &(n % 10_007).to_string())]),
            ..any()
        }),
        ("with both tags, in a state", &|n| ImageFilter {
            tags: tags(&[("cost-center", &(n % 10_007).to_string()), ("team", "web")]),
            states: states(&[ImageState::Deleted]),
            ..any()
        }),
        ("named by `production`", &|_| ImageFilter {
            channel: Some("production".to_owned()),
            ..any()
        }),
        ("started from an image", &|n| ImageFilter {
            parent: Some(id(n % 97)),
            ..any()
        }),
    ];
    for (question, filter) in filters {
        ask(&format!("a page, {question}"), count, |n| {
            drop(catalog.images(&filter(n), None, PAGE).unwrap());
        });
    }
    ask("a page, from anywhere on", count, |n| {
        drop(catalog.images(&any(), Some(&id(n)), PAGE).unwrap());
    });
}
