//! The form of messages: `CloudEvents` 1.0 in JSON.
//!
//! ```text
//! {"specversion":"1.0",
//!  "id":"run-7-12",                      the run and its place there; else of what it says
//!  "source":"urn:goldsmith:shop",        the pipeline
//!  "type":"goldsmith.run.failed",
//!  "subject":"web 1.4.0/3",              the image, once there is one
//!  "time":"2026-11-29T20:00:00Z",
//!  "datacontenttype":"application/json",
//!  "data":{"event":"run-failed","pipeline":"web","run":7,"image":"web@1.4.0/3",
//!          "title":"web: run 7 failed at `test`",
//!          "facts":{"error":"..."},
//!          "actions":["goldsmith run web --from test"]}}
//! ```
//!
//! `source` and `id` together name what happened: whoever gets them twice was told twice.

use goldsmith_core::digest::Sha256;
use goldsmith_core::notify::Message;
use goldsmith_core::recipe::NotifyEvent;
use goldsmith_core::secret::Redactor;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::text::Text;
use crate::evidence::predicate::timestamp;
use crate::happening::{Happening, NO_RUN};

const VERSION: &str = "1.0";
/// Most characters of a fact: the log of a failure may be of any length.
const FACT_CHARS_MAX: usize = 2_000;
/// Most characters of a title.
const TITLE_CHARS_MAX: usize = 200;

/// Something that happened, as it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    specversion: String,
    id: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    time: String,
    datacontenttype: String,
    data: Data,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Data {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<NotifyEvent>,
    pipeline: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    title: String,
    facts: Map<String, Value>,
    actions: Vec<String>,
}

/// A text that is no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is no event: {0}")]
pub struct EventError(String);

impl Event {
    /// What happened, without the secrets that the redactor knows.
    pub fn of(source: &str, happening: &Happening, redactor: &Redactor) -> Self {
        let text = Text::of(happening);
        let plain = |text: &str, most: usize| shortened(&redactor.redact(text), most);
        let facts = text.facts.iter().map(|(name, value)| {
            let value = plain(value, FACT_CHARS_MAX);
            ((*name).to_owned(), Value::String(value))
        });
        let image = happening.image.as_ref();
        let mut event = Self {
            specversion: VERSION.to_owned(),
            id: String::new(),
            source: source.to_owned(),
            kind: format!("goldsmith.{}", happening.what.name()),
            subject: image.map(ToString::to_string),
            time: timestamp(happening.unix),
            datacontenttype: "application/json".to_owned(),
            data: Data {
                event: happening.what.event(),
                pipeline: happening.pipeline.clone(),
                run: (happening.run != NO_RUN).then_some(happening.run.0),
                image: image
                    .map(|image| format!("{}@{}/{}", image.name, image.version, image.build)),
                title: plain(&one_line(&text.title), TITLE_CHARS_MAX),
                facts: facts.collect(),
                actions: text.actions,
            },
        };
        event.id = if happening.run == NO_RUN {
            let digest = Sha256::of(event.to_text().as_bytes()).to_string();
            format!("event-{}", &digest[..32])
        } else {
            format!("run-{}-{}", happening.run, happening.seq)
        };
        event
    }

    /// As it is kept and sent: JSON in one line.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("texts have a JSON form")
    }

    /// Reads one.
    pub fn parse(text: &str) -> Result<Self, EventError> {
        let event: Self =
            serde_json::from_str(text).map_err(|error| EventError(error.to_string()))?;
        if event.specversion != VERSION {
            let version = &event.specversion;
            return Err(EventError(format!(
                "it speaks CloudEvents `{version}`, not `{VERSION}`"
            )));
        }
        Ok(event)
    }

    /// As notifiers take it.
    pub fn message(&self) -> Result<Message, EventError> {
        let time: jiff::Timestamp = self
            .time
            .parse()
            .map_err(|_| EventError(format!("`{}` is no time", self.time)))?;
        let mut facts: Vec<(String, String)> = Vec::new();
        for (name, value) in &self.data.facts {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            facts.push((name.clone(), value));
        }
        Ok(Message {
            id: self.id.clone(),
            kind: self.kind.clone(),
            unix: time.as_second(),
            title: self.data.title.clone(),
            facts,
            actions: self.data.actions.clone(),
            event: self.to_text(),
        })
    }
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// The beginning of a long text.
fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{} ...", &text[..end]),
        None => text.to_owned(),
    }
}
