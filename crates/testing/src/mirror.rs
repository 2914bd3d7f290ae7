//! A small HTTP server over a directory that fails on purpose.
//!
//! ```text
//! let mirror = FaultyMirror::serve(dir);
//! mirror.fault("Packages.xz", 2, Fault::Drop { after: 1000 });
//! fetch.get(cx, &mirror.url("dists/bookworm/InRelease"), limit)
//! ```

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// What goes wrong with one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection breaks after so many bytes of the body.
    Drop {
        /// Bytes sent.
        after: u64,
    },
    /// The body, and with it the size that the head names, is shorter or longer.
    Resize {
        /// Bytes added (zeros) or taken away.
        by: i64,
    },
    /// One byte of the whole file is another one; the size is right.
    Corrupt {
        /// Where.
        at: u64,
    },
    /// So many bytes of the body, then nothing for a minute.
    Hang {
        /// Bytes sent.
        after: u64,
    },
    /// An answer of this status without the file.
    Status {
        /// Such as 503.
        code: u16,
        /// Seconds for `Retry-After`.
        retry_after: Option<u64>,
    },
    /// `Range` is ignored: the whole comes with status 200.
    IgnoreRange,
    /// A part that starts elsewhere than asked.
    WrongRange,
}

/// One request as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Path without the leading slash.
    pub path: String,
    /// The `Range` header.
    pub range: Option<String>,
    /// The `If-Range` header.
    pub if_range: Option<String>,
    /// The `If-None-Match` header.
    pub if_none_match: Option<String>,
    /// The `Cache-Control` header.
    pub cache_control: Option<String>,
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    faults: Mutex<Vec<(String, u32, Fault)>>,
    redirects: Mutex<Vec<(String, String)>>,
    requests: Mutex<Vec<Request>>,
    is_stopping: AtomicBool,
}

/// Serves a directory until it is dropped.
#[derive(Debug)]
pub struct FaultyMirror {
    shared: Arc<Shared>,
    address: SocketAddr,
    scheme: &'static str,
    listener: Option<JoinHandle<()>>,
}

impl FaultyMirror {
    /// Serves the files under `root` on a port of this host.
    pub fn serve(root: impl Into<PathBuf>) -> Self {
        Self::start(root, None)
    }

    /// The same over TLS, with a certificate that nobody has signed but itself.
    pub fn serve_tls(root: impl Into<PathBuf>) -> Self {
        let names = ["localhost", "127.0.0.1"].map(str::to_owned);
        let made = rcgen::generate_simple_self_signed(names).expect("names of this host");
        let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let config = rustls::ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a certificate with its key");
        Self::start(root, Some(Arc::new(config)))
    }

    fn start(root: impl Into<PathBuf>, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port of this host");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let shared = Arc::new(Shared {
            root: root.into(),
            faults: Mutex::default(),
            redirects: Mutex::default(),
            requests: Mutex::default(),
            is_stopping: AtomicBool::new(false),
        });
        let for_thread = Arc::clone(&shared);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if for_thread.is_stopping.load(Ordering::SeqCst) {
                    return;
                }
                let (shared, tls) = (Arc::clone(&for_thread), tls.clone());
                // A client that goes away is no failure of the mirror.
                std::thread::spawn(move || drop(shared.receive(stream, tls)));
            }
        });
        Self {
            shared,
            address,
            scheme,
            listener: Some(thread),
        }
    }

    /// URL of a file.
    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base())
    }

    /// URL of the root, without a slash at its end.
    pub fn base(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Lets the next `times` answers to paths that contain `path` go wrong. Faults of
    /// one path happen in the order they were added.
    pub fn fault(&self, path: &str, times: u32, fault: Fault) {
        lock(&self.shared.faults).push((path.to_owned(), times, fault));
    }

    /// From now on nothing goes wrong.
    pub fn heal(&self) {
        lock(&self.shared.faults).clear();
    }

    /// Answers requests for `path` with a redirect.
    pub fn redirect(&self, path: &str, to: &str) {
        lock(&self.shared.redirects).push((path.to_owned(), to.to_owned()));
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }
}

impl Drop for FaultyMirror {
    fn drop(&mut self) {
        self.shared.is_stopping.store(true, Ordering::SeqCst);
        // Wakes the listener; it looks at the flag.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.listener.take() {
            drop(thread.join());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("no panic while held")
}

impl Shared {
    /// Answers requests of one connection until it closes.
    fn receive(&self, stream: TcpStream, tls: Option<Arc<rustls::ServerConfig>>) -> io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.set_nodelay(true)?;
        match tls {
            None => self.answer(stream),
            Some(tls) => {
                let session = rustls::ServerConnection::new(tls).map_err(io::Error::other)?;
                self.answer(rustls::StreamOwned::new(session, stream))
            }
        }
    }

    fn answer(&self, stream: impl Read + Write) -> io::Result<()> {
        let mut reader = BufReader::new(stream);
        while let Some(request) = read_request(&mut reader)? {
            lock(&self.requests).push(request.clone());
            let fault = self.next_fault(&request.path);
            if !self.respond(&request, fault, reader.get_mut())? {
                break;
            }
        }
        Ok(())
    }

