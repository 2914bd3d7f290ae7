//! What is kept as one, what the audit log says of it, and who is told.

use goldsmith_core::catalog::{Batch, Catalog, CatalogError, Change, Delivery, NewMessage};
use goldsmith_core::image::ImageState;

use crate::sample::{
    approve, batch, channel, copy, enter, id, image, keep, new_run, part, state, statement, tag,
};

fn message(word: &str) -> NewMessage {
    NewMessage {
        notifier: "webhook/chat".to_owned(),
        body: format!("{{\"word\":\"{word}\"}}"),
    }
}

pub(crate) fn whole_or_nothing(catalog: &dyn Catalog) {
    enter(catalog, &[image("web@1.0.0/1", 1)]);
    let lines = catalog.audit(None, 0, 100).unwrap();
    // Everything is in order but the last.
    let mut changes = approve("web@1.0.0/1");
    changes.extend([
        Change::Image(image("web@1.0.0/2", 2)),
        tag("web@1.0.0/1", "team", Some("web")),
        Change::Copy(copy("web@1.0.0/1", "local/lab", "web")),
        Change::Statement(statement("web@1.0.0/1", "built")),
        channel("production", "web@1.0.0/1"),
        state("web@1.0.0/2", ImageState::Approved),
    ]);
    let wrong = Batch {
        messages: vec![message("one")],
        ..batch(changes)
    };
    assert!(matches!(
        catalog.keep(&wrong),
        Err(CatalogError::State { .. })
    ));
    let row = catalog.image(&id("web@1.0.0/1")).unwrap();
    assert_eq!(row.state, ImageState::Built);
    assert!(row.tags.is_empty() && row.channels.is_empty());
    assert!(catalog.image(&id("web@1.0.0/2")).is_err());
    assert_eq!(catalog.copies(&row.made.id).unwrap(), []);
    assert_eq!(catalog.statements(&row.made.id).unwrap(), []);
    assert_eq!(catalog.channel_history("web", None).unwrap(), []);
    assert_eq!(catalog.messages(i64::MAX, 10).unwrap(), []);
    assert_eq!(catalog.audit(None, 0, 100).unwrap(), lines);
}

pub(crate) fn every_change_is_in_the_audit_log(catalog: &dyn Catalog) {
    let name = "web@1.0.0/1";
    let run = catalog.begin_run(&new_run("web")).unwrap();
    let mut changes = vec![Change::Image(image(name, 1))];
    changes.extend(approve(name));
    changes.extend([
        tag(name, "team", Some("web")),
        Change::Copy(copy(name, "local/lab", "web")),
        Change::Statement(statement(name, "built")),
        channel("production", name),
        Change::Noted {
            action: "approve".to_owned(),
            subject: "web 1.0.0/1".to_owned(),
            detail: "{\"reason\": \"looked at it\"}".to_owned(),
        },
        Change::Noted {
            action: "hold".to_owned(),
            subject: "web 1.0.0/1".to_owned(),
            detail: "plain words".to_owned(),
        },
    ]);
    // Nothing that stays as it is makes a line.
    let mut again = changes.clone();
    again.truncate(1);
    again.push(state(name, ImageState::Approved));
    again.extend_from_slice(&changes[3..7]);
    let mut whole = batch(changes);
    whole.run = Some(goldsmith_core::catalog::RunPart {
        status: Some((goldsmith_core::catalog::RunStatus::Done, String::new())),
        ..part(run, 0, &["done"])
    });
    catalog.keep(&whole).unwrap();
    keep(catalog, again);

    let lines = catalog.audit(None, 0, 100).unwrap();
    let said: Vec<String> = lines
        .iter()
        .map(|line| format!("{} {} {}", line.action, line.subject, line.detail))
        .collect();
    let made = image(name, 1);
    let digest = copy(name, "", "web").digest.unwrap();
    let stated = statement(name, "built").digest;
    assert_eq!(
        said,
        [
            r#"run run 1 {"status":"running","pipeline":"web","trigger":"person"}"#.to_owned(),
            format!(
                r#"image web 1.0.0/1 {{"state":"built","key":"{}","digest":"{}"}}"#,
                made.key, made.digest
            ),
            r#"state web 1.0.0/1 {"state":"testing","before":"built","reason":"to be testing"}"#
                .to_owned(),
            r#"state web 1.0.0/1 {"state":"approved","before":"testing","reason":"to be approved"}"#
                .to_owned(),
            r#"tag web 1.0.0/1 {"name":"team","value":"web"}"#.to_owned(),
            format!(
                r#"copy web 1.0.0/1 {{"target":"local/lab","format":"qcow2","name":"web","location":"/images/web.qcow2","digest":"{digest}","is_there":true}}"#
            ),
            format!(
                r#"statement web 1.0.0/1 {{"predicate_type":"https://slsa.dev/provenance/v1","digest":"{stated}"}}"#
            ),
            r#"channel web@production {"image":"web 1.0.0/1","before":null,"reason":"good enough"}"#
                .to_owned(),
            r#"approve web 1.0.0/1 {"reason":"looked at it"}"#.to_owned(),
            r#"hold web 1.0.0/1 "plain words""#.to_owned(),
            r#"run run 1 {"status":"done","note":""}"#.to_owned(),
        ]
    );
    for (at, line) in lines.iter().enumerate() {
        assert_eq!(line.seq, at as u64 + 1);
        assert_eq!(
            (line.actor.as_str(), line.unix),
            ("ann@example.com", 1_800_000_000)
        );
    }
    let of_run = catalog.audit(Some("run 1"), 0, 100).unwrap();
    assert_eq!(of_run, [lines[0].clone(), lines[10].clone()]);
    assert_eq!(catalog.audit(None, 3, 2).unwrap(), lines[3..5]);
    assert_eq!(catalog.audit(None, u64::MAX, 2).unwrap(), []);
}

