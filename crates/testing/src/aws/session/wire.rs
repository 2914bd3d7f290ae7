//! The connection of a session: a WebSocket whose first message says the token, and which may break off
//! at any time, with whatever is on its way.

use std::io::{self, Write as _};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::Role;
use tungstenite::{Error, Message, WebSocket};

use super::agent::Agent;
use crate::aws::world::World;
use crate::front::Seen;

/// How long a connection waits for the first word, and for its agent.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long it waits for the next message before it looks at the machine.
const GLANCE: Duration = Duration::from_millis(1);
/// Messages that are taken up before it looks at the machine.
const AT_ONCE: usize = 256;

/// Why a connection ends.
enum End {
    /// The session is over.
    Over(String),
    /// The client is gone, or the connection was dropped.
    Gone,
}

/// Carries a session.
pub(in crate::aws) fn serve(
    stream: &TcpStream,
    seen: &Seen,
    world: &Mutex<World>,
    is_stopping: &AtomicBool,
) -> io::Result<()> {
    let lock = || world.lock().expect("no panic while held");
    let breach = |why: String| lock().breaches.push(why);
    let header = |name: &str| seen.headers.get(name).map_or("", String::as_str);
    let id = seen.line.strip_prefix("GET /v1/data-channel/");
    let id = id.and_then(|rest| rest.strip_suffix("?role=publish_subscribe"));
    let is_signed = header("authorization").contains("/ssmmessages/aws4_request");
    let (Some(id), true, "13") = (id, is_signed, header("sec-websocket-version")) else {
        breach(format!("the connection {seen:?}"));
        return Ok(());
    };
    let accept = derive_accept_key(header("sec-websocket-key").as_bytes());
    let mut raw = stream.try_clone()?;
    write!(
        raw,
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    )?;
    raw.set_read_timeout(Some(PATIENCE))?;
    let mut socket = WebSocket::from_raw_socket(raw, Role::Server, None);
    let Ok(Message::Text(greeting)) = socket.read() else {
        return Ok(());
    };
    let greeting: Value = serde_json::from_str(&greeting).unwrap_or_default();
    let Some((mut agent, number)) = claim(world, id, &greeting) else {
        return Ok(());
    };
    stream.set_read_timeout(Some(GLANCE))?;
    agent.connected();
    let is_ours = || {
        let world = lock();
        let session = world.tunnels.get(id);
        match session {
            _ if is_stopping.load(Ordering::SeqCst) => Err(End::Gone),
            Some(session) if !session.is_open(&world) => Err(End::Over(String::new())),
            Some(session) if session.connection == number => Ok(()),
            _ => Err(End::Gone),
        }
    };
    let end = carry(&mut socket, &mut agent, is_ours);
    lock().breaches.append(&mut agent.breaches);
    match end {
        End::Gone => {
            if let Some(session) = lock().tunnels.get_mut(id)
                && !session.is_over
            {
                session.agent = Some(agent);
            }
        }
        End::Over(why) => {
            if let Some(session) = lock().tunnels.get_mut(id) {
                session.is_over = true;
            }
            let last = agent.last_word(&why);
            drop(socket.send(Message::binary(last)));
            drop(socket.close(None));
            drop(socket.flush());
        }
    }
    Ok(())
}

/// The agent of a session, and which connection this is; nothing when the first word was not right.
fn claim(world: &Mutex<World>, id: &str, greeting: &Value) -> Option<(Agent, u64)> {
    let text = |name: &str| greeting[name].as_str().unwrap_or_default().to_owned();
    let is_uuid = |text: String| text.len() == 36;
    let is_right = text("MessageSchemaVersion") == "1.0"
        && is_uuid(text("RequestId"))
        && is_uuid(text("ClientId"))
        && !text("ClientVersion").is_empty();
    // The one before may not know yet that it has ended.
    for _ in 0..PATIENCE.as_millis() {
        let mut world = world.lock().expect("no panic while held");
        let session = world.tunnels.get_mut(id)?;
        if session.is_over {
            return None;
        }
        if !is_right
            || session
                .token
                .as_deref()
                .is_some_and(|token| token != text("TokenValue"))
        {
            world.breaches.push(format!("the first word {greeting}"));
            return None;
        }
        if let Some(agent) = session.agent.take() {
            // It is good once.
            session.token.take()?;
            return Some((agent, session.connection));
        }
        drop(world);
        std::thread::sleep(Duration::from_millis(1));
    }
    None
}

/// Carries messages for as long as `is_ours` has it.
fn carry(
    socket: &mut WebSocket<TcpStream>,
    agent: &mut Agent,
    is_ours: impl Fn() -> Result<(), End>,
) -> End {
    let lasts = agent.lasts();
    let mut carried = 0;
    loop {
        if let Err(end) = is_ours() {
            return end;
        }
        for _ in 0..AT_ONCE {
            match socket.read() {
                Ok(Message::Binary(bytes)) => agent.hear(&bytes),
                Ok(_) => {}
                Err(Error::Io(error))
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                    ) =>
                {
                    break;
                }
                Err(_) => return End::Gone,
            }
        }
        agent.work();
        while let Some(bytes) = agent.out.pop_front() {
            if lasts.is_some_and(|lasts| carried >= lasts) {
                // With all that is on its way from there, and what was still to be said.
                drop(socket.flush());
                drop(socket.get_ref().shutdown(std::net::Shutdown::Both));
                return End::Gone;
            }
            carried += 1;
            if socket.write(Message::binary(bytes)).is_err() {
                return End::Gone;
            }
        }
        if socket.flush().is_err() {
            return End::Gone;
        }
        if let Some(why) = agent.over.take() {
            return End::Over(why);
        }
    }
}