    fn next_fault(&self, path: &str) -> Option<Fault> {
        let mut faults = lock(&self.faults);
        let (_, times, fault) = faults
            .iter_mut()
            .find(|(part, times, _)| *times > 0 && path.contains(part.as_str()))?;
        *times -= 1;
        Some(*fault)
    }

    /// Writes one answer; whether the connection can be used again.
    fn respond(
        &self,
        request: &Request,
        fault: Option<Fault>,
        writer: &mut impl Write,
    ) -> io::Result<bool> {
        let redirect = lock(&self.redirects)
            .iter()
            .find(|(path, _)| *path == request.path)
            .map(|(_, to)| to.clone());
        if let Some(to) = redirect {
            head(writer, "302 Found", &[("Location", to)], 0)?;
            return Ok(true);
        }
        if let Some(Fault::Status { code, retry_after }) = fault {
            let wait = retry_after.map(|s| ("Retry-After", s.to_string()));
            let headers: Vec<_> = wait.into_iter().collect();
            head(writer, &format!("{code} On Purpose"), &headers, 0)?;
            return Ok(true);
        }
        let Some(mut file) = self.read(&request.path) else {
            head(writer, "404 Not Found", &[], 0)?;
            return Ok(true);
        };
        match fault {
            Some(Fault::Corrupt { at }) => {
                if let Some(byte) = file.get_mut(usize::try_from(at).unwrap_or(usize::MAX)) {
                    *byte ^= 0x55;
                }
            }
            Some(Fault::Resize { by }) => {
                let len = file
                    .len()
                    .saturating_add_signed(isize::try_from(by).unwrap_or(0));
                file.resize(len, 0);
            }
            _ => {}
        }
        let etag = format!("\"{}\"", goldsmith_core::digest::Sha256::of(&file).short());
        if request.if_none_match.as_ref() == Some(&etag) {
            head(writer, "304 Not Modified", &[("ETag", etag)], 0)?;
            return Ok(true);
        }
        let start = request
            .range
            .as_deref()
            .and_then(|range| {
                range
                    .strip_prefix("bytes=")?
                    .strip_suffix('-')?
                    .parse()
                    .ok()
            })
            .filter(|_| fault != Some(Fault::IgnoreRange))
            .filter(|_| {
                request
                    .if_range
                    .as_ref()
                    .is_none_or(|wanted| *wanted == etag)
            })
            .unwrap_or(0usize);
        if start > 0 && start >= file.len() {
            head(writer, "416 Range Not Satisfiable", &[], 0)?;
            return Ok(true);
        }
        let start = if fault == Some(Fault::WrongRange) {
            start / 2
        } else {
            start
        };
        let body = &file[start..];
        let mut headers = vec![("ETag", etag)];
        let status = if start > 0 || fault == Some(Fault::WrongRange) {
            let range = format!("bytes {start}-{}/{}", file.len() - 1, file.len());
            headers.push(("Content-Range", range));
            "206 Partial Content"
        } else {
            "200 OK"
        };
        head(writer, status, &headers, body.len())?;
        let cut =
            |after: u64| &body[..usize::try_from(after).unwrap_or(usize::MAX).min(body.len())];
        match fault {
            Some(Fault::Drop { after }) => {
                writer.write_all(cut(after))?;
                return Ok(false);
            }
            Some(Fault::Hang { after }) => {
                writer.write_all(cut(after))?;
                writer.flush()?;
                for _ in 0..600 {
                    if self.is_stopping.load(Ordering::SeqCst) {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(100));
                }
                return Ok(false);
            }
            _ => writer.write_all(body)?,
        }
        Ok(true)
    }

    fn read(&self, path: &str) -> Option<Vec<u8>> {
        let path = Path::new(path);
        let is_inside = path
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        is_inside.then(|| std::fs::read(self.root.join(path)).ok())?
    }
}

fn head(
    writer: &mut impl Write,
    status: &str,
    headers: &[(&str, String)],
    len: usize,
) -> io::Result<()> {
    let mut text = Vec::new();
    write!(text, "HTTP/1.1 {status}\r\nContent-Length: {len}\r\n")?;
    for (name, value) in headers {
        write!(text, "{name}: {value}\r\n")?;
    }
    text.extend_from_slice(b"\r\n");
    writer.write_all(&text)
}

fn read_request(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.take(64 << 10).read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let target = line.split(' ').nth(1).unwrap_or_default();
    // A request to a proxy names the whole URL.
    let path = target.strip_prefix("http://").map_or(target, |rest| {
        rest.split_once('/').map_or("", |(_, path)| path)
    });
    let mut request = Request {
        path: path
            .trim_start_matches('/')
            .replace("%2b", "+")
            .replace("%7e", "~"),
        range: None,
        if_range: None,
        if_none_match: None,
        cache_control: None,
        authorization: None,
        user_agent: None,
    };
    loop {
        let mut line = String::new();
        reader.take(64 << 10).read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            return Ok(Some(request));
        };
        let slot = match name.to_ascii_lowercase().as_str() {
            "range" => &mut request.range,
            "if-range" => &mut request.if_range,
            "if-none-match" => &mut request.if_none_match,
            "cache-control" => &mut request.cache_control,
            "authorization" | "proxy-authorization" => &mut request.authorization,
            "user-agent" => &mut request.user_agent,
            _ => continue,
        };
        *slot = Some(value.to_owned());
    }
}
