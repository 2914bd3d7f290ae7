//! When apt first hears of a package.
//!
//! apt numbers packages in the order in which its cache learns their names: stanza by
//! stanza, and within a stanza first the package itself, then whatever its relations name.
//! That number decides which of several equal providers is taken, and in which order
//! requested packages are worked on. It is looked up only for those few, by searching the
//! text of the indices for the name.

use memchr::{memchr, memmem, memrchr};

use super::{PackageId, Universe};

/// Where a package is first named; apt's number of a package grows with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mention {
    index: usize,
    stanza: usize,
    /// Place of the field in the order in which apt reads them.
    field: usize,
    offset: usize,
}

/// Fields that name packages, in the order in which apt reads them.
const FIELDS: [&str; 10] = [
    "Package",
    "Pre-Depends",
    "Depends",
    "Conflicts",
    "Breaks",
    "Recommends",
    "Suggests",
    "Replaces",
    "Enhances",
    "Provides",
];

impl Universe<'_> {
    /// Searches for the first mention of a package.
    pub(crate) fn first_mention(&self, id: PackageId) -> Mention {
        let package = self.package(id);
        let finder = memmem::Finder::new(package.name);
        for number in 0..self.indices.len() {
            let text = self.indices[number].text;
            let mut best: Option<Mention> = None;
            for offset in finder.find_iter(text) {
                if best.is_some_and(|best| offset > stanza_end(text, best.offset)) {
                    break;
                }
                let Some(field) = field_at(text, offset, package.name.len()) else {
                    continue;
                };
                let Some(stanza) = self.stanza_for(number, offset, package.arch_id) else {
                    continue;
                };
                let mention = Mention {
                    index: number,
                    stanza,
                    field,
                    offset,
                };
                best = Some(best.map_or(mention, |best| best.min(mention)));
            }
            if let Some(best) = best {
                return best;
            }
        }
        // Its own stanza names it, so this is not reached; but an order must come out.
        Mention {
            index: usize::MAX,
            stanza: id.0 as usize,
            field: 0,
            offset: 0,
        }
    }

    /// The stanza around an offset, when it is one of the wanted architecture.
    fn stanza_for(&self, index: usize, offset: usize, arch_id: u8) -> Option<usize> {
        let next = self
            .candidates
            .partition_point(|candidate| (candidate.index, candidate.offset) <= (index, offset));
        let candidate = &self.candidates[next.checked_sub(1)?];
        (candidate.index == index && candidate.arch_id == arch_id).then_some(candidate.offset)
    }
}

fn stanza_end(text: &[u8], from: usize) -> usize {
    memmem::find(&text[from..], b"\n\n").map_or(text.len(), |at| from + at)
}

/// The field that a name stands in, when it stands there as a whole word.
fn field_at(text: &[u8], offset: usize, length: usize) -> Option<usize> {
    let before = offset.checked_sub(1).map_or(b'\n', |at| text[at]);
    let after = text.get(offset + length).copied().unwrap_or(b'\n');
    if !b" \t,|:".contains(&before) || !b" \t,|([<\n\r".contains(&after) {
        return None;
    }
    let mut start = offset;
    loop {
        start = memrchr(b'\n', &text[..start]).map_or(0, |at| at + 1);
        match text[start] {
            b' ' | b'\t' if start > 0 => start -= 1,
            _ => break,
        }
    }
    let line = &text[start..offset];
    let name = &line[..memchr(b':', line)?];
    FIELDS
        .iter()
        .position(|field| field.as_bytes().eq_ignore_ascii_case(name))
}
