//! Images that are finished: whether they are still there, and how they go.

use std::collections::BTreeMap;

use goldsmith_core::cloud::CloudImage;
use goldsmith_core::cx::Cx;
use goldsmith_core::ledger::{Resource, ResourceKind};
use goldsmith_core::machine::{Captured, CloudError};

use super::AwsMachines;
use crate::aws::leftovers::PROVIDER;
use crate::aws::mark::{COMPLETE, OPERATION};

impl AwsMachines {
    /// What names an image that was made here.
    pub fn named(
        &self,
        cx: &Cx,
        captured: &Captured,
        name: &str,
    ) -> Result<CloudImage, CloudError> {
        Ok(CloudImage {
            provider: PROVIDER.to_owned(),
            account: self.aws.account(cx)?,
            region: self.place.region.clone(),
            id: captured.id.clone(),
            name: name.to_owned(),
        })
    }

    /// Whether an image that somebody has a record of is there. Where whoever made it died between
    /// the record and the end, the end is made up for.
    pub fn is_there(&self, cx: &Cx, id: &str) -> Result<bool, CloudError> {
        let Some(image) = self.aws.images(cx, "image-id", id)?.into_iter().next() else {
            return Ok(false);
        };
        if image.tags.contains_key(COMPLETE) {
            return Ok(true);
        }
        let tags = BTreeMap::from([(COMPLETE.to_owned(), "true".to_owned())]);
        self.aws.tag(cx, &[id], &tags)?;
        if let Some(operation) = image.tags.get(OPERATION) {
            let resource = Resource {
                provider: PROVIDER.to_owned(),
                account: self.aws.account(cx)?,
                region: self.place.region.clone(),
                kind: ResourceKind::Image,
                operation: operation.clone(),
                id: Some(id.to_owned()),
                owner: String::new(),
            };
            self.ledger.gone(cx, &resource)?;
        }
        Ok(true)
    }

    /// Takes a finished image away, with its snapshots. May be repeated.
    pub fn withdraw(&self, cx: &Cx, id: &str) -> Result<(), CloudError> {
        for image in self.aws.images(cx, "image-id", id)? {
            self.aws.deregister_image(cx, &image.id)?;
            for snapshot in &image.snapshots {
                self.aws.delete_snapshot(cx, snapshot)?;
            }
        }
        Ok(())
    }
}
