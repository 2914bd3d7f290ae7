//! Messages as the SDK of `CloudEvents` reads them.

use goldsmith_core::catalog::RunId;
use goldsmith_core::secret::Redactor;
use goldsmith_pipeline::happening::{Happening, What};
use goldsmith_pipeline::notify::event::Event;

use super::python;

const READ: &str = "
import sys
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
for path in sys.argv[1:]:
    try:
        event = from_structured_event(HTTPMessage({'content-type': 'application/cloudevents+json; charset=UTF-8'}, open(path, 'rb').read()))
        print(event.get_id(), event.get_source(), event.get_type(), event.get_subject(), event.get_time().isoformat(), event.get_data()['title'])
    except Exception as error:
        print(type(error).__name__)
";

#[test]
fn events_are_cloud_events() {
    let failed = Happening {
        run: RunId(7),
        seq: 12,
        pipeline: "web".to_owned(),
        image: Some("web@1.4.0/3".parse().unwrap()),
        unix: 1_795_464_000,
        what: What::RunFailed {
            unit: "test".to_owned(),
            error: "\"ü\"\n\u{7}".to_owned(),
        },
    };
    let off = What::ScheduleOff {
        failures: 3,
        error: String::new(),
    };
    let off = Happening::of_pipeline("web", 1_795_464_000, off);
    let redactor = Redactor::default();
    let text = |happening| Event::of("urn:goldsmith:shop", happening, &redactor).to_text();
    let (failed, off) = (text(&failed), text(&off));
    let bent = failed.replace("\"run-7-12\"", "\"\"");
    let found = python(READ, &[failed, off, bent]);
    let lines: Vec<&str> = found.lines().collect();
    assert_eq!(
        lines[0],
        "run-7-12 urn:goldsmith:shop goldsmith.run.failed web 1.4.0/3 2026-11-23T20:00:00+00:00 web: run 7 failed at `test`"
    );
    assert!(
        lines[1].starts_with("event-") && lines[1].contains(" goldsmith.schedule.off None "),
        "{found}"
    );
    assert_eq!(lines[2], "CloudEventValidationError", "the oracle looks");
}
