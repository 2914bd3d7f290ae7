//! Deflate streams one after the other as one stream. Who compresses in one go ends each stream
//! with a last block; here that block becomes one like the others, and an empty stored block after
//! it ends on a byte.
//!
//! ```text
//! made of     block block ... [1 last block] 0-7 bits
//! turned into block block ... [0 last block] [0 00 stored] 0-7 bits, 00 00 FF FF
//! ```
//!
//! Where the last block begins is only known when all before it was read, code by code; what the
//! codes stand for is not asked. Source: RFC 1951.

/// Bits of the longest code.
const CODE_MAX: usize = 15;
/// In which order the lengths of the codes of lengths come.
const ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];
/// How many bits an entry of a table takes away, with those that follow the code.
const BITS: u8 = 0x1F;
/// In an entry of a table: a distance follows, or the block ends.
const LENGTH: u8 = 0x20;
const END: u8 = 0x40;

/// Turns a whole stream into one that goes on. `None`: it is no stream.
pub(super) fn go_on(stream: &mut Vec<u8>) -> Option<()> {
    let (last, end) = last_block(stream)?;
    stream[last / 8] &= !(1 << (last % 8));
    stream.truncate(end.div_ceil(8));
    // The three bits that begin the empty block, if they find no room behind the last.
    if end.div_ceil(8) * 8 - end < 3 {
        stream.push(0);
    }
    stream.extend([0, 0, 0xFF, 0xFF]);
    Some(())
}

/// The first bit of the last block, and the bit after it.
fn last_block(stream: &[u8]) -> Option<(usize, usize)> {
    let mut bits = Bits {
        bytes: stream,
        next: 0,
        buffer: 0,
        count: 0,
    };
    let mut tables = Tables::default();
    loop {
        let start = bits.at();
        let is_last = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => bits.skip_stored()?,
            1 => {
                tables.fixed()?;
                bits.skip_codes(&tables)?;
            }
            2 => {
                tables.read(&mut bits)?;
                bits.skip_codes(&tables)?;
            }
            _ => return None,
        }
        if is_last {
            return Some((start, bits.at()));
        }
    }
}

/// A stream, read from the lowest bit of each byte.
struct Bits<'b> {
    bytes: &'b [u8],
    /// The byte after those in the buffer.
    next: usize,
    buffer: u64,
    /// Bits in the buffer that were not taken.
    count: usize,
}

impl Bits<'_> {
    fn at(&self) -> usize {
        self.next * 8 - self.count
    }

    /// Makes sure of 48 bits, zeros after the end of the stream.
    fn fill(&mut self) {
        if let Some(eight) = self.bytes.get(self.next..self.next + 8) {
            let eight = u64::from_le_bytes(eight.try_into().expect("eight bytes"));
            self.buffer |= eight << self.count;
            let more = (63 - self.count) / 8;
            self.next += more;
            self.count += more * 8;
            // What was put in above the count is put in again by the next.
            self.buffer &= u64::MAX >> (64 - self.count);
        } else {
            while self.count <= 48 {
                let byte = self.bytes.get(self.next).copied().unwrap_or(0);
                self.buffer |= u64::from(byte) << self.count;
                self.next += 1;
                self.count += 8;
            }
        }
    }

    fn drop(&mut self, bits: usize) {
        self.buffer >>= bits;
        self.count -= bits;
    }

    fn low(&self, bits: usize) -> usize {
        usize::try_from(self.buffer & ((1 << bits) - 1)).expect("16 bits at most")
    }

    /// `None` after the end.
    fn take(&mut self, bits: usize) -> Option<usize> {
        self.fill();
        let value = self.low(bits);
        self.drop(bits);
        self.is_inside().then_some(value)
    }

    fn is_inside(&self) -> bool {
        self.at() <= self.bytes.len() * 8
    }

    fn skip_stored(&mut self) -> Option<()> {
        let start = self.at().div_ceil(8);
        let head = self.bytes.get(start..start + 4)?;
        let length = u16::from_le_bytes([head[0], head[1]]);
        if length != !u16::from_le_bytes([head[2], head[3]]) {
            return None;
        }
        (self.next, self.buffer, self.count) = (start + 4 + usize::from(length), 0, 0);
        self.is_inside().then_some(())
    }

    /// What two tables are for, up to the end of the block.
    fn skip_codes(&mut self, tables: &Tables) -> Option<()> {
        loop {
            self.fill();
            let entry = tables.symbols[self.low(CODE_MAX)];
            self.drop(usize::from(entry & BITS));
            if entry & (LENGTH | END) == 0 {
                if entry == 0 {
                    return None;
                }
            } else if entry & LENGTH != 0 {
                let distance = tables.distances[self.low(CODE_MAX)];
                if distance == 0 {
                    return None;
                }
                self.drop(usize::from(distance & BITS));
            } else {
                return self.is_inside().then_some(());
            }
            if self.next > self.bytes.len() + 8 {
                return None;
            }
        }
    }
}

