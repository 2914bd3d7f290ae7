//! A server in front of another one that passes requests on, keeps what it saw, and answers
//! some of them itself, badly or as it is told.
//!
//! ```text
//! let front = Front::of(Some(moto.port()));
//! front.on("PUT /bucket/key?partNumber=2", 1, Act::answer(503, "<Error>...</Error>"));
//! ```

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// How much of a body rules look at, in bytes.
const BODY_LOOKED_AT: usize = 4096;

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// An answer of our own.
    Answer {
        /// Such as 503.
        status: u16,
        /// Names and values.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// No answer: the connection is closed.
    Close,
    /// No answer for as long as the test lasts.
    Hang,
    /// The request is passed on, its answer is lost.
    LoseAnswer,
    /// The request is passed on twice; the second answer counts.
    Repeat,
    /// The request is passed on after a time.
    Delay(Duration),
    /// The answer's body breaks off after so many bytes.
    Cut(usize),
    /// One byte of the answer's body is another one.
    Corrupt(usize),
}

impl Act {
    /// An answer with a body and no headers.
    pub fn answer(status: u16, body: &str) -> Self {
        Self::Answer {
            status,
            headers: Vec::new(),
            body: body.to_owned(),
        }
    }
}

/// A request as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Method and target: `GET /bucket/key?a=b`.
    pub line: String,
    /// Headers, names in small letters.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

/// Which requests a rule is for.
#[derive(Debug)]
enum Which {
    /// Those whose method and target begin so.
    Beginning(String),
    /// Those with this in their target or their body.
    Containing(String),
}

impl Which {
    fn is_it(&self, seen: &Seen) -> bool {
        match self {
            Self::Beginning(start) => seen.line.starts_with(start.as_str()),
            Self::Containing(part) => {
                let in_body = seen
                    .body
                    .windows(part.len())
                    .take(BODY_LOOKED_AT)
                    .any(|bytes| bytes == part.as_bytes());
                in_body || seen.line.contains(part.as_str())
            }
        }
    }
}

/// What says what becomes of a request.
type Choose = dyn Fn(&Seen) -> Option<Act> + Send + Sync;

/// Whoever chooses, instead of rules.
struct Choice(Box<Choose>);

impl std::fmt::Debug for Choice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Choice")
    }
}

#[derive(Debug, Default)]
struct Shared {
    upstream: Option<SocketAddr>,
    /// Whoever chooses keeps what there is to know of a request.
    choice: Option<Choice>,
    rules: Mutex<Vec<(Which, u32, Act)>>,
    seen: Mutex<Vec<Seen>>,
    is_stopping: AtomicBool,
}

/// A running server, ended when dropped.
#[derive(Debug)]
pub struct Front {
    shared: Arc<Shared>,
    address: SocketAddr,
    listener: Option<JoinHandle<()>>,
}

impl Front {
    /// In front of a port of this host. Without one, what no rule is for is not found.
    pub fn of(upstream: Option<u16>) -> Self {
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self::start(Shared {
            upstream: upstream.map(address),
            ..Shared::default()
        })
    }

    /// In front of a server, with somebody who says what becomes of each request. Requests are not
    /// kept.
    pub fn choosing(
        upstream: SocketAddr,
        choice: impl Fn(&Seen) -> Option<Act> + Send + Sync + 'static,
    ) -> Self {
        Self::start(Shared {
            upstream: Some(upstream),
            choice: Some(Choice(Box::new(choice))),
            ..Shared::default()
        })
    }

    fn start(shared: Shared) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port of this host");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let shared = Arc::new(shared);
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if for_thread.is_stopping.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&for_thread);
                // A client that goes away is no failure of the server.
                std::thread::spawn(move || drop(shared.serve(stream)));
            }
        });
        Self {
            shared,
            address,
            listener: Some(thread),
        }
    }

    /// Its URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets the next `times` requests whose method and target begin with `line` go this way.
    /// Rules for one request apply in the order they were given.
    pub fn on(&self, line: &str, times: u32, act: Act) {
        self.add(Which::Beginning(line.to_owned()), times, act);
    }

    /// The same for requests with a text in their target or at the beginning of their body:
    /// `Action=CopyImage&`.
    pub fn on_containing(&self, part: &str, times: u32, act: Act) {
        self.add(Which::Containing(part.to_owned()), times, act);
    }

    fn add(&self, which: Which, times: u32, act: Act) {
        let mut rules = self.shared.rules.lock().expect("no panic while held");
        rules.push((which, times, act));
    }

    /// Every request so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared
            .seen
            .lock()
            .expect("no panic while held")
            .clone()
    }

    /// Their methods and targets.
    pub fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.shared.is_stopping.store(true, Ordering::SeqCst);
        // Wakes the listener; it looks at the flag.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.listener.take() {
            drop(thread.join());
        }
    }
}

