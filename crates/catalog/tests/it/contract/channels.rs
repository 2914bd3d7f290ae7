//! Channels.

use goldsmith_core::catalog::{Catalog, CatalogError, Change};
use goldsmith_core::image::ImageState;

use crate::sample::{approve, batch, channel, enter, id, image, keep, state};

pub(crate) fn move_and_remember(catalog: &dyn Catalog) {
    let (old, new) = ("web@1.0.0/1", "web@1.0.1/1");
    enter(catalog, &[image(old, 1), image(new, 2)]);
    keep(catalog, [approve(old), approve(new)].concat());
    assert_eq!(catalog.channel("web", "production").unwrap(), None);
    keep(
        catalog,
        vec![channel("production", old), channel("dev", new)],
    );
    keep(
        catalog,
        vec![channel("production", new), channel("production", new)],
    );
    assert_eq!(catalog.channel("web", "production").unwrap(), Some(id(new)));
    assert_eq!(
        catalog.image(&id(old)).unwrap().channels,
        Vec::<String>::new()
    );
    assert_eq!(
        catalog.image(&id(new)).unwrap().channels,
        ["dev", "production"]
    );
    let none = Change::Channel {
        family: "web".to_owned(),
        channel: "dev".to_owned(),
        image: None,
        reason: "not needed".to_owned(),
    };
    keep(catalog, vec![none.clone(), none]);
    assert_eq!(catalog.channel("web", "dev").unwrap(), None);

    let history = |channel| -> Vec<String> {
        let rows = catalog.channel_history("web", channel).unwrap();
        rows.iter()
            .map(|row| {
                assert_eq!((row.family.as_str(), row.unix), ("web", 1_800_000_000));
                assert_eq!(row.actor, "ann@example.com");
                let image = row
                    .image
                    .as_ref()
                    .map_or("none".to_owned(), ToString::to_string);
                format!("{} {image} ({})", row.channel, row.reason)
            })
            .collect()
    };
    assert_eq!(
        history(Some("production")),
        [
            "production web 1.0.1/1 (good enough)",
            "production web 1.0.0/1 (good enough)"
        ]
    );
    assert_eq!(history(None).len(), 4);
    assert_eq!(history(None)[0], "dev none (not needed)");
    assert_eq!(catalog.channel_history("base", None).unwrap(), []);
}

pub(crate) fn never_name_what_must_not_be_used(catalog: &dyn Catalog) {
    let name = "web@1.0.0/1";
    enter(catalog, &[image(name, 1), image("base@1.0.0/1", 1)]);
    let move_to = |image: &str| catalog.keep(&batch(vec![channel("production", image)]));
    for way in [&[][..], &[ImageState::Testing], &[ImageState::Rejected]] {
        keep(catalog, way.iter().map(|to| state(name, *to)).collect());
        let error = move_to(name).unwrap_err();
        assert!(matches!(error, CatalogError::NotUsable { .. }), "{error}");
    }
    assert!(matches!(
        move_to("web@9.0.0/1"),
        Err(CatalogError::Unknown { .. })
    ));
    keep(catalog, approve("base@1.0.0/1"));
    let of_another = Change::Channel {
        family: "web".to_owned(),
        channel: "production".to_owned(),
        image: Some(id("base@1.0.0/1")),
        reason: String::new(),
    };
    let error = catalog.keep(&batch(vec![of_another])).unwrap_err();
    assert!(matches!(error, CatalogError::Unknown { .. }), "{error}");
    assert_eq!(catalog.channel_history("web", None).unwrap(), []);

    // Approved and moved in one batch.
    let mut changes = approve(name);
    changes.push(channel("production", name));
    keep(catalog, changes);
    assert_eq!(
        catalog.channel("web", "production").unwrap(),
        Some(id(name))
    );
    // One that went bad stays the head, for everybody to see, until somebody moves the channel.
    keep(catalog, vec![state(name, ImageState::Revoked)]);
    assert_eq!(
        catalog.channel("web", "production").unwrap(),
        Some(id(name))
    );
}
