//! Good and bad Releases, signed by keys made to order.

use goldsmith_core::failure::Failure as _;
use goldsmith_testing::key::{Cert, HashAlgorithm, Made, Subkey, TestKey, clearsign};

use super::*;

mod broken;

/// When the keys are made, 2023-11-14 22:13 UTC.
const BORN: u32 = 1_700_000_000;
const DAY: u32 = 86_400;
/// When the Release is signed: 2023-11-15.
const SIGNED: u32 = BORN + DAY;
/// When we look at it: 2023-11-16.
const NOW: i64 = BORN as i64 + 2 * DAY as i64;
const DATE: &str = "Date: Wed, 15 Nov 2023 22:13:20 UTC\n";
const TABLE: &str = "SHA256:\n ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 3 main/binary-amd64/Packages.xz\n";

fn text() -> String {
    format!(
        "Origin: Test\nSuite: oldstable\nCodename: bookworm\n{DATE}Acquire-By-Hash: yes\n\
         Architectures: amd64 arm64\nComponents: main contrib\n{TABLE}"
    )
}

const POLICY: Policy<'_> = Policy {
    suite: "bookworm",
    check_valid_until: true,
    previous: None,
};

fn key() -> TestKey {
    TestKey::new(1, BORN)
}

fn ring(cert: Cert<'_>) -> Keyring {
    Keyring::parse(&key().cert(cert)).unwrap()
}

fn good_ring() -> Keyring {
    ring(Cert::new(BORN))
}

fn sign(text: &str) -> String {
    clearsign(text, &[(&key(), Made::at(SIGNED))])
}

/// The Release is refused with this message, and with a hint.
fn refuses(signed: &str, keyring: &Keyring, policy: Policy<'_>, message: &str) {
    let error = verify(signed.as_bytes(), keyring, NOW, policy).expect_err(message);
    let expected = message.replace("{key}", &key().fingerprint());
    assert_eq!(error.to_string(), expected);
    assert!(!error.hints().is_empty(), "{error}");
}

fn refuses_key(cert: Cert<'_>, message: &str) {
    refuses(&sign(&text()), &ring(cert), POLICY, message);
}

fn refuses_text(text: &str, message: &str) {
    refuses(&sign(text), &good_ring(), POLICY, message);
}

#[test]
fn good() {
    let signed = sign(&text());
    let verified = verify(signed.as_bytes(), &good_ring(), NOW, POLICY).unwrap();
    assert_eq!(verified.signed_by, key().fingerprint());
    assert_eq!(verified.sha256, Sha256::of(signed.as_bytes()));
    let release = &verified.release;
    assert_eq!(release.date, i64::from(SIGNED));
    assert_eq!(release.components, ["main", "contrib"]);
    assert!(release.by_hash);
    let (form, file) = release
        .index("main/binary-amd64/Packages", &[".zst", ".xz", ""])
        .unwrap();
    assert_eq!(
        (form, file.size, file.sha256),
        (".xz", 3, Sha256::of(b"abc"))
    );
    let error = release
        .index("main/binary-s390x/Packages", &[".xz"])
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the Release file of `bookworm` knows no `main/binary-s390x/Packages`"
    );
    assert_eq!(
        error.hints(),
        ["it has components main contrib; architectures amd64 arm64"]
    );
}

#[test]
fn armored_keyring_of_several_blocks() {
    let other = TestKey::new(9, BORN).armored_cert(Cert::new(BORN));
    let file = format!(
        "A comment.\n{other}\n{}",
        key().armored_cert(Cert::new(BORN))
    );
    let keyring = Keyring::parse(file.as_bytes()).unwrap();
    verify(sign(&text()).as_bytes(), &keyring, NOW, POLICY).unwrap();
}

#[test]
fn no_keyring() {
    for bytes in [
        &b""[..],
        b"nonsense",
        b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n!!",
        &[0xff; 100],
    ] {
        let error = Keyring::parse(bytes).unwrap_err();
        assert!(error.to_string().starts_with("not a keyring"), "{error}");
    }
}

#[test]
fn debians_keys_can_be_read() {
    let keyring = format!("{:?}", Keyring::debian());
    assert!(
        keyring.contains("b8b80b5b623eab6ad8775c45b7c5d7d6350947f8"),
        "bookworm's"
    );
}

#[test]
fn one_good_signature_is_enough() {
    let stranger = TestKey::new(2, BORN);
    let signed = clearsign(
        &text(),
        &[(&stranger, Made::at(SIGNED)), (&key(), Made::at(SIGNED))],
    );
    verify(signed.as_bytes(), &good_ring(), NOW, POLICY).unwrap();
}

