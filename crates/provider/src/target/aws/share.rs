//! Who may use an image, what marks it, and until when it is not deprecated.

use goldsmith_core::cx::Cx;
use goldsmith_core::target::TargetError;

use super::{AwsTargetError, Region};
use crate::aws::ec2::{Image, Users};

const DAY: i64 = 24 * 60 * 60;

impl Region<'_> {
    /// Lets others launch the image, and accounts make volumes of its snapshots. May be repeated.
    pub(super) fn share(&self, cx: &Cx, image: &Image) -> Result<(), TargetError> {
        let place = &self.target.place;
        if !place.is_shared() {
            return Ok(());
        }
        let users = Users {
            accounts: &place.accounts,
            organizations: &place.organizations,
            organizational_units: &place.organizational_units,
            is_public: place.is_public,
        };
        // Whoever cannot read the snapshot can launch the image and not copy it. There is no such
        // permission for organizations.
        if !place.accounts.is_empty() {
            for snapshot in &image.snapshots {
                self.aws.share_snapshot(cx, snapshot, &place.accounts)?;
            }
        }
        Ok(self.aws.share_image(cx, &image.id, &users)?)
    }

    /// Refuses what the region would when the image is made: that everybody may launch it.
    pub(super) fn check_public(&self, cx: &Cx) -> Result<(), TargetError> {
        if self.aws.blocks_public_images(cx)? {
            let region = self.name.to_owned();
            return Err(AwsTargetError::PublicBlocked { region }.into());
        }
        Ok(())
    }

    /// Marks the image, when it is not marked yet. Copies have it from their source.
    pub(super) fn watermark(&self, cx: &Cx, image: &Image) -> Result<(), TargetError> {
        let Some(name) = &self.target.place.watermark else {
            return Ok(());
        };
        let key = format!("{}:{name}", self.account);
        if image.watermarks.contains(&key) {
            return Ok(());
        }
        Ok(self.aws.watermark(cx, &image.id, name)?)
    }

    /// Says from when on the image is deprecated, when nobody has said it yet.
    pub(super) fn deprecate(&self, cx: &Cx, image: &Image) -> Result<(), TargetError> {
        let Some(days) = self.target.place.deprecate_after_days else {
            return Ok(());
        };
        if image.is_deprecated_at.is_some() {
            return Ok(());
        }
        let unix = cx.clock().unix_seconds() + i64::from(days) * DAY;
        let at = jiff::Timestamp::from_second(unix).unwrap_or(jiff::Timestamp::MAX);
        let at = at.to_string();
        Ok(self.aws.deprecate_image(cx, &image.id, &at)?)
    }
}
