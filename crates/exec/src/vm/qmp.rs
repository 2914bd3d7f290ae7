//! The little of QEMU's machine protocol that we speak: a JSON object a line.
//! <https://www.qemu.org/docs/master/interop/qmp-spec.html>
//!
//! ```text
//! <- {"QMP": {...}}                                   greeting
//! -> {"execute": "qmp_capabilities", "id": 1}
//! <- {"return": {}, "id": 1}
//! <- {"event": "SHUTDOWN", "data": {...}, ...}        at any time
//! <- {"error": {"class": "...", "desc": "..."}, "id": 2}
//! ```

use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use goldsmith_core::cx::Cx;
use serde_json::{Value, json};

use super::VmError;
use super::inbox::{Inbox, Next, Signal};

/// QEMU answers at once unless the host is overloaded.
const REPLY: Duration = Duration::from_secs(30);
/// A line that is longer comes from no QEMU.
const LINE_MAX: usize = 1 << 20;

/// The writing end.
#[derive(Debug)]
pub(super) struct Qmp {
    stream: UnixStream,
    last_id: u64,
}

impl Qmp {
    pub(super) fn new(stream: UnixStream) -> Self {
        Self { stream, last_id: 0 }
    }

    /// Executes a command and gives what it returned.
    pub(super) fn execute(
        &mut self,
        cx: &Cx,
        inbox: &mut Inbox,
        command: &'static str,
        arguments: &Value,
    ) -> Result<Value, VmError> {
        self.last_id += 1;
        let id = self.last_id;
        let mut line = json!({ "execute": command, "id": id });
        if arguments.is_object() {
            line["arguments"] = arguments.clone();
        }
        // A broken pipe means that QEMU is gone; the inbox tells how it ended.
        self.stream.write_all(format!("{line}\n").as_bytes()).ok();
        let until = cx.clock().monotonic() + REPLY;
        let reply = inbox.wait(cx, until, |signal| match signal {
            Signal::Qmp(mut reply) if reply.get("id") == Some(&json!(id)) => {
                Next::Got(match reply.get_mut("error") {
                    Some(error) => Err(error["desc"].as_str().unwrap_or("unknown").to_owned()),
                    None => Ok(reply["return"].take()),
                })
            }
            other => Next::Keep(other),
        })?;
        match reply {
            Some(Ok(value)) => Ok(value),
            Some(Err(text)) => Err(VmError::Refused { command, text }),
            None => Err(VmError::Silent { command }),
        }
    }
}

/// Cuts what QEMU sends into lines and reads them. Lines that are no JSON are dropped.
pub(super) fn reader() -> impl FnMut(&[u8]) -> Vec<Signal> + Send + 'static {
    let mut line = Vec::new();
    move |bytes| {
        let mut signals = Vec::new();
        for part in bytes.split_inclusive(|b| *b == b'\n') {
            line.extend_from_slice(part);
            if line.ends_with(b"\n") {
                signals.extend(serde_json::from_slice(&line).ok().map(Signal::Qmp));
                line.clear();
            } else if line.len() > LINE_MAX {
                line.clear();
            }
        }
        signals
    }
}

/// The name and data of an event.
pub(super) fn event(value: &Value) -> Option<(&str, &Value)> {
    Some((value.get("event")?.as_str()?, &value["data"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lines_in_any_pieces() {
        let text = "{\"QMP\":{}}\r\n{\"event\":\"SHUTDOWN\",\"data\":{\"guest\":true}}\nnot json\n{\"id\":3,\"return\":{}}\n";
        for size in [1, 7, 1000] {
            let mut read = reader();
            let found: Vec<Value> = text
                .as_bytes()
                .chunks(size)
                .flat_map(&mut read)
                .map(|signal| match signal {
                    Signal::Qmp(value) => value,
                    other => panic!("{other:?}"),
                })
                .collect();
            assert_eq!(found.len(), 3, "{size}");
            let (name, data) = event(&found[1]).unwrap();
            assert_eq!((name, &data["guest"]), ("SHUTDOWN", &json!(true)));
            assert_eq!(event(&found[2]), None);
        }
    }

    #[test]
    fn forgets_a_line_without_end() {
        let mut read = reader();
        for _ in 0..200 {
            assert!(read(&[b'x'; 16 << 10]).is_empty());
        }
        assert!(read(b"\n").is_empty());
        assert_eq!(read(b"{\"id\":1}\n").len(), 1);
    }
}