#[test]
fn signing_subkey() {
    let subkey = TestKey::new(3, BORN);
    let signed = clearsign(&text(), &[(&subkey, Made::at(SIGNED))]);
    let good = Subkey::new(&subkey, BORN);
    let cert = |subkey| Cert {
        subkey: Some(subkey),
        ..Cert::new(BORN)
    };
    let verified = verify(signed.as_bytes(), &ring(cert(good)), NOW, POLICY).unwrap();
    assert_eq!(
        verified.signed_by,
        key().fingerprint(),
        "the primary key is named"
    );
    for (bad, reason) in [
        (
            Subkey {
                consents: false,
                ..good
            },
            "cannot be used: its subkey has not signed that it belongs to it",
        ),
        (
            Subkey {
                can_sign: false,
                ..good
            },
            "cannot be used: its subkey is not meant for signing",
        ),
        (
            Subkey {
                bound: Made::at(u32::MAX),
                ..good
            },
            "cannot be used: its subkey is not bound to it",
        ),
        (
            Subkey {
                revoked: Some(SIGNED),
                ..good
            },
            "is revoked",
        ),
        (
            Subkey {
                expires: Some(DAY + 60),
                ..good
            },
            "expired 2023-11-15 22:14 UTC",
        ),
    ] {
        let message = format!("the Release file is signed by key {{key}}, which {reason}");
        refuses(&signed, &ring(cert(bad)), POLICY, &message);
    }
}

#[test]
fn keys_that_do_not_count() {
    let born = Cert::new(BORN);
    let by = "the Release file is signed by key {key}, which";
    for (cert, reason) in [
        (
            Cert {
                expires: Some(DAY + 60),
                ..born
            },
            "expired 2023-11-15 22:14 UTC",
        ),
        (
            Cert {
                revoked: Some(BORN + 60),
                ..born
            },
            "is revoked",
        ),
        (
            Cert {
                bound: None,
                ..born
            },
            "cannot be used: it has no valid self-signature",
        ),
        (
            Cert {
                bound: Some(Made {
                    lasts: Some(DAY),
                    ..Made::at(BORN)
                }),
                ..born
            },
            "cannot be used: it has no valid self-signature",
        ),
        (
            Cert {
                bound: Some(Made::at(u32::MAX)),
                ..born
            },
            "cannot be used: it has no valid self-signature",
        ),
        (
            Cert {
                can_sign: false,
                ..born
            },
            "cannot be used: it is not meant for signing",
        ),
    ] {
        refuses_key(cert, &format!("{by} {reason}"));
    }
    let early = clearsign(&text(), &[(&key(), Made::at(BORN - 60))]);
    let message = format!("{by} cannot be used: it is younger than the signature");
    refuses(&early, &good_ring(), POLICY, &message);
}

/// RSA is the one kind that would sign a weak digest, and a short key.
#[test]
fn weak_digests_and_keys() {
    let rsa = TestKey::rsa(2048, 4, BORN);
    let ring = |cert| Keyring::parse(&rsa.cert(cert)).unwrap();
    let weak = |hash| Made {
        hash,
        ..Made::at(SIGNED)
    };
    let good = clearsign(&text(), &[(&rsa, Made::at(SIGNED))]);
    verify(good.as_bytes(), &ring(Cert::new(BORN)), NOW, POLICY).unwrap();
    for (hash, name) in [(HashAlgorithm::Sha1, "SHA1"), (HashAlgorithm::Md5, "MD5")] {
        let signed = clearsign(&text(), &[(&rsa, weak(hash))]);
        let message = format!("the signature of the Release file uses {name}, which can be forged");
        refuses(&signed, &ring(Cert::new(BORN)), POLICY, &message);
        let bound_weakly = Cert {
            bound: Some(weak(hash)),
            ..Cert::new(BORN)
        };
        let error = verify(good.as_bytes(), &ring(bound_weakly), NOW, POLICY).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("it has no valid self-signature"),
            "{error}"
        );
    }
    let short = TestKey::rsa(1024, 5, BORN);
    let signed = clearsign(&text(), &[(&short, Made::at(SIGNED))]);
    let keyring = Keyring::parse(&short.cert(Cert::new(BORN))).unwrap();
    let error = verify(signed.as_bytes(), &keyring, NOW, POLICY).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("an RSA key of less than 2048 bits"),
        "{error}"
    );
}

#[test]
fn signatures_that_do_not_count() {
    let bad = "the signature of the Release file by key {key} is bad";
    let tampered = sign(&text()).replace("3 main/", "4 main/");
    refuses(&tampered, &good_ring(), POLICY, bad);
    let stranger = TestKey::new(2, BORN);
    let message = format!(
        "the Release file is signed by unknown keys only: {}",
        stranger.fingerprint()
    );
    let signed = clearsign(&text(), &[(&stranger, Made::at(SIGNED))]);
    refuses(&signed, &good_ring(), POLICY, &message);
    for (made, message) in [
        (
            Made {
                lasts: Some(60),
                ..Made::at(SIGNED)
            },
            "the signature of the Release file expired 2023-11-15 22:14 UTC",
        ),
        (
            Made::at(BORN + 10 * DAY),
            "the Release file is of 2023-11-24 22:13 UTC, and now it is 2023-11-16 22:13 UTC",
        ),
    ] {
        let signed = clearsign(&text(), &[(&key(), made)]);
        refuses(&signed, &good_ring(), POLICY, message);
    }
}

