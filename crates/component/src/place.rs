//! From a piece of a scalar's value to its place in the source, where the value may stand
//! indented, in quotes, or over several lines.

use std::ops::Range;

use crate::yaml::Spanned;

/// The place of `piece` (offsets into the value); the whole scalar when it cannot be told.
pub(crate) fn within(source: &str, scalar: &Spanned<String>, piece: Range<usize>) -> Range<usize> {
    let Some(slice) = source.get(scalar.range.clone()) else {
        return scalar.range.clone();
    };
    let value = scalar.value.as_str();
    let start = scalar.range.start;
    if let Some(at) = slice.find(value) {
        return start + at + piece.start..start + at + piece.end;
    }
    by_line(slice, value, &piece)
        .or_else(|| by_text(slice, value, &piece))
        .map_or_else(
            || scalar.range.clone(),
            |found| start + found.start..start + found.end,
        )
}

/// A block scalar has the lines of its value, each indented.
fn by_line(slice: &str, value: &str, piece: &Range<usize>) -> Option<Range<usize>> {
    let before = value.get(..piece.start)?;
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let number = before.matches('\n').count();
    let line = value[line_start..].lines().next().unwrap_or_default();
    // The header (`|`, `>-`) may or may not be part of the slice.
    let header = usize::from(slice.starts_with(['|', '>']));
    let mut lines = slice.split_inclusive('\n');
    let offset: usize = lines.by_ref().take(header + number).map(str::len).sum();
    let found = lines.next()?;
    let indent = found
        .trim_end_matches(['\n', '\r'])
        .strip_suffix(line)?
        .len();
    let at = offset + indent + (piece.start - line_start);
    // What goes on over the line's end is shown to its end.
    let length =
        (piece.end - piece.start).min(line.len() - (piece.start - line_start).min(line.len()));
    Some(at..at + length)
}

/// The text itself, as often before it as in the value.
fn by_text(slice: &str, value: &str, piece: &Range<usize>) -> Option<Range<usize>> {
    let text = value.get(piece.clone()).filter(|text| !text.is_empty())?;
    let earlier = value.get(..piece.start)?.matches(text).count();
    let (at, _) = slice.match_indices(text).nth(earlier)?;
    Some(at..at + text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problems::Problems;
    use goldsmith_core::diagnostic::SourceFile;

    /// Marks in the source where the second `x` of the value of `a` stands.
    fn check(source: &str, expected: &str) {
        let mut problems = Problems::new(&SourceFile::new("x", source));
        let root = crate::yaml::parse(source, &mut problems).unwrap();
        let crate::yaml::Value::Mapping(entries) = root.value else {
            panic!("no mapping");
        };
        let node = &entries[0].1;
        let crate::yaml::Value::Scalar { text, .. } = &node.value else {
            panic!("no scalar");
        };
        let scalar = Spanned {
            value: text.clone(),
            range: node.range.clone(),
        };
        let (at, _) = text.match_indices('x').nth(1).unwrap();
        let place = within(source, &scalar, at..at + 1);
        let mut marked = source.to_owned();
        marked.insert(place.end, ']');
        marked.insert(place.start, '[');
        assert_eq!(marked, expected, "{scalar:?}");
    }

    #[test]
    fn every_style() {
        check("a: x x\nb: x", "a: x [x]\nb: x");
        check("a: 'x x'", "a: 'x [x]'");
        check("a: 'x '' x'", "a: 'x '' [x]'");
        check(r#"a: "x\tx""#, r#"a: "x\t[x]""#);
        check("a: |\n  x\n   x\nb: x\n", "a: |\n  x\n   [x]\nb: x\n");
        check("a: |-\n  y\n\n  x x\n", "a: |-\n  y\n\n  x [x]\n");
        check("a: >\n  x\n  x\n", "a: >\n  x\n  [x]\n");
        check("a: x\n  x\n", "a: x\n  [x]\n");
        check("a: |\r\n  x\r\n  x\r\n", "a: |\r\n  x\r\n  [x]\r\n");
    }
}
