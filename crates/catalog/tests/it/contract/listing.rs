//! Pages of images.

use goldsmith_core::catalog::{Catalog, CatalogError, Change, ImageFilter, ImageRow};
use goldsmith_core::image::{ImageId, ImageState};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::sample::{approve, channel, enter, id, image, keep, state, tag};

fn names(rows: &[ImageRow]) -> Vec<String> {
    rows.iter().map(|row| row.made.id.to_string()).collect()
}

/// Every image that a filter lets through, by pages of `limit`.
fn all(catalog: &dyn Catalog, filter: &ImageFilter, limit: usize) -> Vec<ImageRow> {
    let mut rows: Vec<ImageRow> = Vec::new();
    loop {
        let last = rows.last().map(|row| row.made.id.clone());
        let page = catalog.images(filter, last.as_ref(), limit).unwrap();
        assert!(page.len() <= limit);
        let is_end = page.len() < limit;
        rows.extend(page);
        if is_end {
            return rows;
        }
    }
}

/// 60 images in three families, several made in the same second.
fn many(catalog: &dyn Catalog) {
    for at in 1..=60_i64 {
        let family = ["web", "base", "db"][usize::try_from(at % 3).unwrap()];
        let name = format!("{family}@1.{}.0/{at}", at % 4);
        let mut made = image(&name, 1_000 + at / 7);
        made.parent = (at % 5 == 0).then(|| id("base@1.0.0/1"));
        let mut changes = vec![Change::Image(made)];
        if at % 2 == 0 {
            changes.extend(approve(&name));
            changes.push(tag(
                &name,
                "team",
                Some(["web", "ops"][usize::from(at % 4 == 0)]),
            ));
        }
        if at % 6 == 0 {
            changes.push(tag(&name, "site", Some("lab")));
        }
        if at % 10 == 0 {
            changes.push(channel(
                ["dev", "production"][usize::from(at % 20 == 0)],
                &name,
            ));
            changes.push(state(&name, ImageState::Deprecated));
        }
        keep(catalog, changes);
    }
}

pub(crate) fn pages_are_all_images_once(catalog: &dyn Catalog) {
    many(catalog);
    let whole = all(catalog, &ImageFilter::default(), 1_000);
    assert_eq!(whole.len(), 60);
    assert!(
        whole
            .windows(2)
            .all(|pair| pair[0].made.created_unix >= pair[1].made.created_unix),
        "newest first"
    );
    for limit in [1, 7, 59, 60, 61] {
        assert_eq!(
            all(catalog, &ImageFilter::default(), limit),
            whole,
            "by {limit}"
        );
    }
    for row in &whole {
        assert_eq!(catalog.image(&row.made.id).as_ref().unwrap(), row);
    }
    let nobody = id("web@9.9.9/9");
    let after = catalog.images(&ImageFilter::default(), Some(&nobody), 5);
    assert!(matches!(after, Err(CatalogError::Unknown { .. })));
}

