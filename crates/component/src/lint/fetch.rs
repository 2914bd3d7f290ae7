//! What scripts and steps fetch: `curl`, `wget`, `WebDownload`.

use super::shell::{Command, Word, bare};
use crate::document::{Document, Entry, Input};
use crate::expr::{Piece, Reference, Template};
use crate::yaml::Spanned;

/// One `curl` or `wget`.
pub(super) struct Fetch<'a> {
    /// Words that are addresses, or become one.
    pub(super) urls: Vec<&'a Word>,
    /// It writes what it fetches to a file.
    pub(super) is_saved: bool,
    /// It sends, or asks for headers only.
    pub(super) is_other: bool,
}

/// The download that a command is; `None` for other commands.
pub(super) fn fetch(command: &Command) -> Option<Fetch<'_>> {
    let words = command.program();
    let (is_saved, is_other) = match command.program_name() {
        "curl" => curl(words),
        "wget" => wget(words),
        _ => return None,
    };
    // What a proxy is asked is another matter than the proxy.
    let is_proxy = |word: &Word| matches!(word.text.as_str(), "--proxy" | "--preproxy" | "-x");
    let urls = words.windows(2).filter(|pair| !is_proxy(&pair[0]));
    let urls = urls.map(|pair| &pair[1]);
    Some(Fetch {
        urls: urls
            .filter(|word| word.text.contains("://") || word.text.contains("{{"))
            .collect(),
        is_saved: is_saved || command.is_redirected(),
        is_other,
    })
}

/// A file that is none: what is written there is gone, or is passed on.
fn is_no_file(word: &str) -> bool {
    matches!(bare(word), "-" | "/dev/null" | "/dev/stdout")
}

fn curl(words: &[Word]) -> (bool, bool) {
    let (mut is_saved, mut is_other) = (false, false);
    let mut words = words
        .iter()
        .skip(1)
        .map(|word| word.text.as_str())
        .peekable();
    while let Some(word) = words.next() {
        match word {
            "--output" => is_saved = words.peek().is_some_and(|file| !is_no_file(file)),
            "--remote-name" | "--remote-name-all" => is_saved = true,
            "--head" | "--upload-file" | "--form" => is_other = true,
            "--request" => is_other |= words.peek().is_some_and(|method| bare(method) != "GET"),
            _ if word.starts_with("--data") || word.starts_with("--json") => is_other = true,
            _ if word.starts_with("--") => {}
            _ => {
                let Some(letters) = word.strip_prefix('-') else {
                    continue;
                };
                for (at, letter) in letters.char_indices() {
                    let rest = &letters[at + letter.len_utf8()..];
                    let value = match rest {
                        "" => words.peek().copied().unwrap_or_default(),
                        rest => rest,
                    };
                    match letter {
                        'o' => is_saved = !is_no_file(value),
                        'O' => is_saved = true,
                        'I' | 'T' | 'F' | 'd' => is_other = true,
                        'X' => is_other |= bare(value) != "GET",
                        _ => {}
                    }
                    // These take what follows as their value.
                    if "oITFdXHuAexmwbcCKrzE".contains(letter) && letter != 'I' {
                        break;
                    }
                }
            }
        }
    }
    (is_saved, is_other)
}

fn wget(words: &[Word]) -> (bool, bool) {
    let (mut is_saved, mut is_other) = (true, false);
    let mut words = words
        .iter()
        .skip(1)
        .map(|word| word.text.as_str())
        .peekable();
    while let Some(word) = words.next() {
        match word {
            "--spider" => is_other = true,
            "--output-document" => is_saved = words.peek().is_some_and(|file| !is_no_file(file)),
            _ if word.starts_with("--post") => is_other = true,
            _ if word.starts_with("--output-document=") => {
                is_saved = !is_no_file(&word["--output-document=".len()..]);
            }
            _ if word.starts_with("--") || !word.starts_with('-') => {}
            _ => {
                if let Some((_, rest)) = word.split_once('O') {
                    let file = if rest.is_empty() {
                        words.peek().copied().unwrap_or_default()
                    } else {
                        rest
                    };
                    is_saved = !is_no_file(file);
                }
            }
        }
    }
    (is_saved, is_other)
}

