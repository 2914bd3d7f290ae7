use std::sync::{Arc, Mutex};

use goldsmith_catalog::Sqlite;
use goldsmith_core::catalog::{Batch, NewMessage};
use goldsmith_core::cx::Clock as _;
use goldsmith_core::finding::Severity;
use goldsmith_core::notify::Message;
use goldsmith_core::secret::{Redactor, Secret};
use goldsmith_testing::clock::FakeClock;

use super::*;
use crate::happening::{Happening, What};

const NOW: i64 = 1_795_464_000;

/// Gives the answers it was told to give, then takes everything.
#[derive(Debug, Default)]
struct Told {
    name: &'static str,
    answers: Mutex<Vec<Option<Duration>>>,
    is_away: bool,
    /// Stopped once, right after the effect.
    is_killed: Mutex<bool>,
    got: Mutex<Vec<String>>,
}

impl Told {
    fn named(name: &'static str) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }

    /// Fails so often, asking for these waits.
    fn failing(name: &'static str, answers: &[Option<Duration>]) -> Self {
        Self {
            answers: Mutex::new(answers.iter().rev().copied().collect()),
            ..Self::named(name)
        }
    }

    fn got(&self) -> Vec<String> {
        self.got.lock().unwrap().clone()
    }
}

impl Notifier for Told {
    fn name(&self) -> &str {
        self.name
    }

    fn send(&self, _cx: &Cx, message: &Message) -> Result<(), NotifyError> {
        self.got.lock().unwrap().push(message.id.clone());
        if std::mem::take(&mut *self.is_killed.lock().unwrap()) {
            return Err(Cancelled.into());
        }
        let answer = self.answers.lock().unwrap().pop();
        let asked = match answer {
            None if !self.is_away => return Ok(()),
            answer => answer.flatten(),
        };
        Err(NotifyError::Later {
            notifier: self.name.to_owned(),
            detail: "busy with hunter22".to_owned(),
            asked,
        })
    }
}

struct World {
    catalog: Sqlite,
    _home: tempfile::TempDir,
    clock: Arc<FakeClock>,
    cx: Cx,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(FakeClock::at(NOW));
        let cx = Cx::silent(Arc::clone(&clock) as Arc<_>);
        cx.redactor.add(&Secret::new("hunter22".to_owned()));
        let home = tempfile::tempdir().unwrap();
        Self {
            catalog: Sqlite::open(home.path()).unwrap(),
            _home: home,
            clock,
            cx,
        }
    }

    fn add(&self, messages: Vec<NewMessage>) {
        let batch = Batch {
            actor: "test".to_owned(),
            unix: NOW,
            messages,
            ..Batch::default()
        };
        self.catalog.keep(&batch).unwrap();
    }

    /// A message that is still to be delivered.
    fn waiting(&self, id: u64) -> Option<MessageRow> {
        let rows = self.catalog.messages(i64::MAX, 1_000).unwrap();
        rows.into_iter().find(|row| row.id == id)
    }

    fn row(&self, id: u64) -> MessageRow {
        self.waiting(id).unwrap()
    }

    /// Puts so many messages there; what they are known by.
    fn tell(&self, notifier: &str, count: u32) -> Vec<String> {
        let one = |number: u32| {
            let what = What::Finding {
                id: format!("CVE-2026-{number}"),
                severity: Severity::High,
                title: String::new(),
            };
            let happening = Happening::of_pipeline("web", NOW, what);
            let event = Event::of("urn:goldsmith:shop", &happening, &Redactor::default());
            let message = NewMessage {
                notifier: notifier.to_owned(),
                body: event.to_text(),
            };
            (message, event.message().unwrap().id)
        };
        let (messages, ids) = (0..count).map(one).unzip();
        self.add(messages);
        ids
    }

    fn deliver(&self, notifiers: &[&Told]) -> Tally {
        let notifiers = notifiers.iter().map(|notifier| *notifier as &dyn Notifier);
        let outbox = Outbox::new(&self.catalog, notifiers, Patience::default());
        outbox.deliver(&self.cx).unwrap()
    }

    fn sleep(&self, seconds: u64) {
        self.clock.sleep(Duration::from_secs(seconds));
    }
}

const fn tally(done: usize, later: usize, given_up: usize) -> Tally {
    Tally {
        done,
        later,
        given_up,
    }
}

#[test]
fn delivered_once_and_in_order() {
    let world = World::new();
    let ids = world.tell("webhook/chat", 450);
    let chat = Told::named("webhook/chat");
    assert_eq!(world.deliver(&[&chat]), tally(450, 0, 0));
    assert_eq!(chat.got(), ids);
    assert_eq!(world.deliver(&[&chat]), tally(0, 0, 0));
}

