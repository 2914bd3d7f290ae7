//! As much of a program in ELF as says where its sections are.
//!
//! ```text
//! 7F "ELF", class u8 (1: 32 bits, 2: 64), order u8 (1 little, 2 big)
//! of 64 bits: programs at 32, sections at 40, sizes and counts u16: programs at 54, 56, sections at
//!   58, 60, index of the section of names at 62
//! of 32 bits: 28, 32, 42, 44, 46, 48, 50
//! ```

use std::io;

use goldsmith_disk::read::Disk;

/// Programs have some dozens.
const ROWS_MAX: usize = 4096;
const NAMES_MAX: u64 = 1 << 20;

/// Where something stands in the file, and in memory when it runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub(super) address: u64,
    pub(super) place: u64,
    pub(super) length: u64,
}

pub(super) struct Elf<'d> {
    file: &'d dyn Disk,
    is_big: bool,
    is_wide: bool,
    /// What is loaded.
    pub(super) segments: Vec<Piece>,
    sections: Vec<(String, Piece)>,
}

impl<'d> Elf<'d> {
    /// Reads the tables; `None` when the file is something else.
    pub(super) fn open(file: &'d dyn Disk) -> io::Result<Option<Self>> {
        let mut head = [0; 64];
        if file.size() < 64 {
            return Ok(None);
        }
        file.read_at(0, &mut head)?;
        if !head.starts_with(b"\x7FELF") || !matches!((head[4], head[5]), (1 | 2, 1 | 2)) {
            return Ok(None);
        }
        let mut elf = Self {
            file,
            is_big: head[5] == 2,
            is_wide: head[4] == 2,
            segments: Vec::new(),
            sections: Vec::new(),
        };
        let pick = |narrow: usize, wide: usize| if elf.is_wide { wide } else { narrow };
        let programs = elf.rows(&head, pick(28, 32), pick(42, 54), pick(44, 56))?;
        let sections = elf.rows(&head, pick(32, 40), pick(46, 58), pick(48, 60))?;
        let names = elf.number(&head, pick(50, 62), 2);
        let piece = |row: &[u8], at: [(usize, usize); 3]| {
            let [address, place, length] =
                at.map(|(narrow, wide)| elf.word(row, pick(narrow, wide)));
            Piece {
                address,
                place,
                length,
            }
        };
        let load = programs.iter().filter(|row| elf.number(row, 0, 4) == 1);
        let segments = load
            .map(|row| piece(row, [(8, 16), (4, 8), (16, 32)]))
            .collect();
        let pieces: Vec<(usize, Piece)> = sections
            .iter()
            .map(|row| {
                let name = usize::try_from(elf.number(row, 0, 4)).unwrap_or(usize::MAX);
                (name, piece(row, [(12, 16), (16, 24), (20, 32)]))
            })
            .collect();
        let index = usize::try_from(names).unwrap_or(usize::MAX);
        let text = match pieces.get(index) {
            Some((_, names)) if names.length <= NAMES_MAX => elf.bytes(*names)?,
            _ => Vec::new(),
        };
        let name = |at: usize| {
            let name = text.get(at..).unwrap_or_default();
            let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
            String::from_utf8_lossy(name).into_owned()
        };
        let sections = pieces
            .iter()
            .map(|(at, piece)| (name(*at), *piece))
            .collect();
        elf.segments = segments;
        elf.sections = sections;
        Ok(Some(elf))
    }

    /// The rows of a table, by where the head says its place, the size of a row and their count.
    fn rows(
        &self,
        head: &[u8],
        place: usize,
        size: usize,
        count: usize,
    ) -> io::Result<Vec<Vec<u8>>> {
        // The smaller of the two kinds of rows.
        let least = if self.is_wide { 56 } else { 32 };
        let (place, size) = (self.word(head, place), self.number(head, size, 2));
        let count = usize::try_from(self.number(head, count, 2)).unwrap_or(0);
        if place == 0 || count == 0 {
            return Ok(Vec::new());
        }
        if size < least || count > ROWS_MAX {
            return Err(broken("a table of the program"));
        }
        let length = size * count as u64;
        let bytes = self.bytes(Piece {
            address: 0,
            place,
            length,
        })?;
        let size = usize::try_from(size).map_err(io::Error::other)?;
        Ok(bytes.chunks_exact(size).map(<[u8]>::to_vec).collect())
    }

    pub(super) fn is_big(&self) -> bool {
        self.is_big
    }

    pub(super) fn section(&self, name: &str) -> Option<Piece> {
        let mut sections = self.sections.iter();
        Some(sections.find(|(found, _)| found == name)?.1)
    }

    /// Whether it has a table of sections.
    pub(super) fn has_sections(&self) -> bool {
        !self.sections.is_empty()
    }

    /// The bytes of a piece, which whoever asks has found to be not too many.
    pub(super) fn bytes(&self, piece: Piece) -> io::Result<Vec<u8>> {
        let end = piece.place.checked_add(piece.length);
        if end.is_none_or(|end| end > self.file.size()) {
            return Err(broken("a part of the program is outside of it"));
        }
        let mut bytes = vec![0; usize::try_from(piece.length).map_err(io::Error::other)?];
        self.file.read_at(piece.place, &mut bytes)?;
        Ok(bytes)
    }

    /// Bytes by their address in memory.
    pub(super) fn at_address(&self, address: u64, length: u64) -> io::Result<Vec<u8>> {
        let around = self.segments.iter().find_map(|segment| {
            let inside = address.checked_sub(segment.address)?;
            let fits = inside.checked_add(length)? <= segment.length;
            fits.then(|| segment.place.saturating_add(inside))
        });
        let place = around.ok_or_else(|| broken("an address is outside of the program"))?;
        self.bytes(Piece {
            address,
            place,
            length,
        })
    }

    /// A number of so many bytes.
    pub(super) fn number(&self, bytes: &[u8], at: usize, length: usize) -> u64 {
        let bytes = bytes.get(at..at + length).unwrap_or_default();
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        if self.is_big {
            bytes.iter().fold(0, add)
        } else {
            bytes.iter().rev().fold(0, add)
        }
    }

    /// A number as wide as an address.
    fn word(&self, bytes: &[u8], at: usize) -> u64 {
        self.number(bytes, at, if self.is_wide { 8 } else { 4 })
    }
}

pub(super) fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
