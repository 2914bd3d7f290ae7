//! Machines that are reached by sessions of Systems Manager: what goes through them arrives, whatever
//! becomes of messages and connections on the way, and no session stays.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::event::{Event, EventSink};
use goldsmith_core::failure::Class;
use goldsmith_core::machine::{Cloud as _, Machine};
use goldsmith_core::recipe::{AwsInfrastructure, MachineReach};
use goldsmith_testing::aws::{Host, Options, Wire};
use goldsmith_testing::clock::FakeClock;
use goldsmith_testing::front::{Act, Front};

use super::super::bytes;
use super::{HOST_KEY, Lab, place};

/// What whoever listens to the machine says back, a letter for a letter.
const SHIFT: u8 = 1;
/// More than anything takes that goes as it should.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Default)]
struct Said(Mutex<Vec<String>>);

impl EventSink for Said {
    fn emit(&self, event: Event) {
        if let Event::Note { text } | Event::Warning { text } = event {
            self.0.lock().unwrap().push(text);
        }
    }
}

/// An address of this host that no other test has, where somebody listens on port 22.
fn listener() -> (String, TcpListener) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = std::process::id() * 8 + COUNT.fetch_add(1, Ordering::SeqCst);
    let [_, a, b, c] = number.to_be_bytes();
    let address = format!("127.{}.{b}.{c}", 64 + (a & 0x3f));
    let listener = TcpListener::bind((address.as_str(), 22));
    (
        address,
        listener.expect("port 22 of this host: this test needs root"),
    )
}

impl Lab {
    /// Every instance says back what it hears on port 22.
    fn tunnelled(wire: Wire) -> Self {
        let (address, listener) = listener();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || drop(answer(stream)));
            }
        });
        Self::at(&address, wire)
    }

    /// Every instance is at this address.
    fn at(address: &str, wire: Wire) -> Self {
        let lab = Self::with(Options {
            wire,
            ..Options::default()
        });
        let address = address.to_owned();
        lab.fake.hosts(move |_| Host {
            address: address.clone(),
            console: format!(
                "-----BEGIN SSH HOST KEY KEYS-----\n{HOST_KEY}\n-----END SSH HOST KEY KEYS-----\n"
            ),
        });
        lab
    }

    /// Asserts that no session is left, and no port was ever open.
    #[track_caller]
    fn check_no_session(&self) {
        assert_eq!(self.fake.open_sessions(), 0);
        let ended = self.fake.calls("TerminateSession");
        assert_eq!(ended, self.asked("StartSession").len());
        assert_eq!(self.fake.calls("AuthorizeSecurityGroupIngress"), 0);
    }
}

fn answer(stream: TcpStream) -> std::io::Result<()> {
    let (mut from, mut to) = (stream.try_clone()?, stream);
    let mut heard = [0; 4096];
    loop {
        let length = from.read(&mut heard)?;
        if length == 0 {
            return Ok(());
        }
        let said: Vec<u8> = heard[..length]
            .iter()
            .map(|byte| byte.wrapping_add(SHIFT))
            .collect();
        to.write_all(&said)?;
    }
}

fn reached_by_sessions() -> AwsInfrastructure {
    AwsInfrastructure {
        reach: MachineReach::Ssm,
        profile: Some("builder".to_owned()),
        ..place()
    }
}

/// Says so many bytes to a machine and hears what it says.
fn talk(machine: &Machine, length: usize) {
    let mut stream = TcpStream::connect((machine.address.as_str(), machine.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let said = bytes(length);
    let mut writing = stream.try_clone().unwrap();
    let for_thread = said.clone();
    let writer = std::thread::spawn(move || writing.write_all(&for_thread).unwrap());
    let mut heard = vec![0; length];
    stream.read_exact(&mut heard).unwrap();
    writer.join().unwrap();
    let expected = said.iter().map(|byte| byte.wrapping_add(SHIFT));
    assert!(heard.into_iter().eq(expected));
}

/// As much as the runner has.
#[test]
fn bytes_go_both_ways() {
    let lab = Lab::tunnelled(Wire::default());
    let before = lab.fake.resources();
    let machines = lab.machines(&lab.fake.url(), reached_by_sessions());
    let machine = lab.launch(&machines, "run-1").unwrap();
    assert_eq!(machine.address, "127.0.0.1");
    assert_eq!(machine.host_keys, [HOST_KEY]);
    let session = &lab.asked("StartSession")[0];
    assert_eq!(session["Target"], machine.id.as_str());
    assert_eq!(session["DocumentName"], "AWS-StartSSHSession");
    talk(&machine, 6_600_000);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| talk(&machine, 50_000));
        }
    });
    machines.end(&lab.cx, "run-1").unwrap();
    lab.check_no_session();
    assert_eq!(lab.fake.calls("ResumeSession"), 0);
    assert_eq!(lab.fake.calls("StartSession"), 4);
    assert_eq!(lab.fake.leftovers(&before), [""; 0]);
    let there = (machine.address.as_str(), machine.port);
    assert!(TcpStream::connect(there).is_err(), "the port is closed");
}

