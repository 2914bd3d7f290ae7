//! The steps by which an image retires, before it is taken away, and back. Each may be repeated, and
//! goes on where one that was killed stopped.

use goldsmith_core::cx::Cx;
use goldsmith_core::target::TargetError;

use super::Region;

/// EC2 takes no time that is over when it reads it, and counts in minutes.
const SOON_SECONDS: i64 = 120;
/// The state of an image that nobody can launch.
const DISABLED: &str = "disabled";

impl Region<'_> {
    /// Has the image be deprecated from now on.
    pub(super) fn deprecate_now(&self, cx: &Cx, name: &str) -> Result<(), TargetError> {
        let Some((image, _)) = self.named(cx, name)? else {
            return Ok(());
        };
        let soon = cx.clock().unix_seconds() + SOON_SECONDS;
        let soon = jiff::Timestamp::from_second(soon).unwrap_or(jiff::Timestamp::MAX);
        let at = image.is_deprecated_at.as_deref();
        let at = at.and_then(|text| text.parse::<jiff::Timestamp>().ok());
        if at.is_some_and(|at| at <= soon) {
            return Ok(());
        }
        Ok(self.aws.deprecate_image(cx, &image.id, &soon.to_string())?)
    }

    /// Has nobody launch the image, takes back all shares and what is paid for by the hour.
    pub(super) fn disable(&self, cx: &Cx, name: &str) -> Result<(), TargetError> {
        let Some((image, _)) = self.named(cx, name)? else {
            return Ok(());
        };
        // That ends the launch permissions of others, too.
        if image.state != DISABLED {
            self.aws.disable_image(cx, &image.id)?;
        }
        for snapshot in &image.snapshots {
            self.aws.unshare_snapshot(cx, snapshot)?;
        }
        self.not_fast(cx, &image)
    }

    /// Has the image be as it was when it was sent; whether there is one.
    pub(super) fn restore(&self, cx: &Cx, name: &str) -> Result<bool, TargetError> {
        let Some((image, _)) = self.named(cx, name)? else {
            return Ok(false);
        };
        if image.state == DISABLED {
            self.aws.enable_image(cx, &image.id)?;
        }
        if image.is_deprecated_at.is_some() {
            self.aws.undeprecate_image(cx, &image.id)?;
        }
        let image = self.aws.image_ready(cx, &image.id)?;
        self.share(cx, &image)?;
        self.fast(cx, &image)?;
        self.deprecate(cx, &image)?;
        Ok(true)
    }
}
