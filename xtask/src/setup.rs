//! Brings a fresh Debian or Ubuntu machine to where the tests and the demo run.
//!
//! The product itself needs none of this but QEMU for boot tests: the rest are
//! the tests' oracles.

use std::fs;
use std::path::Path;

use crate::sh::{self, Outcome};

/// A Debian package and a file that shows it is there.
type Need = (&'static str, &'static str);

/// For building Goldsmith: a C compiler for the compression and TLS libraries.
const BUILD: &[Need] = &[
    ("gcc", "/usr/bin/cc"),
    ("libc6-dev", "/usr/include/stdio.h"),
];

/// For booting an image. On a machine whose `qemu-utils` came from backports these must as well.
const BOOT: &[Need] = &[
    ("qemu-system-x86", "/usr/bin/qemu-system-x86_64"),
    ("ovmf", "/usr/share/OVMF/OVMF_CODE_4M.fd"),
    ("qemu-utils", "/usr/bin/qemu-img"),
];

/// For the tests: what our output is held against.
const ORACLES: &[Need] = &[
    ("e2fsprogs", "/usr/sbin/e2fsck"),
    ("xfsprogs", "/usr/sbin/mkfs.xfs"),
    ("btrfs-progs", "/usr/bin/btrfs"),
    ("cryptsetup-bin", "/usr/sbin/cryptsetup"),
    ("gdisk", "/usr/sbin/sgdisk"),
    ("fdisk", "/usr/sbin/sfdisk"),
    ("dosfstools", "/usr/sbin/fsck.vfat"),
    ("mtools", "/usr/bin/mcopy"),
    ("mmdebstrap", "/usr/bin/mmdebstrap"),
    ("grub-common", "/usr/bin/grub-mkimage"),
    ("grub-pc-bin", "/usr/lib/grub/i386-pc/kernel.img"),
    (
        "grub-efi-amd64-bin",
        "/usr/lib/grub/x86_64-efi/monolithic/grubx64.efi",
    ),
    ("acl", "/usr/bin/setfacl"),
    ("attr", "/usr/bin/setfattr"),
    ("libcap2-bin", "/usr/sbin/setcap"),
    ("libxml2-utils", "/usr/bin/xmllint"),
    ("jq", "/usr/bin/jq"),
    ("openssl", "/usr/bin/openssl"),
    ("shellcheck", "/usr/bin/shellcheck"),
    ("python3", "/usr/bin/python3"),
    (
        "python3-packaging",
        "/usr/lib/python3/dist-packages/packaging/version.py",
    ),
    ("python3-semver", "/usr/lib/python3/dist-packages/semver.py"),
    ("rpm", "/usr/bin/rpm"),
    ("openscap-scanner", "/usr/bin/oscap"),
    ("util-linux", "/usr/bin/setpriv"),
    ("uidmap", "/usr/bin/newuidmap"),
    ("iproute2", "/usr/sbin/ip"),
    ("openssh-client", "/usr/bin/ssh"),
    ("procps", "/usr/bin/ps"),
    ("bsdutils", "/usr/bin/script"),
    ("rpm", "/usr/bin/rpmbuild"),
    ("db5.3-util", "/usr/bin/db5.3_load"),
    ("zip", "/usr/bin/zip"),
    ("bzip2", "/usr/bin/bzip2"),
    ("cpio", "/usr/bin/cpio"),
    ("zstd", "/usr/bin/zstd"),
    ("binutils", "/usr/bin/objcopy"),
    ("git", "/usr/bin/git"),
    ("nodejs", "/usr/bin/node"),
    ("npm", "/usr/bin/npm"),
    (
        "libfaketime",
        "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    ),
];

/// `cargo xtask setup`: everything.
pub(crate) fn run(_arguments: &[String]) -> Outcome {
    for_demo()?;
    for_tests()
}

/// What the demo needs.
pub(crate) fn for_demo() -> Outcome {
    ensure(&[BUILD, BOOT])
}

/// What the tests need.
pub(crate) fn for_tests() -> Outcome {
    ensure(&[BUILD, BOOT, ORACLES])?;
    if !sh::has("cargo-nextest") {
        println!("installing cargo-nextest with cargo");
        sh::run("cargo", &["install", "--locked", "cargo-nextest"])?;
    }
    sshd()?;
    documents()?;
    emulators()?;
    scripts()
}

/// Documents of others that tests need.
fn documents() -> Outcome {
    let folder = sh::target().join("documents");
    fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    schema(&folder)?;
    rules(&folder)
}

/// The schema of SARIF by OASIS, out of a crate that carries it and is not built.
fn schema(folder: &Path) -> Outcome {
    const CRATE: &str = "serde-sarif";
    const VERSION: &str = "0.8.0";
    let schema = folder.join("sarif-2.1.0.json");
    if schema.exists() {
        return Ok(());
    }
    println!("fetching for the tests: {CRATE} {VERSION}");
    let carrier = folder.join("carrier");
    fs::create_dir_all(carrier.join("src")).map_err(|e| e.to_string())?;
    let manifest = carrier.join("Cargo.toml");
    let text = format!(
        "[package]\nname = \"carrier\"\nedition = \"2024\"\n[workspace]\n\
         [dependencies]\n{CRATE} = \"={VERSION}\"\n"
    );
    fs::write(&manifest, text).map_err(|e| e.to_string())?;
    fs::write(carrier.join("src/lib.rs"), "").map_err(|e| e.to_string())?;
    let path = manifest.display().to_string();
    let arguments = ["metadata", "--format-version=1", "--manifest-path", &path];
    let found = sh::read("cargo", &arguments)?;
    let wanted = format!("{CRATE}-{VERSION}/Cargo.toml");
    let mut texts = found.split('"');
    let manifest = texts.find(|text| text.ends_with(&wanted));
    let manifest = manifest.ok_or_else(|| format!("cargo did not say where {CRATE} is"))?;
    let from = Path::new(manifest)
        .with_file_name("src")
        .join("schema.json");
    fs::copy(&from, &schema)
        .map(drop)
        .map_err(|e| format!("{}: {e}", from.display()))
}

/// The rules of the SCAP Security Guide for Debian 12, which Debian 13 is the first to have.
pub(crate) fn rules(folder: &Path) -> Outcome {
    const SCRIPT: &str = r#"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; mkdir -p "$work/lists/partial" "$work/cache"; cd "$work"
echo "deb $1 trixie main" > list
set -- "$2" -qq -o Dir::Etc::SourceList="$work/list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Sandbox::User=
folder=$1; shift
apt-get "$@" update; apt-get "$@" download ssg-debian
dpkg-deb --fsys-tarfile ssg-debian_*.deb | tar -x --strip-components=7 -C "$folder" --wildcards '*/ssg-debian12-ds.xml'
"#;
    if folder.join("ssg-debian12-ds.xml").exists() {
        return Ok(());
    }
    println!("fetching the rules of OpenSCAP for Debian 12");
    let (mirror, folder) = (mirror()?, folder.display().to_string());
    sh::run("sh", &["-euc", SCRIPT, "rules", &mirror, &folder])
}

/// A server to log in to, unpacked for the tests only: installed it would listen on this machine.
fn sshd() -> Outcome {
    const PACKAGES: [&str; 2] = ["openssh-server", "libwrap0"];
    let folder = sh::target().join("sshd");
    if Path::new("/usr/sbin/sshd").exists() || folder.join("usr/sbin/sshd").exists() {
        return Ok(());
    }
    println!("unpacking for the tests: {}", PACKAGES.join(" "));
    let fetched = sh::target().join("fetched");
    fs::create_dir_all(&fetched).map_err(|e| e.to_string())?;
    let download = || {
        let mut command = sh::command("apt-get", &["-qq", "download"]);
        sh::check(command.args(PACKAGES).current_dir(&fetched))
    };
    if download().is_err() {
        apt(&["update"], None)?;
        download()?;
    }
    for entry in fs::read_dir(&fetched).map_err(|e| e.to_string())?.flatten() {
        let (package, into) = (entry.path(), folder.display().to_string());
        sh::run("dpkg-deb", &["-x", &package.to_string_lossy(), &into])?;
    }
    fs::remove_dir_all(&fetched).map_err(|e| e.to_string())
}

/// Emulators of clouds and other oracles, in a Python environment of their own where the tests look for them.
/// With `moto` come boto3, the client that ours is held against, and botocore's models.
fn emulators() -> Outcome {
    const PACKAGES: [&str; 10] = [
        "moto[events,s3,ssm,secretsmanager]==5.2.5",
        "flask==3.1.3",
        "flask-cors==6.0.5",
        // What bills of materials are held against: the schemas, and the tools of SPDX.
        "cyclonedx-python-lib[json-validation]==11.12.0",
        "spdx-tools==0.8.5",
        // What statements are held against: envelopes and signatures, and the forms of in-toto.
        "securesystemslib[crypto]==1.6.0",
        "in-toto-attestation==0.9.3",
        // What messages are held against, and a mail server.
        "cloudevents==2.2.0",
        "standardwebhooks==1.1.0",
        "aiosmtpd==1.4.6",
    ];
    let folder = sh::target().join("emulators");
    let made = folder.join("made");
    let wanted = PACKAGES.join("\n");
    if fs::read_to_string(&made).is_ok_and(|text| text == wanted) {
        return Ok(());
    }
    println!("installing emulators with pip: {}", PACKAGES.join(" "));
    let path = folder.display().to_string();
    let environment = ["-m", "venv", "--clear", &path];
    if sh::run("python3", &environment).is_err() {
        // Debian has the module without what it needs.
        apt(&["update"], None)?;
        apt(
            &["install", "-y", "--no-install-recommends", "python3-venv"],
            None,
        )?;
        sh::run("python3", &environment)?;
    }
    let pip = folder.join("bin/pip").display().to_string();
    let mut arguments = vec!["install", "--quiet", "--disable-pip-version-check"];
    arguments.extend(PACKAGES);
    sh::run(&pip, &arguments)?;
    fs::write(&made, wanted).map_err(|e| e.to_string())
}

/// Packages of npm, where the tests look for them: how others read and write what goes through a
/// session of Systems Manager.
fn scripts() -> Outcome {
    const PACKAGE: &str = "ssm-session@1.0.6";
    let folder = sh::target().join("node");
    let made = folder.join("made");
    if fs::read_to_string(&made).is_ok_and(|text| text == PACKAGE) {
        return Ok(());
    }
    println!("installing for the tests with npm: {PACKAGE}");
    fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    let path = folder.display().to_string();
    let quiet = ["--no-audit", "--no-fund", "--no-save", "--ignore-scripts"];
    let arguments = [&["install", "--prefix", &path][..], &quiet, &[PACKAGE]];
    sh::run("npm", &arguments.concat())?;
    fs::write(&made, PACKAGE).map_err(|e| e.to_string())
}

fn ensure(groups: &[&[Need]]) -> Outcome {
    let is_missing = |(_, file): &&Need| !Path::new(file).exists();
    let missing: Vec<&str> = groups
        .iter()
        .flat_map(|group| group.iter())
        .filter(is_missing)
        .map(|(name, _)| *name)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !sh::has("apt-get") {
        return Err(format!(
            "this machine has no apt-get, so you have to install these yourself (Debian's package names): {}\n\
             on Fedora: dnf install qemu-system-x86-core edk2-ovmf qemu-img e2fsprogs gdisk dosfstools mtools gcc",
            missing.join(" ")
        ));
    }
    println!("installing with apt-get: {}", missing.join(" "));
    let extra = backports(&missing)?;
    apt(&["update"], extra.as_ref())?;
    let names = missing.iter().map(|name| match &extra {
        // What is no part of QEMU need not be in the backports at all.
        Some(list) if name.starts_with("qemu-") => format!("{name}/{}", list.suite),
        _ => (*name).to_owned(),
    });
    // The packages that QEMU pulls in have to come from the same suite as it does.
    let pulled = extra.iter().flat_map(|list| {
        ["qemu-system-common", "qemu-system-data", "seabios"]
            .map(|name| format!("{name}/{}", list.suite))
    });
    let mut arguments = vec![
        "install".to_owned(),
        "-y".to_owned(),
        "--no-install-recommends".to_owned(),
    ];
    arguments.extend(names.chain(pulled));
    apt(
        &arguments.iter().map(String::as_str).collect::<Vec<_>>(),
        extra.as_ref(),
    )
}

/// A further source of packages for one apt-get run.
struct ExtraList {
    suite: String,
    file: std::path::PathBuf,
}

/// `qemu-utils` of backports breaks `qemu-system-*` of the release, so where the first is
/// there the second must come from backports too, by a list that is added for this run only.
fn backports(missing: &[&str]) -> Result<Option<ExtraList>, String> {
    if !missing.iter().any(|name| name.starts_with("qemu")) {
        return Ok(None);
    }
    let installed =
        sh::read("dpkg-query", &["-W", "-f=${Version}", "qemu-utils"]).unwrap_or_default();
    let Some(release) = installed.split_once("~bpo").map(|(_, rest)| rest) else {
        return Ok(None);
    };
    let codename = match release.split('+').next() {
        Some("12") => "bookworm",
        Some("13") => "trixie",
        other => {
            return Err(format!(
                "qemu-utils comes from the backports of an unknown release: {other:?}"
            ));
        }
    };
    let suite = format!("{codename}-backports");
    let mirror = mirror()?;
    let file = sh::target().join("backports.list");
    fs::create_dir_all(sh::target()).map_err(|e| e.to_string())?;
    fs::write(&file, format!("deb {mirror} {suite} main\n")).map_err(|e| e.to_string())?;
    Ok(Some(ExtraList { suite, file }))
}

/// The mirror that this machine's own apt configuration names.
pub(crate) fn mirror() -> Result<String, String> {
    let mut texts = Vec::new();
    for place in [
        "/etc/apt/sources.list.d/debian.sources",
        "/etc/apt/sources.list",
    ] {
        texts.extend(fs::read_to_string(place).ok());
    }
    texts
        .iter()
        .flat_map(|text| text.lines())
        .find_map(|line| {
            line.strip_prefix("URIs:").map(str::trim).or_else(|| {
                line.strip_prefix("deb ")?
                    .split_whitespace()
                    .find(|word| word.contains("://"))
            })
        })
        .map(|uris| uris.split_whitespace().next().unwrap_or(uris).to_owned())
        .ok_or_else(|| "no Debian mirror in this machine's apt configuration".to_owned())
}

fn apt(arguments: &[&str], extra: Option<&ExtraList>) -> Outcome {
    let is_root = sh::read("id", &["-u"])?.trim() == "0";
    let mut all: Vec<String> = Vec::new();
    if !is_root {
        println!("(with sudo)");
        all.push("env".to_owned());
    }
    all.extend([
        "DEBIAN_FRONTEND=noninteractive".into(),
        "apt-get".into(),
        "-qq".into(),
    ]);
    all.extend(["-o".into(), "DPkg::Lock::Timeout=300".into()]);
    if let Some(list) = extra {
        // A folder of lists holding ours and links to the machine's own.
        let folder = sh::target().join("apt-lists.d");
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
        for entry in fs::read_dir("/etc/apt/sources.list.d")
            .into_iter()
            .flatten()
            .flatten()
        {
            std::os::unix::fs::symlink(entry.path(), folder.join(entry.file_name()))
                .map_err(|e| e.to_string())?;
        }
        fs::copy(&list.file, folder.join("goldsmith-backports.list")).map_err(|e| e.to_string())?;
        all.extend([
            "-o".into(),
            format!("Dir::Etc::SourceParts={}", folder.display()),
        ]);
    }
    all.extend(arguments.iter().map(|a| (*a).to_owned()));
    let words: Vec<&str> = all.iter().map(String::as_str).collect();
    if is_root {
        sh::run("env", &words)
    } else {
        sh::run("sudo", &words)
    }
}
