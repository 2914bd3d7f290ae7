//! Whether a recipe still asks for what its section of the lock answers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use goldsmith_core::recipe::{
    AmiSource, DebianSource, DiskFrom, DiskSource, DiskSpec, Firmware, ImageSource, Infrastructure,
    Source, Variant, Which, WhichAmi,
};

use super::{AmiRequest, DebianRequest, DiskRequest, ImageRequest, Input, Request, Section};

/// Why a section no longer fits, in the words of a list: `packages: added curl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(Vec<String>);

impl Reason {
    /// A line per change.
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

/// What a source, a disk and the place where images are made ask of the lock.
///
/// # Panics
///
/// For an image of AWS without a place: no project is read that has such a recipe.
pub fn request(
    source: &Source,
    disk: &DiskSpec,
    infrastructure: Option<&Infrastructure>,
) -> Request {
    match source {
        Source::Debian(source) => Request::Debian(debian(source, disk)),
        Source::Image(source) => Request::Image(image(source, disk)),
        Source::Disk(source) => Request::Disk(foreign(source, disk)),
        Source::Ami(source) => {
            let Some(Infrastructure::Aws(place)) = infrastructure else {
                panic!("a recipe on an image of AWS says where it is made")
            };
            Request::Ami(ami(source, &place.region))
        }
    }
}

/// What a source asks of a region of AWS.
pub fn ami(source: &AmiSource, region: &str) -> AmiRequest {
    let mut request = AmiRequest {
        id: None,
        owners: Vec::new(),
        filters: BTreeMap::new(),
        parameter: None,
        region: region.to_owned(),
        arch: source.arch.clone(),
    };
    match &source.which {
        WhichAmi::Id(id) => request.id = Some(id.clone()),
        WhichAmi::Parameter(name) => request.parameter = Some(name.clone()),
        WhichAmi::Newest { owners, filters } => {
            request.owners.clone_from(owners);
            request.filters.clone_from(filters);
            // Their order means nothing.
            let filters = request.filters.values_mut();
            for values in filters.chain([&mut request.owners]) {
                values.sort();
                values.dedup();
            }
        }
    }
    request
}

/// What a source on an image and a disk ask of the lock.
pub fn image(source: &ImageSource, disk: &DiskSpec) -> ImageRequest {
    let (version, channel) = match &source.which {
        Which::Version(version) => (Some(version.to_string()), None),
        Which::Channel(channel) => (None, Some(channel.clone())),
    };
    ImageRequest {
        name: source.image.clone(),
        version,
        channel,
        packages: source.packages.clone(),
        boot: firmwares(disk),
    }
}

/// What a source on a disk of others and the disk to write ask of the lock.
pub fn foreign(source: &DiskSource, disk: &DiskSpec) -> DiskRequest {
    let (file, url) = match &source.from {
        DiskFrom::File(path) => (Some(path.clone()), None),
        DiskFrom::Url(url) => (None, Some(without_credentials(url))),
    };
    DiskRequest {
        file,
        url,
        sha256: source.sha256,
        arch: source.arch.clone(),
        boot: firmwares(disk),
    }
}

fn firmwares(disk: &DiskSpec) -> Vec<Firmware> {
    let mut boot = disk.boot.clone();
    boot.sort_unstable();
    boot.dedup();
    boot
}

/// What a source of packages and a disk ask of the lock.
pub fn debian(source: &DebianSource, disk: &DiskSpec) -> DebianRequest {
    DebianRequest {
        suite: source.suite.clone(),
        updates: source.updates,
        security: source.security,
        components: source.components.clone(),
        arch: source.arch.clone(),
        variant: source.variant,
        packages: source.packages.clone(),
        boot: firmwares(disk),
        mirror: source.mirror.as_deref().map(without_credentials),
        security_mirror: source.security_mirror.as_deref().map(without_credentials),
        keyring: source.keyring.clone(),
        valid_until_waived: !source.check_valid_until,
    }
}

/// The URL without user, password and query.
fn without_credentials(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

/// What changed since the section was written; `None`: it still fits. `documents` are the
/// recipe's documents and input files as they are now, in any order.
pub fn stale(section: &Section, request: &Request, documents: &[Input]) -> Option<Reason> {
    let mut lines = Lines::default();
    match (&section.request, request) {
        (Request::Debian(old), Request::Debian(new)) => lines.debian(old, new),
        (Request::Image(old), Request::Image(new)) => lines.image(old, new),
        (Request::Disk(old), Request::Disk(new)) => lines.disk(old, new),
        (Request::Ami(old), Request::Ami(new)) => lines.ami(old, new),
        (old, new) => lines.word("source", kind(old), kind(new)),
    }
    let (old, new) = (section.request.boot(), request.boot());
    // An image of AWS says itself what starts it: then another source is all there is to say.
    if !old.is_empty() && !new.is_empty() {
        lines.word("boot", &boot(old), &boot(new));
    }
    let mut lines = lines.0;
    lines.extend(inputs(&section.documents, documents));
    (!lines.is_empty()).then_some(Reason(lines))
}

const fn kind(request: &Request) -> &'static str {
    match request {
        Request::Debian(_) => "debian",
        Request::Image(_) => "image",
        Request::Disk(_) => "disk",
        Request::Ami(_) => "aws-ami",
    }
}

/// What is another in a request, a line each.
#[derive(Default)]
struct Lines(Vec<String>);

impl Lines {
    fn word(&mut self, what: &str, from: &str, to: &str) {
        if from != to {
            self.0.push(format!("{what}: {from} to {to}"));
        }
    }

