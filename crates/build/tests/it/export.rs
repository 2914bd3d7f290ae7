//! Handing images over: the right bytes or none, whatever happens on the way.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use goldsmith_build::export::{ExportError, to_file, to_stream};
use goldsmith_build::record::{Artifact, Image, Record};
use goldsmith_core::cx::{Cancel, Cx};
use goldsmith_core::digest::Sha256;
use goldsmith_core::event::{Event, EventSink};
use goldsmith_core::failure::{Class, Failure as _};
use goldsmith_core::recipe::Firmware;
use goldsmith_disk::fmt::{Format, all};
use goldsmith_disk::sparse::{CHUNK, DiskDigest, is_zero};
use goldsmith_testing::clock::FakeClock;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

const SIZE: u64 = 24 << 20;

/// An image of a disk with some data, and a folder for what is made of it.
struct World {
    image: Image,
    out: PathBuf,
    cx: Cx,
    _root: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let (folder, out) = (root.path().join("image"), root.path().join("out"));
        fs::create_dir(&folder).unwrap();
        fs::create_dir(&out).unwrap();
        let file = File::create(folder.join("disk.raw")).unwrap();
        file.set_len(SIZE).unwrap();
        for (offset, length) in [(5_000, 300_000), (9 << 20, 2 << 20), (20 << 20, 70_000)] {
            let text = (0u32..).flat_map(|n| {
                (n.wrapping_mul(2_654_435_761) >> 7)
                    .to_string()
                    .into_bytes()
            });
            file.write_all_at(&text.take(length).collect::<Vec<u8>>(), offset)
                .unwrap();
        }
        let bytes = fs::read(folder.join("disk.raw")).unwrap();
        let mut digest = DiskDigest::default();
        for (index, chunk) in (0..).zip(bytes.chunks(CHUNK)).filter(|(_, c)| !is_zero(c)) {
            digest.add(index, *Sha256::of(chunk).as_bytes());
        }
        let mut record = Record::new("web", Sha256::of(b"key"));
        record.boot = vec![Firmware::Uefi];
        record.artifacts = vec![Artifact {
            file: "disk.raw".into(),
            kind: "raw".into(),
            size_bytes: SIZE,
            allocated_bytes: 0,
            digest: Sha256::from_bytes(digest.finish(SIZE)),
            sha256: Some(Sha256::of(&bytes)),
        }];
        Self {
            image: Image { record, folder },
            out,
            cx: Cx::silent(Arc::new(FakeClock::at(0))),
            _root: root,
        }
    }

    fn target(&self, format: &Format) -> PathBuf {
        self.out.join(format!("web{}", format.endings[0]))
    }

    #[track_caller]
    fn assert_nothing_there(&self) {
        let left: Vec<_> = fs::read_dir(&self.out)
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        assert!(left.is_empty(), "left: {left:?}");
    }
}

/// What may be written before `take` says no.
struct Pipe<F>(F);

