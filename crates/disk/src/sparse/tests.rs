use proptest::prelude::*;

use super::*;

#[derive(Default)]
struct Kept {
    chunks: BTreeMap<u64, Vec<u8>>,
    plain: Option<PlainDigest>,
}

impl Sink for Kept {
    fn put(&mut self, chunk: Chunk) -> io::Result<()> {
        if let Some(plain) = &mut self.plain {
            plain.add(chunk.clone());
        }
        assert_eq!(self.chunks.insert(chunk.index, chunk.bytes), None);
        Ok(())
    }

    fn settled(&mut self, index: u64) -> io::Result<()> {
        if let Some(plain) = &mut self.plain {
            plain.settled(index);
        }
        Ok(())
    }
}

/// A disk cut into regions (end, fill byte; 0 is zeros), given in the order of `order`.
fn assemble(size: u64, cuts: &[(u64, u8)], order: &[usize]) -> (Kept, Vec<u8>) {
    let mut disk = vec![0; usize::try_from(size).unwrap()];
    let mut regions = vec![];
    let mut from = 0;
    for (to, fill) in cuts.iter().copied().chain([(size, 0)]) {
        if to > from {
            disk[usize::try_from(from).unwrap()..usize::try_from(to).unwrap()].fill(fill);
            regions.push((from, to, fill));
            from = to;
        }
    }
    let mut sink = Kept {
        plain: Some(PlainDigest::new(size)),
        ..Kept::default()
    };
    let mut assembler = Assembler::new(size, &mut sink);
    let mut left: Vec<_> = regions;
    for pick in order.iter().copied().chain(std::iter::repeat(0)) {
        if left.is_empty() {
            break;
        }
        let (from, to, fill) = left.remove(pick % left.len());
        if fill == 0 {
            assembler.zeros(from, to - from).unwrap();
        } else {
            let len = usize::try_from(to - from).unwrap();
            assembler.data(from, &vec![fill; len]).unwrap();
        }
    }
    assembler.finish().unwrap();
    (sink, disk)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_order_gives_the_same_disk(
        size in 1_u64..6 << 20,
        mut cuts in prop::collection::vec((0_u64..6 << 20, 0_u8..3), 0..12),
        order in prop::collection::vec(0_usize..64, 0..12),
    ) {
        for cut in &mut cuts {
            cut.0 = cut.0.min(size);
        }
        cuts.sort_unstable();
        let (sink, disk) = assemble(size, &cuts, &order);
        for (index, expected) in disk.chunks(CHUNK).enumerate() {
            match sink.chunks.get(&(index as u64)) {
                Some(bytes) => prop_assert!(bytes == expected && !is_zero(bytes)),
                None => prop_assert!(is_zero(expected)),
            }
        }
        let plain: [u8; 32] = Sha256::digest(&disk).into();
        prop_assert_eq!(sink.plain.unwrap().finish(), plain);
    }
}

#[test]
fn overlaps_and_gaps_are_refused() {
    let mut sink = Kept::default();
    let mut assembler = Assembler::new(1 << 20, &mut sink);
    assembler.data(0, &[1; 4096]).unwrap();
    assert!(assembler.finish().is_err());

    let mut sink = Kept::default();
    let mut assembler = Assembler::new(2 << 20, &mut sink);
    assembler.data(0, &[1; 4096]).unwrap();
    assert!(assembler.data((2 << 20) - 1, &[1; 2]).is_err());
    assert!(assembler.zeros(u64::MAX, 2).is_err());
    assert!(assembler.data(0, &vec![1; CHUNK]).is_err());
}

#[test]
fn digest_is_as_documented() {
    let mut digest = DiskDigest::default();
    let chunk = |index, byte| Chunk {
        index,
        bytes: vec![byte; CHUNK],
    };
    digest.add(7, chunk(7, 2).digest());
    digest.add(0, chunk(0, 1).digest());
    let mut text = b"goldsmith disk digest 1\n".to_vec();
    text.extend((8_u64 << 20).to_le_bytes());
    for (index, byte) in [(0_u64, 1), (7, 2)] {
        text.extend(index.to_le_bytes());
        text.extend(Sha256::digest(vec![byte; CHUNK]));
    }
    let expected: [u8; 32] = Sha256::digest(&text).into();
    assert_eq!(digest.finish(8 << 20), expected);
}
