//! What an image starts from when that is no Debian suite: another image, or a disk that others
//! made; which one is meant, and its pin in the lock.
//!
//! ```text
//! source "image" ── newest ──► an image of this home ──► pin in the lock: the digest of its disk
//!                                     ▲                                   │
//!                                     └───────────── find ────────────────┘
//! ```
//!
//! An image is known by the digest of its disk. Its version and build are what it was called where
//! it was locked; built elsewhere of the same lock it may be called otherwise, and is the same.

mod disk;
mod error;

use std::fs;

use goldsmith_core::diagnostic::{SourceFile, Span};
use goldsmith_core::digest::Sha256;
use goldsmith_core::image::ImageId;
use goldsmith_core::recipe::{DebianSource, DiskSpec, ImageSource, Which};
use goldsmith_core::version::VersionPrefix;
use goldsmith_plan::lock::{
    DebianRequest, ImagePin, Input, Lock, Package, Parent, Request, Section, Why, stale,
};

use crate::record::{Image, Images};
use crate::source::SourceDisk;

pub(crate) use disk::Foreign;
pub use disk::{WantedDisk, file, lock_disk};
pub use error::ParentError;

/// The `status` of a system with every package of Debian has 100 MiB.
const STATUS_MAX: u64 = 256 << 20;

/// What a recipe on an image wants locked.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Its source.
    pub source: &'a ImageSource,
    /// Its disk: what that starts with, the parent must have as well.
    pub disk: &'a DiskSpec,
    /// Its component documents and their input files.
    pub documents: &'a [Input],
    /// The image that the channel of its source names; `None`: it names none, or the source asks
    /// for no channel.
    pub named: Option<&'a ImageId>,
}

/// Locks a recipe to an image, without the packages that it adds. Without `is_update` one that is
/// locked stays with its image as long as that is what it asks for.
pub fn lock(
    images: &Images,
    wanted: Wanted<'_>,
    previous: Option<&Section>,
    is_update: bool,
) -> Result<Section, ParentError> {
    let source = wanted.source;
    let request = Request::Image(stale::image(source, wanted.disk));
    let locked = previous.and_then(|section| match &section.parent {
        Some(Parent::Image(pin)) if pin.name == source.image => Some((section, pin)),
        _ => None,
    });
    let locked = locked.filter(|(section, pin)| match &source.which {
        Which::Version(version) => version.fits(pin.version),
        // A channel moves: what was locked by anything else is not what it named.
        Which::Channel(_) => which(&section.request) == which(&request),
    });
    let mut found = None;
    if is_update || locked.is_none() {
        let pin = locked.map(|(_, pin)| pin);
        found = match &source.which {
            Which::Version(version) => newest(images, &source.image, *version)?
                .filter(|image| pin.is_none_or(|pin| is_newer(image, pin))),
            // Also back to an older one.
            Which::Channel(channel) => of_channel(images, wanted, channel)?
                .filter(|image| pin.is_none_or(|pin| disk_digest(image) != Some(pin.digest))),
        };
    }
    let image = match (found, locked) {
        (Some(image), _) => image,
        // It need not be on this machine.
        (None, Some((section, pin))) if section.request.boot() == request.boot() => {
            return Ok(Section {
                source: source.name.clone(),
                request,
                documents: sorted(wanted.documents),
                epoch: pin.epoch,
                releases: Vec::new(),
                packages: Vec::new(),
                ..section.clone()
            });
        }
        (None, Some((_, pin))) => find(images, pin)?,
        (None, None) => {
            let name = source.image.clone();
            return Err(match &source.which {
                Which::Version(version) => ParentError::None {
                    known: titles(images, &name)?,
                    version: *version,
                    name,
                },
                Which::Channel(channel) => ParentError::Channel {
                    channel: channel.clone(),
                    name,
                },
            });
        }
    };
    section(wanted, request, &image)
}

/// The channel that is asked for.
fn which(request: &Request) -> Option<&str> {
    match request {
        Request::Image(request) => request.channel.as_deref(),
        _ => None,
    }
}

/// The image that the channel of a source names, if it names one.
fn of_channel(
    images: &Images,
    wanted: Wanted<'_>,
    channel: &str,
) -> Result<Option<Image>, ParentError> {
    let Some(id) = wanted.named else {
        return Ok(None);
    };
    let image = images.get(id)?.ok_or_else(|| ParentError::ChannelNotHere {
        name: wanted.source.image.clone(),
        channel: channel.to_owned(),
        image: id.clone(),
    })?;
    Ok(Some(image))
}

fn sorted(documents: &[Input]) -> Vec<Input> {
    let mut documents = documents.to_vec();
    documents.sort();
    documents.dedup();
    documents
}

/// The newest image of a name whose version begins like this.
fn newest(
    images: &Images,
    name: &str,
    version: VersionPrefix,
) -> Result<Option<Image>, ParentError> {
    let of_name = images.of(name)?.into_iter();
    Ok(of_name
        .rev()
        .find(|image| version.fits(image.record.version)))
}

fn is_newer(image: &Image, pin: &ImagePin) -> bool {
    let record = &image.record;
    (record.version, record.build) > (pin.version, pin.build)
        && disk_digest(image) != Some(pin.digest)
}

