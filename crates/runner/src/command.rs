//! What `goldsmith-runner` is asked to do, a word and a directory:
//!
//! ```text
//! start DIR       takes a job from standard input, or goes on after a reboot; does not wait
//! work DIR        does it; what `start` starts
//! follow DIR N    prints the journal after its line N, in frames, until its end
//! stop DIR        asks the work to stop
//! seal DIR        takes an order from standard input, takes `DIR` away, sanitizes and verifies
//! version
//! ```

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::time::Duration;

use goldsmith_component::Services;
use goldsmith_core::cx::{Cancel, Clock as _};
use goldsmith_exec::child::Program;
use goldsmith_exec::clock::SystemClock;
use rustix::process::{Pid, Signal, kill_process};

use crate::format::{Line, Said, frames};
use crate::journal::Reader;
use crate::seal::seal;
use crate::work::{Place, work};

/// How often a journal is looked at.
const TICK: Duration = Duration::from_millis(30);
/// How long a process may take to say that it has begun.
const BEGIN_LIMIT: Duration = Duration::from_secs(20);
/// Exit code of `follow` when the work ended without saying so.
pub(crate) const GONE: i32 = 4;

/// What the program was started with.
#[derive(Debug)]
pub struct Around<'a> {
    /// Its environment, which programs of steps get as well.
    pub environment: BTreeMap<OsString, OsString>,
    /// Asked for by a signal.
    pub cancel: Cancel,
    /// What documents may reach.
    pub outside: Services<'a>,
}

/// Does what the arguments say, those after the name of the program; gives its exit code.
pub fn run(arguments: &[OsString], around: Around<'_>) -> Result<i32, io::Error> {
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    match words.as_slice() {
        ["version"] => {
            writeln!(io::stdout(), "{}", env!("CARGO_PKG_VERSION"))?;
            Ok(0)
        }
        ["start", directory] => start(&Place::new(Path::new(directory)), &around).map(|()| 0),
        ["work", directory] => work(&Place::new(Path::new(directory)), around).map(|()| 0),
        ["follow", directory, n] => {
            let after = n.parse().map_err(io::Error::other)?;
            follow(&Place::new(Path::new(directory)), after)
        }
        ["seal", directory] => {
            seal(Path::new(directory), Path::new("/"), around.cancel).map(|()| 0)
        }
        ["stop", directory] => stop(&Place::new(Path::new(directory))).map(|()| 0),
        _ => Err(io::Error::other(
            "usage: goldsmith-runner start|work|follow|stop|seal DIR; `goldsmith` runs it",
        )),
    }
}

/// Starts the work and waits until it has begun. Work that has begun already, for somebody whose
/// connection broke before he heard of it, is not begun again.
fn start(place: &Place, around: &Around<'_>) -> io::Result<()> {
    let mut job = Vec::new();
    io::stdin().lock().read_to_end(&mut job)?;
    let last = last_line(place)?;
    let waits = |line: &Line| matches!(line.said, Said::Reboot { .. });
    if last.as_ref().is_some_and(|line| !waits(line)) || place.claim()?.is_none() {
        return Ok(());
    }
    if !job.is_empty() {
        place.write(&place.job(), &job)?;
    }
    let before = last.map_or(0, |line| line.n);
    let log = File::create(place.log())?;
    let own = fs::read_link("/proc/self/exe")?;
    let mut program = Program::new(own).arg("work").arg(place.directory());
    // What names this connection means nothing to what outlives it.
    let lasting =
        |(name, _): &(&OsString, &OsString)| !name.as_encoded_bytes().starts_with(b"SSH_");
    for (name, value) in around.environment.iter().filter(lasting) {
        program = program.env(name, value);
    }
    let pid = program.detach(&log).map_err(io::Error::other)?;
    let clock = SystemClock::start();
    while clock.monotonic() < BEGIN_LIMIT {
        if last_line(place)?.is_some_and(|line| line.n > before) {
            return Ok(());
        }
        // Zombies are not waited for here, and have no command line.
        if fs::read(format!("/proc/{pid}/cmdline")).map_or(true, |line| line.is_empty()) {
            break;
        }
        clock.sleep(TICK);
    }
    if last_line(place)?.is_some_and(|line| line.n > before) {
        return Ok(());
    }
    let log = fs::read_to_string(place.log()).unwrap_or_default();
    Err(io::Error::other(format!(
        "the work did not begin: {}",
        log.trim()
    )))
}

fn last_line(place: &Place) -> io::Result<Option<Line>> {
    match Reader::open(&place.journal()) {
        Ok(mut reader) => {
            let last = reader.more()?.pop();
            Ok(last.and_then(|(_, text)| serde_json::from_str(&text).ok()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Prints what comes after a line, until nothing comes any more.
fn follow(place: &Place, after: u64) -> io::Result<i32> {
    let mut reader = Reader::open(&place.journal())?;
    let clock = SystemClock::start();
    let mut out = io::stdout().lock();
    loop {
        // Before the journal: what was said before the end of the work is read after it.
        let is_over = place.claim()?.is_some();
        let lines = reader.more()?;
        let is_quiet = lines.is_empty();
        for (n, text) in lines {
            if n > after {
                out.write_all(frames(n, &text).as_bytes())?;
                let said = serde_json::from_str::<Line>(&text)
                    .ok()
                    .map(|line| line.said);
                if said.as_ref().is_some_and(Said::is_last) {
                    out.flush()?;
                    return Ok(0);
                }
            }
        }
        out.flush()?;
        if is_over {
            let log = fs::read_to_string(place.log()).unwrap_or_default();
            io::stderr().lock().write_all(log.as_bytes())?;
            return Ok(GONE);
        }
        // Whoever removes the run removes this reader's reason to be.
        if is_quiet && !place.directory().exists() {
            return Ok(GONE);
        }
        clock.sleep(TICK);
    }
}

/// Asks the process that works to stop, waits until it has, and ends what its steps left running.
fn stop(place: &Place) -> io::Result<()> {
    let clock = SystemClock::start();
    let mut reader = Reader::open(&place.journal())?;
    let begun =
        reader
            .more()?
            .into_iter()
            .rev()
            .find_map(
                |(_, text)| match serde_json::from_str::<Line>(&text).ok()?.said {
                    Said::Begun { pid } => Pid::from_raw(i32::try_from(pid).ok()?),
                    _ => None,
                },
            );
    let Some(worker) = begun else {
        return Ok(());
    };
    while place.claim()?.is_none() && clock.monotonic() < BEGIN_LIMIT {
        // The lock is held, so that this number is still the number of who works.
        let _gone = kill_process(worker, Signal::TERM);
        clock.sleep(TICK * 4);
    }
    // A worker that was killed could not end its steps. They are in its session, whose number
    // means nobody else while one of them is left; with a leader it is somebody else's by now.
    let processes = fs::read_dir("/proc")?.flatten().filter_map(|entry| {
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        let (pid, rest) = stat.split_once(' ')?;
        // The name may hold anything; after it come state, parent, group, session.
        let session = rest.rsplit_once(')')?.1.split_whitespace().nth(3)?;
        let is_here = session.parse() == Ok(worker.as_raw_nonzero().get());
        is_here.then(|| Pid::from_raw(pid.parse().ok()?))?
    });
    let left: Vec<Pid> = processes.collect();
    if !left.contains(&worker) {
        for pid in left {
            let _gone = kill_process(pid, Signal::KILL);
        }
    }
    Ok(())
}
