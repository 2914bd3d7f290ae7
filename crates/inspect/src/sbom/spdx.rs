//! SPDX 2.3 as JSON.
//!
//! ```json
//! { "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "web",
//!   "documentNamespace": "https://spdx.org/spdxdocs/web-UUID",
//!   "creationInfo": { "created": "...", "creators": ["Tool: goldsmith-..."] },
//!   "packages": [
//!     { "SPDXID": "SPDXRef-Image", "name": "web", "versionInfo": "1.4.0/2", "checksums": [...], ... },
//!     { "SPDXID": "SPDXRef-System", "name": "debian", "primaryPackagePurpose": "OPERATING-SYSTEM", ... },
//!     { "SPDXID": "SPDXRef-Package-1", "name": "curl", "versionInfo": "...", "supplier": "...",
//!       "externalRefs": [ { "referenceType": "purl", "referenceLocator": "pkg:deb/..." } ],
//!       "licenseComments": "as the package states it", "comment": "rows of NAME: VALUE" } ],
//!   "relationships": [ the document DESCRIBES the image, which CONTAINS the rest ] }
//! ```
//!
//! A time is obligatory: without one it is the start of 1970.

use goldsmith_core::inventory::{Distribution, Inventory, Package, purl};
use serde_json::{Map, Value, json};

use super::{
    Owned, Subject, TOOL, TOOL_VERSION, distribution, facts, identity, key, of_purls, owned, time,
};

const IMAGE: &str = "SPDXRef-Image";
const SYSTEM: &str = "SPDXRef-System";
const PURPOSE_SYSTEM: &str = "OPERATING-SYSTEM";

pub(super) fn write(inventory: &Inventory, subject: &Subject<'_>) -> Value {
    let found = inventory.distribution.as_ref();
    let owned = owned(subject);
    let mut packages = vec![of_subject(subject)];
    packages.extend(found.map(of_distribution));
    packages.extend(
        inventory
            .packages
            .iter()
            .zip(1_usize..)
            .map(|(package, number)| of_package(package, number, found, &owned)),
    );
    let relationship = |from: &str, kind: &str, to: &Value| json!({ "spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to });
    let mut relationships = vec![relationship("SPDXRef-DOCUMENT", "DESCRIBES", &json!(IMAGE))];
    let inside = packages[1..].iter();
    relationships.extend(inside.map(|p| relationship(IMAGE, "CONTAINS", &p["SPDXID"])));
    let packages = Value::Array(packages);
    let id = identity(subject, &packages);
    let name: String = subject
        .name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || ".-".contains(c) {
                c
            } else {
                '-'
            }
        })
        .collect();
    let created = time(subject).unwrap_or_else(|| "1970-01-01T00:00:00Z".to_owned());
    json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": subject.name,
        "documentNamespace": format!("https://spdx.org/spdxdocs/{name}-{id}"),
        "creationInfo": { "created": created, "creators": [format!("Tool: {TOOL}-{TOOL_VERSION}")] },
        "packages": packages,
        "relationships": relationships,
    })
}

/// What every package has to say.
fn begin(id: &str, name: &str, version: Option<&str>) -> Map<String, Value> {
    let mut package = Map::new();
    let mut put = |name: &str, value: Value| package.insert(name.to_owned(), value);
    put("SPDXID", json!(id));
    put("name", json!(name));
    if let Some(version) = version {
        put("versionInfo", json!(version));
    }
    put("downloadLocation", json!("NOASSERTION"));
    put("filesAnalyzed", json!(false));
    package
}

fn of_subject(subject: &Subject<'_>) -> Value {
    let mut package = begin(IMAGE, subject.name, subject.version);
    if let Some(sha256) = subject.sha256 {
        let sum = json!([{ "algorithm": "SHA256", "checksumValue": sha256 }]);
        package.insert("checksums".to_owned(), sum);
    }
    Value::Object(package)
}

fn of_distribution(found: &Distribution) -> Value {
    let version = found.point_release.as_ref().or(found.version.as_ref());
    let mut package = begin(SYSTEM, &found.id, version.map(String::as_str));
    let mut comment = rows([("title", Some(&found.title))]);
    let like = Some(found.like.join(" ")).filter(|like| !like.is_empty());
    comment.extend(rows([
        ("like", like.as_ref()),
        ("version", found.version.as_ref()),
        ("codename", found.codename.as_ref()),
        ("point-release", found.point_release.as_ref()),
    ]));
    package.insert("primaryPackagePurpose".to_owned(), json!(PURPOSE_SYSTEM));
    package.insert("comment".to_owned(), json!(comment.join("\n")));
    Value::Object(package)
}

