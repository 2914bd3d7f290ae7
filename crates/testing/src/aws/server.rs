//! The fake on a port of this host: a thread for each connection, one call at a time on the world.

use std::io::{self, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::decode::decode;
use super::dispatch;
use super::encode::Answer;
use super::session;
use super::world::World;
use crate::front::read_request;

/// A running server, ended when dropped.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) address: SocketAddr,
    is_stopping: Arc<AtomicBool>,
    listener: Option<JoinHandle<()>>,
}

impl Server {
    pub(super) fn start(world: Arc<Mutex<World>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port of this host");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let is_stopping = Arc::new(AtomicBool::new(false));
        let for_thread = Arc::clone(&is_stopping);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if for_thread.load(Ordering::SeqCst) {
                    return;
                }
                let (world, is_stopping) = (Arc::clone(&world), Arc::clone(&for_thread));
                // A client that goes away is no failure of the server.
                std::thread::spawn(move || drop(serve(&stream, &world, &is_stopping)));
            }
        });
        Self {
            address,
            is_stopping,
            listener: Some(thread),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_stopping.store(true, Ordering::SeqCst);
        // Wakes the listener; it looks at the flag.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.listener.take() {
            drop(thread.join());
        }
    }
}

/// The requests of a connection, one after the other.
fn serve(stream: &TcpStream, world: &Mutex<World>, is_stopping: &AtomicBool) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(mut seen) = read_request(&mut reader)? {
        if is_stopping.load(Ordering::SeqCst) {
            return Ok(());
        }
        if seen.headers.contains_key("upgrade") {
            return session::wire::serve(stream, &seen, world, is_stopping);
        }
        let call = decode(&mut seen);
        let answer = {
            let mut world = world.lock().expect("no panic while held");
            dispatch::answer(&mut world, &call)
        };
        let is_last = seen
            .headers
            .get("connection")
            .is_some_and(|word| word == "close");
        write(stream, &answer, is_last)?;
        if is_last {
            break;
        }
    }
    Ok(())
}

fn write(mut stream: &TcpStream, answer: &Answer, is_last: bool) -> io::Result<()> {
    let mut bytes = format!("HTTP/1.1 {} As Told\r\n", answer.status).into_bytes();
    for (name, value) in &answer.headers {
        bytes.extend(format!("{name}: {value}\r\n").bytes());
    }
    bytes.extend(format!("Content-Length: {}\r\n", answer.body.len()).bytes());
    if is_last {
        bytes.extend(b"Connection: close\r\n");
    }
    bytes.extend(b"\r\n");
    bytes.extend(&answer.body);
    stream.write_all(&bytes)
}
