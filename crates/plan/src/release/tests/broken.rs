//! Files that were damaged: refused, or unharmed, and never a panic.

use super::*;

#[test]
fn broken_armor_is_refused_without_a_panic() {
    let good = sign(&text());
    let start = good.find("-----BEGIN PGP SIGNATURE").unwrap() + 30;
    for at in (start..good.len() - 30).step_by(3) {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let outcome = verify(&bytes, &good_ring(), NOW, POLICY);
        // A changed checksum or an unhashed hint changes nothing that is signed.
        if let Ok(verified) = outcome {
            assert_eq!(verified.signed_by, key().fingerprint());
        }
    }
}

proptest::proptest! {
    /// Whatever a keyring or a Release has become, reading it ends with an answer.
    #[test]
    fn reads_anything(edits in proptest::collection::vec((0usize..2000, 0u8..=255), 1..8)) {
        let change = |bytes: &mut [u8]| {
            for (at, value) in &edits {
                let at = at % bytes.len();
                bytes[at] = *value;
            }
        };
        let mut ring = key().cert(Cert::new(BORN));
        change(&mut ring);
        let mut signed = sign(&text()).into_bytes();
        change(&mut signed);
        let broken = Keyring::parse(&ring);
        for ring in [Some(good_ring()), broken.ok()].into_iter().flatten() {
            if let Ok(verified) = verify(&signed, &ring, NOW, POLICY) {
                // Only what is not signed, such as white space, may have changed.
                proptest::prop_assert_eq!(verified.release.date, i64::from(SIGNED));
            }
        }
    }
}
