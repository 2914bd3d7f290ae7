//! sudo: `Defaults` and rows of `/etc/sudoers` and its drop-ins.

use super::{Outcome, Ran, Want, Wrong};
use crate::harden::facts::{Facts, rows};

/// A `Defaults` that must hold.
#[derive(Debug, Clone, Copy)]
pub(in crate::harden) enum Default {
    /// A flag, set.
    Flag(&'static str),
    /// A value; the number is what sudo itself has.
    Value(&'static str, Want, Option<&'static str>),
}

const FILES: &[&str] = &["/etc/sudoers", "/etc/sudoers.d/*"];

pub(super) fn default(facts: &Facts<'_>, wanted: &Default) -> Ran {
    let texts = facts.texts(FILES)?;
    if texts.is_empty() {
        return Ok(Outcome::skip("no sudo"));
    }
    let mut last: Option<(&str, String)> = None;
    let key = match wanted {
        Default::Flag(key) | Default::Value(key, ..) => key,
    };
    for (path, text) in &texts {
        for row in rows(text).filter(|row| row.starts_with("Defaults")) {
            let row = row
                .split_once(char::is_whitespace)
                .map_or("", |(_, rest)| rest);
            for setting in row.split(',').map(str::trim) {
                let (name, value) = setting
                    .split_once('=')
                    .map_or((setting, "yes"), |(name, value)| (name, value));
                let name = name.trim().trim_end_matches('+');
                if name.strip_prefix('!') == Some(*key) {
                    last = Some((path, "no".to_owned()));
                } else if name == *key {
                    last = Some((path, value.trim().trim_matches('"').to_owned()));
                }
            }
        }
    }
    let (want, own) = match wanted {
        Default::Flag(_) => (Want::Is("yes"), None),
        Default::Value(_, want, own) => (*want, *own),
    };
    let (path, value) = match &last {
        Some((path, value)) => (*path, Some(value.as_str())),
        None => ("/etc/sudoers", own),
    };
    if value.is_some_and(|value| want.holds(value)) {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(vec![Wrong::value(path, key, value, &want)]))
}

pub(super) fn absent(facts: &Facts<'_>, tags: &[&str]) -> Ran {
    let texts = facts.texts(FILES)?;
    if texts.is_empty() {
        return Ok(Outcome::skip("no sudo"));
    }
    let mut wrong = Vec::new();
    for (path, text) in &texts {
        for row in rows(text) {
            if let Some(tag) = tags.iter().find(|tag| row.contains(**tag)) {
                let who = row.split_whitespace().next();
                wrong.push(Wrong::entry(
                    path,
                    who,
                    format!("a row of `{}` has `{tag}`", who.unwrap_or_default()),
                ));
            }
        }
    }
    Ok(Outcome::of(wrong))
}

#[cfg(test)]
mod tests {
    use super::Default;
    use crate::harden::kind::Test;
    use crate::harden::testing::{fails, passes, skips};
    use crate::harden::want::Want;

    #[test]
    fn defaults() {
        let pty = Test::SudoDefault(Default::Flag("use_pty"));
        skips(&pty, &[]);
        passes(&pty, &[("/etc/sudoers", "Defaults\tenv_reset, use_pty\n")]);
        fails(&pty, &[("/etc/sudoers", "Defaults env_reset\n")]);
        fails(
            &pty,
            &[
                ("/etc/sudoers", "Defaults use_pty\n"),
                ("/etc/sudoers.d/a", "Defaults !use_pty\n"),
            ],
        );
        let timeout = Test::SudoDefault(Default::Value(
            "timestamp_timeout",
            Want::AtMostOrZero(15),
            Some("15"),
        ));
        passes(&timeout, &[("/etc/sudoers", "")]);
        fails(
            &timeout,
            &[("/etc/sudoers", "Defaults timestamp_timeout=60\n")],
        );
        fails(
            &timeout,
            &[("/etc/sudoers", "Defaults timestamp_timeout = -1\n")],
        );
    }

    #[test]
    fn tags() {
        let test = Test::SudoAbsent(&["NOPASSWD", "!authenticate"]);
        passes(
            &test,
            &[("/etc/sudoers", "%sudo ALL=(ALL:ALL) ALL\n# a NOPASSWD\n")],
        );
        fails(
            &test,
            &[
                ("/etc/sudoers", ""),
                ("/etc/sudoers.d/90-cloud", "debian ALL=(ALL) NOPASSWD:ALL\n"),
            ],
        );
    }
}
