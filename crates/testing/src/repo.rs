//! A small signed Debian archive in a directory, made to order.
//!
//! ```text
//! root/dists/<suite>/InRelease
//! root/dists/<suite>/main/binary-amd64/Packages{,.gz,.xz}
//! root/dists/<suite>/main/binary-amd64/by-hash/SHA256/<digest>
//! root/pool/main/<name>_<version>_<arch>.deb        some bytes, unless given
//! ```

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use goldsmith_core::digest::Sha256;

use crate::key::{Made, TestKey, clearsign};

/// A package of the archive.
#[derive(Debug, Clone)]
pub struct Package {
    /// `nginx`.
    pub name: String,
    /// `1.0-1`.
    pub version: String,
    /// `amd64`, `all`.
    pub arch: String,
    /// More lines of its stanza, such as `Depends: libc6\n`.
    pub fields: String,
    /// The `.deb` file.
    pub bytes: Vec<u8>,
}

impl Package {
    /// A package for amd64 of some bytes; `fields` are lines such as `Depends: a, b`.
    pub fn new(name: &str, version: &str, fields: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            arch: "amd64".to_owned(),
            fields: fields
                .iter()
                .fold(String::new(), |all, line| all + line + "\n"),
            bytes: format!("{name} {version}\n").repeat(2000).into_bytes(),
        }
    }

    /// Where it stands below the root.
    pub fn path(&self) -> String {
        // The epoch of a version is not part of a file's name.
        let version = self.version.rsplit(':').next().unwrap_or_default();
        format!("pool/main/{}_{version}_{}.deb", self.name, self.arch)
    }

    fn stanza(&self) -> String {
        let Self {
            name,
            version,
            arch,
            fields,
            bytes,
        } = self;
        format!(
            "Package: {name}\nVersion: {version}\nArchitecture: {arch}\n{fields}Filename: {}\n\
             Size: {}\nSHA256: {}\n\n",
            self.path(),
            bytes.len(),
            Sha256::of(bytes)
        )
    }
}

/// One suite as it is to be written.
#[derive(Debug, Clone)]
pub struct Suite<'a> {
    /// `bookworm`.
    pub name: &'a str,
    /// Its packages.
    pub packages: Vec<Package>,
    /// `Date`, Unix seconds; also the moment of the signature.
    pub date: u32,
    /// More lines of the Release, such as `Valid-Until: ...\n`.
    pub fields: &'a str,
    /// Which forms of the index there are: `""`, `".gz"`, `".xz"`.
    pub forms: &'a [&'a str],
    /// Whether there is a `by-hash` directory.
    pub by_hash: bool,
}

impl<'a> Suite<'a> {
    /// A suite with all there can be.
    pub const fn new(name: &'a str, date: u32, packages: Vec<Package>) -> Self {
        Self {
            name,
            packages,
            date,
            fields: "",
            forms: &["", ".gz", ".xz"],
            by_hash: true,
        }
    }
}

/// Writes (or replaces) a suite below `root`, signed by `key`. Gives the path of its directory.
pub fn write(root: &Path, suite: &Suite<'_>, key: &TestKey) -> PathBuf {
    let dir = root.join("dists").join(suite.name);
    let index_dir = dir.join("main/binary-amd64");
    drop(std::fs::remove_dir_all(&dir));
    for package in &suite.packages {
        put(&root.join(package.path()), &package.bytes);
    }
    let index: String = suite.packages.iter().map(Package::stanza).collect();
    let mut table = String::new();
    for form in ["", ".gz", ".xz"] {
        let bytes = compress(index.as_bytes(), form);
        let (size, sha256) = (bytes.len(), Sha256::of(&bytes));
        // As in Debian's archive, the plain form is named also where it is not kept.
        if form.is_empty() || suite.forms.contains(&form) {
            writeln!(table, " {sha256} {size} main/binary-amd64/Packages{form}")
                .expect("writes to memory");
        }
        if suite.forms.contains(&form) {
            put(&index_dir.join(format!("Packages{form}")), &bytes);
            if suite.by_hash {
                put(&index_dir.join(format!("by-hash/SHA256/{sha256}")), &bytes);
            }
        }
    }
    let text = format!(
        "Origin: Test\nSuite: {0}\nCodename: {0}\nDate: {1}\nAcquire-By-Hash: {2}\n\
         Architectures: amd64\nComponents: main\n{3}SHA256:\n{table}",
        suite.name,
        date(suite.date),
        if suite.by_hash { "yes" } else { "no" },
        suite.fields,
    );
    let signed = clearsign(&text, &[(key, Made::at(suite.date))]);
    put(&dir.join("InRelease"), signed.as_bytes());
    dir
}

fn put(path: &Path, bytes: &[u8]) {
    let parent = path.parent().expect("a file stands in a directory");
    std::fs::create_dir_all(parent)
        .and_then(|()| std::fs::write(path, bytes))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn compress(bytes: &[u8], form: &str) -> Vec<u8> {
    let mut out = Vec::new();
    match form {
        ".gz" => {
            let mut writer = flate2::write::GzEncoder::new(&mut out, flate2::Compression::fast());
            writer.write_all(bytes).expect("writes to memory");
        }
        ".xz" => {
            let mut writer = liblzma::write::XzEncoder::new(&mut out, 0);
            writer.write_all(bytes).expect("writes to memory");
        }
        _ => out.extend_from_slice(bytes),
    }
    out
}

/// `Wed, 15 Nov 2023 22:13:20 UTC`.
pub fn date(unix: u32) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (mut days, seconds) = (unix / 86_400, unix % 86_400);
    let weekday = DAYS[(days % 7) as usize];
    let mut year = 1970;
    let is_leap = |year: u32| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    while days >= 365 + u32::from(is_leap(year)) {
        days -= 365 + u32::from(is_leap(year));
        year += 1;
    }
    let lengths = [
        31,
        28 + u32::from(is_leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let mut month = 0;
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!(
        "{weekday}, {:02} {} {year} {hour:02}:{minute:02}:{second:02} UTC",
        days + 1,
        MONTHS[month]
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn dates() {
        for (unix, text) in [
            (1_700_086_400, "Wed, 15 Nov 2023 22:13:20 UTC"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 UTC"),
            (0, "Thu, 01 Jan 1970 00:00:00 UTC"),
        ] {
            assert_eq!(super::date(unix), text);
        }
    }
}