    fn maybe(&mut self, what: &str, from: Option<&String>, to: Option<&String>) {
        let or_none = |value: Option<&String>| value.map_or("none".to_owned(), Clone::clone);
        self.word(what, &or_none(from), &or_none(to));
    }

    fn flag(&mut self, what: &str, from: bool, to: bool) {
        self.word(what, &from.to_string(), &to.to_string());
    }

    fn list(&mut self, what: &str, old: &[String], new: &[String]) {
        self.0.extend(list(what, old, new));
    }

    fn debian(&mut self, old: &DebianRequest, new: &DebianRequest) {
        self.word("suite", &old.suite, &new.suite);
        self.flag("updates", old.updates, new.updates);
        self.flag("security", old.security, new.security);
        self.word("arch", &old.arch, &new.arch);
        self.word("variant", variant(old.variant), variant(new.variant));
        self.maybe("mirror", old.mirror.as_ref(), new.mirror.as_ref());
        self.maybe(
            "security_mirror",
            old.security_mirror.as_ref(),
            new.security_mirror.as_ref(),
        );
        self.maybe("keyring", old.keyring.as_ref(), new.keyring.as_ref());
        self.flag(
            "check_valid_until",
            !old.valid_until_waived,
            !new.valid_until_waived,
        );
        self.list("components", &old.components, &new.components);
        self.list("packages", &old.packages, &new.packages);
    }

    fn image(&mut self, old: &ImageRequest, new: &ImageRequest) {
        self.word("image", &old.name, &new.name);
        self.maybe("version", old.version.as_ref(), new.version.as_ref());
        self.maybe("channel", old.channel.as_ref(), new.channel.as_ref());
        self.list("packages", &old.packages, &new.packages);
    }

    fn disk(&mut self, old: &DiskRequest, new: &DiskRequest) {
        self.maybe("file", old.file.as_ref(), new.file.as_ref());
        self.maybe("url", old.url.as_ref(), new.url.as_ref());
        self.word("sha256", &old.sha256.short(), &new.sha256.short());
        self.word("arch", &old.arch, &new.arch);
    }

    fn ami(&mut self, old: &AmiRequest, new: &AmiRequest) {
        self.maybe("id", old.id.as_ref(), new.id.as_ref());
        self.maybe("parameter", old.parameter.as_ref(), new.parameter.as_ref());
        self.list("owners", &old.owners, &new.owners);
        let names: BTreeSet<_> = old.filters.keys().chain(new.filters.keys()).collect();
        for name in names {
            let of = |request: &AmiRequest| request.filters.get(name).cloned().unwrap_or_default();
            self.list(&format!("filter `{name}`"), &of(old), &of(new));
        }
        self.word("region", &old.region, &new.region);
        self.word("arch", &old.arch, &new.arch);
    }
}

const fn variant(value: Variant) -> &'static str {
    match value {
        Variant::Essential => "essential",
        Variant::Apt => "apt",
        Variant::Minbase => "minbase",
    }
}

fn boot(value: &[Firmware]) -> String {
    let names: Vec<_> = value.iter().map(|firmware| firmware.name()).collect();
    names.join("+")
}

fn list(what: &str, old: &[String], new: &[String]) -> Option<String> {
    let (before, after): (BTreeSet<_>, BTreeSet<_>) = (old.iter().collect(), new.iter().collect());
    let added: Vec<_> = after
        .difference(&before)
        .map(|name| name.as_str())
        .collect();
    let removed: Vec<_> = before
        .difference(&after)
        .map(|name| name.as_str())
        .collect();
    let mut parts = Vec::new();
    if !added.is_empty() {
        parts.push(format!("added {}", added.join(", ")));
    }
    if !removed.is_empty() {
        parts.push(format!("removed {}", removed.join(", ")));
    }
    (!parts.is_empty()).then(|| format!("{what}: {}", parts.join(", ")))
}

pub(super) fn inputs(old: &[Input], new: &[Input]) -> Vec<String> {
    let of = |all: &[Input], path: &str| all.iter().find(|i| i.path == path).map(|i| i.sha256);
    let paths: BTreeSet<_> = old
        .iter()
        .chain(new)
        .map(|input| input.path.as_str())
        .collect();
    let what = |path| match (of(old, path), of(new, path)) {
        (Some(a), Some(b)) if a == b => None,
        (Some(_), Some(_)) => Some(format!("document `{path}` has changed")),
        (None, _) => Some(format!("document `{path}` is new")),
        (_, None) => Some(format!("document `{path}` is gone")),
    };
    paths.into_iter().filter_map(what).collect()
}
