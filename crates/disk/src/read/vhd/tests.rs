use proptest::prelude::*;

use super::*;
use crate::read::form::tests::{flip, sample, stored};

#[test]
fn what_we_write() {
    for form in ["vhd", "vhd-dynamic"] {
        let disk = Vhd::open(stored(form)).unwrap();
        let mut expected = sample();
        expected.resize(usize::try_from(disk.size()).unwrap(), 0);
        let mut bytes = vec![1; expected.len()];
        disk.read_at(0, &mut bytes).unwrap();
        assert!(bytes == expected, "{form}");
    }
}

#[test]
fn refuses() {
    let with = |at: usize, value: u8| {
        let mut file = stored("vhd-dynamic");
        let footer = file.len() - 512;
        file[footer + at] = value;
        let sum: u32 = file[footer..].iter().map(|b| u32::from(*b)).sum();
        let own: u32 = file[footer + 64..footer + 68]
            .iter()
            .map(|b| u32::from(*b))
            .sum();
        file[footer + 64..footer + 68].copy_from_slice(&(!(sum - own)).to_be_bytes());
        Vhd::open(file).map(drop).map_err(|e| e.to_string())
    };
    assert_eq!(with(8, 0), Ok(()));
    let broken = |what: &str| Err(format!("the VHD file is broken: {what}"));
    assert_eq!(with(63, 9), broken("its kind"));
    assert_eq!(with(16, 9), broken("it has no header"));
    assert_eq!(with(48, 9), broken("its table does not fit its size"));
    let expected = "the VHD file is a difference to another disk, which is not read here";
    assert_eq!(with(63, 4), Err(expected.to_owned()));
}

proptest! {
    #[test]
    fn survives(changes in proptest::collection::vec((any::<u32>(), any::<u8>()), 1..6), cut in 0u32..8) {
        flip(stored("vhd-dynamic"), &changes, cut, &[512..1100, 1536..1700], |file| Vhd::open(file).ok());
    }
}
