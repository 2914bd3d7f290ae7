//! sshd's effective settings: the first value of a key counts, `Include` stands for the files it
//! names, and what follows `Match` holds for some connections only.
//!
//! A `Match` block that gives some of them a bad value fails a check as well. What is not set
//! has OpenSSH's default, as of 9.2.

use std::collections::BTreeMap;

use super::{Outcome, Ran, Want, Wrong};
use crate::harden::facts::{Facts, rows};
use crate::view::ViewError;

const CONFIG: &str = "/etc/ssh/sshd_config";
const SERVER: &str = "/usr/sbin/sshd";
/// As deep as sshd follows `Include`.
const MAX_DEPTH: usize = 16;

const DEFAULTS: &[(&str, &str)] = &[
    ("permitrootlogin", "prohibit-password"),
    ("permitemptypasswords", "no"),
    ("passwordauthentication", "yes"),
    ("maxauthtries", "6"),
    ("maxsessions", "10"),
    ("maxstartups", "10:30:100"),
    ("logingracetime", "120"),
    ("clientaliveinterval", "0"),
    ("clientalivecountmax", "3"),
    ("hostbasedauthentication", "no"),
    ("ignorerhosts", "yes"),
    ("permituserenvironment", "no"),
    ("x11forwarding", "no"),
    ("allowtcpforwarding", "yes"),
    ("disableforwarding", "no"),
    ("usepam", "no"),
    ("banner", "none"),
    ("loglevel", "INFO"),
    ("gssapiauthentication", "no"),
    ("kerberosauthentication", "no"),
    ("strictmodes", "yes"),
    ("compression", "yes"),
    ("printlastlog", "yes"),
    ("x11uselocalhost", "yes"),
    (
        "ciphers",
        "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com",
    ),
    (
        "macs",
        "umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com,umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1",
    ),
    (
        "kexalgorithms",
        "sntrup761x25519-sha512@openssh.com,curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,diffie-hellman-group14-sha256",
    ),
];

#[derive(Default)]
struct Settings {
    /// Key to the file and the value.
    first: BTreeMap<String, (String, String)>,
    /// Those of `Match` blocks.
    matched: Vec<(String, String, String)>,
}

fn read(facts: &Facts<'_>) -> Result<Option<Settings>, ViewError> {
    let snapshot = facts.snapshot;
    if snapshot.resolve(SERVER).is_none() || snapshot.resolve(CONFIG).is_none() {
        return Ok(None);
    }
    let mut settings = Settings::default();
    file(facts, CONFIG, false, 0, &mut settings)?;
    Ok(Some(settings))
}

fn file(
    facts: &Facts<'_>,
    path: &str,
    is_matched: bool,
    depth: usize,
    out: &mut Settings,
) -> Result<(), ViewError> {
    let text = facts.snapshot.text(path)?.unwrap_or_default();
    // A block ends with its file.
    let mut is_matched = is_matched;
    for row in rows(&text) {
        let Some((key, value)) = row.split_once(|c: char| c.is_whitespace() || c == '=') else {
            continue;
        };
        let key = key.to_ascii_lowercase();
        let value = value
            .trim_start_matches(|c: char| c.is_whitespace() || c == '=')
            .trim()
            .trim_matches('"');
        match key.as_str() {
            "match" => is_matched = !value.eq_ignore_ascii_case("all"),
            "include" if depth < MAX_DEPTH => {
                for pattern in value.split_whitespace() {
                    let pattern = if pattern.starts_with('/') {
                        pattern.to_owned()
                    } else {
                        format!("/etc/ssh/{pattern}")
                    };
                    for node in facts.snapshot.select(&pattern) {
                        file(facts, &node.path, is_matched, depth + 1, out)?;
                    }
                }
            }
            _ if is_matched => out.matched.push((key, path.to_owned(), value.to_owned())),
            _ => {
                out.first
                    .entry(key)
                    .or_insert_with(|| (path.to_owned(), value.to_owned()));
            }
        }
    }
    Ok(())
}

/// The list that a value with `+`, `-` or `^` makes of the default one.
fn list(value: &str, default: &str) -> String {
    let more = value.get(1..).unwrap_or_default();
    match value.bytes().next() {
        Some(b'+') => format!("{default},{more}"),
        Some(b'^') => format!("{more},{default}"),
        Some(b'-') => {
            let is_out = |word: &str| {
                more.split(',')
                    .any(|pattern| crate::snapshot::match_name(pattern.as_bytes(), word.as_bytes()))
            };
            default
                .split(',')
                .filter(|word| !is_out(word))
                .collect::<Vec<_>>()
                .join(",")
        }
        _ => value.to_owned(),
    }
}

