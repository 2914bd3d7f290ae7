//! Puts blocks into a snapshot, many at once, and writes down each that is there.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Sha256;
use goldsmith_core::event::Unit;
use goldsmith_core::failure::Failure;

use super::super::call::{Retry, Trouble};
use super::super::ebs::{is_put, put_block};
use super::format::{Head, Journal};
use super::gate::{End, Gate, MOST};
use super::{BLOCK, Job, SnapshotError, blocks};

/// Puts those blocks that no earlier call has put; how many.
pub(super) fn upload(
    cx: &Cx,
    job: &Job<'_>,
    head: &Head,
    changes: &BTreeMap<u32, Sha256>,
) -> Result<usize, Box<dyn Failure>> {
    let journal = Journal::open(&job.journal(), head)?;
    let snapshot = head.snapshot.as_str();
    let is_left = |(index, digest): &(&u32, &Sha256)| journal.done.get(index) != Some(digest);
    let left: Vec<(u32, Sha256)> = changes
        .iter()
        .filter(is_left)
        .map(|(index, digest)| (*index, *digest))
        .collect();
    let file = File::open(job.disk).map_err(SnapshotError::file("read", job.disk))?;
    let bytes = left.len() as u64 * BLOCK as u64;
    let phase = cx.phase("upload snapshot", Some((bytes, Unit::Bytes)));
    let sender = Sender {
        cx,
        job,
        snapshot,
        file: &file,
        journal: &journal,
        gate: Gate::new(),
    };
    let (next, done) = (AtomicUsize::new(0), AtomicU64::new(0));
    let is_over = AtomicBool::new(false);
    let failure = Mutex::new(None);
    let work = || {
        while !is_over.load(Ordering::SeqCst) {
            let Some((index, digest)) = left.get(next.fetch_add(1, Ordering::SeqCst)) else {
                return;
            };
            match sender.send(*index, digest) {
                Ok(()) => {
                    let so_far = done.fetch_add(BLOCK as u64, Ordering::SeqCst);
                    phase.progress(so_far + BLOCK as u64);
                }
                Err(error) => {
                    is_over.store(true, Ordering::SeqCst);
                    let mut failure = failure.lock().unwrap_or_else(PoisonError::into_inner);
                    failure.get_or_insert(error);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..left.len().min(MOST) {
            scope.spawn(work);
        }
    });
    if let Some(error) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    phase.finish(format!(
        "{} of {} blocks to `{snapshot}`",
        left.len(),
        job.blocks.count()
    ));
    Ok(left.len())
}

struct Sender<'a> {
    cx: &'a Cx,
    job: &'a Job<'a>,
    snapshot: &'a str,
    file: &'a File,
    journal: &'a Journal,
    gate: Gate,
}

impl Sender<'_> {
    fn send(&self, index: u32, digest: &Sha256) -> Result<(), Box<dyn Failure>> {
        let Self { cx, job, .. } = self;
        let failed = || SnapshotError::file("read", job.disk);
        let block = blocks::read(self.file, job.blocks.size_bytes, index).map_err(failed())?;
        let request = put_block(self.snapshot, index, block.into(), digest);
        let mut retry = Retry::new(job.aws, cx);
        loop {
            let turn = self.gate.enter();
            let answer = job.aws.open(cx, &request);
            let put = answer.and_then(|answer| is_put(cx, answer, digest));
            let end = match &put {
                Ok(()) => End::Taken,
                Err(Trouble::Refused(refusal)) if refusal.is_too_fast() => End::TooFast,
                Err(_) => End::Failed,
            };
            self.gate.leave(&turn, end);
            match put {
                Ok(()) => break,
                // That others are taken is a sign that this one will be.
                Err(trouble) => retry.after(&request, trouble, end == End::TooFast)?,
            }
        }
        let journal = job.journal();
        let noted = self.journal.add(index, digest);
        Ok(noted.map_err(SnapshotError::file("write", &journal))?)
    }
}
