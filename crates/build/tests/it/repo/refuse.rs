//! Archives that must not be used, each with its own message.

use goldsmith_plan::lock::Request;
use goldsmith_testing::mirror::Fault;

use super::*;

/// Locking is refused in these words, and nothing of the index comes into the store.
fn refuses(bench: &Bench, message: &str) {
    let error = bench.lock().expect_err(message);
    assert_eq!(words(&error), message);
}

fn head(bench: &Bench) -> PathBuf {
    bench.root().join("dists/bookworm/InRelease")
}

fn edit(bench: &Bench, change: impl FnOnce(String) -> String) {
    let text = std::fs::read_to_string(head(bench)).unwrap();
    std::fs::write(head(bench), change(text)).unwrap();
}

#[test]
fn signatures() {
    let bench = Bench::new();
    edit(&bench, |text| text.replace("Origin: Test", "Origin: Evil"));
    let message = format!(
        "suite `bookworm` cannot be used: the signature of the Release file by key {} is bad",
        key().fingerprint()
    );
    refuses(&bench, &message);

    let bench = Bench::new();
    edit(&bench, |text| {
        let start = text.find("Origin").unwrap();
        let end = text.find("-----BEGIN PGP SIGNATURE").unwrap();
        text[start..end].to_owned()
    });
    refuses(
        &bench,
        "suite `bookworm` cannot be used: the Release file is not signed",
    );

    let bench = Bench::new();
    let stranger = TestKey::new(7, BORN);
    write(
        &bench.root(),
        &Suite::new("bookworm", MADE, packages()),
        &stranger,
    );
    let message = format!(
        "suite `bookworm` cannot be used: the Release file is signed by unknown keys only: {}",
        stranger.fingerprint()
    );
    refuses(&bench, &message);
}

#[test]
fn expired() {
    let suite = Suite {
        fields: "Valid-Until: Thu, 16 Nov 2023 10:00:00 UTC\n",
        ..Suite::new("bookworm", MADE, packages())
    };
    let mut bench = Bench::with(&suite);
    refuses(
        &bench,
        "suite `bookworm` cannot be used: the Release file was valid until 2023-11-16 10:00 UTC, \
         and now it is 2023-11-16 22:13 UTC",
    );
    bench.source.check_valid_until = false;
    let section = bench.lock().unwrap();
    let is_waived =
        matches!(&section.request, Request::Debian(request) if request.valid_until_waived);
    assert!(is_waived, "and the lock says so");
    assert!(section.releases[0].valid_until.is_some());
}

#[test]
fn replayed() {
    let bench = Bench::new();
    let newer = Suite::new("bookworm", MADE + 3600, packages());
    write(&bench.root(), &newer, &key());
    let locked = bench.lock().unwrap();
    write(
        &bench.root(),
        &Suite::new("bookworm", MADE, packages()),
        &key(),
    );
    for update in [Update::None, Update::All] {
        let error = bench
            .lock_with(&bench.fetch, Some(&locked), update)
            .unwrap_err();
        assert_eq!(
            words(&error),
            "suite `bookworm` cannot be used: the Release file is of 2023-11-15 22:13 UTC, \
             older than the locked one of 2023-11-15 23:13 UTC"
        );
    }
}

#[test]
fn another_suite() {
    let bench = Bench::new();
    let bullseye = write(
        &bench.root(),
        &Suite::new("bullseye", MADE, packages()),
        &key(),
    );
    std::fs::copy(bullseye.join("InRelease"), head(&bench)).unwrap();
    refuses(
        &bench,
        "suite `bookworm` cannot be used: asked for suite `bookworm`, \
         got the Release file of `bullseye` (`bullseye`)",
    );
}

#[test]
fn indices() {
    for (fault, detail) in [
        (Fault::Corrupt { at: 30 }, "expected SHA-256"),
        (Fault::Resize { by: 1 }, "the server says"),
        (Fault::Resize { by: -1 }, "the server says"),
    ] {
        let bench = Bench::new();
        bench.mirror.fault("by-hash", 99, fault);
        let text = words(&bench.lock().unwrap_err());
        let start = "suite `bookworm` cannot be used: index `main/binary-amd64/Packages.xz` \
                     is not the one that was signed: ";
        assert!(text.starts_with(start) && text.contains(detail), "{text}");
    }
}

#[test]
fn no_such_component_or_suite() {
    let mut bench = Bench::new();
    bench.source.components.push("contrib".to_owned());
    refuses(
        &bench,
        "suite `bookworm` cannot be used: the Release file of `bookworm` knows no \
         `contrib/binary-amd64/Packages`",
    );
    let mut bench = Bench::new();
    bench.source.suite = "bookwurm".to_owned();
    let text = words(&bench.lock().unwrap_err());
    assert!(
        text.starts_with("cannot fetch the signed head of suite `bookwurm`: "),
        "{text}"
    );
    assert!(text.ends_with("InRelease` does not exist"), "{text}");
    let mut bench = Bench::new();
    bench.source.security = true;
    let error = bench.lock().unwrap_err();
    assert!(error.hints()[0].contains("`security = false`"), "{error}");
}

#[test]
fn no_mirror() {
    let bench = Bench::new();
    let mirrors = Mirrors::default();
    let archive = Archive {
        mirrors: &mirrors,
        keyring: &bench.keyring,
        fetch: &bench.fetch,
        store: &bench.store,
    };
    let error = lock(&bench.cx, archive, bench.wanted(), None, Update::None).unwrap_err();
    assert_eq!(words(&error), "no mirror is known for suite `bookworm`");
}

/// The signed plain size bounds what is unpacked: here the packed form holds far more.
#[test]
fn more_than_was_signed() {
    let many = Package::new(
        "filler",
        "1",
        &[&format!("Description: {}", "x".repeat(1 << 20))],
    );
    let big = Suite::new("bookworm", MADE, vec![many]);
    let bench = Bench::with(&big);
    let bomb = std::fs::read(head(&bench)).unwrap();
    let text = String::from_utf8(bomb).unwrap();
    // Signs the head anew with a plain size of ten bytes.
    let start = text.find("Origin").unwrap();
    let end = text.find("-----BEGIN PGP SIGNATURE").unwrap();
    let plain = text[start..end]
        .lines()
        .find(|line| line.ends_with("Packages"))
        .unwrap();
    let words_of: Vec<_> = plain.split_whitespace().collect();
    let small = plain.replace(words_of[1], "10");
    let changed = text[start..end].replace(plain, &small);
    let signer = (&key(), goldsmith_testing::key::Made::at(MADE));
    let signed = goldsmith_testing::key::clearsign(&changed, &[signer]);
    std::fs::write(head(&bench), signed).unwrap();
    refuses(
        &bench,
        "index `main/binary-amd64/Packages.xz` of suite `bookworm` cannot be unpacked: \
         it has more than the signed 10 bytes",
    );
}

/// A package whose path leads out of the archive never gets into a lock.
#[test]
fn a_hostile_index() {
    let evil = Package::new("nginx", "1/../../x", &[]);
    let mut all = packages();
    all[2] = evil;
    let bench = Bench::with(&Suite::new("bookworm", MADE, all));
    let text = words(&bench.lock().unwrap_err());
    assert!(
        text.starts_with("an index of the archive cannot be read: "),
        "{text}"
    );
    assert!(text.contains("package `nginx`: field `Version`"), "{text}");
}
