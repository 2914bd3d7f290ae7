//! `CycloneDX` 1.6 as JSON.
//!
//! ```json
//! { "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "urn:uuid:...", "version": 1,
//!   "metadata": { "timestamp": "...", "tools": {...},
//!                 "component": { "type": "platform", "name": "web", "version": "1.4.0/2", "hashes": [...] } },
//!   "components": [
//!     { "type": "operating-system", "name": "debian", "version": "12", "properties": [...] },
//!     { "bom-ref": "pkg:deb/...", "type": "library", "name": "curl", "version": "...", "purl": "...",
//!       "supplier": { "name": "..." }, "licenses": [...], "properties": [...],
//!       "evidence": { "occurrences": [ { "location": "/var/lib/dpkg/status" } ] } } ] }
//! ```

use std::collections::BTreeSet;

use goldsmith_core::inventory::{Distribution, Inventory, Package, purl};
use serde_json::{Map, Value, json};

use super::{
    Owned, Subject, TOOL, TOOL_VERSION, distribution, facts, identity, key, of_purls, owned, time,
};

const SYSTEM: &str = "operating-system";

pub(super) fn write(inventory: &Inventory, subject: &Subject<'_>) -> Value {
    let distribution = inventory.distribution.as_ref();
    let owned = owned(subject);
    let mut references = BTreeSet::new();
    let system = distribution.map(of_distribution);
    let packages = inventory.packages.iter();
    let packages = packages.map(|found| component(found, distribution, &owned, &mut references));
    let components: Vec<Value> = system.into_iter().chain(packages).collect();
    let components = Value::Array(components);
    let serial = identity(subject, &components);
    let mut metadata = Map::new();
    if let Some(time) = time(subject) {
        metadata.insert("timestamp".to_owned(), json!(time));
    }
    let tool = json!({ "type": "application", "name": TOOL, "version": TOOL_VERSION });
    metadata.insert("tools".to_owned(), json!({ "components": [tool] }));
    metadata.insert("component".to_owned(), of_subject(subject));
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{serial}"),
        "version": 1,
        "metadata": metadata,
        "components": components,
    })
}

fn of_subject(subject: &Subject<'_>) -> Value {
    let mut component = Map::new();
    let mut put = |name: &str, value: Value| component.insert(name.to_owned(), value);
    put("bom-ref", json!("image"));
    put("type", json!("platform"));
    put("name", json!(subject.name));
    if let Some(version) = subject.version {
        put("version", json!(version));
    }
    if let Some(sha256) = subject.sha256 {
        put("hashes", json!([{ "alg": "SHA-256", "content": sha256 }]));
    }
    Value::Object(component)
}

fn property(name: &str, value: &str) -> Value {
    json!({ "name": format!("goldsmith:{name}"), "value": value })
}

fn of_distribution(found: &Distribution) -> Value {
    let mut properties = Vec::new();
    let mut put = |name: &str, value: Option<&String>| {
        properties.extend(value.map(|value| property(name, value)));
    };
    put("title", Some(&found.title));
    put(
        "like",
        Some(&found.like.join(" ")).filter(|like| !like.is_empty()),
    );
    put("version", found.version.as_ref());
    put("codename", found.codename.as_ref());
    put("point-release", found.point_release.as_ref());
    let mut component = json!({ "bom-ref": "system", "type": SYSTEM, "name": found.id });
    if let Some(version) = found.point_release.as_ref().or(found.version.as_ref()) {
        component["version"] = json!(version);
    }
    component["properties"] = json!(properties);
    component
}

