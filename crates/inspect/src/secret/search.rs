//! One pass over a stream of bytes for every detector.
//!
//! ```text
//! piece:  | behind |          matches begin here          | overlap |
//! next:                                          | behind |  ...
//! ```
//!
//! A piece overlaps the next by as much as the longest match, and a match counts in the piece in
//! which its secret begins: none is cut at a border, none is counted twice.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use goldsmith_core::finding::Severity;
use memchr::memchr_iter;
use regex_automata::meta::{self, Regex};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};
use sha2::{Digest, Sha256};

use super::detector::{Candidate, Detector, Scope, Verdict, all};
use super::validate::{entropy, is_placeholder};

/// Bytes before a keyword that stay at hand.
pub(super) const BEHIND: usize = 4 << 10;
/// Bytes after a keyword that are at hand: no match is longer.
pub(super) const OVERLAP: usize = 16 << 10;
/// Bytes read at a time.
const PIECE: usize = 1 << 20;
/// Bytes in which a zero says that a file is no text.
const SNIFF: usize = 8 << 10;
/// A stream with more secrets than this is not searched further, which is told.
const MAX_HITS: usize = 1000;

/// A secret, and where it lies. Holds none of it but what may be shown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hit {
    pub(crate) detector: &'static Detector,
    pub(crate) title: &'static str,
    pub(crate) severity: Severity,
    /// In bytes from the start of the file.
    pub(crate) offset: u64,
    /// Bytes of the secret.
    pub(crate) length: usize,
    /// Counted from 1; of text only.
    pub(crate) line: Option<u32>,
    /// The first characters, where the secret is long enough to spare them.
    pub(crate) shown: String,
    /// The first 32 bits of its SHA-256, in hexadecimal digits: tells two secrets apart.
    pub(crate) fingerprint: String,
}

impl Hit {
    /// What it is, in a line, with no more of it than may be shown.
    pub(crate) fn text(&self) -> String {
        match self.shown.as_str() {
            "" => format!("{} (#{})", self.title, self.fingerprint),
            shown => format!("{} `{shown}...` (#{})", self.title, self.fingerprint),
        }
    }
}

impl PartialEq for Detector {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// What a stream holds.
pub(crate) struct Searched {
    /// In the order of the bytes.
    pub(crate) hits: Vec<Hit>,
    /// There were too many to go on.
    pub(crate) is_cut: bool,
    /// Whether the stream could be read to its end.
    pub(crate) done: io::Result<()>,
}

/// Every keyword in one automaton, and the patterns as they are needed.
pub(crate) struct Searcher {
    keywords: AhoCorasick,
    /// For each keyword the detectors that have it.
    owners: Vec<Vec<usize>>,
    detectors: Vec<(&'static Detector, OnceLock<Regex>)>,
}

/// What is known while a stream is read.
struct State<'a> {
    path: &'a str,
    is_text: bool,
    /// Bytes of the stream before the piece.
    base: u64,
    /// Lines that end before the piece.
    lines: u32,
    /// Up to where each detector has found something, in bytes of the stream.
    done: Vec<u64>,
    hits: Vec<Hit>,
}

impl Searcher {
    /// The one searcher of this process: it takes a few milliseconds to make.
    pub(crate) fn get() -> &'static Self {
        static SEARCHER: OnceLock<Searcher> = OnceLock::new();
        SEARCHER.get_or_init(Self::new)
    }