pub(crate) fn messages_are_delivered_once(catalog: &dyn Catalog) {
    let told = Batch {
        messages: ["one", "two", "three"].map(message).to_vec(),
        ..batch(vec![])
    };
    catalog.keep(&told).unwrap();
    let now = 1_800_000_000;
    let due = |unix| -> Vec<u64> {
        let rows = catalog.messages(unix, 10).unwrap();
        rows.into_iter().map(|row| row.id).collect()
    };
    assert_eq!(due(now - 1), [0_u64; 0]);
    assert_eq!(due(now), [1, 2, 3]);
    assert_eq!(catalog.messages(now, 2).unwrap().len(), 2);
    let first = &catalog.messages(now, 1).unwrap()[0];
    assert_eq!((first.tries, first.unix, first.next_unix), (0, now, now));
    assert_eq!(
        (&first.message, first.error.as_str()),
        (&message("one"), "")
    );

    catalog.delivered(1, &Delivery::Done).unwrap();
    let error = "nobody there".to_owned();
    let later = Delivery::Later {
        next_unix: now + 60,
        error: error.clone(),
    };
    catalog.delivered(2, &later).unwrap();
    catalog
        .delivered(
            3,
            &Delivery::GivenUp {
                error: error.clone(),
            },
        )
        .unwrap();
    assert_eq!(due(now + 59), [0_u64; 0]);
    assert_eq!(due(now + 60), [2]);
    let second = &catalog.messages(now + 60, 1).unwrap()[0];
    assert_eq!((second.tries, second.error.as_str()), (1, "nobody there"));
    // Two deliverers at once: one that comes late brings nothing back.
    catalog.delivered(1, &later).unwrap();
    assert_eq!(due(now + 60), [2]);
    assert!(matches!(
        catalog.delivered(9, &Delivery::Done),
        Err(CatalogError::Unknown { .. })
    ));
    catalog.delivered(2, &Delivery::Done).unwrap();
    catalog.keep(&told).unwrap();
    assert_eq!(due(now), [4, 5, 6], "numbers are not given again");
}

pub(crate) fn from_many_threads(catalog: &dyn Catalog) {
    let run = catalog.begin_run(&new_run("web")).unwrap();
    let won: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4_u32)
            .map(|thread| {
                scope.spawn(move || {
                    let mut won = 0;
                    for at in 1..=10_u32 {
                        let name = format!("web@{thread}.0.0/{at}");
                        enter(catalog, &[image(&name, i64::from(at))]);
                        assert!(catalog.image(&id(&name)).is_ok());
                        let mut tried = batch(vec![]);
                        tried.run = Some(part(run, u64::from(at) - 1, &[&name]));
                        match catalog.keep(&tried) {
                            Ok(_) => won += 1,
                            Err(CatalogError::Raced { .. }) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                    won
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(catalog.journal(run).unwrap().len(), won);
    assert_eq!(catalog.audit(None, 0, 1_000).unwrap().len(), 41);
}
