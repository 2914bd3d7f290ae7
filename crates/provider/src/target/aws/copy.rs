//! Further regions: the image is copied there.

use std::collections::BTreeMap;

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Hasher;
use goldsmith_core::ledger::{Resource, ResourceKind};
use goldsmith_core::target::{Parcel, TargetError};

use super::Region;
use super::register::description;
use crate::aws::ec2::{Copying, Named};
use crate::aws::mark::OPERATION;

impl Region<'_> {
    /// Begins the copy of an image of another region; its id. `failed`: that of a copy which came
    /// to nothing, if any.
    pub(super) fn copy(
        &self,
        cx: &Cx,
        parcel: &Parcel<'_>,
        tags: &BTreeMap<String, String>,
        (region, image): (&str, &str),
        failed: &str,
    ) -> Result<String, TargetError> {
        let operation = self.operation(ResourceKind::Copy, parcel, "");
        let resource = self.resource(ResourceKind::Copy, operation.clone(), parcel.name);
        // A copy of another image, or after one that failed, is another call.
        let mut token = Hasher::new();
        for part in [operation.as_str(), image, failed] {
            token.field(part.as_bytes());
        }
        let mut tags = tags.clone();
        tags.insert(OPERATION.to_owned(), operation);
        let key = self.target.place.key(self.name);
        self.target.ledger.begin(cx, &resource)?;
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
        let id = match self.aws.copy_image(cx, &wish)? {
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
}