    fn new() -> Self {
        let detectors: Vec<_> = all().map(|detector| (detector, OnceLock::new())).collect();
        let mut words: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, (detector, _)) in detectors.iter().enumerate() {
            for word in detector.needles() {
                let owners = words.entry(word).or_default();
                if owners.last() != Some(&at) {
                    owners.push(at);
                }
            }
        }
        let keywords = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(words.keys())
            .expect("a few hundred short keywords");
        Self {
            keywords,
            owners: words.into_values().collect(),
            detectors,
        }
    }

    /// Everything in a stream, also in one that ends in an error.
    pub(crate) fn search(&self, path: &str, input: &mut dyn Read) -> Searched {
        let mut state = State {
            path,
            is_text: true,
            base: 0,
            lines: 0,
            done: vec![0; self.detectors.len()],
            hits: Vec::new(),
        };
        let mut buffer: Vec<u8> = Vec::new();
        let mut from = 0;
        let mut is_first = true;
        let done = loop {
            let had = buffer.len();
            let wanted = if is_first { PIECE + OVERLAP } else { PIECE };
            let done = (&mut *input)
                .take(wanted as u64)
                .read_to_end(&mut buffer)
                .map(drop);
            let got = buffer.len() - had;
            let is_last = got < wanted || done.is_err();
            if is_first {
                state.is_text = memchr::memchr(0, &buffer[..had + got.min(SNIFF)]).is_none();
                is_first = false;
            }
            let to = if is_last {
                buffer.len()
            } else {
                buffer.len() - OVERLAP
            };
            self.piece(&buffer, from, to, &mut state);
            if is_last || state.hits.len() >= MAX_HITS {
                break done;
            }
            let keep = to.saturating_sub(BEHIND);
            state.lines = state.lines.saturating_add(newlines(&buffer[..keep]));
            state.base += keep as u64;
            buffer.drain(..keep);
            from = to - keep;
        };
        Searched {
            is_cut: state.hits.len() >= MAX_HITS,
            hits: settled(state.hits),
            done,
        }
    }

    /// Everything in bytes that are at hand.
    pub(crate) fn search_bytes(&self, path: &str, bytes: &[u8]) -> Vec<Hit> {
        self.search(path, &mut &*bytes).hits
    }

    fn piece(&self, piece: &[u8], from: usize, to: usize, state: &mut State<'_>) {
        for found in self.keywords.find_overlapping_iter(piece) {
            if found.start() < from.saturating_sub(BEHIND)
                || found.start() >= to.saturating_add(BEHIND)
            {
                continue;
            }
            for &at in &self.owners[found.pattern().as_usize()] {
                let (detector, regex) = &self.detectors[at];
                if detector.scope == Scope::Text && !state.is_text {
                    continue;
                }
                let regex = regex.get_or_init(|| compile(detector));
                let done = usize::try_from(state.done[at].saturating_sub(state.base)).unwrap_or(0);
                let Some((whole, secret)) = one(detector, regex, piece, found.start(), done) else {
                    continue;
                };
                let secret = trimmed(piece, secret);
                if secret.start < from || secret.start >= to {
                    continue;
                }
                state.done[at] = state.base + secret.end as u64;
                let candidate = Candidate {
                    secret: &piece[secret.clone()],
                    lead: &piece[whole.start.min(secret.start)..secret.start],
                    whole: &piece[whole],
                    piece,
                    start: secret.start,
                    path: state.path,
                };
                if let Some(hit) = judged(detector, &candidate, state) {
                    state.hits.push(hit);
                }
                if state.hits.len() >= MAX_HITS {
                    return;
                }
            }
        }
    }
}

type Range = std::ops::Range<usize>;

/// The match of a detector at a keyword: all of it, and its secret.
fn one(
    detector: &Detector,
    regex: &Regex,
    piece: &[u8],
    keyword: usize,
    done: usize,
) -> Option<(Range, Range)> {
    let (before, after) = detector.reach;
    let start = keyword.saturating_sub(before).max(done);
    if keyword < done {
        return None;
    }
    let end = keyword.saturating_add(after).min(piece.len());
    let anchored = if before == 0 {
        Anchored::Yes
    } else {
        Anchored::No
    };
    let mut captures = regex.create_captures();
    regex.search_captures(
        &Input::new(piece).span(start..end).anchored(anchored),
        &mut captures,
    );
    let whole = captures.get_match()?.range();
    let secret = (1..captures.group_len()).find_map(|group| captures.get_group(group))?;
    Some((whole, secret.start..secret.end))
}

/// Without the quotes around it.
fn trimmed(piece: &[u8], range: Range) -> Range {
    let quote = piece[range.start];
    let is_quoted = b"\"'`".contains(&quote) && range.len() > 2 && piece[range.end - 1] == quote;
    if is_quoted {
        range.start + 1..range.end - 1
    } else {
        range
    }
}

