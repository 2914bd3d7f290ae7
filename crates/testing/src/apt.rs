//! apt as an oracle: a private apt root with the indices of the host's own mirror, in
//! which `apt-get --simulate` says what it would install.
//!
//! Needs `apt-get` and `dpkg` of Debian 12, and a mirror named in the host's
//! `debian.sources`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Where Debian's container and cloud images name their mirrors.
const SOURCES: &str = "/etc/apt/sources.list.d/debian.sources";

/// A private apt root.
#[derive(Debug)]
pub struct Apt {
    root: TempDir,
}

/// One `Packages` file that apt fetched.
#[derive(Debug)]
pub struct AptIndex {
    /// `bookworm-security/main amd64`
    pub name: String,
    /// As its Release file says: `oldstable-security`.
    pub suite: String,
    /// As its Release file says: `bookworm-security`.
    pub codename: String,
    /// Its text.
    pub text: Vec<u8>,
}

/// What a simulation would change: versions by (package, architecture).
pub type Installs = BTreeMap<(String, String), String>;

impl Apt {
    /// Fetches the indices of Debian 12 (with updates and security) for a native and
    /// foreign architectures.
    pub fn update(native: &str, foreign: &[&str]) -> Self {
        let apt = Self::new(native, foreign, &sources());
        apt.fetch();
        apt
    }

    /// A root that knows only the packages of one index of ours.
    pub fn of_index(native: &str, foreign: &[&str], index: &str) -> Self {
        let apt = Self::new(native, foreign, "");
        let repository = apt.path("repository");
        fs::create_dir_all(&repository).expect("the temporary directory is ours");
        write(&repository.join("Packages"), index);
        let source = format!(
            "Types: deb\nURIs: copy:{}\nSuites: ./\nTrusted: yes\nAllow-Insecure: yes\n",
            repository.display()
        );
        write(&apt.path("etc/apt/sources.list.d/debian.sources"), &source);
        apt.fetch();
        apt
    }

    fn new(native: &str, foreign: &[&str], sources: &str) -> Self {
        let root = TempDir::new().expect("a temporary directory");
        let apt = Self { root };
        for directory in [
            "etc/apt/sources.list.d",
            "etc/apt/preferences.d",
            "etc/apt/trusted.gpg.d",
            "var/lib/apt/lists/partial",
            "var/lib/dpkg",
            "var/cache/apt/archives/partial",
        ] {
            fs::create_dir_all(apt.path(directory)).expect("the temporary directory is ours");
        }
        let archs: Vec<String> = std::iter::once(&native)
            .chain(foreign)
            .map(|arch| format!("\"{arch}\";"))
            .collect();
        let config = format!(
            "Dir \"{root}\";\nDir::State::Status \"{status}\";\n\
             APT::Architecture \"{native}\";\nAPT::Architectures {{ {archs}}};\n\
             APT::Install-Recommends \"false\";\nAPT::Sandbox::User \"root\";\n\
             Acquire::Languages \"none\";\nAcquire::GzipIndexes \"false\";\n\
             pkgCacheGen::ForceEssential \",\";\n{network}",
            archs = archs.concat(),
            root = apt.root.path().display(),
            status = apt.path("var/lib/dpkg/status").display(),
            network = host_network_config(),
        );
        write(&apt.path("apt.conf"), &config);
        write(&apt.path("var/lib/dpkg/status"), "");
        write(&apt.path("etc/apt/sources.list.d/debian.sources"), sources);
        apt
    }

    fn fetch(&self) {
        self.run("apt-get", &["update", "-qq"])
            .unwrap_or_else(|problem| panic!("apt-get update: {problem}"));
    }

    /// The indices in apt's order.
    pub fn indices(&self) -> Vec<AptIndex> {
        let format = "$(FILENAME)\t$(SUITE)\t$(CODENAME)\t$(COMPONENT)\t$(ARCHITECTURE)";
        let out = self
            .run(
                "apt-get",
                &["indextargets", "--format", format, "Created-By: Packages"],
            )
            .unwrap_or_else(|problem| panic!("apt-get indextargets: {problem}"));
        let indices: Vec<AptIndex> = out
            .lines()
            .filter_map(|line| {
                let [file, suite, codename, component, arch] =
                    line.split('\t').collect::<Vec<_>>().try_into().ok()?;
                Some(AptIndex {
                    name: format!("{codename}/{component} {arch}"),
                    suite: suite.to_owned(),
                    codename: codename.to_owned(),
                    text: fs::read(file).ok()?,
                })
            })
            .collect();
        assert!(indices.len() >= 3, "apt fetched too little:\n{out}");
        indices
    }

