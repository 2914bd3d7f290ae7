//! The partitions of a system besides its root: which of them its tree needs, by its `fstab` and by
//! their types.

use std::io::{self, Read};
use std::ops::Range;

use goldsmith_disk::read::ext4::Ext4;
use goldsmith_disk::read::signature::{self, Found};
use goldsmith_disk::read::table::{Partition, Table};
use goldsmith_disk::read::{Disk, Part};
use goldsmith_disk::tree::{ContentSource, display};

use super::SourceError;

/// What a system cannot be built on without: it would be missing, or there twice.
const NEEDED: [&str; 9] = [
    "boot",
    "etc",
    "opt",
    "root",
    "usr",
    "usr/local",
    "var",
    "var/cache",
    "var/lib",
];

/// What the first disk of a kind is called, before the number of a partition.
const FIRST_DISKS: [&str; 6] = ["sda", "vda", "xvda", "hda", "nvme0n1p", "mmcblk0p"];

/// A partition with a file system of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    /// Where it is mounted: a path of the tree.
    pub(super) at: Vec<u8>,
    /// The number of the partition.
    pub(super) number: usize,
}

/// Finds the partitions with ext4 that the tree needs, those inside of others later.
pub(super) fn find(
    fstab: &str,
    disk: &dyn Disk,
    table: &Table,
    root: usize,
) -> Result<Vec<Mount>, SourceError> {
    let mut named = Vec::new();
    for partition in table.partitions.iter().filter(|p| p.number != root) {
        named.push(Named::read(disk, partition)?);
    }
    let mut mounts: Vec<Mount> = Vec::new();
    for (device, at) in entries(fstab) {
        let found = named.iter().find(|named| named.is(device));
        let is_needed = is_needed(&at);
        match found {
            Some(named) if named.found == Found::Ext => mounts.push(Mount {
                at,
                number: named.partition.number,
            }),
            // The system starts from it, and does not need it to be changed.
            Some(named) if named.found == Found::Other("FAT") => {}
            Some(named) if is_needed => {
                let number = named.partition.number;
                let name = named.found.name().unwrap_or("nothing known");
                return Err(elsewhere(&at, format!("partition {number}, {name}")));
            }
            None if is_needed => return Err(elsewhere(&at, format!("`{device}`"))),
            _ => {}
        }
    }
    let typed = named.iter().find(|named| named.partition.kind.is_boot());
    // What systemd mounts there without an entry.
    if let (Some(named), false) = (typed, has_entry(fstab, b"boot"))
        && named.found == Found::Ext
    {
        let (at, number) = (b"boot".to_vec(), named.partition.number);
        mounts.push(Mount { at, number });
    }
    mounts.sort_by(|a, b| a.at.cmp(&b.at));
    mounts.dedup_by(|a, b| a.at == b.at);
    Ok(mounts)
}

fn elsewhere(at: &[u8], place: String) -> SourceError {
    let at = display(at);
    SourceError::Elsewhere { at, place }
}

fn is_needed(at: &[u8]) -> bool {
    NEEDED.iter().any(|needed| needed.as_bytes() == at)
}

/// Devices and mount points of all lines but that of the root and those that are not mounted.
fn entries(fstab: &str) -> impl Iterator<Item = (&str, Vec<u8>)> {
    fstab.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let device = words.next().filter(|word| !word.starts_with('#'))?;
        let at = words.next()?.strip_prefix('/')?.trim_end_matches('/');
        let kind = words.next().unwrap_or_default();
        let options = words.next().unwrap_or_default();
        let is_file_system = device.contains(['=', '/']) && !matches!(kind, "swap" | "tmpfs");
        let is_bound = options.split(',').any(|option| option == "bind");
        let is_mounted = !options.split(',').any(|option| option == "noauto") && !is_bound;
        let is_wanted = !at.is_empty() && is_file_system && is_mounted;
        is_wanted.then(|| (device, at.as_bytes().to_vec()))
    })
}

fn has_entry(fstab: &str, at: &[u8]) -> bool {
    entries(fstab).any(|(_, other)| other == at)
}

/// A partition with the names that `fstab` may call it by.
struct Named<'t> {
    partition: &'t Partition,
    found: Found,
    uuid: Option<String>,
    label: Vec<u8>,
}

impl<'t> Named<'t> {
    fn read(disk: &dyn Disk, partition: &'t Partition) -> Result<Self, SourceError> {
        let failed = |source: io::Error| SourceError::Ext4 {
            partition: format!("partition {}", partition.number),
            source: source.into(),
        };
        let part = Part::new(disk, partition.start..partition.end());
        let mut named = Self {
            partition,
            found: signature::on_partition(&part).map_err(failed)?,
            uuid: None,
            label: Vec::new(),
        };
        match named.found {
            // One that is broken has no name that could be trusted; it is looked at when needed.
            Found::Ext => {
                if let Ok(fs) = Ext4::open(part) {
                    named.uuid = Some(fs.uuid().to_string());
                    named.label = fs.label().to_vec();
                }
            }
            Found::Mountable("xfs") => named.uuid = uuid(&part, 32).map_err(failed)?,
            Found::Mountable("btrfs") => named.uuid = uuid(&part, 65_568).map_err(failed)?,
            Found::Other("FAT") => named.uuid = volume(&part).map_err(failed)?,
            _ => {}
        }
        Ok(named)
    }