fn judged(
    detector: &'static Detector,
    candidate: &Candidate<'_>,
    state: &State<'_>,
) -> Option<Hit> {
    let secret = candidate.secret;
    if entropy(secret) < detector.entropy || is_placeholder(secret) {
        return None;
    }
    let (severity, title) = match detector
        .validate
        .map_or(Verdict::Yes, |check| check(candidate))
    {
        Verdict::No => return None,
        Verdict::Yes => (detector.severity, detector.title),
        Verdict::As(severity, title) => (severity, title),
    };
    let line = state.is_text.then(|| {
        state
            .lines
            .saturating_add(newlines(&candidate.piece[..candidate.start]))
            .saturating_add(1)
    });
    Some(Hit {
        detector,
        title,
        severity,
        offset: state.base + candidate.start as u64,
        length: secret.len(),
        line,
        shown: shown(secret),
        fingerprint: Sha256::digest(secret)[..4]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    })
}

/// In the order of the bytes, and without what a better detector found as well.
fn settled(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by(|a, b| (a.offset, a.detector.id).cmp(&(b.offset, b.detector.id)));
    let overlaps = |a: &Hit, b: &Hit| {
        a.offset < b.offset + b.length as u64 && b.offset < a.offset + a.length as u64
    };
    let better: Vec<Hit> = hits
        .iter()
        .filter(|hit| !hit.detector.is_generic)
        .cloned()
        .collect();
    let mut kept: Vec<Hit> = Vec::new();
    for hit in hits {
        let is_worse = hit.detector.is_generic && better.iter().any(|other| overlaps(&hit, other));
        // Two detectors of one secret: the one that weighs more has been there or replaces.
        let twin = kept
            .iter_mut()
            .rev()
            .take(4)
            .find(|other| overlaps(other, &hit) && !hit.detector.is_generic);
        match twin {
            _ if is_worse => {}
            Some(other) if other.severity < hit.severity => *other = hit,
            Some(_) => {}
            None => kept.push(hit),
        }
    }
    kept
}

/// At most four characters, and never more than a quarter.
fn shown(secret: &[u8]) -> String {
    let count = (secret.len() / 4).min(4);
    if secret.len() < 12 {
        return String::new();
    }
    let first = &secret[..count];
    if first.iter().all(u8::is_ascii_graphic) {
        String::from_utf8_lossy(first).into_owned()
    } else {
        String::new()
    }
}

fn newlines(bytes: &[u8]) -> u32 {
    u32::try_from(memchr_iter(b'\n', bytes).count()).unwrap_or(u32::MAX)
}

pub(super) fn compile(detector: &Detector) -> Regex {
    Regex::builder()
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .configure(meta::Config::new().utf8_empty(false))
        .build(&detector.pattern())
        .expect("every pattern is compiled by a test")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::detector::tests::made;

    const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyz";

    /// A secret at every place around the border of two pieces is found once, in its line.
    #[test]
    fn borders() {
        let secret = format!("da{}{}", "pi", made("0123456789abcdef", 32));
        let searcher = Searcher::get();
        let border = PIECE;
        for at in [
            0,
            border - 60,
            border - 37,
            border - 36,
            border - 20,
            border - 1,
            border,
            border + 1,
            border + OVERLAP,
            2 * border,
            2 * border + BEHIND,
            3 * border - 2,
        ] {
            let mut text = vec![b'-'; at];
            for (place, byte) in text.iter_mut().enumerate() {
                if place % 64 == 63 {
                    *byte = b'\n';
                }
            }
            let line = newlines(&text) + 1;
            text.extend_from_slice(secret.as_bytes());
            text.resize(4 * border, b'-');
            let hits = searcher.search_bytes("/a", &text);
            assert_eq!(hits.len(), 1, "at {at}: {hits:?}");
            assert_eq!(
                (hits[0].offset, hits[0].line),
                (at as u64, Some(line)),
                "at {at}"
            );
        }
    }

    #[test]
    fn shows_little() {
        assert_eq!(shown(b"short"), "");
        assert_eq!(shown(b"abcdefghijkl"), "abc");
        assert_eq!(shown(made(ALPHABET, 40).as_bytes()).len(), 4);
    }

    #[test]
    fn binary_files_are_searched_for_tokens_only() {
        let secret = format!("da{}{}", "pi", made("0123456789abcdef", 32));
        let text = format!("\0\0password=\"{}\"\0{secret}\0", made(ALPHABET, 20));
        let hits = Searcher::get().search_bytes("/a", text.as_bytes());
        assert_eq!(hits.len(), 1, "{hits:?}");
        assert_eq!(hits[0].line, None);
    }
}
