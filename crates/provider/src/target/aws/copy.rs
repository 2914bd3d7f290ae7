//! Further regions, and all of an image that was made on an instance: the image is copied there.

use std::collections::BTreeMap;

use goldsmith_core::catalog::CopyRow;
use goldsmith_core::cloud::CloudImage;
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Hasher;
use goldsmith_core::ledger::{Resource, ResourceKind};
use goldsmith_core::target::{Parcel, TargetError};

use super::register::description;
use super::{AwsTargetError, Own, Region};
use crate::aws::ec2::{Copying, Named};
use crate::aws::leftovers::PROVIDER;
use crate::aws::mark::OPERATION;

impl Region<'_> {
    /// Refuses to copy what is of another cloud or account: nobody is asked to share it.
    pub(super) fn check_account(&self, there: &CloudImage) -> Result<(), AwsTargetError> {
        if (&*there.provider, &*there.account) == (PROVIDER, &*self.account) {
            return Ok(());
        }
        Err(AwsTargetError::OtherAccount {
            image: there.id.clone(),
            of: format!("{} {}", there.provider, there.account),
            account: self.account.clone(),
        })
    }

    /// Has the image here, as a copy of one of some region, with all that belongs to it.
    pub(super) fn copied(
        &self,
        cx: &Cx,
        parcel: &Parcel<'_>,
        tags: &BTreeMap<String, String>,
        source: (&str, &str),
    ) -> Result<CopyRow, TargetError> {
        let image = match self.own(cx, parcel)? {
            Own::There(id) => id,
            Own::Nothing => self.copy(cx, parcel, tags, source, "")?,
            Own::Failed(id) => self.copy(cx, parcel, tags, source, &id)?,
        };
        let image = self.aws.image_ready(cx, &image)?;
        self.finish(cx, parcel, &image)
    }

    /// Begins the copy of an image of some region; its id. `failed`: that of a copy which came
    /// to nothing, if any.
    fn copy(
        &self,
        cx: &Cx,
        parcel: &Parcel<'_>,
        tags: &BTreeMap<String, String>,
        (region, image): (&str, &str),
        failed: &str,
    ) -> Result<String, TargetError> {
        let operation = self.operation(ResourceKind::Copy, parcel, "");
        let resource = self.resource(ResourceKind::Copy, operation.clone(), parcel.name);
        let mut tags = tags.clone();
        tags.insert(OPERATION.to_owned(), operation);
        let key = self.target.place.key(self.name);
        self.target.ledger.begin(cx, &resource)?;
        let mut failed = failed.to_owned();
        let id = loop {
            // A token is of the same wish in every detail; after a copy that failed, or is gone
            // since, it is another one.
            let mut token = Hasher::new();
            let encryption = format!("{key:?}");
            for part in [image, &failed, &encryption] {
                token.field(part.as_bytes());
            }
            for (key, value) in &tags {
                token.field(key.as_bytes());
                token.field(value.as_bytes());
            }
            let wish = Copying {
                name: parcel.name,
                description: &description(parcel),
                image,
                region,
                token: &token.finish().to_string(),
                is_encrypted: key.is_some(),
                key: key.flatten(),
                tags: &tags,
            };
            match self.aws.copy_image(cx, &wish)? {
                Named::Made(id) if self.aws.is_image_seen(cx, &id)? => break id,
                Named::Made(id) => failed.push_str(&id),
                // By an earlier try whose answer was lost.
                Named::Taken => break self.own_id(cx, parcel)?,
            }
        };
        let made = Resource {
            id: Some(id.clone()),
            ..resource
        };
        self.target.ledger.made(cx, &made)?;
        Ok(id)
    }
}