pub(crate) fn every_filter_alone_and_together(catalog: &dyn Catalog) {
    let made = [
        ("web@1.0.0/1", 10),
        ("web@1.0.1/1", 20),
        ("web@1.0.2/1", 30),
        ("base@1.0.0/1", 40),
    ];
    enter(catalog, &made.map(|(name, unix)| image(name, unix)));
    keep(catalog, approve("web@1.0.1/1"));
    keep(
        catalog,
        vec![
            channel("production", "web@1.0.1/1"),
            state("web@1.0.2/1", ImageState::Rejected),
            tag("web@1.0.1/1", "team", Some("web")),
            tag("web@1.0.2/1", "team", Some("web")),
            tag("web@1.0.2/1", "site", Some("lab")),
        ],
    );
    let check = |filter: ImageFilter, expected: &[&str]| {
        assert_eq!(names(&all(catalog, &filter, 2)), expected, "{filter:?}");
    };
    let any = ImageFilter::default;
    let tags = |pairs: &[(&str, &str)]| {
        let owned = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        ImageFilter {
            tags: owned.collect(),
            ..any()
        }
    };
    check(
        ImageFilter {
            name: Some("web".into()),
            ..any()
        },
        &["web 1.0.2/1", "web 1.0.1/1", "web 1.0.0/1"],
    );
    check(
        ImageFilter {
            states: vec![ImageState::Built],
            ..any()
        },
        &["base 1.0.0/1", "web 1.0.0/1"],
    );
    let either = vec![
        ImageState::Rejected,
        ImageState::Approved,
        ImageState::Rejected,
    ];
    check(
        ImageFilter {
            states: either,
            ..any()
        },
        &["web 1.0.2/1", "web 1.0.1/1"],
    );
    check(
        ImageFilter {
            channel: Some("production".into()),
            ..any()
        },
        &["web 1.0.1/1"],
    );
    check(
        ImageFilter {
            channel: Some("dev".into()),
            ..any()
        },
        &[],
    );
    check(
        ImageFilter {
            channel: Some("production".into()),
            name: Some("base".into()),
            ..any()
        },
        &[],
    );
    check(
        ImageFilter {
            since_unix: Some(30),
            ..any()
        },
        &["base 1.0.0/1", "web 1.0.2/1"],
    );
    check(tags(&[("team", "web")]), &["web 1.0.2/1", "web 1.0.1/1"]);
    check(tags(&[("team", "web"), ("site", "lab")]), &["web 1.0.2/1"]);
    check(tags(&[("team", "ops")]), &[]);
    check(
        ImageFilter {
            states: vec![ImageState::Approved],
            since_unix: Some(15),
            ..tags(&[("team", "web")])
        },
        &["web 1.0.1/1"],
    );
    assert_eq!(catalog.images(&any(), None, 0).unwrap(), []);
}

/// Any filter gives what one would find by looking at every image.
pub(crate) fn the_same_as_looking_at_each(catalog: &dyn Catalog) {
    many(catalog);
    let whole = all(catalog, &ImageFilter::default(), 1_000);
    let filters = (
        proptest::option::of(prop::sample::select(vec!["web", "base", "none"])),
        prop::collection::vec(prop::sample::select(ImageState::ALL.to_vec()), 0..3),
        proptest::option::of(prop::sample::select(vec!["dev", "production"])),
        prop::collection::btree_map(
            prop::sample::select(vec!["team".to_owned(), "site".to_owned()]),
            prop::sample::select(vec!["web".to_owned(), "ops".to_owned(), "lab".to_owned()]),
            0..3,
        ),
        proptest::option::of(Just(id("base@1.0.0/1"))),
        proptest::option::of(1_000_i64..1_010),
        1_usize..9,
    );
    let filters = filters.prop_map(|(name, states, channel, tags, parent, since_unix, limit)| {
        let filter = ImageFilter {
            name: name.map(str::to_owned),
            states,
            channel: channel.map(str::to_owned),
            tags,
            parent,
            since_unix,
        };
        (filter, limit)
    });
    let mut runner = TestRunner::new(Config {
        cases: 120,
        failure_persistence: None,
        ..Config::default()
    });
    let done = runner.run(&filters, |(filter, limit)| {
        let expected: Vec<ImageId> = whole
            .iter()
            .filter(|row| fits(&filter, row))
            .map(|row| row.made.id.clone())
            .collect();
        let found = all(catalog, &filter, limit);
        let found: Vec<ImageId> = found.into_iter().map(|row| row.made.id).collect();
        prop_assert_eq!(found, expected);
        Ok(())
    });
    done.unwrap();
}

fn fits(filter: &ImageFilter, row: &ImageRow) -> bool {
    let made = &row.made;
    filter
        .name
        .as_ref()
        .is_none_or(|name| *name == made.id.name)
        && (filter.states.is_empty() || filter.states.contains(&row.state))
        && filter
            .channel
            .as_ref()
            .is_none_or(|channel| row.channels.contains(channel))
        && filter
            .tags
            .iter()
            .all(|(name, value)| row.tags.get(name) == Some(value))
        && (filter.parent.is_none() || filter.parent == made.parent)
        && filter
            .since_unix
            .is_none_or(|since| made.created_unix >= since)
}
