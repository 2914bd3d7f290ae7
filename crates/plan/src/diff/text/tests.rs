use proptest::prelude::*;

use super::*;

/// As `diff -u` prints it, numbers of first lines only.
fn shown(old: &str, new: &str, around: usize) -> String {
    lines(old, new, around)
        .iter()
        .map(|hunk| {
            let lines: String = hunk
                .lines
                .iter()
                .map(|(mark, line)| format!("{}{line}\n", mark.sign()))
                .collect();
            format!("@@ -{} +{}\n{lines}", hunk.old, hunk.new)
        })
        .collect()
}

#[test]
fn what_differs_and_what_is_around_it() {
    let old = "a\nb\nc\nd\ne\nf\ng\nh\n";
    for (new, around, expected) in [
        (old, 3, ""),
        ("a\nb\nC\nd\ne\nf\ng\nh\n", 1, "@@ -2 +2\n b\n-c\n+C\n d\n"),
        (
            "a\nc\nd\ne\nf\ng\nh\ni\n",
            0,
            "@@ -2 +1\n-b\n@@ -8 +8\n+i\n",
        ),
        (
            "b\nc\nd\ne\nf\ng\nx\nh\n",
            2,
            "@@ -1 +1\n-a\n b\n c\n@@ -6 +5\n f\n g\n+x\n h\n",
        ),
        ("", 0, "@@ -1 +0\n-a\n-b\n-c\n-d\n-e\n-f\n-g\n-h\n"),
    ] {
        assert_eq!(shown(old, new, around), expected, "{new:?}");
    }
    assert_eq!(shown("", "x", 3), "@@ -0 +1\n+x\n");
}

#[test]
fn very_different_texts_are_replaced() {
    let numbers =
        |from: usize| -> String { (from..from + 3000).map(|n| format!("{n}\n")).collect() };
    let (old, new) = (numbers(0), numbers(10_000));
    let found = lines(&old, &new, 0);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].lines.len(), 6000);
}

/// How many edits it takes, by the textbook.
fn distance(old: &[&str], new: &[&str]) -> usize {
    let mut row: Vec<usize> = (0..=new.len()).collect();
    for (i, a) in old.iter().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, b) in new.iter().enumerate() {
            let diagonal = before;
            before = row[j + 1];
            row[j + 1] = if a == b {
                diagonal
            } else {
                1 + row[j].min(row[j + 1])
            };
        }
    }
    row[new.len()]
}

proptest! {
    #[test]
    fn leads_from_one_to_the_other_by_the_shortest_way(
        old in proptest::collection::vec("[abc]", 0..20),
        new in proptest::collection::vec("[abc]", 0..20),
    ) {
        let (old, new): (Vec<&str>, Vec<&str>) =
            (old.iter().map(String::as_str).collect(), new.iter().map(String::as_str).collect());
        let edits = edits(&old, &new);
        let only = |without: Mark| -> Vec<&str> {
            edits.iter().filter(|(mark, _)| *mark != without).map(|(_, line)| *line).collect()
        };
        prop_assert_eq!(only(Mark::New), old.clone());
        prop_assert_eq!(only(Mark::Gone), new.clone());
        let count = edits.iter().filter(|(mark, _)| *mark != Mark::Same).count();
        prop_assert_eq!(count, distance(&old, &new));
    }
}
