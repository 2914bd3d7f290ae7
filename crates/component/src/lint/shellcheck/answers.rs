//! What `shellcheck` said of scripts before: it takes some milliseconds of a processor for each,
//! and says the same of the same script.
//!
//! ```text
//! { "version": 1, "program": "<path, size and time of the program>",
//!   "scripts": { "<sha256 of a script>": [ { "line", "endLine", "column", "endColumn",
//!                                            "level", "code", "message" } ] } }
//! ```
//!
//! Whoever keeps it may lose it: it only saves time.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use goldsmith_core::digest::Sha256;
use serde::{Deserialize, Serialize};

use super::Comment;

/// Version that is written; another one is as good as nothing.
const VERSION: u32 = 1;
/// Scripts that are kept although nobody asked for them this time.
const KEPT_MAX: usize = 20_000;

/// What was said, by script. Shared by all who ask at once.
#[derive(Debug, Default)]
pub struct Answers {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    program: String,
    scripts: BTreeMap<Sha256, Answer>,
    is_changed: bool,
}

#[derive(Debug)]
struct Answer {
    comments: Vec<Comment>,
    was_asked_for: bool,
}

#[derive(Serialize, Deserialize)]
struct AnswersFile {
    version: u32,
    program: String,
    scripts: BTreeMap<Sha256, Vec<Comment>>,
}

impl Answers {
    /// Those of [`Answers::write`]; none when the bytes are no such thing.
    pub fn read(bytes: &[u8]) -> Self {
        let file: Option<AnswersFile> = serde_json::from_slice(bytes).ok();
        let Some(file) = file.filter(|file| file.version == VERSION) else {
            return Self::default();
        };
        let scripts = file.scripts.into_iter().map(|(script, comments)| {
            let answer = Answer {
                comments,
                was_asked_for: false,
            };
            (script, answer)
        });
        Self {
            known: Mutex::new(Known {
                program: file.program,
                scripts: scripts.collect(),
                is_changed: false,
            }),
        }
    }

    /// What to keep; nothing when there is nothing new.
    pub fn write(&self) -> Option<Vec<u8>> {
        let known = self.known();
        if !known.is_changed {
            return None;
        }
        let is_full = known.scripts.len() > KEPT_MAX;
        let scripts = known.scripts.iter();
        let scripts = scripts.filter(|(_, answer)| answer.was_asked_for || !is_full);
        let file = AnswersFile {
            version: VERSION,
            program: known.program.clone(),
            scripts: scripts
                .map(|(script, answer)| (*script, answer.comments.clone()))
                .collect(),
        };
        Some(serde_json::to_vec(&file).expect("digests, texts and numbers have a JSON form"))
    }

    /// Forgets what another program said.
    pub(super) fn of(&self, program: &Path) {
        let identity = std::fs::metadata(program).map_or_else(
            |_| String::new(),
            |found| {
                let (seconds, nanos) = (found.mtime(), found.mtime_nsec());
                format!("{} {} {seconds}.{nanos}", program.display(), found.len())
            },
        );
        let mut known = self.known();
        if known.program != identity {
            *known = Known {
                program: identity,
                ..Known::default()
            };
        }
    }

    /// What was said of a script.
    pub(super) fn get(&self, script: &Sha256) -> Option<Vec<Comment>> {
        let mut known = self.known();
        let answer = known.scripts.get_mut(script)?;
        answer.was_asked_for = true;
        Some(answer.comments.clone())
    }

    pub(super) fn keep(&self, script: Sha256, comments: Vec<Comment>) {
        let mut known = self.known();
        known.is_changed = true;
        let answer = Answer {
            comments,
            was_asked_for: true,
        };
        known.scripts.insert(script, answer);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("no panic while held")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(code: u32) -> Comment {
        Comment {
            line: 1,
            end_line: 1,
            column: 2,
            end_column: 3,
            level: "info".to_owned(),
            code,
            message: "m".to_owned(),
        }
    }

    #[test]
    fn what_was_said_is_kept_for_the_same_program() {
        let script = Sha256::of(b"echo $1");
        let program = tempfile::NamedTempFile::new().unwrap();
        let answers = Answers::default();
        answers.of(program.path());
        assert!(answers.write().is_none(), "nothing was said");
        assert_eq!(answers.get(&script), None);
        answers.keep(script, vec![comment(2086)]);
        let kept = answers.write().unwrap();

        let again = Answers::read(&kept);
        again.of(program.path());
        assert_eq!(again.get(&script), Some(vec![comment(2086)]));
        assert!(again.write().is_none(), "nothing is new");
        std::fs::write(program.path(), "another release").unwrap();
        again.of(program.path());
        assert_eq!(again.get(&script), None);

        for damaged in [&b"{"[..], br#"{"version":2,"program":"","scripts":{}}"#] {
            assert_eq!(Answers::read(damaged).get(&script), None);
        }
    }

    #[test]
    fn what_nobody_asks_for_goes_when_there_is_too_much() {
        let answers = Answers::default();
        for number in 0..=KEPT_MAX {
            answers.keep(Sha256::of(&number.to_le_bytes()), Vec::new());
        }
        let again = Answers::read(&answers.write().unwrap());
        let wanted = Sha256::of(&7_usize.to_le_bytes());
        assert!(again.get(&wanted).is_some());
        again.keep(Sha256::of(b"new"), Vec::new());
        let left = Answers::read(&again.write().unwrap());
        assert!(left.get(&wanted).is_some() && left.get(&Sha256::of(b"new")).is_some());
        assert!(left.get(&Sha256::of(&8_usize.to_le_bytes())).is_none());
    }
}
