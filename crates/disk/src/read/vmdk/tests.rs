use proptest::prelude::*;

use super::*;
use crate::read::form::tests::{flip, sample, stored};

#[test]
fn what_we_write() {
    let disk = Vmdk::open(stored("vmdk")).unwrap();
    let expected = sample();
    let mut bytes = vec![1; expected.len()];
    disk.read_at(0, &mut bytes).unwrap();
    assert!(bytes == expected);
    let data = disk.next_data(0).unwrap().unwrap();
    assert_eq!(data.start, 64 << 10, "the first grain is a hole");
}

#[test]
fn refuses() {
    let text = |bytes: Vec<u8>| Vmdk::open(bytes).map(drop).map_err(|e| e.to_string());
    let broken = |what: &str| Err(format!("the VMDK file is broken: {what}"));
    assert_eq!(text(b"KDMV".to_vec()), broken("it has no header"));
    let mut delta = stored("vmdk");
    let at = delta
        .windows(18)
        .position(|w| w == b"parentCID=ffffffff")
        .unwrap();
    delta[at + 12] = b'0';
    let expected = "the VMDK file is a difference to another disk, which is not read here";
    assert_eq!(text(delta), Err(expected.to_owned()));
}

proptest! {
    #[test]
    fn survives(changes in proptest::collection::vec((any::<u32>(), any::<u8>()), 1..6), cut in 0u32..8) {
        flip(stored("vmdk"), &changes, cut, &[0..90, 512..1200], |file| Vmdk::open(file).ok());
    }
}