#[test]
fn frames() {
    let good = sign(&text());
    let body = good.find("-----BEGIN PGP SIGNATURE").unwrap();
    let outside = "the Release file has text outside of its signed part";
    let unsigned = "the Release file is not signed";
    for (signed, message) in [
        (text(), unsigned),
        (String::new(), unsigned),
        (good[..body].to_owned(), unsigned),
        (
            format!(
                "{}-----BEGIN PGP SIGNATURE-----\n\n=twTO\n-----END PGP SIGNATURE-----\n",
                &good[..body]
            ),
            unsigned,
        ),
        (format!("Suite: evil\n{good}"), outside),
        (format!("{good}Suite: evil\n"), outside),
        (format!("{good}{good}"), outside),
        (
            good.replace("-----END PGP SIGNATURE-----", ""),
            "the Release file is malformed: its signature has no end",
        ),
        (
            good.replacen("Hash: SHA256", "NotDashEscaped: yes", 1),
            "the Release file is malformed: it has a header other than `Hash`",
        ),
        (
            good.replacen("Origin:", "-Origin:", 1),
            "the Release file is malformed: it has a line with an unescaped dash",
        ),
        (
            good.replacen("Origin:", "Ori\rgin:", 1),
            "the Release file is malformed: it has control characters",
        ),
    ] {
        refuses(&signed, &good_ring(), POLICY, message);
    }
    let error = verify(b"\xff\xfe", &good_ring(), NOW, POLICY).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the Release file is malformed: it is not UTF-8"
    );
    // Line ends are not part of what is signed.
    let dos = good.replace('\n', "\r\n");
    verify(dos.as_bytes(), &good_ring(), NOW, POLICY).unwrap();
}

#[test]
fn dates() {
    let ended = format!("{}Valid-Until: Thu, 16 Nov 2023 10:00:00 UTC\n", text());
    let message =
        "the Release file was valid until 2023-11-16 10:00 UTC, and now it is 2023-11-16 22:13 UTC";
    refuses_text(&ended, message);
    let waived = Policy {
        check_valid_until: false,
        ..POLICY
    };
    verify(sign(&ended).as_bytes(), &good_ring(), NOW, waived).unwrap();
    refuses_text(
        &text().replace(DATE, "Date: Fri, 17 Nov 2023 00:00:00 UTC\n"),
        "the Release file is of 2023-11-17 00:00 UTC, and now it is 2023-11-16 22:13 UTC",
    );
    let behind = Policy {
        previous: Some(i64::from(SIGNED) + 1),
        ..POLICY
    };
    let message = "the Release file is of 2023-11-15 22:13 UTC, older than the locked one of 2023-11-15 22:13 UTC";
    refuses(&sign(&text()), &good_ring(), behind, message);
    let same = Policy {
        previous: Some(i64::from(SIGNED)),
        ..POLICY
    };
    verify(sign(&text()).as_bytes(), &good_ring(), NOW, same).unwrap();
}

#[test]
fn suites() {
    for (suite, is_right) in [
        ("bookworm", true),
        ("oldstable", true),
        ("trixie", false),
        ("", false),
    ] {
        let policy = Policy { suite, ..POLICY };
        let outcome = verify(sign(&text()).as_bytes(), &good_ring(), NOW, policy);
        assert_eq!(outcome.is_ok(), is_right, "{suite}");
    }
    let policy = Policy {
        suite: "trixie",
        ..POLICY
    };
    let message = "asked for suite `trixie`, got the Release file of `oldstable` (`bookworm`)";
    refuses(&sign(&text()), &good_ring(), policy, message);
}

#[test]
fn fields() {
    let bad_line = "field `SHA256` of the Release file has a bad line: ";
    for (from, to, message) in [
        (TABLE, "", "the Release file has no SHA-256 digests"),
        (DATE, "", "field `Date` of the Release file is missing"),
        (
            DATE,
            "Date: yesterday UTC\n",
            "field `Date` of the Release file is no date: `yesterday UTC`",
        ),
        (
            DATE,
            "Date: Wed, 15 Nov 2023 22:13:20 EST\n",
            "field `Date` of the Release file is no date: `Wed, 15 Nov 2023 22:13:20 EST`",
        ),
        (
            DATE,
            "Date: Wed, 15 Nov 99999999 22:13:20 UTC\n",
            "field `Date` of the Release file is no date: `Wed, 15 Nov 99999999 22:13:20 UTC`",
        ),
        (
            "Origin: Test",
            "suite: evil",
            "the Release file is malformed: field `Suite` stands there twice",
        ),
        (
            "Origin: Test",
            "no field",
            "the Release file is malformed: line 1 is no field",
        ),
        (
            "Origin: Test\n",
            "Origin: Test\n\n",
            "the Release file is malformed: line 2 is no field",
        ),
        (" 3 main/", " -3 main/", bad_line),
        (" 3 main/", " main/", bad_line),
        (" 3 main/", " 3 main/../../", bad_line),
        (" 3 main/", " 3 /main/", bad_line),
        ("ba78", "zz78", bad_line),
    ] {
        let signed = sign(&text().replacen(from, to, 1));
        let error = verify(signed.as_bytes(), &good_ring(), NOW, POLICY).expect_err(message);
        assert!(error.to_string().starts_with(message), "{error}");
    }
}
