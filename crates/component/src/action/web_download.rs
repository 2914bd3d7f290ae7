//! `WebDownload`: a file from the web. Tries again by itself, whatever `maxAttempts` says.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use goldsmith_core::remote::Unpinned;
use sha2::digest::DynDigest;

use super::transfer::{self, refused};
use super::{
    Action, ActionError, Call, EVERYWHERE, Kind, Outputs, Shape, Values, files, optional, required,
};
use crate::machine::NodeKind;

pub(super) static ACTION: Action = Action {
    name: "WebDownload",
    summary: "downloads files",
    platforms: EVERYWHERE,
    shape: Shape::List,
    inputs: &[
        required("source", Kind::Text, "URL, `http` or `https`"),
        required(
            "destination",
            Kind::Text,
            "file, or directory when it ends in `/`; what is missing above is made",
        ),
        files::OVERWRITE,
        optional("checksum", Kind::Text, "in hexadecimal; with `algorithm`"),
        optional("algorithm", Kind::Text, "MD5, SHA1, SHA256 or SHA512"),
        optional(
            "ignoreCertificateErrors",
            Kind::Flag,
            "whether any certificate of the server will do; default false",
        ),
    ],
    outputs: &["destination"],
    check: None,
    run,
};

/// Most bytes of a file: more than any installer has, and an end to a server that has none.
const BYTES_MAX: u64 = 64 << 30;
/// Downloads before a wrong checksum is believed: a cache or a line may be at fault.
const FRESH_TRIES: u32 = 2;

fn run(call: &mut Call<'_>, values: &Values) -> Result<Outputs, ActionError> {
    let source = values.required("source")?;
    let wanted = Wanted::of(values)?;
    let how = Unpinned {
        limit: BYTES_MAX,
        ignore_certificate_errors: values.flag("ignoreCertificateErrors", false)?,
    };
    let mut to = transfer::destination(values)?;
    if to.ends_with('/') {
        to.push_str(&file_name(source)?);
    }
    transfer::check_target(call, values, &to)?;
    let outputs = Outputs::from([("destination", to.clone())]);
    if let Some(wanted) = &wanted
        && call.machine.stat(call.cx, &to)? == Some(NodeKind::File)
    {
        let mut hashing = wanted.algorithm.start();
        call.machine.get(call.cx, &to, &mut hashing)?;
        if hashing.hex() == wanted.checksum {
            call.cx.note(format!("`{to}` is there already"));
            return Ok(outputs);
        }
    }
    let Some(download) = call.services.download else {
        return refused(
            "`WebDownload` needs the network, and this run has none: run it without `--offline`"
                .to_owned(),
        );
    };
    let scratch = call.scratch_file()?;
    transfer::in_time(call, |cx| {
        for tries_left in (0..FRESH_TRIES).rev() {
            download.save(cx, source, how, scratch.path())?;
            match wanted.as_ref().map(|wanted| wanted.check(scratch.path())) {
                Some(Err(_)) if tries_left > 0 => {}
                Some(Err(why)) => return refused(format!("`{source}`: {why}")),
                Some(Ok(())) | None => break,
            }
        }
        files::make_parents(call, &to)?;
        transfer::deliver(call, cx, scratch.path(), &to)
    })?;
    Ok(outputs)
}

/// The name of the file at a URL: what follows the last `/` of its path.
fn file_name(url: &str) -> Result<String, ActionError> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let path = path.split_once("://").map_or(path, |(_, rest)| rest);
    let last = path
        .split_once('/')
        .and_then(|(_, path)| path.rsplit('/').next());
    let name = last.and_then(|last| String::from_utf8(percent_decoded(last)).ok());
    name.filter(|name| transfer::is_file_name(name))
        .ok_or_else(|| {
            ActionError::Refused(format!("`{url}` names no file: name one in `destination`"))
        })
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.filter(|_| *first == b'%');
        let byte = byte.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    out
}

/// What a file must be.
struct Wanted {
    algorithm: Algorithm,
    /// In small hexadecimal digits.
    checksum: String,
}