    fn is(&self, device: &str) -> bool {
        let by = |tag: &str| {
            let directory = format!("/dev/disk/by-{}/", tag.to_ascii_lowercase());
            let value = device
                .strip_prefix(tag)
                .and_then(|rest| rest.strip_prefix('='))
                .or_else(|| device.strip_prefix(&directory))?;
            Some(value.trim_matches('"'))
        };
        let is_same =
            |own: Option<&str>, value: &str| own.is_some_and(|own| own.eq_ignore_ascii_case(value));
        if let Some(value) = by("UUID") {
            return is_same(self.uuid.as_deref(), value);
        }
        if let Some(value) = by("LABEL") {
            return !self.label.is_empty() && value.as_bytes() == self.label;
        }
        if let Some(value) = by("PARTUUID") {
            let id = self.partition.id.map(|id| id.to_string());
            return is_same(id.as_deref(), value);
        }
        if let Some(value) = by("PARTLABEL") {
            return !value.is_empty() && value == self.partition.name;
        }
        number_of(device) == Some(self.partition.number)
    }
}

/// The number of the partition of `/dev/vda2`, `/dev/nvme0n1p2`.
fn number_of(device: &str) -> Option<usize> {
    let name = device.strip_prefix("/dev/")?;
    let digits = FIRST_DISKS
        .iter()
        .find_map(|first| name.strip_prefix(first))?;
    digits.parse().ok()
}

fn uuid(part: &Part<'_>, at: u64) -> io::Result<Option<String>> {
    let mut bytes = [0; 16];
    part.read_at(at, &mut bytes)?;
    Ok(Some(
        goldsmith_disk::id::Guid::from_bytes(bytes).to_string(),
    ))
}

/// The volume identifier of FAT, as udev writes it.
fn volume(part: &Part<'_>) -> io::Result<Option<String>> {
    let mut sector = [0; 512];
    part.read_at(0, &mut sector)?;
    let at = if &sector[82..87] == b"FAT32" { 67 } else { 39 };
    let id = u32::from_le_bytes(std::array::from_fn(|byte| sector[at + byte]));
    Ok(Some(goldsmith_disk::id::VolumeId(id).to_string()))
}

/// The contents of several file systems as those of one tree.
pub(super) struct Contents<'c> {
    /// Mount points with what is there, those inside of others later; the first is the root's.
    pub(super) parts: Vec<(Vec<u8>, Box<dyn ContentSource + 'c>)>,
}

impl ContentSource for Contents<'_> {
    fn open(&mut self, path: &[u8], data: &[Range<u64>]) -> io::Result<Box<dyn Read + '_>> {
        for (at, part) in self.parts.iter_mut().rev() {
            if at.is_empty() {
                return part.open(path, data);
            }
            let rest = path.strip_prefix(at.as_slice());
            if let Some(own) = rest.and_then(|rest| rest.strip_prefix(b"/")) {
                return part.open(own, data);
            }
        }
        Err(io::ErrorKind::NotFound.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_count() {
        let fstab = "# /dev/sda9 /nine ext4\n\
            UUID=1 / ext4 rw 0 1\n\
            UUID=2 /boot/ ext4\n\
            LABEL=home /home ext4 noauto,ro\n\
            tmpfs /tmp tmpfs\n\
            /srv/a /srv/b none bind\n\
            /dev/vda15\t/boot/efi vfat umask=0077\n\
            UUID=3 none swap sw\n";
        let found: Vec<String> = entries(fstab)
            .map(|(device, at)| format!("{device} {}", display(&at)))
            .collect();
        assert_eq!(found, ["UUID=2 /boot", "/dev/vda15 /boot/efi"]);
        assert!(has_entry(fstab, b"boot") && !has_entry(fstab, b"home"));
    }

    #[test]
    fn devices_by_number() {
        assert_eq!(number_of("/dev/sda16"), Some(16));
        assert_eq!(number_of("/dev/nvme0n1p2"), Some(2));
        for other in ["/dev/sdb1", "/dev/sda", "/dev/mapper/vg-root", "sda1"] {
            assert_eq!(number_of(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_needed() {
        for (at, expected) in [
            ("boot", true),
            ("boot/efi", false),
            ("usr", true),
            ("home", false),
            ("srv/data", false),
        ] {
            assert_eq!(is_needed(at.as_bytes()), expected, "{at}");
        }
    }
}
