//! The strict fake of AWS as a program of its own: what `cargo xtask bench aws` measures against.
//!
//! `aws SECONDS [PROGRAM]` lets what is pending be so for that long, by this host's clock. It prints its
//! URL and the image that instances may start from. With a program, which is put there and whose libraries
//! it has, there is a real machine with `sshd` behind every instance. Each line that it reads is answered
//! with the calls since the last one: `PutSnapshotBlock=20 StartSnapshot=1`. It ends when there is nothing
//! to read any more.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use goldsmith_testing::aws::{BLOCK_BYTES, Fake, Host, Launch, Options};
use goldsmith_testing::remote::Remote;

/// So many blocks that it is sent go to memory that was touched before: 1 GiB.
const TOUCHED_BLOCKS: usize = 2048;

fn main() -> io::Result<()> {
    // The first touch of memory can cost more than all the rest that is done with a block, and would be
    // measured in its place. It is given back to the allocator, which keeps it: see the benchmark.
    let blocks = (0..TOUCHED_BLOCKS).map(|_| vec![1; BLOCK_BYTES]);
    drop(std::hint::black_box(blocks.collect::<Vec<Vec<u8>>>()));
    let arguments: Vec<String> = std::env::args().collect();
    let seconds = arguments.get(1);
    let seconds = seconds.ok_or_else(|| io::Error::other("aws SECONDS [PROGRAM]"))?;
    let fake = Fake::start(Options {
        milliseconds_per_call: 0,
        is_real_time: true,
        settle_seconds: seconds.parse().map_err(io::Error::other)?,
        ..Options::default()
    });
    let base = fake.base_image();
    let program = arguments.get(2);
    let machine = program.map(|program| Arc::new(Remote::start(Path::new(&program))));
    if let Some(machine) = machine {
        fake.hosts(move |launch| behind(&machine, launch));
    }
    let mut out = io::stdout().lock();
    writeln!(out, "{} {base}", fake.url())?;
    out.flush()?;
    let mut told = 0;
    for line in io::stdin().lock().lines() {
        line?;
        let log = fake.log();
        let mut calls: BTreeMap<&str, usize> = BTreeMap::new();
        for logged in log.iter().skip(told) {
            *calls.entry(&logged.action).or_default() += 1;
        }
        told = log.len();
        let calls: Vec<String> = calls
            .iter()
            .map(|(name, of)| format!("{name}={of}"))
            .collect();
        writeln!(out, "{}", calls.join(" "))?;
        out.flush()?;
    }
    // What others send that is not of the model is said, and no failure here.
    for breach in fake.take_breaches() {
        writeln!(io::stderr(), "not of the service model: {breach}")?;
    }
    Ok(())
}

fn behind(machine: &Remote, launch: &Launch) -> Host {
    let key = launch.public_key.as_deref().unwrap_or_default();
    let host = machine.start_over(key);
    Host {
        address: machine.host().to_owned(),
        console: format!(
            "-----BEGIN SSH HOST KEY KEYS-----\n{host}\n-----END SSH HOST KEY KEYS-----\n"
        ),
    }
}