impl Wanted {
    /// `None` when no checksum is given. An empty text is none: it may come of a parameter.
    fn of(values: &Values) -> Result<Option<Self>, ActionError> {
        let given = |name| {
            let text = values.text(name).map(str::trim);
            text.filter(|text| !text.is_empty())
        };
        let (checksum, algorithm) = match (given("checksum"), given("algorithm")) {
            (None, None) => return Ok(None),
            (Some(checksum), Some(algorithm)) => (checksum, algorithm),
            (Some(_), None) => {
                return refused(
                    "there is a `checksum` and no `algorithm`: without it nothing is verified"
                        .to_owned(),
                );
            }
            (None, Some(_)) => {
                return refused(
                    "there is an `algorithm` and no `checksum`: without it nothing is verified"
                        .to_owned(),
                );
            }
        };
        let Some(algorithm) = Algorithm::parse(algorithm) else {
            return refused(format!(
                "`algorithm` is `{algorithm}`, not MD5, SHA1, SHA256 or SHA512"
            ));
        };
        let checksum = checksum.to_ascii_lowercase();
        let digits = algorithm.start().hex().len();
        let is_hex = checksum.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hex || checksum.len() != digits {
            return refused(format!(
                "`checksum` is `{checksum}`, not {digits} hexadecimal digits as {algorithm} has"
            ));
        }
        Ok(Some(Self {
            algorithm,
            checksum,
        }))
    }

    /// `Err` in words.
    fn check(&self, file: &Path) -> Result<(), String> {
        let mut hashing = self.algorithm.start();
        File::open(file)
            .and_then(|mut file| io::copy(&mut file, &mut hashing))
            .map_err(|error| format!("cannot read a scratch file: {error}"))?;
        let found = hashing.hex();
        if found == self.checksum {
            return Ok(());
        }
        let (algorithm, expected) = (self.algorithm, &self.checksum);
        Err(format!("its {algorithm} is {found}, not {expected}"))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha512,
}

impl std::fmt::Display for Algorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        })
    }
}

impl Algorithm {
    fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().replace('-', "").as_str() {
            "MD5" => Some(Self::Md5),
            "SHA1" => Some(Self::Sha1),
            "SHA256" => Some(Self::Sha256),
            "SHA512" => Some(Self::Sha512),
            _ => None,
        }
    }

    fn start(self) -> Hashing {
        Hashing(match self {
            Self::Md5 => Box::new(md5::Md5::default()),
            Self::Sha1 => Box::new(sha1::Sha1::default()),
            Self::Sha256 => Box::new(sha2::Sha256::default()),
            Self::Sha512 => Box::new(sha2::Sha512::default()),
        })
    }
}

/// Bytes on their way into a checksum.
struct Hashing(Box<dyn DynDigest>);

impl Hashing {
    fn hex(self) -> String {
        let bytes = self.0.finalize();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names() {
        for (url, name) in [
            ("https://h/a/b.zip", Some("b.zip")),
            ("https://h/a/b%20c.zip?x=/y#/z", Some("b c.zip")),
            ("https://h/100%", Some("100%")),
            ("https://h/%C3%BC", Some("ü")),
            ("https://h", None),
            ("https://h/", None),
            ("https://h/a/", None),
            ("https://h/a/..", None),
            ("https://h/a%2Fb", None),
            ("https://h/%2e%2E", None),
            ("https://h/a%00", None),
            ("https://h/%ff", None),
        ] {
            assert_eq!(file_name(url).ok().as_deref(), name, "{url}");
        }
    }

    #[test]
    fn checksums() {
        let md5 = "D41D8CD98F00B204E9800998ECF8427E";
        let wanted = |checksum: &str, algorithm: &str| {
            let mut values = Values::default();
            for (name, text) in [("checksum", checksum), ("algorithm", algorithm)] {
                if text != "-" {
                    let texts = vec![text.to_owned()];
                    values.0.insert(name.to_owned(), texts);
                }
            }
            match Wanted::of(&values) {
                Ok(None) => "none".to_owned(),
                Ok(Some(wanted)) => format!("{} {}", wanted.algorithm, wanted.checksum),
                Err(ActionError::Refused(text)) => text,
                Err(error) => format!("{error:?}"),
            }
        };
        assert_eq!(wanted("-", "-"), "none");
        assert_eq!(wanted("", ""), "none");
        for name in ["MD5", "md5", "MD-5"] {
            assert_eq!(wanted(md5, name), format!("MD5 {}", md5.to_lowercase()));
        }
        for (checksum, algorithm, why) in [
            (md5, "-", "no `algorithm`"),
            (md5, "", "no `algorithm`"),
            ("-", "MD5", "no `checksum`"),
            (md5, "SHA1", "not 40 hexadecimal digits"),
            ("nonsense", "SHA512", "not 128 hexadecimal digits"),
            (md5, "CRC", "not MD5, SHA1, SHA256 or SHA512"),
        ] {
            let text = wanted(checksum, algorithm);
            assert!(text.contains(why), "{text}");
        }
    }
}