/// By the next 15 bits: what to do, and how many bits that takes; 0: no code.
struct Tables {
    symbols: Vec<u8>,
    distances: Vec<u8>,
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            symbols: vec![0; 1 << CODE_MAX],
            distances: vec![0; 1 << CODE_MAX],
        }
    }
}

impl Tables {
    fn fixed(&mut self) -> Option<()> {
        let mut lengths = [8; 288];
        lengths[144..256].fill(9);
        lengths[256..280].fill(7);
        self.set(&lengths, &[5; 30])
    }

    /// The lengths of codes that a block begins with, themselves in a code.
    fn read(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        let symbols = bits.take(5)? + 257;
        let distances = bits.take(5)? + 1;
        let mut lengths = [0; 19];
        for place in &ORDER[..bits.take(4)? + 4] {
            lengths[*place] = u8::try_from(bits.take(3)?).expect("three bits");
        }
        let mut table = [(0, 0); 1 << 7];
        fill(&mut table, &lengths, |symbol, length| (symbol, length))?;
        let mut lengths: Vec<u8> = Vec::with_capacity(320);
        while lengths.len() < symbols + distances {
            bits.fill();
            let (symbol, length) = table[bits.low(7)];
            if length == 0 {
                return None;
            }
            bits.drop(usize::from(length));
            let (value, times) = match symbol {
                16 => (*lengths.last()?, bits.take(2)? + 3),
                17 => (0, bits.take(3)? + 3),
                18 => (0, bits.take(7)? + 11),
                length => (u8::try_from(length).expect("15 at most"), 1),
            };
            lengths.extend(std::iter::repeat_n(value, times));
        }
        if lengths.len() > symbols + distances || !bits.is_inside() {
            return None;
        }
        let (symbols, distances) = lengths.split_at(symbols);
        self.set(symbols, distances)
    }

    fn set(&mut self, symbols: &[u8], distances: &[u8]) -> Option<()> {
        let extra = |more: usize| u8::try_from(more).expect("13 at most");
        fill(&mut self.symbols, symbols, |symbol, length| match symbol {
            0..256 => length,
            256 => length | END,
            257..265 | 285 => length | LENGTH,
            _ => (length + extra((symbol - 261) / 4)) | LENGTH,
        })?;
        fill(&mut self.distances, distances, |symbol, length| {
            length + extra((symbol / 2).saturating_sub(1).min(13))
        })
    }
}

