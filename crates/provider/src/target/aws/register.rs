//! The first region: the disk becomes a snapshot, the snapshot an image.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use goldsmith_core::cx::Cx;
use goldsmith_core::ledger::{Resource, ResourceKind};
use goldsmith_core::target::{Parcel, TargetError};

use super::boot::Boot;
use super::{AwsTargetError, Own, Region};
use crate::aws::ec2::{Named, Registration};
use crate::aws::mark::OPERATION;
use crate::aws::snapshot::{self, Blocks, Encryption, Job, Written};

/// The form in which a disk is read.
const FORM: &str = "raw";

/// What a machine must be to run an image.
struct Machine {
    architecture: &'static str,
    boot_mode: &'static str,
}

impl Region<'_> {
    /// Makes the image; its id.
    pub(super) fn register(
        &self,
        cx: &Cx,
        parcel: &Parcel<'_>,
        tags: &BTreeMap<String, String>,
    ) -> Result<String, TargetError> {
        let folder = self.folder();
        fs::create_dir_all(&folder).map_err(AwsTargetError::scratch("make", &folder))?;
        let disk = self.disk(parcel.name);
        gone(&disk)?;
        let made = parcel
            .forms
            .write(cx, parcel.image, FORM, &disk)
            .and_then(|_| self.image_of(cx, parcel, tags, &disk));
        gone(&disk)?;
        made
    }

    fn image_of(
        &self,
        cx: &Cx,
        parcel: &Parcel<'_>,
        tags: &BTreeMap<String, String>,
        disk: &Path,
    ) -> Result<String, TargetError> {
        let machine = machine(parcel.arch, disk)?;
        let blocks = Blocks::of(cx, disk)?;
        let written = self.snapshot(cx, parcel, tags, disk, &blocks)?;
        let operation = self.operation(ResourceKind::Image, parcel, "");
        let resource = self.resource(ResourceKind::Image, operation.clone(), parcel.name);
        let mut tags = tags.clone();
        tags.insert(OPERATION.to_owned(), operation);
        self.target.ledger.begin(cx, &resource)?;
        let wish = Registration {
            name: parcel.name,
            description: &description(parcel),
            snapshot: &written.id,
            volume_size: blocks.gib(),
            architecture: machine.architecture,
            boot_mode: machine.boot_mode,
            tags: &tags,
        };
        let id = match self.aws.register_image(cx, &wish)? {
            Named::Made(id) => id,
            // By an earlier try whose answer was lost.
            Named::Taken => self.own_id(cx, parcel)?,
        };
        let made = Resource {
            id: Some(id.clone()),
            ..resource
        };
        self.target.ledger.made(cx, &made)?;
        Ok(id)
    }

    fn snapshot(
        &self,
        cx: &Cx,
        parcel: &Parcel<'_>,
        tags: &BTreeMap<String, String>,
        disk: &Path,
        blocks: &Blocks,
    ) -> Result<Written, TargetError> {
        let encryption = match self.target.place.key(self.name) {
            None => Encryption::Account,
            Some(None) => Encryption::DefaultKey,
            Some(Some(key)) => Encryption::Key(self.aws.key_arn(cx, key)?),
        };
        let more = blocks.digest().to_string();
        let operation = self.operation(ResourceKind::Snapshot, parcel, &more);
        snapshot::write(
            cx,
            &Job {
                aws: &self.aws,
                disk,
                blocks,
                description: &description(parcel),
                tags,
                encryption: &encryption,
                folder: &self.folder(),
                ledger: &*self.target.ledger,
                resource: &self.resource(ResourceKind::Snapshot, operation, parcel.name),
            },
        )
    }

    /// The id of the image that has the name, which must be ours.
    pub(super) fn own_id(&self, cx: &Cx, parcel: &Parcel<'_>) -> Result<String, TargetError> {
        match self.own(cx, parcel)? {
            Own::There(id) => Ok(id),
            Own::Nothing | Own::Failed(_) => Err(AwsTargetError::Unseen {
                name: parcel.name.to_owned(),
                region: self.name.to_owned(),
            }
            .into()),
        }
    }
}

/// For people who see the image in a list.
pub(super) fn description(parcel: &Parcel<'_>) -> String {
    format!("{} (disk {})", parcel.image, parcel.disk.short())
}

fn machine(arch: &str, disk: &Path) -> Result<Machine, TargetError> {
    let architecture = match arch {
        "amd64" => "x86_64",
        "arm64" => "arm64",
        arch => {
            return Err(AwsTargetError::Arch {
                arch: arch.to_owned(),
            }
            .into());
        }
    };
    let failed = || AwsTargetError::scratch("read", disk);
    let file = File::open(disk).map_err(failed())?;
    let boot = Boot::of(&file).map_err(failed())?;
    let boot_mode = boot.mode(architecture).ok_or(AwsTargetError::NoBoot)?;
    Ok(Machine {
        architecture,
        boot_mode,
    })
}

/// Removes a file of ours; one that is not there is.
pub(super) fn gone(file: &Path) -> Result<(), AwsTargetError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(AwsTargetError::scratch("remove", file)(error))
        }
        _ => Ok(()),
    }
}
