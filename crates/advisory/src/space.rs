//! The name of a distribution's release, or of a language, under which advisories are kept:
//! `debian:12`, `alpine:3.18`, `pypi`.

use goldsmith_core::inventory::{Distribution, Ecosystem};

/// Debian's releases: some feeds say the number, some the name.
const DEBIAN: [(&str, &str); 10] = [
    ("jessie", "8"),
    ("stretch", "9"),
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
    ("duke", "15"),
    ("sid", "sid"),
    ("unstable", "sid"),
];

/// Whose versions the packages of a space have, by what stands before the colon.
const ECOSYSTEMS: [(&str, Ecosystem); 20] = [
    ("debian", Ecosystem::Deb),
    ("ubuntu", Ecosystem::Deb),
    ("alpine", Ecosystem::Apk),
    ("wolfi", Ecosystem::Apk),
    ("chainguard", Ecosystem::Apk),
    ("almalinux", Ecosystem::Rpm),
    ("rocky", Ecosystem::Rpm),
    ("rhel", Ecosystem::Rpm),
    ("fedora", Ecosystem::Rpm),
    ("centos", Ecosystem::Rpm),
    ("amzn", Ecosystem::Rpm),
    ("ol", Ecosystem::Rpm),
    ("opensuse-leap", Ecosystem::Rpm),
    ("sles", Ecosystem::Rpm),
    ("azurelinux", Ecosystem::Rpm),
    ("pypi", Ecosystem::Python),
    ("npm", Ecosystem::Npm),
    ("maven", Ecosystem::Maven),
    ("go", Ecosystem::Go),
    ("crates.io", Ecosystem::Cargo),
];

/// The space of a Debian release by name or number; `None`: an unknown name.
pub(crate) fn of_debian(release: &str) -> Option<String> {
    let release = release.to_ascii_lowercase();
    let is_number = release.bytes().all(|b| b.is_ascii_digit()) && !release.is_empty();
    let known = || {
        DEBIAN
            .iter()
            .find(|(name, _)| *name == release)
            .map(|it| it.1)
    };
    let release = if is_number {
        Some(release.as_str())
    } else {
        known()
    };
    release.map(|release| format!("debian:{release}"))
}

/// The space of an ecosystem as OSV writes it: `Ubuntu:22.04:LTS`, `Rocky Linux:9`, `PyPI`.
pub(crate) fn of_osv(ecosystem: &str) -> String {
    let mut parts = ecosystem.split(':');
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    let rest: Vec<&str> = parts.collect();
    let name = match name.as_str() {
        "rocky linux" => "rocky",
        "red hat" => "rhel",
        "opensuse" => "opensuse-leap",
        // Fixes that only paying customers get are another set.
        "ubuntu" if rest.first() == Some(&"Pro") => "ubuntu-pro",
        other => other,
    };
    let release = match (name, rest.as_slice()) {
        (_, []) => return name.to_owned(),
        ("debian", [release, ..]) => {
            return of_debian(release).unwrap_or_else(|| format!("debian:{release}"));
        }
        ("ubuntu", [release, ..]) | ("ubuntu-pro", [_, release, ..]) => (*release).to_owned(),
        ("alpine", [release, ..]) => release.trim_start_matches('v').to_owned(),
        ("opensuse-leap", [release, ..]) => release.trim_start_matches("Leap ").to_owned(),
        (_, rest) => rest.join(":"),
    };
    format!("{name}:{release}")
}

/// The space of the packages of a distribution; `None`: it does not say its release.
pub(crate) fn of_distribution(distribution: &Distribution) -> Option<String> {
    let id = distribution.id.as_str();
    let version = distribution.version.as_deref();
    let parts = |count: usize| {
        let version = version?;
        let cut = version.split('.').take(count).collect::<Vec<_>>().join(".");
        Some(format!("{id}:{cut}"))
    };
    match id {
        "debian" => {
            let codename = distribution.codename.as_deref();
            let number = version.map(|version| version.split('.').next().unwrap_or(version));
            number.or(codename).or(Some("sid")).and_then(of_debian)
        }
        "ubuntu" | "alpine" | "opensuse-leap" => parts(2),
        "almalinux" | "rocky" | "rhel" | "centos" | "ol" => parts(1),
        "wolfi" | "chainguard" => Some(id.to_owned()),
        _ => parts(usize::MAX),
    }
}

/// The space of a language's packages; `None`: they are a distribution's.
pub(crate) const fn of_language(ecosystem: Ecosystem) -> Option<&'static str> {
    match ecosystem {
        Ecosystem::Deb | Ecosystem::Rpm | Ecosystem::Apk => None,
        Ecosystem::Python => Some("pypi"),
        Ecosystem::Npm => Some("npm"),
        Ecosystem::Maven => Some("maven"),
        Ecosystem::Go => Some("go"),
        Ecosystem::Cargo => Some("crates.io"),
    }
}

/// Whose versions its packages have; `None`: nothing that is matched.
pub(crate) fn ecosystem(space: &str) -> Option<Ecosystem> {
    let name = base(space);
    let found = ECOSYSTEMS.iter().find(|(known, _)| *known == name);
    found.map(|(_, ecosystem)| *ecosystem)
}

/// What stands before the release.
pub(crate) fn base(space: &str) -> &str {
    space.split(':').next().unwrap_or(space)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_for_one_thing() {
        for (osv, space) in [
            ("Debian:12", "debian:12"),
            ("Ubuntu:22.04:LTS", "ubuntu:22.04"),
            ("Ubuntu:Pro:18.04:LTS", "ubuntu-pro:18.04"),
            ("Alpine:v3.18", "alpine:3.18"),
            ("AlmaLinux:9", "almalinux:9"),
            ("Rocky Linux:9", "rocky:9"),
            ("openSUSE:Leap 15.6", "opensuse-leap:15.6"),
            ("PyPI", "pypi"),
            ("crates.io", "crates.io"),
        ] {
            assert_eq!(of_osv(osv), space);
        }
        let of = |id: &str, version: &str, codename: &str| {
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            of_distribution(&Distribution {
                id: id.to_owned(),
                like: Vec::new(),
                version: some(version),
                codename: some(codename),
                title: String::new(),
                point_release: None,
            })
        };
        for (id, version, codename, space) in [
            ("debian", "12", "bookworm", Some("debian:12")),
            ("debian", "", "trixie", Some("debian:13")),
            ("debian", "", "", Some("debian:sid")),
            ("ubuntu", "22.04", "jammy", Some("ubuntu:22.04")),
            ("alpine", "3.18.4", "", Some("alpine:3.18")),
            ("almalinux", "9.5", "", Some("almalinux:9")),
            ("kali", "2023.4", "kali-rolling", Some("kali:2023.4")),
            ("fedora", "", "", None),
        ] {
            assert_eq!(of(id, version, codename).as_deref(), space, "{id}");
        }
    }
}
