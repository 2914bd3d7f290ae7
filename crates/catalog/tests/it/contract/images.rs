//! Single images and what is written on them.

use goldsmith_core::catalog::{Catalog, CatalogError, Change};
use goldsmith_core::digest::Sha256;
use goldsmith_core::image::{ImageId, ImageState};

use crate::sample::{approve, batch, copy, enter, id, image, keep, state, statement, tag};

pub(crate) fn an_image_is_entered_once(catalog: &dyn Catalog) {
    let mut web = image("web@1.4.0/3", 5);
    web.parent = Some(id("base@1.0.0/1"));
    enter(catalog, &[web.clone(), web.clone()]);
    let row = catalog.image(&web.id).unwrap();
    assert_eq!(row.made, web);
    assert_eq!(row.state, ImageState::Built);
    assert_eq!(row.changed_unix, 5);

    keep(catalog, vec![state("web@1.4.0/3", ImageState::Testing)]);
    enter(catalog, std::slice::from_ref(&web));
    assert_eq!(catalog.image(&web.id).unwrap().state, ImageState::Testing);

    let mut other = web.clone();
    other.key = Sha256::of(b"other inputs");
    let error = catalog
        .keep(&batch(vec![Change::Image(other)]))
        .unwrap_err();
    assert!(matches!(error, CatalogError::Taken { image } if image == web.id));
    let error = catalog.image(&id("web@1.4.0/4")).unwrap_err();
    assert_eq!(error.to_string(), "the catalog has no image `web 1.4.0/4`");
}

/// From every state into every other, as the table of steps has it.
pub(crate) fn only_steps_that_there_are(catalog: &dyn Catalog) {
    use ImageState as S;
    // How an image comes to each state.
    let ways: [&[S]; 11] = [
        &[],
        &[S::Testing],
        &[S::Rejected],
        &[S::Testing, S::Approved],
        &[S::Testing, S::Approved, S::Distributing],
        &[S::Testing, S::Approved, S::Available],
        &[S::Testing, S::Approved, S::Quarantined],
        &[S::Testing, S::Approved, S::Revoked],
        &[S::Testing, S::Approved, S::Deprecated],
        &[S::Testing, S::Approved, S::Disabled],
        &[S::Deleted],
    ];
    let mut build = 0;
    for (from, way) in S::ALL.into_iter().zip(ways) {
        for to in S::ALL {
            build += 1;
            let name = format!("web@1.0.0/{build}");
            enter(catalog, &[image(&name, 1)]);
            keep(catalog, way.iter().map(|to| state(&name, *to)).collect());
            assert_eq!(catalog.image(&id(&name)).unwrap().state, from);
            let done = catalog.keep(&batch(vec![state(&name, to)]));
            let row = catalog.image(&id(&name)).unwrap();
            match from.step_to(to) {
                Ok(_) => {
                    done.unwrap();
                    assert_eq!(row.state, to);
                    if from != to {
                        assert_eq!(row.reason, format!("to be {}", to.name()));
                        assert_eq!(row.changed_unix, 1_800_000_000);
                    }
                }
                Err(step) => {
                    let error = done.unwrap_err();
                    assert!(
                        matches!(&error, CatalogError::State { source, .. } if *source == step),
                        "{error}"
                    );
                    assert_eq!(row.state, from);
                }
            }
        }
    }
}

pub(crate) fn tags_and_copies_and_statements(catalog: &dyn Catalog) {
    let name = "web@1.4.0/3";
    enter(catalog, &[image(name, 5)]);
    keep(
        catalog,
        vec![
            tag(name, "team", Some("platform")),
            tag(name, "team", Some("web")),
            tag(name, "gone", Some("soon")),
            tag(name, "gone", None),
            tag(name, "never", None),
        ],
    );
    let row = catalog.image(&id(name)).unwrap();
    assert_eq!(row.tags, [("team".to_owned(), "web".to_owned())].into());

    let (lab, west) = (
        copy(name, "local/lab", "web-1"),
        copy(name, "aws/west", "web-1"),
    );
    let mut gone = lab.clone();
    gone.is_there = false;
    keep(
        catalog,
        [&lab, &west, &lab, &gone]
            .map(|copy| Change::Copy(copy.clone()))
            .to_vec(),
    );
    assert_eq!(catalog.copies(&id(name)).unwrap(), [west, gone]);

    let (built, tested) = (statement(name, "built"), statement(name, "tested"));
    keep(
        catalog,
        [&built, &tested, &built]
            .map(|one| Change::Statement(one.clone()))
            .to_vec(),
    );
    assert_eq!(catalog.statements(&id(name)).unwrap(), [built, tested]);

    let nobody = id("web@9.9.9/9");
    assert!(matches!(
        catalog.copies(&nobody),
        Err(CatalogError::Unknown { .. })
    ));
    assert!(matches!(
        catalog.statements(&nobody),
        Err(CatalogError::Unknown { .. })
    ));
}

pub(crate) fn names_of_copies(catalog: &dyn Catalog) {
    let (first, second) = (id("web@1.0.0/1"), id("web@1.0.0/2"));
    enter(catalog, &[image("web@1.0.0/1", 5), image("web@1.0.0/2", 6)]);
    let mut made = copy("web@1.0.0/1", "local/lab", "web-1.0.0");
    keep(catalog, vec![Change::Copy(made.clone())]);
    let taken = |image: &ImageId| catalog.is_name_taken("web-1.0.0", image).unwrap();
    assert!(taken(&second), "by the first one");
    assert!(taken(&id("web@1.0.0/9")), "for one that is not known yet");
    assert!(!taken(&first), "it is its own");
    assert!(!catalog.is_name_taken("web-1.0.1", &second).unwrap());
    made.is_there = false;
    keep(catalog, vec![Change::Copy(made)]);
    assert!(!taken(&second), "that copy is gone");
}

pub(crate) fn taken_numbers(catalog: &dyn Catalog) {
    let names = [
        "web@1.0.0/2",
        "web@1.0.0/10",
        "web@1.10.0/1",
        "web@1.9.0/1",
        "base@7.0.0/1",
    ];
    enter(catalog, &names.map(|name| image(name, 5)));
    keep(catalog, approve("web@1.10.0/1"));
    keep(catalog, vec![state("web@1.10.0/1", ImageState::Deleted)]);
    let taken: Vec<String> = catalog
        .versions("web")
        .unwrap()
        .iter()
        .map(|(version, build)| format!("{version}/{build}"))
        .collect();
    assert_eq!(taken, ["1.0.0/10", "1.9.0/1", "1.10.0/1"]);
    assert_eq!(catalog.versions("nobody").unwrap(), []);
    let asked = ["web@1.0.0/2", "web@1.0.0/3", "webb@1.0.0/2"].map(id);
    assert_eq!(catalog.missing(&asked).unwrap(), asked[1..]);
}
