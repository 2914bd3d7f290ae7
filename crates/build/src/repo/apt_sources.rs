//! Where the host itself gets its packages from: `sources.list` and `*.sources` files of
//! apt. Text in, entries out; who reads the files is the command line.

/// Which of apt's two forms a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `*.list`: `deb [options] URI suite component...` (sources.list(5)).
    OneLine,
    /// `*.sources`: stanzas with `Types`, `URIs`, `Suites`.
    Stanzas,
}

/// An archive that the host uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// In the order of preference, without a slash at the end.
    pub uris: Vec<String>,
    /// `bookworm`, `bookworm-updates`.
    pub suites: Vec<String>,
}

/// Reads a file. What cannot be read, is disabled or has no binary packages is left out:
/// the file is the host's, and its mistakes are apt's to report.
pub fn parse(text: &str, form: Form) -> Vec<Entry> {
    match form {
        Form::OneLine => text.lines().filter_map(one_line).collect(),
        Form::Stanzas => stanzas(text),
    }
}

/// The URI of the archive that has `suite`.
///
/// An entry that names the suite wins. Else one of Debian's archives with another suite,
/// since each of them has all: the security archive for `*-security`, the main one for
/// the rest.
pub fn pick<'a>(entries: &'a [Entry], suite: &str) -> Option<&'a str> {
    let is_security = |suite: &str| suite.ends_with("-security");
    let of_same_archive = |entry: &&Entry| {
        entry
            .suites
            .iter()
            .any(|s| is_security(s) == is_security(suite))
            && entry.uris.iter().any(|uri| is_debians(uri))
    };
    entries
        .iter()
        .find(|entry| entry.suites.iter().any(|s| s == suite))
        .or_else(|| entries.iter().find(of_same_archive))
        .and_then(|entry| entry.uris.first())
        .map(String::as_str)
}

fn is_debians(uri: &str) -> bool {
    let last = uri.rsplit('/').next().unwrap_or_default();
    last == "debian" || last == "debian-security"
}

/// Other methods (`cdrom`, `mirror`, `tor`) are not ours.
fn usable(uri: &str) -> Option<String> {
    let is_known = ["http://", "https://", "file://"]
        .iter()
        .any(|scheme| uri.starts_with(scheme));
    if let Some(path) = uri.strip_prefix("file:/").filter(|_| !is_known) {
        return Some(format!("file:///{}", path.trim_matches('/')));
    }
    is_known.then(|| uri.trim_end_matches('/').to_owned())
}

fn one_line(line: &str) -> Option<Entry> {
    let line = line.split('#').next().unwrap_or_default().trim();
    let rest = line.strip_prefix("deb")?;
    if !rest.starts_with([' ', '\t', '[']) {
        return None;
    }
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('[') {
        Some(options) => options.split_once(']')?.1,
        None => rest,
    };
    let mut words = rest.split_whitespace();
    Some(Entry {
        uris: vec![usable(words.next()?)?],
        suites: vec![words.next()?.to_owned()],
    })
}

fn stanzas(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines().chain([""]) {
        if line.starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            entries.extend(stanza(&std::mem::take(&mut fields)));
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    entries
}

fn stanza(fields: &[(String, String)]) -> Option<Entry> {
    let words = |name: &str| {
        let field = fields.iter().find(|(field, _)| field == name);
        field
            .map(|(_, value)| value.split_whitespace())
            .into_iter()
            .flatten()
    };
    let is_enabled = words("enabled").all(|word| !["no", "false", "0"].contains(&word));
    let has_packages = words("types").any(|word| word == "deb");
    let entry = Entry {
        uris: words("uris").filter_map(usable).collect(),
        suites: words("suites").map(str::to_owned).collect(),
    };
    (is_enabled && has_packages && !entry.uris.is_empty()).then_some(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANZAS: &str = "\
# a comment
Types: deb deb-src
# another: one
URIs: http://a.test/debian/
 http://b.test/debian
Suites: bookworm
 bookworm-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc

Types: deb
URIs: http://a.test/debian-security
Suites: bookworm-security

Types: deb
URIs: http://off.test/debian
Suites: trixie
Enabled: no

Types: deb-src
URIs: http://src.test/debian
Suites: trixie
";

    const LINES: &str = "\
# deb http://off.test/debian trixie main
deb [arch=amd64 signed-by=/x.gpg] http://a.test/debian bookworm main contrib # yes
deb-src http://a.test/debian trixie main
deb cdrom:[Debian]/ trixie main
deb\thttps://a.test/debian-security/ bookworm-security main
deb file:/srv/local ./
nonsense
deb
deb [
";

    #[test]
    fn both_forms() {
        for (text, form) in [(STANZAS, Form::Stanzas), (LINES, Form::OneLine)] {
            let entries = parse(text, form);
            let scheme = if form == Form::Stanzas {
                "http"
            } else {
                "https"
            };
            for (suite, uri) in [
                ("bookworm", "http://a.test/debian".to_owned()),
                ("trixie", "http://a.test/debian".to_owned()),
                (
                    "bookworm-security",
                    format!("{scheme}://a.test/debian-security"),
                ),
                (
                    "trixie-security",
                    format!("{scheme}://a.test/debian-security"),
                ),
            ] {
                assert_eq!(
                    pick(&entries, suite),
                    Some(uri.as_str()),
                    "{form:?} {suite}"
                );
            }
        }
        let local = parse(LINES, Form::OneLine).pop().unwrap();
        assert_eq!(local.uris, ["file:///srv/local"]);
    }

    #[test]
    fn another_distribution_is_not_debian() {
        let text =
            "deb http://a.test/ubuntu noble main\ndeb http://a.test/ubuntu noble-security main\n";
        let entries = parse(text, Form::OneLine);
        assert_eq!(entries.len(), 2);
        assert_eq!(pick(&entries, "bookworm"), None);
        assert_eq!(pick(&entries, "bookworm-security"), None);
    }
}
