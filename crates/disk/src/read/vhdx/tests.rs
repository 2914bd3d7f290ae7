use proptest::prelude::*;

use super::*;
use crate::read::form::tests::{flip, sample, stored};

#[test]
fn what_we_write() {
    let disk = Vhdx::open(stored("vhdx")).unwrap();
    let expected = sample();
    let mut bytes = vec![1; expected.len()];
    disk.read_at(0, &mut bytes).unwrap();
    assert!(bytes == expected);
}

#[test]
fn refuses() {
    let with = |at: usize, value: u8| {
        let mut file = stored("vhdx");
        file[at] = value;
        Vhdx::open(file).map(drop).map_err(|e| e.to_string())
    };
    let broken = |what: &str| Err(format!("the VHDX file is broken: {what}"));
    assert_eq!(with(0, b'v'), Ok(()));
    assert_eq!(with(64 << 10, 0), Ok(()), "the second header is there");
    assert_eq!(with(192 << 10, 0), broken("it has no table of regions"));
    assert_eq!(with(2 << 20, 0), broken("its metadata"));
    assert_eq!(
        with((2 << 20) + (64 << 10) + 12, 0xFF),
        broken("its table does not fit its size")
    );
}

proptest! {
    #[test]
    fn survives(changes in proptest::collection::vec((any::<u32>(), any::<u8>()), 1..6), cut in 0u32..8) {
        let metadata = 2 << 20;
        let places = [metadata..metadata + 200, metadata + 65_536..metadata + 65_600, 3 << 20..(3 << 20) + 64];
        flip(stored("vhdx"), &changes, cut, &places, |file| Vhdx::open(file).ok());
    }
}
