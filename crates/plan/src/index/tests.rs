//! What the scanner keeps and what it refuses.

use super::*;

const DIGEST: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn stanza(fields: &str) -> String {
    format!("{fields}\nFilename: pool/x.deb\nSize: 10\nSHA256: {DIGEST}\n\n")
}

fn index<'a>(name: &str, text: &'a [u8]) -> Index<'a> {
    Index {
        name: name.to_owned(),
        suite: name.to_owned(),
        codename: name.to_owned(),
        pin: 500,
        text,
    }
}

fn load(text: &str) -> Result<Universe<'_>, IndexError> {
    Universe::load("amd64", &[], vec![index("test", text.as_bytes())])
}

#[test]
fn reads_stanzas() {
    let text = [
        stanza("Package: b\nVersion: 1\nArchitecture: amd64\nDescription: text\n Depends: no"),
        stanza(
            "Package: a\nVersion: 1:2~x-3\nArchitecture: all\nMulti-Arch: foreign\nEssential: yes\n\
             Priority: required\nDepends: b,\n c (>= 1),\n\td\nProvides: v (= 2), w, u (>= 1)\nInstalled-Size: 7",
        ),
        stanza("Package: a\nVersion: 1:2-1\nArchitecture: amd64\nprotected: yes"),
        stanza("Package: z\nVersion: 1\nArchitecture: i386"),
    ]
    .concat();
    let universe = load(text.trim_end()).unwrap();
    let names: Vec<_> = universe.candidates().iter().map(|c| c.package).collect();
    assert_eq!(
        names,
        ["b", "a", "a"],
        "another architecture is passed over"
    );
    let a = universe.find("a", "amd64").unwrap();
    let versions: Vec<_> = universe
        .versions(a)
        .iter()
        .map(|id| universe.candidate(*id).version)
        .collect();
    assert_eq!(versions, ["1:2-1", "1:2~x-3"], "highest first");
    let old = universe.versions(a)[1];
    let candidate = universe.candidate(old);
    assert!(candidate.essential && !candidate.protected);
    assert!(universe.candidate(universe.versions(a)[0]).protected);
    assert_eq!(candidate.multi_arch, MultiArch::Foreign);
    assert_eq!(candidate.priority, Priority::Required);
    assert_eq!(candidate.installed_size_kib, 7);
    assert_eq!(candidate.sha256.to_string(), DIGEST);
    assert_eq!(universe.arch_of(old), "amd64");
    let depends = universe.relations(old, Field::Depends).unwrap();
    let shown: Vec<_> = depends.iter().map(|r| relation::display(r)).collect();
    assert_eq!(shown, ["b", "c (>= 1)", "d"], "continued lines");
    assert_eq!(universe.providers("v")[0].version, Some("2"));
    assert_eq!(universe.providers("w").len(), 1);
    assert!(
        universe.providers("u").is_empty(),
        "only `=` may stand in Provides"
    );
}

#[test]
fn refuses_naming_package_and_field() {
    let good = "Package: a\nVersion: 1\nArchitecture: all";
    for (text, expected) in [
        (
            stanza("Version: 1\nArchitecture: all"),
            "package ``: field `Package`: missing",
        ),
        (
            stanza("Package: a/b\nVersion: 1\nArchitecture: all"),
            "`a/b` is no package name",
        ),
        (
            stanza("Package: a\nArchitecture: all"),
            "package `a`: field `Version`: missing",
        ),
        (
            stanza("Package: a\nVersion: x y\nArchitecture: all"),
            "field `Version`: `x y` is not",
        ),
        (
            stanza("Package: a\nVersion: 1"),
            "package `a`: field `Architecture`: missing",
        ),
        (
            stanza(&format!("{good}\nMulti-Arch: maybe")),
            "field `Multi-Arch`: `maybe` is none of",
        ),
        (
            stanza(&format!("{good}\nProvides: b (")),
            "field `Provides`: an open bracket at `b (`",
        ),
        (
            stanza(&format!("{good}\nPackage: b")),
            "field `Package`: stands there twice",
        ),
        (
            stanza(&format!("{good}\nnonsense")),
            "no colon in `nonsense`",
        ),
        (
            format!("{good}\nFilename: ../x\nSize: 1\nSHA256: {DIGEST}"),
            "field `Filename`: `../x` is no path",
        ),
        (
            format!("{good}\nFilename: x\nSize: big\nSHA256: {DIGEST}"),
            "field `Size`: `big` is no number",
        ),
        (
            format!("{good}\nFilename: x\nSize: 1\nSHA256: 12"),
            "field `SHA256`: `12` is no SHA-256",
        ),
    ] {
        let error = load(&text).unwrap_err().to_string();
        assert!(error.starts_with("index `test`: package `"), "{error}");
        assert!(error.contains(expected), "{error} has no {expected}");
    }
    let mut bytes = stanza(good).into_bytes();
    bytes.extend(b"Package: broken\nVersion: \xff\n");
    let error = Universe::load("amd64", &[], vec![index("test", &bytes)]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("package `broken`: field `?`: not UTF-8"),
        "{error}"
    );
}

#[test]
fn first_mentions_are_ordered_as_apt_reads() {
    let text = [
        stanza("Package: z\nVersion: 1\nArchitecture: all\nRecommends: b\nDepends: c (>= 1) | a\nDescription: d b"),
        stanza("Package: a\nVersion: 1\nArchitecture: all\nDescription: see d"),
        stanza("Package: b\nVersion: 1\nArchitecture: all"),
        stanza("Package: c\nVersion: 1\nArchitecture: all"),
        stanza("Package: d\nVersion: 1\nArchitecture: all"),
    ]
    .concat();
    let universe = load(&text).unwrap();
    let mut packages: Vec<_> = universe.candidates().iter().map(|c| c.package).collect();
    packages.sort_by_key(|name| universe.first_mention(universe.find(name, "amd64").unwrap()));
    assert_eq!(packages, ["z", "c", "a", "b", "d"]);
}

#[test]
fn suggests_near_names() {
    let text = stanza("Package: nginx\nVersion: 1\nArchitecture: all");
    let universe = load(&text).unwrap();
    assert_eq!(universe.nearest("ngnix"), Some("nginx"));
    assert_eq!(universe.nearest("apache2"), None);
}
