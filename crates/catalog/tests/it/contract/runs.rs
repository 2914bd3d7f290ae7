//! Runs and their journals.

use goldsmith_core::catalog::{Batch, Catalog, CatalogError, Change, RunId, RunPart, RunStatus};
use goldsmith_core::image::ImageState;

use crate::sample::{batch, id, image, new_run, part, state};

fn with(run: RunPart, changes: Vec<Change>) -> Batch {
    Batch {
        run: Some(run),
        ..batch(changes)
    }
}

fn words(catalog: &dyn Catalog, run: RunId) -> Vec<String> {
    let entries = catalog.journal(run).unwrap();
    entries.into_iter().map(|entry| entry.body).collect()
}

pub(crate) fn begin_and_go_on(catalog: &dyn Catalog) {
    let run = catalog.begin_run(&new_run("web")).unwrap();
    assert_eq!(run, RunId(1));
    let row = catalog.run(run).unwrap();
    assert_eq!((row.status, row.image), (RunStatus::Running, None));
    assert_eq!(row.begun, new_run("web"));
    assert_eq!(catalog.journal(run).unwrap(), []);

    let made = image("web@1.0.0/1", 5);
    let first = RunPart {
        image: Some(made.id.clone()),
        ..part(run, 0, &["one", "two"])
    };
    assert_eq!(
        catalog
            .keep(&with(first, vec![Change::Image(made)]))
            .unwrap(),
        2
    );
    let waits = RunPart {
        status: Some((RunStatus::Waiting, "for an approval".to_owned())),
        ..part(run, 2, &["three"])
    };
    assert_eq!(catalog.keep(&with(waits, vec![])).unwrap(), 3);
    let row = catalog.run(run).unwrap();
    assert_eq!(
        (row.status, row.note.as_str()),
        (RunStatus::Waiting, "for an approval")
    );
    assert_eq!(row.image, Some(id("web@1.0.0/1")));
    assert_eq!(
        words(catalog, run),
        [
            r#"{"word":"one"}"#,
            r#"{"word":"two"}"#,
            r#"{"word":"three"}"#
        ]
    );

    for unknown in [RunId(0), RunId(2), RunId(u64::MAX)] {
        assert!(matches!(
            catalog.run(unknown),
            Err(CatalogError::Unknown { .. })
        ));
        assert!(matches!(
            catalog.journal(unknown),
            Err(CatalogError::Unknown { .. })
        ));
        assert!(
            catalog
                .keep(&with(part(unknown, 0, &["x"]), vec![]))
                .is_err()
        );
    }
}

pub(crate) fn who_comes_second_keeps_nothing(catalog: &dyn Catalog) {
    let run = catalog.begin_run(&new_run("web")).unwrap();
    catalog
        .keep(&with(part(run, 0, &["mine"]), vec![]))
        .unwrap();
    for after in [0, 2, u64::MAX] {
        let late = with(
            part(run, after, &["yours"]),
            vec![Change::Image(image("web@1.0.0/1", 5))],
        );
        let error = catalog.keep(&late).unwrap_err();
        assert!(
            matches!(error, CatalogError::Raced { run: RunId(1) }),
            "{error}"
        );
    }
    assert_eq!(words(catalog, run), [r#"{"word":"mine"}"#]);
    assert!(catalog.image(&id("web@1.0.0/1")).is_err());
    // A change that cannot be made takes the entries with it.
    let wrong = with(
        part(run, 1, &["lost"]),
        vec![
            Change::Image(image("web@1.0.0/1", 5)),
            state("web@1.0.0/1", ImageState::Available),
        ],
    );
    assert!(matches!(
        catalog.keep(&wrong),
        Err(CatalogError::State { .. })
    ));
    assert_eq!(words(catalog, run).len(), 1);
    assert_eq!(
        catalog
            .keep(&with(part(run, 1, &["next"]), vec![]))
            .unwrap(),
        2
    );
}

pub(crate) fn lists(catalog: &dyn Catalog) {
    for pipeline in ["web", "base", "web", "web", "web"] {
        catalog.begin_run(&new_run(pipeline)).unwrap();
    }
    let end = |run, status| {
        let ended = RunPart {
            status: Some((status, String::new())),
            ..part(RunId(run), 0, &[])
        };
        catalog.keep(&with(ended, vec![])).unwrap();
    };
    end(1, RunStatus::Done);
    end(3, RunStatus::Waiting);
    end(4, RunStatus::Failed);
    end(5, RunStatus::Cancelled);
    let numbers = |rows: Vec<goldsmith_core::catalog::RunRow>| -> Vec<u64> {
        rows.into_iter().map(|row| row.id.0).collect()
    };
    assert_eq!(numbers(catalog.runs(None, 10).unwrap()), [5, 4, 3, 2, 1]);
    assert_eq!(numbers(catalog.runs(Some("web"), 2).unwrap()), [5, 4]);
    assert_eq!(catalog.runs(Some("none"), 2).unwrap(), []);
    assert_eq!(numbers(catalog.open_runs().unwrap()), [2, 3]);
    // One that failed is taken up again.
    end(4, RunStatus::Running);
    assert_eq!(numbers(catalog.open_runs().unwrap()), [2, 3, 4]);
}