/// What fails is tried again after a while, by the same id.
#[test]
fn tried_again_with_backoff() {
    let world = World::new();
    let ids = world.tell("webhook/chat", 1);
    let chat = Told::failing("webhook/chat", &[None, None, None]);
    let mut waits = Vec::new();
    while world.deliver(&[&chat]).done == 0 {
        let row = world.row(1);
        assert!(row.error.contains("busy with (secret)"), "{}", row.error);
        waits.push(row.next_unix - world.clock.unix_seconds());
        assert_eq!(
            world.deliver(&[&chat]),
            tally(0, 0, 0),
            "not before its time"
        );
        world.sleep(waits.last().unwrap().unsigned_abs());
    }
    assert_eq!(chat.got(), vec![ids[0].clone(); 4]);
    for (wait, most) in waits.iter().zip([30, 60, 120]) {
        assert!((most / 2..=most).contains(wait), "{waits:?}");
    }
    assert_eq!(waits.len(), 3);
}

#[test]
fn waits_as_long_as_asked_within_bounds() {
    let patience = Patience::default();
    let hours = Duration::from_hours;
    assert_eq!(patience.wait("a", 0, Some(hours(1))), 3_600);
    assert_eq!(patience.wait("a", 0, Some(hours(1_000))), 6 * 3_600);
    for tries in [0, 10, 63, u32::MAX] {
        let waits: Vec<u64> = ["a", "b", "c", "d"]
            .into_iter()
            .map(|id| patience.wait(id, tries, None))
            .collect();
        assert!(waits.iter().all(|wait| *wait <= 6 * 3_600), "{waits:?}");
        assert!(waits.iter().any(|wait| *wait != waits[0]), "{waits:?}");
        assert_eq!(waits[0], patience.wait("a", tries, None));
    }
}

/// A notifier that is away is asked a few times, whatever waits for it; others get theirs.
#[test]
fn one_that_fails_holds_nobody_up() {
    let world = World::new();
    world.tell("webhook/away", 500);
    let ids = world.tell("smtp/ops", 3);
    let mut away = Told::named("webhook/away");
    away.is_away = true;
    let mail = Told::named("smtp/ops");
    assert_eq!(world.deliver(&[&away, &mail]), tally(3, 500, 0));
    assert_eq!(away.got().len(), 3);
    assert_eq!(mail.got(), ids);
}

/// One message that is not taken holds up none of those behind it; one that says how long to
/// wait holds up all.
#[test]
fn one_message_holds_nothing_up() {
    let world = World::new();
    world.tell("webhook/chat", 3);
    let chat = Told::failing("webhook/chat", &[None]);
    assert_eq!(world.deliver(&[&chat]), tally(2, 1, 0));
    let world = World::new();
    world.tell("webhook/chat", 3);
    let chat = Told::failing("webhook/chat", &[Some(Duration::from_mins(10))]);
    assert_eq!(world.deliver(&[&chat]), tally(0, 3, 0));
    assert_eq!(world.row(3).next_unix, NOW + 600);
    world.sleep(600);
    assert_eq!(world.deliver(&[&chat]), tally(3, 0, 0));
}

#[test]
fn given_up_at_last() {
    let world = World::new();
    world.tell("webhook/gone", 1);
    world.add(vec![NewMessage {
        notifier: "webhook/gone".to_owned(),
        body: "{}".to_owned(),
    }]);
    let mut tries = 0;
    loop {
        let now = world.deliver(&[]);
        tries += 1;
        if now.later == 0 {
            assert_eq!(now.given_up, 1);
            break;
        }
        let row = world.row(1);
        assert!(row.error.contains("no such notifier"), "{}", row.error);
        assert_eq!(world.waiting(2), None, "what is no event goes at once");
        world.sleep((row.next_unix - world.clock.unix_seconds()).unsigned_abs());
    }
    assert_eq!(world.clock.unix_seconds(), NOW + 3 * 24 * 3_600);
    assert!((15..30).contains(&tries), "{tries}");
}

/// A fall between the delivery and its line in the catalog: told again, by the same id.
#[test]
fn told_twice_rather_than_never() {
    let world = World::new();
    let ids = world.tell("webhook/chat", 1);
    let chat = Told {
        is_killed: Mutex::new(true),
        ..Told::named("webhook/chat")
    };
    let outbox = Outbox::new(
        &world.catalog,
        [&chat as &dyn Notifier],
        Patience::default(),
    );
    let killed = outbox.deliver(&world.cx);
    assert!(
        matches!(killed, Err(OutboxError::Cancelled(_))),
        "{killed:?}"
    );
    assert_eq!(outbox.deliver(&world.cx).unwrap(), tally(1, 0, 0));
    assert_eq!(chat.got(), [ids[0].clone(), ids[0].clone()]);
}

#[test]
fn stopped() {
    let world = World::new();
    world.tell("webhook/chat", 1);
    let chat = Told::named("webhook/chat");
    world.cx.cancel.cancel();
    let outbox = Outbox::new(
        &world.catalog,
        [&chat as &dyn Notifier],
        Patience::default(),
    );
    assert!(matches!(
        outbox.deliver(&world.cx),
        Err(OutboxError::Cancelled(_))
    ));
    assert_eq!(world.row(1).tries, 0);
}
