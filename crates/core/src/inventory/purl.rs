//! Package URLs: `pkg:type/namespace/name@version?qualifiers`, by the purl specification and its
//! list of types.

use super::{Distribution, Ecosystem, Package};

mod parse;

pub use parse::{Purl, parse};

/// The package URL of a package of this distribution, in the canonical form: qualifiers in the
/// order of their names, letters escaped as RFC 3986 has them.
pub fn purl(package: &Package, distribution: Option<&Distribution>) -> String {
    let kind = package.ecosystem.purl_type();
    let vendor = distribution.map_or(kind, |distribution| distribution.id.as_str());
    let (namespace, name) = match package.ecosystem {
        Ecosystem::Deb | Ecosystem::Rpm | Ecosystem::Apk => (vendor, package.name.clone()),
        Ecosystem::Python => ("", python_name(&package.name)),
        Ecosystem::Maven => split(package.name.rsplit_once(':')),
        Ecosystem::Npm | Ecosystem::Go => split(package.name.rsplit_once('/')),
        Ecosystem::Cargo => ("", package.name.clone()),
    };
    let name = if name.is_empty() {
        package.name.clone()
    } else {
        name
    };
    let mut url = format!("pkg:{kind}/");
    for part in namespace.split('/').filter(|part| !part.is_empty()) {
        escape(part, &mut url);
        url.push('/');
    }
    escape(&name, &mut url);
    let (epoch, version) = match (package.ecosystem, package.version.split_once(':')) {
        (Ecosystem::Rpm, Some((epoch, version))) => (Some(epoch), version),
        _ => (None, package.version.as_str()),
    };
    if !version.is_empty() {
        url.push('@');
        escape(version, &mut url);
    }
    let mut qualifiers: Vec<(&str, String)> = Vec::new();
    qualifiers.extend(package.arch.clone().map(|arch| ("arch", arch)));
    if package.ecosystem.is_of_system() {
        qualifiers.extend(distribution.map(|it| ("distro", release(it))));
        qualifiers.extend(epoch.map(|epoch| ("epoch", epoch.to_owned())));
        qualifiers.extend(package.source.as_ref().map(|source| {
            let text = format!("{}@{}", source.name, source.version);
            ("upstream", text)
        }));
    }
    for (at, (name, value)) in qualifiers.iter().enumerate() {
        url.push(if at == 0 { '?' } else { '&' });
        url.push_str(name);
        url.push('=');
        escape(value, &mut url);
    }
    url
}

/// The name of a Python project as the index compares it: lower case, each run of `-`, `_` and
/// `.` one `-` (PEP 503).
pub fn python_name(name: &str) -> String {
    let parts: Vec<String> = name
        .split(['-', '_', '.'])
        .filter(|part| !part.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    parts.join("-")
}

fn split<'a>(parts: Option<(&'a str, &'a str)>) -> (&'a str, String) {
    let (namespace, name) = parts.unwrap_or_default();
    (namespace, name.to_owned())
}

/// `debian-12.15`: what the scanners agree on for `distro`.
fn release(distribution: &Distribution) -> String {
    let version = [
        &distribution.point_release,
        &distribution.version,
        &distribution.codename,
    ];
    match version.into_iter().flatten().next() {
        Some(version) => format!("{}-{version}", distribution.id),
        None => distribution.id.clone(),
    }
}

fn escape(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            into.push(char::from(byte));
        } else {
            into.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::SourcePackage;

    #[test]
    fn canonical() {
        let debian = Distribution {
            id: "debian".to_owned(),
            like: Vec::new(),
            version: Some("12".to_owned()),
            codename: Some("bookworm".to_owned()),
            title: "Debian GNU/Linux 12 (bookworm)".to_owned(),
            point_release: Some("12.15".to_owned()),
        };
        let alma = Distribution {
            id: "almalinux".to_owned(),
            version: Some("9.5".to_owned()),
            point_release: None,
            ..debian.clone()
        };
        let mut curl = Package::new(Ecosystem::Deb, "libstdc++6", "12.2.0-14+deb12u1");
        curl.arch = Some("amd64".to_owned());
        curl.source = Some(SourcePackage {
            name: "gcc-12".to_owned(),
            version: "12.2.0-14".to_owned(),
        });
        let mut rpm = Package::new(Ecosystem::Rpm, "openssl", "1:3.0.7-27.el9");
        rpm.arch = Some("x86_64".to_owned());
        let cases = [
            (
                purl(&curl, Some(&debian)),
                "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12.15&upstream=gcc-12%4012.2.0-14",
            ),
            (
                purl(&rpm, Some(&alma)),
                "pkg:rpm/almalinux/openssl@3.0.7-27.el9?arch=x86_64&distro=almalinux-9.5&epoch=1",
            ),
            (
                purl(
                    &Package::new(Ecosystem::Npm, "@angular/core", "1.0.0"),
                    Some(&debian),
                ),
                "pkg:npm/%40angular/core@1.0.0",
            ),
            (
                purl(&Package::new(Ecosystem::Npm, "left-pad", "1.0.0"), None),
                "pkg:npm/left-pad@1.0.0",
            ),
            (
                purl(
                    &Package::new(
                        Ecosystem::Maven,
                        "org.apache.logging.log4j:log4j-core",
                        "2.14.1",
                    ),
                    None,
                ),
                "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
            ),
            (
                purl(
                    &Package::new(Ecosystem::Go, "golang.org/x/crypto", "v0.1.0"),
                    None,
                ),
                "pkg:golang/golang.org/x/crypto@v0.1.0",
            ),
            (
                purl(&Package::new(Ecosystem::Go, "stdlib", "1.22.1"), None),
                "pkg:golang/stdlib@1.22.1",
            ),
            (
                purl(
                    &Package::new(Ecosystem::Python, "Zope.Interface", "5.4"),
                    None,
                ),
                "pkg:pypi/zope-interface@5.4",
            ),
            (
                purl(&Package::new(Ecosystem::Cargo, "serde", "1.0.0+x"), None),
                "pkg:cargo/serde@1.0.0%2Bx",
            ),
        ];
        for (made, wanted) in cases {
            assert_eq!(made, wanted);
        }
    }
}