impl<F: FnMut(&[u8]) -> io::Result<()>> io::Write for Pipe<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (self.0)(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_stream_has_the_bytes_of_a_file() {
    let world = World::new();
    for format in all() {
        let target = world.target(format);
        let written = to_file(&world.cx, &world.image, format, &target, false).unwrap();
        let bytes = fs::read(&target).unwrap();
        assert_eq!(written.size_bytes, bytes.len() as u64, "{}", format.name);
        assert_eq!(written.sha256, Some(Sha256::of(&bytes)), "{}", format.name);
        assert_eq!(written.digest, world.image.record.artifacts[0].digest);

        let mut stream = Vec::new();
        let streamed = to_stream(&world.cx, &world.image, format, &mut stream);
        match (format.unstreamed, streamed) {
            (None, Ok(streamed)) => {
                assert!(stream == bytes, "{}: other bytes", format.name);
                assert_eq!(streamed.sha256, written.sha256, "{}", format.name);
            }
            (Some(_), Err(error)) => {
                assert_eq!(error.class(), Class::Usage);
                assert!(error.hints()[0].contains("raw.zst"), "{:?}", error.hints());
                assert!(stream.is_empty());
            }
            (_, other) => panic!("{}: {other:?}", format.name),
        }
    }
}

#[test]
fn a_changed_disk_is_not_handed_over() {
    let world = World::new();
    let disk = File::options()
        .write(true)
        .open(world.image.path("disk.raw"))
        .unwrap();
    disk.write_all_at(b"x", 15 << 20).unwrap();
    for format in all() {
        let error =
            to_file(&world.cx, &world.image, format, &world.target(format), true).unwrap_err();
        assert!(
            matches!(error, ExportError::Changed { .. }),
            "{}: {error}",
            format.name
        );
        if format.unstreamed.is_none() {
            let error = to_stream(&world.cx, &world.image, format, &mut io::sink()).unwrap_err();
            assert_eq!(error.class(), Class::Policy, "{}: {error}", format.name);
        }
    }
    disk.set_len(SIZE - CHUNK as u64).unwrap();
    let error = to_file(
        &world.cx,
        &world.image,
        all()[0],
        &world.target(all()[0]),
        true,
    )
    .unwrap_err();
    assert!(matches!(error, ExportError::Changed { .. }), "{error}");
    disk.set_len(10 << 20).unwrap();
    let error = to_file(
        &world.cx,
        &world.image,
        all()[0],
        &world.target(all()[0]),
        true,
    )
    .unwrap_err();
    assert!(matches!(error, ExportError::Changed { .. }), "{error}");
    world.assert_nothing_there();
}

/// Asks to stop when it hears of progress.
#[derive(Default)]
struct Impatient(OnceLock<Cancel>);

impl EventSink for Impatient {
    fn emit(&self, event: Event) {
        if matches!(event, Event::Progress { .. }) {
            self.0.get().unwrap().cancel();
        }
    }
}

#[test]
fn stops_half_way_and_leaves_nothing() {
    let world = World::new();
    for format in all() {
        let sink = Arc::new(Impatient::default());
        let cx = Cx::new(
            Arc::new(FakeClock::at(0)),
            Arc::clone(&sink) as Arc<dyn EventSink>,
        );
        sink.0.set(cx.cancel.clone()).unwrap();
        let error = to_file(&cx, &world.image, format, &world.target(format), false).unwrap_err();
        assert!(
            matches!(error, ExportError::Cancelled(_)),
            "{}: {error}",
            format.name
        );
    }
    world.assert_nothing_there();
}

/// A small file system that goes with the test.
struct SmallDisk<'w>(&'w Path);

impl<'w> SmallDisk<'w> {
    fn new(place: &'w Path) -> Self {
        let size = Some(c"size=300k");
        mount("tmpfs", place, "tmpfs", MountFlags::empty(), size)
            .expect("this test needs root: it mounts a tmpfs");
        Self(place)
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        unmount(self.0, UnmountFlags::DETACH).unwrap();
    }
}

#[test]
fn a_full_disk_is_said_and_nothing_is_left() {
    let world = World::new();
    let _disk = SmallDisk::new(&world.out);
    for format in all() {
        let target = world.target(format);
        let error = to_file(&world.cx, &world.image, format, &target, false).unwrap_err();
        assert_eq!(
            error.class(),
            Class::Environment,
            "{}: {error}",
            format.name
        );
        let hints = error.hints();
        assert!(hints[0].contains("make room"), "{}: {hints:?}", format.name);
        world.assert_nothing_there();
    }
}

#[test]
fn a_reader_that_goes_away_ends_it() {
    let world = World::new();
    for format in all().iter().filter(|format| format.unstreamed.is_none()) {
        let mut room = 100_000usize;
        let mut pipe = Pipe(|bytes: &[u8]| {
            room = room
                .checked_sub(bytes.len())
                .ok_or(io::ErrorKind::BrokenPipe)?;
            Ok(())
        });
        let error = to_stream(&world.cx, &world.image, format, &mut pipe).unwrap_err();
        assert!(error.to_string().contains("standard output"), "{error}");
        assert_eq!(error.class(), Class::Environment);
    }
}

#[test]
fn what_is_there_stays() {
    let world = World::new();
    let export = |target: &Path, is_forced| {
        to_file(&world.cx, &world.image, all()[0], target, is_forced)
            .map_err(|error| error.to_string())
    };
    let target = world.out.join("web.raw");
    fs::write(&target, "mine").unwrap();
    assert!(export(&target, false).unwrap_err().contains("exists"));
    assert_eq!(fs::read(&target).unwrap(), b"mine");
    for place in [Path::new("/dev/null"), &world.out] {
        assert!(export(place, true).unwrap_err().contains("is not a file"));
    }
    export(&target, true).unwrap();
    assert_eq!(fs::metadata(&target).unwrap().len(), SIZE);
}