/// The image of a pin, on this machine.
pub(crate) fn find(images: &Images, pin: &ImagePin) -> Result<Image, ParentError> {
    let of_name = images.of(&pin.name)?.into_iter();
    let mut fitting = of_name
        .rev()
        .filter(|image| disk_digest(image) == Some(pin.digest));
    fitting.next().ok_or_else(|| ParentError::NotHere {
        title: pin.to_string(),
        name: pin.name.clone(),
        digest: pin.digest,
    })
}

fn disk_digest(image: &Image) -> Option<Sha256> {
    let disk = image.record.artifacts.iter().find(|a| a.kind == "raw");
    disk.map(|disk| disk.digest)
}

fn titles(images: &Images, name: &str) -> Result<Vec<String>, ParentError> {
    let mut titles: Vec<String> = images.of(name)?.iter().map(Image::title).collect();
    titles.reverse();
    titles.truncate(5);
    Ok(titles)
}

/// The section of a recipe on this image.
fn section(wanted: Wanted<'_>, request: Request, image: &Image) -> Result<Section, ParentError> {
    let record = &image.record;
    let missing = request
        .boot()
        .iter()
        .find(|firmware| !record.boot.contains(firmware));
    if let Some(firmware) = missing {
        return Err(ParentError::Firmware {
            parent: format!("image {}", image.title()),
            firmware: firmware.name(),
        });
    }
    let own = own_section(image)?;
    let digest = disk_digest(image).ok_or_else(|| ParentError::NoDisk {
        title: image.title(),
    })?;
    // Its boot loader is what another disk of it starts with.
    let is_wanted = |package: &&Package| match &package.why {
        Why::BootLoader(firmware) => request.boot().contains(firmware),
        _ => true,
    };
    let boot = own.boot.iter().filter(is_wanted).cloned().collect();
    let pin = ImagePin {
        name: record.name.clone(),
        version: record.version,
        build: record.build,
        digest,
        arch: record.arch.clone(),
        epoch: record.epoch_unix,
        debian: debian(&own).cloned().map(Box::new),
    };
    Ok(Section {
        source: wanted.source.name.clone(),
        request,
        parent: Some(Parent::Image(pin)),
        epoch: record.epoch_unix,
        releases: Vec::new(),
        documents: sorted(wanted.documents),
        packages: Vec::new(),
        boot,
    })
}

/// What the image itself was locked to.
fn own_section(image: &Image) -> Result<Section, ParentError> {
    let path = image.path("goldsmith.lock");
    let unreadable = |detail: String| ParentError::Lock {
        path: path.clone(),
        detail,
    };
    let bytes = fs::read(&path).map_err(|e| unreadable(e.to_string()))?;
    let mut lock = Lock::parse(&bytes).map_err(|e| unreadable(e.to_string()))?;
    let section = lock.recipes.remove(&image.record.name);
    section.ok_or_else(|| unreadable("it is that of another recipe".to_owned()))
}

/// What was asked of Debian for what a section describes: by the section itself, or by the first of
/// its line.
fn debian(section: &Section) -> Option<&DebianRequest> {
    match (&section.request, &section.parent) {
        (Request::Debian(request), _) => Some(request),
        (_, Some(Parent::Image(pin))) => pin.debian.as_deref(),
        _ => None,
    }
}

/// Where the packages of a section on an image are from, its boot loader's among them; nothing when
/// no image of its line began with Debian.
pub fn archive(section: &Section) -> Option<DebianSource> {
    let request = debian(section)?;
    Some(DebianSource {
        name: section.source.clone(),
        span: Span::new(&SourceFile::new("goldsmith.lock", ""), 0..0),
        mirror: request.mirror.clone(),
        security_mirror: request.security_mirror.clone(),
        suite: request.suite.clone(),
        updates: request.updates,
        security: request.security,
        components: request.components.clone(),
        arch: request.arch.clone(),
        variant: request.variant,
        packages: Vec::new(),
        keyring: request.keyring.clone(),
        check_valid_until: !request.valid_until_waived,
    })
}

/// What dpkg of the parent of a section says is installed: its `status`.
pub fn status(images: &Images, section: &Section) -> Result<Vec<u8>, ParentError> {
    let Some(Parent::Image(pin)) = &section.parent else {
        return Ok(Vec::new());
    };
    let image = find(images, pin)?;
    let status = SourceDisk::open(&image.path("disk.raw"))
        .and_then(|disk| disk.read("var/lib/dpkg/status", STATUS_MAX));
    let status = status.map_err(|source| ParentError::Disk {
        title: image.title(),
        source,
    })?;
    status.ok_or_else(|| ParentError::NoDpkg {
        title: image.title(),
    })
}

/// What the store must keep for a section besides its packages: the layers of its parent, by the
/// name of the top one, or the disk of others. Those of an image that is not here are not kept.
pub fn needs(images: &Images, section: &Section) -> Result<Option<Sha256>, ParentError> {
    let pin = match &section.parent {
        Some(Parent::Image(pin)) => pin,
        // Of one that was fetched; nothing of another's digest is there.
        Some(Parent::Disk(pin)) => return Ok(Some(pin.sha256)),
        // It stays where it is.
        Some(Parent::Ami(_)) | None => return Ok(None),
    };
    match find(images, pin) {
        Ok(image) => Ok(image.record.layers.last().copied()),
        Err(ParentError::NotHere { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
