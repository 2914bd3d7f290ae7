//! Versions of Go: those of modules are semantic ones with a `v`; those of the toolchain, and
//! with it of the standard library, say `go1.21rc2` for what advisories call `1.21.0-rc.2`.

use std::cmp::Ordering;

use super::semver;

pub(super) fn compare(a: &str, b: &str) -> Ordering {
    match (toolchain(a), toolchain(b)) {
        (None, None) => semver::compare(a, b),
        (a_made, b_made) => semver::compare(
            a_made.as_deref().unwrap_or(a),
            b_made.as_deref().unwrap_or(b),
        ),
    }
}

/// The semantic version of a toolchain's; `None`: it is none, or is one already.
fn toolchain(text: &str) -> Option<String> {
    let bare = text.strip_prefix("go").unwrap_or(text);
    // What a vendor adds: `1.22.1 X:boringcrypto`, `1.22.1-fips`.
    let bare = bare.split([' ', '-']).next().unwrap_or(bare);
    let at = bare.find(|c: char| !c.is_ascii_digit() && c != '.');
    let Some(at) = at else {
        return text.starts_with("go").then(|| bare.to_owned());
    };
    let (numbers, rest) = bare.split_at(at);
    let (word, number) = ["rc", "beta", "alpha"]
        .into_iter()
        .find_map(|word| Some((word, rest.strip_prefix(word)?)))?;
    let zeros = ".0".repeat(2usize.saturating_sub(numbers.matches('.').count()));
    Some(format!("{numbers}{zeros}-{word}.{number}"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::ascending;
    use super::*;

    #[test]
    fn orders() {
        ascending(
            compare,
            &[
                "go1.20.14",
                "1.21.0-0",
                "go1.21rc2",
                "go1.21",
                "1.21.1",
                "go1.22.1",
            ],
        );
        // Pseudo-versions, from the reference of Go modules.
        ascending(
            compare,
            &[
                "v0.0.0-20191109021931-daa7c04131f5",
                "v1.2.3-pre.0.20191109021931-daa7c04131f5",
                "v1.2.3",
                "v1.2.4-0.20191109021931-daa7c04131f5",
                "v1.2.4",
                "v2.0.0+incompatible",
            ],
        );
        assert_eq!(compare("go1.21", "1.21.0"), Ordering::Equal);
        assert_eq!(
            compare("go1.22.1 X:boringcrypto", "1.22.1"),
            Ordering::Equal
        );
    }
}
