//! Reads a lock file as something that a stranger may have written.

use std::collections::{BTreeMap, BTreeSet};

use super::format::{DebianRequest, File, Head, VERSION};
use super::{AmiPin, AmiRequest, Lock, LockError, Package, Parent, Request, Section, Why, v1};

/// A lock of a hundred recipes has 30 MB.
const MAX_BYTES: usize = 256 << 20;

pub(super) fn parse(bytes: &[u8]) -> Result<Lock, LockError> {
    if bytes.len() > MAX_BYTES {
        return Err(LockError::TooLarge { limit: MAX_BYTES });
    }
    if let Some(line) = conflict(bytes) {
        return Err(LockError::Conflict { line });
    }
    let head: Head = serde_json::from_slice(bytes).map_err(broken)?;
    let recipes = match head.version {
        2 | VERSION => serde_json::from_slice::<File>(bytes).map(|file| file.recipes),
        1 => serde_json::from_slice::<v1::File>(bytes).map(v1::File::recipes),
        found => {
            return Err(LockError::Version {
                found,
                known: VERSION,
            });
        }
    };
    let recipes = recipes.map_err(broken)?;
    check(&recipes)?;
    Ok(Lock { recipes })
}

#[expect(clippy::needless_pass_by_value, reason = "given to map_err")]
fn broken(error: serde_json::Error) -> LockError {
    let text = error.to_string();
    // serde_json appends the place, which we give by itself.
    let detail = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(detail, _)| detail);
    LockError::Broken {
        line: error.line(),
        column: error.column(),
        detail: shown(detail),
    }
}

fn conflict(bytes: &[u8]) -> Option<usize> {
    let markers: [&[u8]; 3] = [b"<<<<<<< ", b">>>>>>> ", b"||||||| "];
    bytes
        .split(|b| *b == b'\n')
        .position(|line| markers.iter().any(|marker| line.starts_with(marker)))
        .map(|index| index + 1)
}

fn shown(value: &str) -> String {
    let plain = |c: char| if c.is_control() { '?' } else { c };
    value.chars().take(120).map(plain).collect()
}

fn check(recipes: &BTreeMap<String, Section>) -> Result<(), LockError> {
    for (name, section) in recipes {
        let recipe = format!("recipe `{}`", shown(name));
        let text = |field, value: &str| is(&recipe, field, value, is_text(value));
        text("name", name)?;
        text("source", &section.source)?;
        check_request(&recipe, section)?;
        for release in &section.releases {
            is(&recipe, "suite", &release.suite, is_word(&release.suite))?;
            let key = &release.signed_by;
            let is_key = key.bytes().all(|b| b.is_ascii_hexdigit());
            is(&recipe, "signed_by", key, is_key)?;
        }
        for input in &section.documents {
            text("document", &input.path)?;
        }
        let mut ids = BTreeSet::new();
        for package in section.all_packages() {
            check_package(&recipe, package)?;
            if !ids.insert(package.id()) {
                return Err(LockError::Twice {
                    place: format!("{recipe}, package `{}`", package.name),
                });
            }
        }
    }
    Ok(())
}

/// What was asked for, and what a section that has a parent starts from.
fn check_request(recipe: &str, section: &Section) -> Result<(), LockError> {
    let text = |field, value: &str| is(recipe, field, value, is_text(value));
    match (&section.request, &section.parent) {
        (Request::Debian(request), None) => check_debian(recipe, request),
        (Request::Image(request), Some(Parent::Image(pin))) => {
            for value in [&request.name, &pin.name] {
                is(recipe, "image", value, is_word(value))?;
            }
            is(recipe, "arch", &pin.arch, is_word(&pin.arch))?;
            for value in request.version.iter().chain(&request.channel) {
                text("request", value)?;
            }
            for value in &request.packages {
                text("request", value)?;
            }
            pin.debian
                .as_deref()
                .map_or(Ok(()), |request| check_debian(recipe, request))
        }
        (Request::Disk(request), Some(Parent::Disk(_))) => {
            is(recipe, "arch", &request.arch, is_word(&request.arch))?;
            for value in request.file.iter().chain(&request.url) {
                text("request", value)?;
            }
            Ok(())
        }
        (Request::Ami(request), Some(Parent::Ami(pin))) => check_ami(recipe, request, pin),
        (_, parent) => {
            let found = parent
                .as_ref()
                .map_or("none".to_owned(), ToString::to_string);
            is(recipe, "parent", &found, false)
        }
    }
}

