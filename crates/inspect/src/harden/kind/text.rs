//! Lines of text files that a pattern matches. Comments do not count.

use regex_automata::meta::Regex;

use super::{Outcome, Ran, Wrong};
use crate::harden::facts::{Facts, rows};

fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("every pattern is compiled by a test")
}

pub(super) fn absent(facts: &Facts<'_>, files: &[&str], pattern: &str) -> Ran {
    let regex = compiled(pattern);
    let texts = facts.texts(files)?;
    if texts.is_empty() {
        return Ok(Outcome::skip("no such file"));
    }
    let mut wrong = Vec::new();
    for (path, text) in texts {
        if let Some(row) = rows(&text).find(|row| regex.is_match(row)) {
            wrong.push(Wrong::file(
                &path,
                format!("holds `{}`", crate::mask::line(row)),
            ));
        }
    }
    Ok(Outcome::of(wrong))
}

pub(super) fn present(facts: &Facts<'_>, files: &[&str], pattern: &str) -> Ran {
    let regex = compiled(pattern);
    let texts = facts.texts(files)?;
    if texts
        .iter()
        .any(|(_, text)| rows(text).any(|row| regex.is_match(row)))
    {
        return Ok(Outcome::Pass);
    }
    let file = texts.first().map_or(files[0], |(path, _)| path);
    Ok(Outcome::Fail(vec![Wrong::file(
        file,
        format!("no line matches `{pattern}`"),
    )]))
}

#[cfg(test)]
mod tests {
    use crate::harden::kind::Test;
    use crate::harden::testing::{fails, passes, skips};

    #[test]
    fn lines() {
        let absent = Test::TextAbsent(&["/etc/issue{,.net}"], r"\\[mrsv]");
        skips(&absent, &[]);
        passes(&absent, &[("/etc/issue", "hello\n# \\m\n")]);
        fails(&absent, &[("/etc/issue.net", "Debian \\s\n")]);
        let present = Test::TextPresent(&["/etc/profile{,.d/*.sh}"], r"\bTMOUT=\d");
        fails(&present, &[]);
        fails(&present, &[("/etc/profile", "#TMOUT=900\n")]);
        passes(&present, &[("/etc/profile.d/a.sh", "readonly TMOUT=900\n")]);
    }
}
