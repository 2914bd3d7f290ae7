//! Small worlds: what is chosen and why, and what is said when nothing can be.

use super::*;
use crate::index::Index;

/// A world in short: `name version; Field: value; ...`, a package a line.
fn stanzas(world: &str) -> String {
    let lines: Vec<String> = world
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (head, fields) = line.split_once(';').unwrap_or((line, ""));
            let (name, version) = head.split_once(' ').unwrap_or((head, "1"));
            let (name, arch) = name.split_once(':').unwrap_or((name, "amd64"));
            let fields = fields.replace(';', "\n");
            let fields: Vec<_> = fields
                .lines()
                .map(|field| field.trim().to_owned() + "\n")
                .collect();
            format!(
                "Package: {name}\nVersion: {version}\nArchitecture: {arch}\nFilename: x\nSize: 1\n\
                 SHA256: {}\n{}\n",
                "0".repeat(64),
                fields.concat()
            )
        })
        .collect();
    lines.concat()
}

fn load(text: &str) -> Universe<'_> {
    let index = Index {
        name: "world".to_owned(),
        suite: "stable".to_owned(),
        codename: "world".to_owned(),
        pin: 500,
        text: text.as_bytes(),
    };
    Universe::load("amd64", &["i386"], vec![index]).unwrap()
}

fn run(world: &str, request: &str, hold: &[(&str, &str)]) -> String {
    let text = stanzas(world);
    let universe = load(&text);
    let packages: Vec<String> = request.split_whitespace().map(str::to_owned).collect();
    let hold = hold
        .iter()
        .map(|(name, version)| {
            (
                ((*name).to_owned(), "amd64".to_owned()),
                (*version).to_owned(),
            )
        })
        .collect();
    let request = Request {
        variant: Variant::Essential,
        packages: &packages,
        hold,
        installed: BTreeMap::new(),
    };
    match resolve(&universe, &request) {
        Ok(solution) => {
            let shown: Vec<String> = solution
                .packages
                .iter()
                .map(|chosen| {
                    let candidate = universe.candidate(chosen.candidate);
                    let why = match chosen.why {
                        Why::Base => "=base".to_owned(),
                        Why::Requested => String::new(),
                        Why::Related => "~".to_owned(),
                        Why::NeededBy(by) => {
                            let by = solution.packages[by].candidate;
                            format!("<{}", universe.candidate(by).package)
                        }
                    };
                    let arch = match universe.arch_of(chosen.candidate) {
                        "amd64" => String::new(),
                        arch => format!(":{arch}"),
                    };
                    format!("{}{arch}-{}{why}", candidate.package, candidate.version)
                })
                .collect();
            shown.join(" ")
        }
        Err(error) => {
            let mut text = error.to_string();
            for hint in error.hints() {
                text += "\nhint: ";
                text += &hint;
            }
            text
        }
    }
}

fn check(world: &str, request: &str, expected: &str) {
    assert_eq!(run(world, request, &[]), expected, "{request} in {world}");
}

#[test]
fn chooses() {
    check("a; Depends: b | c\nb\nc", "a", "a-1 b-1<a");
    check("a; Depends: b | c\nb\nc", "a c", "a-1 c-1");
    check("a; Depends: b | c\nb; Depends: gone\nc", "a", "a-1 c-1<a");
    check(
        "e; Essential: yes; Pre-Depends: l\nl\na",
        "a",
        "a-1 e-1=base l-1=base",
    );
    check(
        "a; Depends: v\nx; Provides: v; Priority: optional\ny; Provides: v; Priority: standard",
        "a",
        "a-1 y-1<a",
    );
    check(
        "a; Depends: v (>= 2)\nx; Provides: v\ny; Provides: v (= 2)",
        "a",
        "a-1 y-1<a",
    );
    check(
        "a; Depends: v (>= 2)\nx; Provides: v (= 3)\nv 1",
        "a",
        "a-1 x-1<a",
    );
    check("a 1\na 2\na 1.5", "a", "a-2");
    check("a 1\na 2", "a=1", "a-1");
    check(
        "a 1\na 2; Depends: gone",
        "a/stable",
        "cannot install `a`\n  `a` needs `gone`\n    `gone` does not exist",
    );
    check("x; Provides: v", "v", "x-1");
    check("a; Conflicts: v; Provides: v\nb; Provides: v", "a", "a-1");
    check(
        "a; Depends: b | c\nb; Conflicts: z\nc\nz",
        "z a",
        "a-1 c-1<a z-1",
    );
    check(
        "a; Depends: b | c\nb\nc\nz; Conflicts: b",
        "a z",
        "a-1 c-1<a z-1",
    );
    check(
        "a; Depends: t:any\nt; Multi-Arch: allowed",
        "a",
        "a-1 t-1<a",
    );
    check(
        "a:i386; Depends: f, s\nf; Multi-Arch: foreign\ns:i386; Multi-Arch: same\ns; Multi-Arch: same",
        "a:i386 s",
        "a:i386-1 f-1<a s-1 s:i386-1<a",
    );
    check("a; Recommends: b\nb", "a", "a-1");
    check("a:i386", "a", "a:i386-1");
}

#[test]
fn holds_versions() {
    let world = "a 1\na 2\nb 1\nb 2; Depends: a (>= 2)";
    assert_eq!(run(world, "a b", &[("a", "1"), ("b", "1")]), "a-1 b-1");
    assert_eq!(run(world, "a", &[("a", "1"), ("b", "1")]), "a-1");
    assert_eq!(
        run(world, "a", &[("a", "0")]),
        "a-2",
        "a version that is gone"
    );
}

#[test]
fn explains() {
    check(
        "a\nab",
        "b",
        "there is no package `b`\nhint: did you mean `a`?",
    );
    check(
        "nginx",
        "ngnix",
        "there is no package `ngnix`\nhint: did you mean `nginx`?",
    );
    check(
        "a",
        "a=2",
        "package `a=2`: no index has version `2`\nhint: there is `1` in world",
    );
    check(
        "a",
        "a/sid",
        "package `a/sid`: suite `sid` does not have it\nhint: there is `1` in world",
    );
    check(
        "a",
        "a:arm64",
        "package `a:arm64`: `arm64` is no architecture of this source\nhint: this source has `amd64`, `i386`",
    );
    check(
        "a",
        "a:i386",
        "there is no package `a` for `i386`\nhint: write `a:amd64` for that of `amd64`",
    );
    check(
        "x; Provides: v\ny; Provides: v",
        "v",
        "`v` is a virtual package: name one that provides it\nhint: `x`, `y` provide it",
    );
    check(
        "a; Conflicts: b\nb",
        "a b",
        "cannot install `a`\n  `a` conflicts with `b`, which was asked for",
    );
    check(
        "a; Depends: b (>= 2) | lost\nb 1",
        "a",
        "cannot install `a`\n  `a` needs `b (>= 2) | lost`\n    no fitting version of `b`: there is `1` in world\n    `lost` does not exist",
    );
    check(
        "a; Depends: m\nm; Depends: z\nz; Breaks: q\nr; Depends: q\nq",
        "r a",
        "cannot install `a`\n  `z`, which `m` needs (for `a`), breaks `q`, which `r` needs",
    );
}