fn check_ami(recipe: &str, request: &AmiRequest, pin: &AmiPin) -> Result<(), LockError> {
    for value in [&request.arch, &pin.arch] {
        is(recipe, "arch", value, is_word(value))?;
    }
    for value in [&request.region, &pin.region] {
        is(recipe, "region", value, is_word(value))?;
    }
    is(recipe, "ami", &pin.id, is_word(&pin.id))?;
    is(recipe, "owner", &pin.owner, is_word(&pin.owner))?;
    let filters = request.filters.iter();
    let filters = filters.flat_map(|(name, values)| [name].into_iter().chain(values));
    let asked = request.id.iter().chain(&request.parameter);
    let asked = asked.chain(&request.owners).chain(filters);
    for value in asked.chain([&pin.name]) {
        is(recipe, "request", value, is_text(value))?;
    }
    Ok(())
}

fn check_debian(recipe: &str, request: &DebianRequest) -> Result<(), LockError> {
    is(recipe, "suite", &request.suite, is_word(&request.suite))?;
    is(recipe, "arch", &request.arch, is_word(&request.arch))?;
    for component in &request.components {
        is(recipe, "component", component, is_word(component))?;
    }
    let stated = [&request.mirror, &request.security_mirror, &request.keyring];
    for value in request.packages.iter().chain(stated.into_iter().flatten()) {
        is(recipe, "request", value, is_text(value))?;
    }
    Ok(())
}

/// Refuses a package whose fields could reach outside of where they belong. `place` says
/// where it stands: ``recipe `web` ``.
pub fn check_package(place: &str, package: &Package) -> Result<(), LockError> {
    let place = format!("{place}, package `{}`", shown(&package.name));
    let name = &package.name;
    is(&place, "name", name, is_package_name(name))?;
    is(
        &place,
        "version",
        &package.version,
        is_version(&package.version),
    )?;
    is(&place, "arch", &package.arch, is_word(&package.arch))?;
    is(&place, "suite", &package.suite, is_word(&package.suite))?;
    is(&place, "path", &package.path, is_pool_path(&package.path))?;
    if let Why::NeededBy(name) = &package.why {
        is(&place, "why", name, is_package_name(name))?;
    }
    match &package.source {
        Some(source) => is(&place, "source", source, is_package_name(source)),
        None => Ok(()),
    }
}

fn is(place: &str, field: &'static str, value: &str, good: bool) -> Result<(), LockError> {
    if good {
        return Ok(());
    }
    Err(LockError::Value {
        place: place.to_owned(),
        field,
        value: shown(value),
    })
}

/// What may be shown to a person.
fn is_text(value: &str) -> bool {
    value.len() <= 4096 && !value.chars().any(char::is_control)
}

fn is_made_of(value: &str, more: &[u8]) -> bool {
    (1..=255).contains(&value.len())
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || more.contains(&b))
}

/// Suites, components, architectures.
fn is_word(value: &str) -> bool {
    is_made_of(value, b"-_+.") && !value.starts_with('.')
}

fn is_package_name(value: &str) -> bool {
    is_made_of(value, b"+-.") && value.as_bytes()[0].is_ascii_alphanumeric()
}

fn is_version(value: &str) -> bool {
    is_made_of(value, b".+-:~") && value.as_bytes()[0].is_ascii_alphanumeric()
}

/// Relative, and nowhere up.
fn is_pool_path(value: &str) -> bool {
    value.len() <= 1024
        && value
            .split('/')
            .all(|part| is_made_of(part, b"+-._~%:") && part != "." && part != "..")
}
