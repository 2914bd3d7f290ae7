//! Every format of a disk, judged by the tools that read it.

mod judge;
mod sample;

use std::fs;
use std::num::NonZero;
use std::path::Path;

use goldsmith_disk::fmt::{Disk, Format, Machine, Source, all};

use sample::{FileTarget, Journal, Sample};

/// Writes a sample in a format, as so many threads do it.
fn write(sample: &Sample, format: &Format, threads: usize, path: &Path) {
    let mut target = FileTarget::create(path);
    let found = format.write(&disk(sample, threads), &mut target).unwrap();
    assert_eq!(
        found,
        sample.digest(),
        "{}: the digest of what was read",
        format.name
    );
    target.finish();
}

fn disk(sample: &Sample, threads: usize) -> Disk<'_> {
    Disk {
        source: sample,
        size: sample.size,
        data: &sample.data,
        digest: sample.digest(),
        machine: Machine {
            name: "web",
            is_uefi: true,
        },
        threads: NonZero::new(threads).unwrap(),
        progress: &|_| Ok(()),
    }
}

fn check(sample: &Sample) {
    let scratch = tempfile::tempdir().unwrap();
    for format in all() {
        let path = scratch.path().join(format!("disk{}", format.endings[0]));
        write(sample, format, 2, &path);
        judge::judge(sample, format.name, &path);
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn small_and_odd_sizes() {
    for size in [1, 512, 4097, 65_536, 65_537, (3 << 20) + 12_345] {
        let mut sample = Sample::new(size);
        sample.fill_all();
        check(&sample);
    }
}

#[test]
fn nothing_but_zeros() {
    check(&Sample::new((9 << 20) + 512));
}

#[test]
fn holes_at_both_ends() {
    let mut sample = Sample::new((40 << 20) + 512);
    sample.text((3 << 20) + 100, 700_000);
    sample.noise((5 << 20) + 4096, 65_536 * 5);
    sample.text(36 << 20, 1 << 20);
    check(&sample);
}

/// What does not become smaller beside what does, so that no cluster is where it is expected.
#[test]
fn compressed_and_plain_by_turns() {
    let mut sample = Sample::new(24 << 20);
    for grain in 0..300 {
        let (at, length) = (grain * 65_536, 65_536);
        match grain % 7 {
            0 | 3 | 4 => sample.noise(at, length),
            5 => sample.text(at + 9_000, 40_000),
            6 => {}
            _ => sample.mixed(at, length),
        }
    }
    for grain in 330..384 {
        sample.noise(grain * 65_536, 65_536);
    }
    check(&sample);
}

/// Data on both sides of where tables of the formats end: 32 MiB, 512 MiB, 2 GiB, 4 GiB.
#[test]
fn more_than_4_gib() {
    let mut sample = Sample::new((5 << 30) + (7 << 20));
    for edge in [32 << 20, 512 << 20, 2 << 30, 4 << 30] {
        sample.text(edge - 100_000, 200_000);
        sample.noise(edge + (1 << 20), 3000);
    }
    sample.text(sample.size - 5000, 5000);
    check(&sample);
}

/// The same bytes whatever the number of threads, and wherever the file system keeps holes.
#[test]
fn deterministic() {
    let mut sample = Sample::new((70 << 20) + 512);
    for grain in (0..900).filter(|grain| grain % 50 < 9 && grain % 5 != 0) {
        sample.mixed(grain * 65_536 + 17, 60_000);
    }
    sample.noise(61 << 20, 1 << 20);
    for format in all() {
        let journal = |threads| {
            let mut journal = Journal::default();
            format.write(&disk(&sample, threads), &mut journal).unwrap();
            journal.finish()
        };
        let expected = journal(1);
        assert_eq!(journal(2), expected, "{} with 2 threads", format.name);
        assert_eq!(journal(7), expected, "{} with 7 threads", format.name);
        let whole = 0..sample.size;
        let disk = Disk {
            data: std::slice::from_ref(&whole),
            ..disk(&sample, 2)
        };
        let mut journal = Journal::default();
        format.write(&disk, &mut journal).unwrap();
        assert_eq!(journal.finish(), expected, "{} without holes", format.name);
    }
}

#[test]
fn stops_and_says_what_failed() {
    struct Broken;
    impl Source for Broken {
        fn read_exact_at(&self, _offset: u64, _buffer: &mut [u8]) -> std::io::Result<()> {
            Err(std::io::Error::other("bad sector"))
        }
    }
    let mut sample = Sample::new(20 << 20);
    sample.text(0, 20 << 20);
    for format in all() {
        let broken = Disk {
            source: &Broken,
            ..disk(&sample, 2)
        };
        let error = format.write(&broken, &mut Journal::default()).unwrap_err();
        assert!(
            error.to_string().contains("read"),
            "{}: {error}",
            format.name
        );
        let stopped = Disk {
            progress: &|_| Err(std::io::Error::other("stop")),
            ..disk(&sample, 2)
        };
        let error = format.write(&stopped, &mut Journal::default()).unwrap_err();
        assert!(
            error.to_string().contains("write"),
            "{}: {error}",
            format.name
        );
    }
}

#[test]
fn refuses_what_does_not_fit() {
    let sample = Sample::new(1 << 20);
    for (name, size) in [
        ("vhd-dynamic", 2041 << 30),
        ("vhdx", 65 << 40),
        ("vmdk", 63 << 40),
        ("ova", 63 << 40),
    ] {
        let disk = Disk {
            size,
            data: &[],
            ..disk(&sample, 1)
        };
        let format = Format::named(name).unwrap();
        let error = format.write(&disk, &mut Journal::default()).unwrap_err();
        assert!(
            error.to_string().contains(&size.to_string()),
            "{name}: {error}"
        );
    }
}