pub(super) fn run(facts: &Facts<'_>, keys: &[(&str, Want)]) -> Ran {
    let Some(settings) = read(facts)? else {
        return Ok(Outcome::skip("no ssh server"));
    };
    let mut wrong = Vec::new();
    for (key, want) in keys {
        let lower = key.to_ascii_lowercase();
        let default = DEFAULTS
            .iter()
            .find(|(name, _)| *name == lower)
            .map_or("", |(_, value)| value);
        let (path, value) = settings
            .first
            .get(&lower)
            .map_or((CONFIG, default), |(path, value)| (path, value));
        let value = list(value, default);
        if !want.holds(&value) {
            wrong.push(Wrong::value(path, key, Some(&value), want));
        }
        for (_, path, value) in settings.matched.iter().filter(|(name, ..)| *name == lower) {
            if !want.holds(&list(value, default)) {
                let text = format!("`{key}` is `{value}` in a `Match` block, not {want}");
                wrong.push(Wrong::entry(path, Some(key), text));
            }
        }
    }
    Ok(Outcome::of(wrong))
}

pub(super) fn any(facts: &Facts<'_>, keys: &[&str]) -> Ran {
    let Some(settings) = read(facts)? else {
        return Ok(Outcome::skip("no ssh server"));
    };
    if keys
        .iter()
        .any(|key| settings.first.contains_key(&key.to_ascii_lowercase()))
    {
        return Ok(Outcome::Pass);
    }
    Ok(Outcome::Fail(vec![Wrong::file(
        CONFIG,
        format!("none of `{}` is set", keys.join("`, `")),
    )]))
}

#[cfg(test)]
mod tests {
    use crate::harden::kind::Test;
    use crate::harden::testing::{fails, passes, skips};
    use crate::harden::want::Want;

    const ROOT: Test = Test::Sshd(&[("PermitRootLogin", Want::Is("no"))]);
    const SERVER: (&str, &str) = ("/usr/sbin/sshd", "x");
    const DEBIAN: (&str, &str) = (
        "/etc/ssh/sshd_config",
        "Include /etc/ssh/sshd_config.d/*.conf\n#PermitRootLogin prohibit-password\nUsePAM yes\nX11Forwarding yes\n",
    );

    #[test]
    fn the_first_value_counts() {
        skips(&ROOT, &[]);
        fails(&ROOT, &[SERVER, DEBIAN]);
        let no = ("/etc/ssh/sshd_config.d/10-a.conf", "PermitRootLogin no\n");
        passes(&ROOT, &[SERVER, DEBIAN, no]);
        fails(
            &ROOT,
            &[
                SERVER,
                DEBIAN,
                no,
                ("/etc/ssh/sshd_config.d/00-b.conf", "permitrootlogin=yes\n"),
            ],
        );
        passes(
            &ROOT,
            &[
                SERVER,
                DEBIAN,
                no,
                ("/etc/ssh/sshd_config.d/50-b.conf", "PermitRootLogin yes\n"),
            ],
        );
        passes(&Test::SshdAny(&["UsePAM"]), &[SERVER, DEBIAN]);
        fails(
            &Test::SshdAny(&["AllowUsers", "AllowGroups"]),
            &[SERVER, DEBIAN],
        );
    }

    #[test]
    fn blocks_hold_for_some() {
        let block = (
            "/etc/ssh/sshd_config.d/20-m.conf",
            "PermitRootLogin no\nMatch Address 10.0.0.0/8\n PermitRootLogin yes\n",
        );
        fails(&ROOT, &[SERVER, DEBIAN, block]);
        // The block of an included file ends with it.
        passes(
            &Test::Sshd(&[("UsePAM", Want::Is("yes"))]),
            &[SERVER, DEBIAN, block],
        );
    }

    #[test]
    fn defaults_and_lists() {
        let macs = Test::Sshd(&[(
            "MACs",
            Want::Without(&["hmac-sha1", "hmac-sha1-etm@openssh.com"]),
        )]);
        fails(&macs, &[SERVER, DEBIAN]);
        passes(
            &macs,
            &[
                SERVER,
                DEBIAN,
                ("/etc/ssh/sshd_config.d/a.conf", "MACs -hmac-sha1*\n"),
            ],
        );
        passes(
            &macs,
            &[
                SERVER,
                DEBIAN,
                ("/etc/ssh/sshd_config.d/a.conf", "MACs hmac-sha2-512\n"),
            ],
        );
        fails(
            &macs,
            &[
                SERVER,
                DEBIAN,
                ("/etc/ssh/sshd_config.d/a.conf", "MACs +hmac-md5\n"),
            ],
        );
        fails(
            &Test::Sshd(&[("LoginGraceTime", Want::AtMost(60))]),
            &[SERVER, DEBIAN],
        );
    }
}
