//! What a scan says, as `--json` gives it.
//!
//! ```json
//! { "version": 1,
//!   "image": { "name": "web@1.4.0", "form": "raw disk" },
//!   "distribution": { "id": "debian", "version": "12", "codename": "bookworm",
//!                     "title": "Debian GNU/Linux 12 (bookworm)", "point_release": "12.15" },
//!   "packages": [ { "type": "deb", "name": "libcurl4", "version": "7.88.1-10", "arch": "amd64",
//!                   "source": { "name": "curl", "version": "7.88.1-10" }, "module": "...",
//!                   "owner": "...", "license": "...", "purl": "pkg:deb/...", "evidence": ["/..."] } ],
//!   "findings": [ { "kind": "leak", "id": "ssh-hostkeys", "severity": "high",
//!                   "place": { "path": "/etc/ssh/ssh_host_rsa_key", "line": 1, "entry": "..." },
//!                   "title": "...", "fix": "...", "references": ["..."], "facts": { "...": "..." } } ] }
//! ```
//!
//! With a hardening profile also:
//!
//! ```json
//! { "hardening": { "profile": "cis-1", "score": 61,
//!                  "checks": [ { "id": "aslr", "result": "pass|fail|not-applicable|waived",
//!                                "why": "..." } ] } }
//! ```
//!
//! `place` has `path`, or `purl`, `name` and `version` of a package, or `offset` in bytes of the disk,
//! or nothing: the image as a whole. What is not known is left out.

use crate::harden::{self, Verdict};
use goldsmith_core::finding::{Finding, Place};
use goldsmith_core::inventory::{Distribution, Inventory, Package, purl};
use serde_json::{Map, Value, json};

/// Version of the form.
pub const VERSION: u32 = 1;

/// The whole of a scan.
pub fn report(name: &str, form: &str, inventory: &Inventory, findings: &[Finding]) -> Value {
    let distribution = inventory.distribution.as_ref();
    let packages: Vec<Value> = inventory
        .packages
        .iter()
        .map(|found| package(found, distribution))
        .collect();
    json!({
        "version": VERSION,
        "image": { "name": name, "form": form },
        "distribution": distribution.map(of_distribution),
        "packages": packages,
        "findings": findings.iter().map(finding).collect::<Vec<_>>(),
    })
}

fn of_distribution(found: &Distribution) -> Value {
    present([
        ("id", json!(found.id)),
        ("version", json!(found.version)),
        ("codename", json!(found.codename)),
        ("title", json!(found.title)),
        ("point_release", json!(found.point_release)),
    ])
}

fn package(found: &Package, distribution: Option<&Distribution>) -> Value {
    let source = found.source.as_ref();
    let source = source.map(|source| json!({ "name": source.name, "version": source.version }));
    present([
        ("type", json!(found.ecosystem.purl_type())),
        ("name", json!(found.name)),
        ("version", json!(found.version)),
        ("arch", json!(found.arch)),
        ("source", json!(source)),
        ("module", json!(found.module)),
        ("owner", json!(found.owner)),
        ("license", json!(found.license)),
        ("purl", json!(purl(found, distribution))),
        ("evidence", json!(found.evidence)),
    ])
}

/// What a hardening profile says, every check of it.
pub fn hardening(report: &harden::Report) -> Value {
    let check = |row: &harden::Row| {
        let (result, why) = match &row.verdict {
            Verdict::Pass => ("pass", None),
            Verdict::Fail => ("fail", Some(row.wrong().collect::<Vec<_>>().join("; "))),
            Verdict::NotApplicable(why) => ("not-applicable", Some(why.clone())),
            Verdict::Waived(why) => ("waived", Some(why.clone())),
        };
        present([
            ("id", json!(row.check.id)),
            ("result", json!(result)),
            ("why", json!(why)),
        ])
    };
    json!({
        "profile": report.profile.word(),
        "score": report.score(),
        "checks": report.rows.iter().map(check).collect::<Vec<_>>(),
    })
}

/// A finding by itself.
pub fn finding(found: &Finding) -> Value {
    let facts: Map<String, Value> = found
        .facts
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    present([
        ("kind", json!(found.kind.word())),
        ("id", json!(found.id)),
        ("severity", json!(found.severity.word())),
        ("place", place(&found.place)),
        ("title", json!(found.title)),
        ("fix", json!(found.fix)),
        ("references", json!(found.references)),
        ("facts", Value::Object(facts)),
    ])
}

fn place(place: &Place) -> Value {
    match place {
        Place::Package {
            purl,
            name,
            version,
        } => json!({ "purl": purl, "name": name, "version": version }),
        Place::File { path, line, entry } => present([
            ("path", json!(path)),
            ("line", json!(line)),
            ("entry", json!(entry)),
        ]),
        Place::Disk { offset } => json!({ "offset": offset }),
        Place::Image => json!({}),
    }
}

/// An object of what is there.
fn present<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let known = fields.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(
        known
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}