impl Shared {
    /// One request: connections are not kept.
    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let Some(seen) = read_request(&mut reader)? else {
            return Ok(());
        };
        let act = if let Some(Choice(choose)) = &self.choice {
            choose(&seen)
        } else {
            let mut all = self.seen.lock().expect("no panic while held");
            all.push(seen.clone());
            drop(all);
            self.next_act(&seen)
        };
        match act {
            Some(Act::Answer {
                status,
                headers,
                body,
            }) => {
                let lines: String = headers
                    .iter()
                    .map(|(name, value)| format!("{name}: {value}\r\n"))
                    .collect();
                let length = body.len();
                write!(
                    stream,
                    "HTTP/1.1 {status} As Told\r\nContent-Length: {length}\r\nConnection: close\r\n{lines}\r\n{body}"
                )
            }
            Some(Act::Close) => Ok(()),
            Some(Act::Hang) => {
                while !self.is_stopping.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Ok(())
            }
            Some(Act::LoseAnswer) => self.ask(&seen).map(drop),
            Some(Act::Repeat) => {
                self.ask(&seen)?;
                stream.write_all(&self.ask(&seen)?)
            }
            Some(Act::Delay(time)) => {
                std::thread::sleep(time);
                stream.write_all(&self.ask(&seen)?)
            }
            Some(Act::Cut(length)) => {
                let answer = self.ask(&seen)?;
                let end = (body_start(&answer) + length).min(answer.len());
                stream.write_all(&answer[..end])
            }
            Some(Act::Corrupt(at)) => {
                let mut answer = self.ask(&seen)?;
                let at = body_start(&answer) + at;
                answer[at] ^= 0x55;
                stream.write_all(&answer)
            }
            None => stream.write_all(&self.ask(&seen)?),
        }
    }

    fn next_act(&self, seen: &Seen) -> Option<Act> {
        let mut rules = self.rules.lock().expect("no panic while held");
        let (_, times, act) = rules
            .iter_mut()
            .find(|(which, times, _)| *times > 0 && which.is_it(seen))?;
        *times -= 1;
        Some(act.clone())
    }

    /// The whole answer of the server behind.
    fn ask(&self, seen: &Seen) -> io::Result<Vec<u8>> {
        let Some(address) = self.upstream else {
            let head = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            return Ok(head.as_bytes().to_vec());
        };
        let mut stream = TcpStream::connect(address)?;
        write!(stream, "{} HTTP/1.1\r\nconnection: close\r\n", seen.line)?;
        for (name, value) in &seen.headers {
            if name != "connection" {
                write!(stream, "{name}: {value}\r\n")?;
            }
        }
        stream.write_all(b"\r\n")?;
        stream.write_all(&seen.body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    }
}

fn body_start(answer: &[u8]) -> usize {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    end.map_or(answer.len(), |end| end + 4)
}

/// The next request of a connection; nothing when it has ended.
pub(crate) fn read_request(reader: &mut impl BufRead) -> io::Result<Option<Seen>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut seen = Seen {
        line: line.trim_end().trim_end_matches(" HTTP/1.1").to_owned(),
        headers: BTreeMap::new(),
        body: Vec::new(),
    };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        seen.headers
            .insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = seen.headers.get("content-length");
    let length = length.and_then(|text| text.parse().ok()).unwrap_or(0);
    // Memory that is cleared first is gone over twice.
    seen.body.reserve_exact(length);
    if reader.take(length as u64).read_to_end(&mut seen.body)? < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(seen))
}
