//! The lines that differ between two texts: as few of them as can be (Myers 1986).

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// It is in both.
    Same,
    /// Only the old text has it.
    Gone,
    /// Only the new text has it.
    New,
}

impl Mark {
    /// As `diff -u` writes it.
    pub const fn sign(self) -> char {
        match self {
            Self::Same => ' ',
            Self::Gone => '-',
            Self::New => '+',
        }
    }
}

/// Lines that differ, and some around them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Hunk {
    /// Number of its first line in the old text, from 1; of the line before when it has none there.
    pub old: usize,
    /// The same in the new text.
    pub new: usize,
    /// In order, without their ends.
    pub lines: Vec<(Mark, String)>,
}

/// Beyond so many differences a part of a text counts as replaced: the time grows by their square.
const EDITS_MAX: usize = 1000;

/// Compares two texts; `around` lines are shown before and after what differs. No hunk: the lines
/// are the same.
pub fn lines(old: &str, new: &str, around: usize) -> Vec<Hunk> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    hunks(&edits(&old, &new), around)
}

/// Every line of both texts, with what became of it.
fn edits<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<(Mark, &'t str)> {
    let pairs = || old.iter().zip(new);
    let head = pairs().take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()) - head;
    let ends = old.iter().rev().zip(new.iter().rev());
    let tail = ends.take(rest).take_while(|(a, b)| a == b).count();
    let (a, b) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let same = |lines: &[&'t str]| -> Vec<(Mark, &'t str)> {
        lines.iter().map(|line| (Mark::Same, *line)).collect()
    };
    let mut edits = same(&old[..head]);
    edits.extend(shortest(a, b).unwrap_or_else(|| {
        let gone = a.iter().map(|line| (Mark::Gone, *line));
        gone.chain(b.iter().map(|line| (Mark::New, *line)))
            .collect()
    }));
    edits.extend(same(&old[old.len() - tail..]));
    edits
}

/// The shortest way from one list to the other; `None` when it is too long to look for.
///
/// `reach[k]` is how far into the old list a way on diagonal `k` (place in the old list minus
/// place in the new one) comes with so many edits; kept for each number of edits, it leads back.
fn shortest<'t>(old: &[&'t str], new: &[&'t str]) -> Option<Vec<(Mark, &'t str)>> {
    let most = (old.len() + new.len()).min(EDITS_MAX);
    let zero = most + 1;
    let mut reach = vec![0; 2 * most + 3];
    let mut trace: Vec<Vec<usize>> = Vec::new();
    for count in 0..=most {
        for at in (zero - count..=zero + count).step_by(2) {
            let is_down =
                at == zero - count || (at != zero + count && reach[at - 1] < reach[at + 1]);
            let mut x = if is_down {
                reach[at + 1]
            } else {
                reach[at - 1] + 1
            };
            // On a diagonal left of the middle the old list lags behind.
            while let Some(y) = (x + zero).checked_sub(at)
                && x < old.len()
                && y < new.len()
                && old[x] == new[y]
            {
                x += 1;
            }
            reach[at] = x;
            if x >= old.len() && x + zero >= at + new.len() {
                trace.push(reach);
                return Some(walk_back(old, new, &trace, zero));
            }
        }
        trace.push(reach.clone());
    }
    None
}

fn walk_back<'t>(
    old: &[&'t str],
    new: &[&'t str],
    trace: &[Vec<usize>],
    zero: usize,
) -> Vec<(Mark, &'t str)> {
    let (mut x, mut y) = (old.len(), new.len());
    let mut edits = Vec::new();
    for count in (0..trace.len()).rev() {
        let at = x + zero - y;
        let (from_x, from_y) = if count == 0 {
            (0, 0)
        } else {
            let reach = &trace[count - 1];
            let is_down =
                at == zero - count || (at != zero + count && reach[at - 1] < reach[at + 1]);
            let from = if is_down { at + 1 } else { at - 1 };
            (reach[from], reach[from] + zero - from)
        };
        while x > from_x && y > from_y {
            (x, y) = (x - 1, y - 1);
            edits.push((Mark::Same, old[x]));
        }
        if x > from_x {
            x -= 1;
            edits.push((Mark::Gone, old[x]));
        } else if y > from_y {
            y -= 1;
            edits.push((Mark::New, new[y]));
        }
    }
    edits.reverse();
    edits
}

fn hunks(edits: &[(Mark, &str)], around: usize) -> Vec<Hunk> {
    let is_shown = |at: usize| {
        let near = at.saturating_sub(around)..(at + around + 1).min(edits.len());
        edits[near].iter().any(|(mark, _)| *mark != Mark::Same)
    };
    let mut hunks: Vec<Hunk> = Vec::new();
    let mut is_open = false;
    let (mut old, mut new) = (0, 0);
    for (at, (mark, line)) in edits.iter().enumerate() {
        if is_shown(at) {
            if !is_open {
                let lines = Vec::new();
                hunks.push(Hunk { old, new, lines });
            }
            let hunk = hunks.last_mut().expect("just opened");
            hunk.lines.push((*mark, (*line).to_owned()));
        }
        is_open = is_shown(at);
        old += usize::from(*mark != Mark::New);
        new += usize::from(*mark != Mark::Gone);
    }
    for hunk in &mut hunks {
        let has = |without: Mark| hunk.lines.iter().any(|(mark, _)| *mark != without);
        let (in_old, in_new) = (has(Mark::New), has(Mark::Gone));
        hunk.old += usize::from(in_old);
        hunk.new += usize::from(in_new);
    }
    hunks
}

#[cfg(test)]
mod tests;