fn component(
    package: &Package,
    distribution: Option<&Distribution>,
    owned: &Owned<'_>,
    references: &mut BTreeSet<String>,
) -> Value {
    let url = purl(package, distribution);
    // The same software may be there twice: once of the system, once beside it.
    let mut reference = url.clone();
    let mut number = 1;
    while !references.insert(reference.clone()) {
        number += 1;
        reference = format!("{url}#{number}");
    }
    let mut component = Map::new();
    let mut put = |name: &str, value: Value| component.insert(name.to_owned(), value);
    put("bom-ref", json!(reference));
    put("type", json!("library"));
    if let Some(maintainer) = &package.maintainer {
        put("supplier", json!({ "name": maintainer }));
    }
    put("name", json!(package.name));
    put("version", json!(package.version));
    if let Some(license) = &package.license {
        put("licenses", json!([{ "license": { "name": license } }]));
    }
    put("purl", json!(url));
    let properties: Vec<Value> = facts(package)
        .iter()
        .map(|(name, value)| property(name, value))
        .collect();
    put("properties", json!(properties));
    let files = owned.get(&key(package)).map(Vec::as_slice);
    let files = files.unwrap_or_default().iter().copied();
    let places = package.evidence.iter().map(String::as_str).chain(files);
    let places: Vec<Value> = places.map(|path| json!({ "location": path })).collect();
    if !places.is_empty() {
        put("evidence", json!({ "occurrences": places }));
    }
    Value::Object(component)
}

pub(super) fn read(document: &Value) -> Inventory {
    let mut inventory = Inventory::default();
    let mut purls = Vec::new();
    let mut open: Vec<&Value> = list(&document["components"]).iter().collect();
    while let Some(component) = open.pop() {
        open.extend(list(&component["components"]));
        if component["type"] == SYSTEM {
            inventory.distribution = inventory.distribution.or_else(|| system(component));
        }
        let Some(url) = component["purl"].as_str() else {
            continue;
        };
        let fact = |name: &str| fact(component, name);
        let Some((mut package, parsed)) = super::package(url, component["version"].as_str(), &fact)
        else {
            continue;
        };
        let supplier = component["supplier"]["name"].as_str();
        package.maintainer = supplier.map(str::to_owned);
        package.license = license(component);
        let places = list(&component["evidence"]["occurrences"]).iter();
        let places = places.filter_map(|place| place["location"].as_str());
        package.evidence = places.map(str::to_owned).collect();
        inventory.packages.push(package);
        purls.push(parsed);
    }
    inventory.distribution = inventory.distribution.or_else(|| of_purls(&purls));
    inventory
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn value_of(component: &Value, name: &str) -> Option<String> {
    let mut properties = list(&component["properties"]).iter();
    let found = properties.find(|property| property["name"] == name)?;
    found["value"].as_str().map(str::to_owned)
}

/// A fact as we write it, or as Trivy does.
fn fact(component: &Value, name: &str) -> Option<String> {
    let own = value_of(component, &format!("goldsmith:{name}"));
    own.or_else(|| {
        let trivy = |name: &str| value_of(component, &format!("aquasecurity:trivy:{name}"));
        match name {
            "source-name" => trivy("SrcName"),
            "source-version" => {
                let epoch = trivy("SrcEpoch").filter(|epoch| epoch != "0");
                let epoch = epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default();
                let release = trivy("SrcRelease").map(|release| format!("-{release}"));
                let version = trivy("SrcVersion")?;
                Some(format!("{epoch}{version}{}", release.unwrap_or_default()))
            }
            "module" => trivy("Modularitylabel").map(|label| {
                let parts: Vec<&str> = label.split(':').take(2).collect();
                parts.join(":")
            }),
            _ => None,
        }
    })
}

fn license(component: &Value) -> Option<String> {
    let first = list(&component["licenses"]).first()?;
    let license = &first["license"];
    let texts = [&first["expression"], &license["id"], &license["name"]];
    texts
        .into_iter()
        .find_map(|text| text.as_str())
        .map(str::to_owned)
}

fn system(component: &Value) -> Option<Distribution> {
    let own = |name: &str| value_of(component, &format!("goldsmith:{name}"));
    let id = component["name"].as_str()?;
    let Some(title) = own("title") else {
        let version = component["version"].as_str();
        return Some(distribution(&id.to_ascii_lowercase(), version));
    };
    Some(Distribution {
        id: id.to_owned(),
        like: own("like")
            .map(|like| like.split(' ').map(str::to_owned).collect())
            .unwrap_or_default(),
        version: own("version"),
        codename: own("codename"),
        title,
        point_release: own("point-release"),
    })
}