fn rows<const N: usize>(pairs: [(&str, Option<&String>); N]) -> Vec<String> {
    let known = pairs.into_iter();
    known
        .filter_map(|(name, value)| Some(format!("{name}: {}", value?)))
        .collect()
}

fn of_package(
    package: &Package,
    number: usize,
    distribution: Option<&Distribution>,
    owned: &Owned<'_>,
) -> Value {
    let id = format!("SPDXRef-Package-{number}");
    let mut made = begin(&id, &package.name, Some(&package.version));
    let mut put = |name: &str, value: Value| made.insert(name.to_owned(), value);
    if let Some(maintainer) = &package.maintainer {
        put(
            "supplier",
            json!(format!("Organization: {}", actor(maintainer))),
        );
    }
    if let Some(source) = &package.source {
        let text = format!("source package: {} {}", source.name, source.version);
        put("sourceInfo", json!(text));
    }
    if let Some(license) = &package.license {
        put("licenseComments", json!(license));
    }
    let url = purl(package, distribution);
    put(
        "externalRefs",
        json!([{ "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": url }]),
    );
    let mut comment: Vec<String> = facts(package)
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    let files = owned.get(&key(package)).map(Vec::as_slice);
    let files = files.unwrap_or_default().iter().copied();
    let places = package.evidence.iter().map(String::as_str).chain(files);
    comment.extend(places.map(|path| format!("evidence: {path}")));
    put("comment", json!(comment.join("\n")));
    Value::Object(made)
}

/// `Name (mail)` of `Name <mail>`.
fn actor(maintainer: &str) -> String {
    match maintainer.split_once('<') {
        Some((name, mail)) => {
            let mail = mail.trim_end_matches('>');
            format!("{} ({mail})", name.trim())
        }
        None => maintainer.to_owned(),
    }
}

fn maintainer(actor: &str) -> Option<String> {
    let text = actor.split_once(": ").map(|(_, text)| text)?;
    let mail = text
        .strip_suffix(')')
        .and_then(|text| text.rsplit_once(" ("));
    Some(match mail {
        Some((name, mail)) if mail.contains('@') => format!("{name} <{mail}>"),
        _ => text.to_owned(),
    })
}

pub(super) fn read(document: &Value) -> Inventory {
    let mut inventory = Inventory::default();
    let mut purls = Vec::new();
    for element in list(&document["packages"]) {
        let rows = || {
            let comment = element["comment"].as_str().unwrap_or_default();
            comment.lines().filter_map(|line| line.split_once(": "))
        };
        let fact = |name: &str| {
            let mut rows = rows();
            let (_, value) = rows.find(|(own, _)| *own == name)?;
            Some(value.to_owned())
        };
        if element["primaryPackagePurpose"] == PURPOSE_SYSTEM {
            inventory.distribution = inventory.distribution.or_else(|| system(element, &fact));
            continue;
        }
        let mut references = list(&element["externalRefs"]).iter();
        let url = references.find(|reference| reference["referenceType"] == "purl");
        let Some(url) = url.and_then(|url| url["referenceLocator"].as_str()) else {
            continue;
        };
        let Some((mut package, parsed)) =
            super::package(url, element["versionInfo"].as_str(), &fact)
        else {
            continue;
        };
        package.maintainer = element["supplier"].as_str().and_then(maintainer);
        let declared = element["licenseDeclared"].as_str();
        let declared = declared.filter(|license| !matches!(*license, "NOASSERTION" | "NONE"));
        let license = element["licenseComments"].as_str().or(declared);
        package.license = license.map(str::to_owned);
        let evidence = rows().filter(|(name, _)| *name == "evidence");
        package.evidence = evidence.map(|(_, path)| path.to_owned()).collect();
        inventory.packages.push(package);
        purls.push(parsed);
    }
    inventory.distribution = inventory.distribution.or_else(|| of_purls(&purls));
    inventory
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn system(element: &Value, fact: &dyn Fn(&str) -> Option<String>) -> Option<Distribution> {
    let id = element["name"].as_str()?;
    let Some(title) = fact("title") else {
        let version = element["versionInfo"].as_str();
        return Some(distribution(&id.to_ascii_lowercase(), version));
    };
    Some(Distribution {
        id: id.to_owned(),
        like: fact("like")
            .map(|like| like.split(' ').map(str::to_owned).collect())
            .unwrap_or_default(),
        version: fact("version"),
        codename: fact("codename"),
        title,
        point_release: fact("point-release"),
    })
}