    /// Makes a dpkg status file that of the system.
    pub fn set_status(&self, status: &str) {
        write(&self.path("var/lib/dpkg/status"), status);
    }

    /// Says what `apt-get install` would do: what it installs new or in another version,
    /// without what it removes; or apt's own words when it refuses.
    pub fn install(&self, packages: &[&str]) -> Result<Installs, String> {
        let mut words = vec!["install", "--simulate", "--no-install-recommends", "--"];
        words.extend(packages);
        Ok(parse(&self.run("apt-get", &words)?))
    }

    /// Runs a program with this apt configuration; its standard output, or all it said
    /// when it failed.
    pub fn run(&self, program: &str, words: &[&str]) -> Result<String, String> {
        #[expect(
            clippy::disallowed_methods,
            reason = "an oracle of tests, with a cleared environment"
        )]
        let out = Command::new(program)
            .args(words)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LC_ALL", "C")
            .env("APT_CONFIG", self.path("apt.conf"))
            .output()
            .unwrap_or_else(|error| panic!("this test needs `{program}` of Debian 12: {error}"));
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        if out.status.success() {
            Ok(text)
        } else {
            Err(format!("{text}{}", String::from_utf8_lossy(&out.stderr)))
        }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.root.path().join(below)
    }
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// Proxies and the like: the host's mirror may be reachable in no other way.
fn host_network_config() -> String {
    #[expect(clippy::disallowed_methods, reason = "an oracle of tests")]
    let out = Command::new("apt-config")
        .arg("dump")
        .output()
        .expect("this test needs `apt-config` of Debian 12");
    let text = String::from_utf8_lossy(&out.stdout);
    let lines = text.split_inclusive('\n');
    lines
        .filter(|line| line.starts_with("Acquire::http"))
        .collect()
}

/// Debian 12 from the host's mirrors, whatever else the host has.
fn sources() -> String {
    let text = fs::read_to_string(SOURCES)
        .unwrap_or_else(|error| panic!("this test reads the mirror from `{SOURCES}`: {error}"));
    let stanza = |suite: &str| {
        text.split("\n\n")
            .find(|stanza| {
                let suites = field(stanza, "Suites").unwrap_or_default();
                suites.split_whitespace().any(|word| word == suite)
            })
            .unwrap_or_else(|| panic!("`{SOURCES}` has no suite `{suite}`"))
    };
    let entry = |stanza: &str, suites: &str| {
        let uri = field(stanza, "URIs").expect("a source has a URI");
        let key = field(stanza, "Signed-By")
            .map_or_else(String::new, |key| format!("Signed-By: {key}\n"));
        format!("Types: deb\nURIs: {uri}\nSuites: {suites}\nComponents: main\n{key}\n")
    };
    entry(stanza("bookworm"), "bookworm bookworm-updates")
        + &entry(stanza("bookworm-security"), "bookworm-security")
}

fn field<'t>(stanza: &'t str, name: &str) -> Option<&'t str> {
    stanza.lines().find_map(|line| {
        let value = line.strip_prefix(name)?.strip_prefix(':')?;
        Some(value.trim())
    })
}

/// Reads `Inst nginx (1.22.1-9 Debian:12/oldstable [amd64])`, where an upgrade has
/// `[1.22.0]` before the bracket.
fn parse(out: &str) -> Installs {
    out.lines()
        .filter_map(|line| {
            let (name, rest) = line.strip_prefix("Inst ")?.split_once(' ')?;
            let (_, rest) = rest.split_once('(')?;
            let (version, rest) = rest.split_once(' ')?;
            let (arch, _) = rest.split_once("])")?;
            let (_, arch) = arch.rsplit_once('[')?;
            let name = name.split_once(':').map_or(name, |(name, _)| name);
            Some(((name.to_owned(), arch.to_owned()), version.to_owned()))
        })
        .collect()
}
