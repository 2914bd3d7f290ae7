//! PAM stacks: a module in a service's stack, through `@include`, `include` and `substack`.

use super::{Outcome, Ran, Want, Wrong};
use crate::harden::facts::{Facts, rows};
use crate::view::ViewError;

/// A module that must be there.
#[derive(Debug)]
pub(in crate::harden) struct Wanted {
    /// Services of which the first that is there is looked at: `common-auth`, `system-auth`.
    pub(in crate::harden) services: &'static [&'static str],
    /// `auth`, `account`, `password`, `session`.
    pub(in crate::harden) kind: &'static str,
    /// One of these modules.
    pub(in crate::harden) modules: &'static [&'static str],
    /// A module that must come after it, where there is one.
    pub(in crate::harden) before: Option<&'static str>,
    /// Arguments it must have: `remember` with a value, or `use_uid`.
    pub(in crate::harden) arguments: &'static [(&'static str, Want)],
    /// Arguments it must not have.
    pub(in crate::harden) without: &'static [&'static str],
    /// The file in which the module also looks for its arguments.
    pub(in crate::harden) file: Option<&'static str>,
}

/// As deep as a stack may include others.
const MAX_DEPTH: usize = 8;

struct Row {
    path: String,
    module: String,
    arguments: Vec<String>,
}

pub(super) fn run(facts: &Facts<'_>, wanted: &Wanted) -> Ran {
    let there = wanted.services.iter().find(|name| {
        facts
            .snapshot
            .resolve(&format!("/etc/pam.d/{name}"))
            .is_some()
    });
    let Some(service) = there else {
        return Ok(Outcome::skip("no such PAM service"));
    };
    let mut stack = Vec::new();
    read(facts, service, wanted.kind, 0, &mut stack)?;
    let path = format!("/etc/pam.d/{service}");
    let names = wanted.modules.join("` or `");
    let Some(at) = stack
        .iter()
        .position(|row| wanted.modules.contains(&row.module.as_str()))
    else {
        let text = format!("`{names}` is not in the `{}` stack", wanted.kind);
        return Ok(Outcome::Fail(vec![Wrong::file(&path, text)]));
    };
    let row = &stack[at];
    let mut wrong = Vec::new();
    if let Some(after) = wanted.before
        && stack[..at].iter().any(|row| row.module == after)
    {
        wrong.push(Wrong::file(
            &row.path,
            format!("`{names}` comes after `{after}`"),
        ));
    }
    let file = match wanted.file {
        Some(file) => facts.snapshot.text(file)?.unwrap_or_default(),
        None => String::new(),
    };
    for (key, want) in wanted.arguments {
        let argument = row
            .arguments
            .iter()
            .filter_map(|one| super::config::value(one, key))
            .next_back();
        let value = argument.or_else(|| {
            rows(&file)
                .filter_map(|row| super::config::value(row, key))
                .next_back()
        });
        if !value.is_some_and(|value| want.holds(value)) {
            wrong.push(Wrong::value(&row.path, key, value, want));
        }
    }
    for row in &stack {
        let bad = wanted
            .without
            .iter()
            .find(|word| row.arguments.iter().any(|one| one == *word));
        if let Some(word) = bad {
            wrong.push(Wrong::entry(
                &row.path,
                Some(word),
                format!("`{}` has the argument `{word}`", row.module),
            ));
        }
    }
    Ok(Outcome::of(wrong))
}

fn read(
    facts: &Facts<'_>,
    service: &str,
    kind: &str,
    depth: usize,
    out: &mut Vec<Row>,
) -> Result<(), ViewError> {
    let path = format!("/etc/pam.d/{service}");
    let text = facts.snapshot.text(&path)?.unwrap_or_default();
    for row in rows(&text) {
        let row = row.trim_start_matches('-');
        let (own, rest) = row.split_once(char::is_whitespace).unwrap_or((row, ""));
        if own == "@include" && depth < MAX_DEPTH {
            read(facts, rest.trim(), kind, depth + 1, out)?;
            continue;
        }
        if own != kind {
            continue;
        }
        // `[success=1 default=ignore]` holds blanks.
        let rest = rest.trim_start();
        let rest = match rest
            .strip_prefix('[')
            .and_then(|inner| inner.split_once(']'))
        {
            Some((_, rest)) => rest.trim_start(),
            None => match rest.split_once(char::is_whitespace) {
                Some(("include" | "substack", other)) if depth < MAX_DEPTH => {
                    read(facts, other.trim(), kind, depth + 1, out)?;
                    continue;
                }
                Some((_, rest)) => rest.trim_start(),
                None => continue,
            },
        };
        let mut words = rest.split_whitespace();
        let module = words
            .next()
            .unwrap_or_default()
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned();
        out.push(Row {
            path: path.clone(),
            module,
            arguments: words.map(str::to_owned).collect(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Wanted;
    use crate::harden::kind::Test;
    use crate::harden::testing::{fails, passes, skips};
    use crate::harden::want::Want;

    static FAILLOCK: Wanted = Wanted {
        services: &["common-auth", "system-auth"],
        kind: "auth",
        modules: &["pam_faillock.so"],
        before: Some("pam_unix.so"),
        arguments: &[("deny", Want::AtMost(5))],
        without: &["nullok"],
        file: Some("/etc/security/faillock.conf"),
    };

    #[test]
    fn stacks() {
        let test = Test::Pam(&FAILLOCK);
        skips(&test, &[]);
        let unix = "auth\t[success=1 default=ignore]\tpam_unix.so\n";
        fails(&test, &[("/etc/pam.d/common-auth", unix)]);
        let good = format!("auth required pam_faillock.so preauth\n{unix}");
        fails(&test, &[("/etc/pam.d/common-auth", &good)]);
        let conf = ("/etc/security/faillock.conf", "# deny = 3\ndeny = 5\n");
        passes(&test, &[("/etc/pam.d/common-auth", &good), conf]);
        passes(
            &test,
            &[(
                "/etc/pam.d/common-auth",
                &good.replace("preauth", "preauth deny=3"),
            )],
        );
        let late = format!("{unix}auth required pam_faillock.so\n");
        fails(&test, &[("/etc/pam.d/common-auth", &late), conf]);
        let nullok = good.replace("pam_unix.so", "pam_unix.so nullok");
        fails(&test, &[("/etc/pam.d/common-auth", &nullok), conf]);
        passes(
            &test,
            &[
                ("/etc/pam.d/common-auth", "@include other\n"),
                ("/etc/pam.d/other", &good),
                conf,
            ],
        );
    }
}
