//! Patterns for paths: `*` and `?` within a name, `**` for any number of folders.

/// Whether a text is more than a plain path.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Whether the parts of a path fit the parts of a pattern.
pub(super) fn fits(pattern: &[&str], path: &[&str]) -> bool {
    // Which parts of the path may come next: a set, so that many `**` cost no more.
    let mut reached = vec![false; path.len() + 1];
    reached[0] = true;
    for part in pattern {
        let mut next = vec![false; path.len() + 1];
        for at in 0..=path.len() {
            if *part == "**" {
                next[at] = reached[at] || (at > 0 && next[at - 1]);
            } else if at > 0 {
                next[at] = reached[at - 1] && name_fits(part, path[at - 1]);
            }
        }
        reached = next;
    }
    reached[path.len()]
}

fn name_fits(pattern: &str, name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    for character in pattern.chars() {
        let mut next = vec![false; name.len() + 1];
        for at in 0..=name.len() {
            next[at] = match character {
                '*' => reached[at] || (at > 0 && next[at - 1]),
                '?' => at > 0 && reached[at - 1],
                other => at > 0 && reached[at - 1] && name[at - 1] == other,
            };
        }
        reached = next;
    }
    reached[name.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (pattern, path, expected) in [
            ("*.yaml", "a.yaml", true),
            ("*.yaml", "b/a.yaml", false),
            ("**/*.yaml", "a.yaml", true),
            ("**/*.yaml", "b/c/a.yaml", true),
            ("b/**", "b/c/a.yaml", true),
            ("b/**/a.yaml", "b/a.yaml", true),
            ("*/a.yaml", "b/c/a.yaml", false),
            ("?.yaml", "a.yaml", true),
            ("?.yaml", "ab.yaml", false),
            ("a*b*c", "aXbYbc", true),
            ("**/**/**/x", "a/b/c/y", false),
        ] {
            let split = |text: &'static str| text.split('/').collect::<Vec<_>>();
            assert_eq!(
                fits(&split(pattern), &split(path)),
                expected,
                "{pattern} {path}"
            );
        }
    }
}