/// Whether a command compares what was fetched with what is known of it.
pub(super) fn is_verification(command: &Command) -> bool {
    let words = command.program();
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&bare(&word.text)));
    match command.program_name() {
        "sha256sum" | "sha512sum" | "sha384sum" | "sha224sum" | "sha1sum" | "md5sum" | "b2sum"
        | "shasum" | "gpgv" | "minisign" | "signify" | "slsa-verifier" | "rpmkeys"
        | "debsig-verify" => true,
        "gpg" | "gpg2" => has(&["--verify", "--verify-files", "--decrypt", "-d"]),
        "openssl" => has(&["dgst", "cms", "smime"]),
        "cosign" => has(&["verify", "verify-blob"]),
        "rpm" => has(&["-K", "--checksig"]),
        _ => false,
    }
}

/// The host of an address, in small letters; `None` when it is not written down.
pub(super) fn host(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#', '"', '\'']).unwrap_or(rest.len());
    let authority = &rest[..end];
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_known = !host.is_empty() && !host.contains(['$', '{', '`']);
    is_known.then(|| host.to_ascii_lowercase())
}

/// Whether a host is this machine, or the service that tells it about itself.
pub(super) fn is_own(host: &str) -> bool {
    host == "localhost" || host == "::1" || host.starts_with("127.") || host.starts_with("169.254.")
}

/// The value of an input that is one text.
pub(super) fn input<'a>(entry: &'a Entry, name: &str) -> Option<&'a Spanned<String>> {
    let (_, input) = entry.fields.iter().find(|(key, _)| key.value == name)?;
    match input {
        Input::Text(text) => Some(text),
        Input::List(_) | Input::Pairs(_) | Input::Verbatim(_) => None,
    }
}

/// A text with the values that the document itself gives for what it begins with.
pub(super) fn with_defaults(document: &Document, text: &str) -> String {
    if !text.contains("{{") {
        return text.to_owned();
    }
    let declared = document.parameters.iter().chain(&document.constants);
    let value = |name: &str| {
        let mut found = declared.clone().filter(|known| known.name.value == name);
        found.next().and_then(|known| known.value.as_deref())
    };
    let pieces = Template::parse(text).pieces.into_iter();
    pieces
        .map(|piece| match piece {
            Piece::Literal(text) | Piece::Odd(text) => text,
            Piece::Reference(Reference::Name(name), whole) => {
                value(&name).map_or(whole, str::to_owned)
            }
            Piece::Reference(_, whole) => whole,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved() {
        for (script, expected) in [
            ("curl -fsSLo x https://a/b", Some((true, false))),
            ("curl -LO https://a/b", Some((true, false))),
            ("curl --output x https://a/b", Some((true, false))),
            ("curl https://a/b > x", Some((true, false))),
            ("curl -s https://a/b", Some((false, false))),
            ("curl -H 'Accept: o' https://a/b", Some((false, false))),
            ("curl -so /dev/null https://a/b", Some((false, false))),
            ("curl -d x https://a/b", Some((false, true))),
            ("curl -X POST https://a/b", Some((false, true))),
            ("curl -XGET -o x https://a/b", Some((true, false))),
            ("wget https://a/b", Some((true, false))),
            ("wget -qO- https://a/b", Some((false, false))),
            ("wget -q -O - https://a/b", Some((false, false))),
            ("wget --output-document=x https://a/b", Some((true, false))),
            ("wget --spider https://a/b", Some((true, true))),
            ("sudo -E curl -O https://a/b", Some((true, false))),
            ("aria2c https://a/b", None),
        ] {
            let commands = super::super::shell::parse(script);
            let found = fetch(&commands[0]).map(|fetch| (fetch.is_saved, fetch.is_other));
            assert_eq!(found, expected, "{script}");
        }
    }

    #[test]
    fn hosts() {
        for (url, expected) in [
            ("http://Example.org:80/x", Some("example.org")),
            ("'https://u:p@a.b'", Some("a.b")),
            ("http://[::1]:80/", Some("::1")),
            ("http://$HOST/x", None),
            ("no address", None),
        ] {
            assert_eq!(host(url).as_deref(), expected, "{url}");
        }
        assert!(is_own("169.254.169.254") && !is_own("a.b"));
    }
}