/// Fills a table by codes of these lengths, of which 0 is none. `None`: there are more than fit.
fn fill<E: Copy + Default>(
    table: &mut [E],
    lengths: &[u8],
    entry: impl Fn(usize, u8) -> E,
) -> Option<()> {
    table.fill(E::default());
    let mut code = 0;
    let mut room = 1 << CODE_MAX;
    for length in 1..=CODE_MAX {
        code <<= 1;
        for (symbol, _) in lengths
            .iter()
            .enumerate()
            .filter(|(_, l)| usize::from(**l) == length)
        {
            room -= 1_i32 << (CODE_MAX - length);
            if room < 0 {
                return None;
            }
            // Codes come with their highest bit first, all else with its lowest.
            let first = usize::from(u16::reverse_bits(code) >> (16 - length));
            let bits = u8::try_from(length).expect("15 at most");
            let of_code = table.iter_mut().skip(first).step_by(1 << length);
            of_code.for_each(|place| *place = entry(symbol, bits));
            code += 1;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::DeflateDecoder;
    use flate2::{Compress, Compression, FlushCompress};
    use libdeflater::{CompressionLvl, Compressor};
    use proptest::prelude::*;
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn deflate(bytes: &[u8], level: i32) -> Vec<u8> {
        let mut compressor = Compressor::new(CompressionLvl::new(level).unwrap());
        let mut stream = vec![0; compressor.deflate_compress_bound(bytes.len())];
        let length = compressor.deflate_compress(bytes, &mut stream).unwrap();
        stream.truncate(length);
        stream
    }

    /// Another one's streams: fixed codes, several blocks.
    fn zlib(bytes: &[u8], level: u32) -> Vec<u8> {
        let mut stream = Vec::with_capacity(bytes.len() * 2 + 100);
        let mut compress = Compress::new(Compression::new(level), false);
        let (half, rest) = bytes.split_at(bytes.len() / 2);
        compress
            .compress_vec(half, &mut stream, FlushCompress::Full)
            .unwrap();
        compress
            .compress_vec(rest, &mut stream, FlushCompress::Finish)
            .unwrap();
        stream
    }

    fn inflate(stream: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        DeflateDecoder::new(stream).read_to_end(&mut bytes).unwrap();
        bytes
    }

    fn check(bytes: &[u8]) {
        let levels = [0, 1, 6, 9, 12];
        let own = levels.map(|level| deflate(bytes, level));
        let others = [0, 1, 6, 9].map(|level| zlib(bytes, level));
        let mut all = Vec::new();
        let mut expected = Vec::new();
        for mut stream in own.into_iter().chain(others) {
            go_on(&mut stream).unwrap();
            all.extend(stream);
            expected.extend(bytes);
        }
        all.extend(deflate(bytes, 6));
        expected.extend(bytes);
        assert!(inflate(&all) == expected, "{} bytes", bytes.len());
    }

    #[test]
    fn streams_become_one() {
        check(b"");
        check(b"a");
        check(&vec![0; 300_000]);
        let numbers = 0..200_000_u32;
        let words = numbers.flat_map(|n| (n.wrapping_mul(n) % 977).to_le_bytes());
        check(&words.collect::<Vec<u8>>());
        let digests = (0..10_000_u32).flat_map(|n| Sha256::digest(n.to_le_bytes()));
        check(&digests.collect::<Vec<u8>>());
    }

    proptest! {
        #[test]
        fn any_bytes_become_one(bytes in prop::collection::vec(any::<u8>(), 0..5000), few in 1..256_u32) {
            let few = u8::try_from(few).unwrap();
            check(&bytes.iter().map(|byte| byte % few.max(1)).collect::<Vec<_>>());
        }

        #[test]
        fn what_is_no_stream_is_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            // It ends, and what it takes for a stream is no longer than the bytes.
            if let Some((last, end)) = last_block(&bytes) {
                prop_assert!(last < end && end <= bytes.len() * 8);
            }
            go_on(&mut bytes);
        }
    }

    #[test]
    fn a_stream_that_is_cut_is_none() {
        let stream = deflate(&b"some words, and some words more, some".repeat(50), 6);
        for length in 0..stream.len() {
            assert_eq!(last_block(&stream[..length]), None, "{length}");
        }
    }
}