/// Messages come twice and late, connections break off with all that is on its way.
#[test]
fn whatever_becomes_of_messages_and_connections() {
    let lab = Lab::tunnelled(Wire::default());
    let machines = lab.machines(&lab.fake.url(), reached_by_sessions());
    for seed in 1..=8 {
        lab.fake.set_options(Options {
            seed,
            wire: Wire {
                per_mille: 100,
                lasts: (seed > 2).then_some(150),
            },
            ..Options::default()
        });
        let lease = format!("run-{seed}");
        let machine = lab.launch(&machines, &lease).unwrap();
        for _ in 0..3 {
            talk(&machine, 100_000);
        }
        machines.end(&lab.cx, &lease).unwrap();
        lab.check_no_session();
    }
    let resumed = lab.fake.calls("ResumeSession");
    assert!(resumed > 10, "connections broke off {resumed} times only");
}

/// A connection that is open when its machine ends, or when whoever made it goes.
#[test]
fn no_session_outlives_its_tunnel() {
    let lab = Lab::tunnelled(Wire::default());
    for (lease, is_ended) in [("run-1", true), ("run-2", false)] {
        let machines = lab.machines(&lab.fake.url(), reached_by_sessions());
        let machine = lab.launch(&machines, lease).unwrap();
        let there = (machine.address.as_str(), machine.port);
        let mut stream = TcpStream::connect(there).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(b"a").unwrap();
        let mut heard = [0];
        stream.read_exact(&mut heard).unwrap();
        assert_eq!(lab.fake.open_sessions(), 1);
        if is_ended {
            machines.end(&lab.cx, lease).unwrap();
        }
        drop(machines);
        assert_eq!(stream.read(&mut heard).unwrap_or_default(), 0);
        lab.check_no_session();
        lab.collect();
    }
}

/// Whoever connects and goes again has a session for as long as that.
#[test]
fn a_session_is_of_one_connection() {
    let lab = Lab::tunnelled(Wire::default());
    let machines = lab.machines(&lab.fake.url(), reached_by_sessions());
    let machine = lab.launch(&machines, "run-1").unwrap();
    for count in 1..=3 {
        talk(&machine, 10);
        // Until it has been told.
        for _ in 0..PATIENCE.as_millis() / 10 {
            if lab.fake.calls("TerminateSession") == count {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(lab.fake.open_sessions(), 0);
    }
    let there = (machine.address.as_str(), machine.port);
    let stream = TcpStream::connect(there).unwrap();
    stream.shutdown(Shutdown::Both).unwrap();
    machines.end(&lab.cx, "run-1").unwrap();
    lab.check_no_session();
}

/// Nothing listens there; then it is said once, and whoever connected hears the end.
#[test]
fn a_machine_without_sshd() {
    let (address, _) = listener();
    let mut lab = Lab::at(&address, Wire::default());
    let said = Arc::new(Said::default());
    lab.cx = Cx::new(
        Arc::new(FakeClock::at(super::super::NOW)),
        Arc::clone(&said) as _,
    );
    let machines = lab.machines(&lab.fake.url(), reached_by_sessions());
    let machine = lab.launch(&machines, "run-1").unwrap();
    for _ in 0..4 {
        let there = (machine.address.as_str(), machine.port);
        let mut stream = TcpStream::connect(there).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap_or_default(), 0);
    }
    machines.end(&lab.cx, "run-1").unwrap();
    lab.check_no_session();
    let said = said.0.lock().unwrap();
    let why = |text: &&String| text.contains("Unable to connect to specified port");
    assert!(said.iter().any(|text| why(&text)), "{said:?}");
}

/// What IAM refuses is an error of the launch, and not a connection that never comes.
#[test]
fn sessions_that_are_denied() {
    let lab = Lab::tunnelled(Wire::default());
    let before = lab.fake.resources();
    let front = Front::of(Some(lab.fake.address().port()));
    let denied = r#"{"__type":"AccessDeniedException","Message":"not you"}"#;
    front.on_containing("AWS-StartSSHSession", 1, Act::answer(400, denied));
    let machines = lab.machines(&front.url(), reached_by_sessions());
    let error = lab.launch(&machines, "run-1").unwrap_err();
    assert!(error.to_string().contains("access denied"), "{error}");
    assert_eq!(error.class(), Class::Remote);
    assert_eq!(lab.fake.leftovers(&before), [""; 0]);
    lab.check_no_session();
}
