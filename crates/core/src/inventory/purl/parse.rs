//! A package URL taken apart, ours or another tool's.

/// The parts of a package URL, unescaped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Purl {
    /// `deb`, in lower case.
    pub kind: String,
    /// `debian`, `@angular`, `golang.org/x`; empty when there is none.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// Empty when there is none.
    pub version: String,
    /// In their order.
    pub qualifiers: Vec<(String, String)>,
}

impl Purl {
    /// The value of a qualifier.
    pub fn qualifier(&self, name: &str) -> Option<&str> {
        let mut all = self.qualifiers.iter();
        let found = all.find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// Takes a package URL apart; `None`: it is none.
pub fn parse(text: &str) -> Option<Purl> {
    let rest = text.strip_prefix("pkg:")?.trim_start_matches('/');
    let rest = rest.split('#').next().unwrap_or_default();
    let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
    let (kind, rest) = rest.split_once('/')?;
    // The scope of a package of npm begins with `@` as well.
    let (path, version) = match rest.rsplit_once('@') {
        Some((path, version)) if !path.is_empty() && !version.contains('/') => (path, version),
        _ => (rest, ""),
    };
    let parts: Option<Vec<String>> = path
        .split('/')
        .filter(|part| !part.is_empty())
        .map(unescape)
        .collect();
    let mut parts = parts?;
    let name = parts.pop()?;
    let mut pairs = Vec::new();
    for pair in qualifiers.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=')?;
        pairs.push((unescape(name)?, unescape(value)?));
    }
    Some(Purl {
        kind: kind.to_ascii_lowercase(),
        namespace: parts.join("/"),
        name,
        version: unescape(version)?,
        qualifiers: pairs,
    })
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kind, namespace, name, version and qualifiers, spaces between.
    fn check(text: &str, expected: Option<&str>) {
        let shown = parse(text).map(|p| {
            let mut shown = [p.kind, p.namespace, p.name, p.version].join(" ");
            for (name, value) in p.qualifiers {
                shown.push_str(&format!(" {name}={value}"));
            }
            shown
        });
        assert_eq!(shown.as_deref(), expected, "{text}");
    }

    #[test]
    fn taken_apart() {
        check(
            "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64&upstream=gcc-12%4012.2.0-14",
            Some("deb debian libstdc++6 12.2.0-14+deb12u1 arch=amd64 upstream=gcc-12@12.2.0-14"),
        );
        check(
            "pkg:npm/%40angular/core@1.0.0",
            Some("npm @angular core 1.0.0"),
        );
        check("pkg:npm/@angular/core", Some("npm @angular core "));
        check(
            "pkg:golang/golang.org/x/crypto@v0.1.0#ssh",
            Some("golang golang.org/x crypto v0.1.0"),
        );
        check("pkg:PyPI/requests", Some("pypi  requests "));
        for none in [
            "",
            "pkg:",
            "pkg:deb",
            "pkg:deb/",
            "deb/a",
            "pkg:deb/a%2",
            "pkg:deb/a?b",
            "pkg:deb/%FF",
        ] {
            check(none, None);
        }
    }
}
