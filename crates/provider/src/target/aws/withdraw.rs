//! Images that go, and what is left of those that never were.

use goldsmith_core::cx::Cx;
use goldsmith_core::target::TargetError;

use super::Region;
use super::register::gone;
use crate::aws::ec2::Image;
use crate::aws::leftovers::tag;
use crate::aws::mark::{COMPLETE, NAME, OPERATION, TARGET};
use crate::aws::snapshot::{forget, forget_upload};

impl Region<'_> {
    /// Takes the image of a name away with its snapshots, and whatever else is of that name.
    pub(super) fn withdraw(&self, cx: &Cx, name: &str) -> Result<(), TargetError> {
        if let Some((image, _)) = self.named(cx, name)? {
            self.remove_image(cx, &image)?;
        }
        self.clear(cx, name, |_| true)
    }

    /// Takes away what is of a name and of no finished image.
    pub(super) fn sweep(&self, cx: &Cx, name: &str) -> Result<(), TargetError> {
        self.clear(cx, name, |image| !image.tags.contains_key(COMPLETE))
    }

    fn clear(&self, cx: &Cx, name: &str, goes: impl Fn(&Image) -> bool) -> Result<(), TargetError> {
        let is_here = |tags: &std::collections::BTreeMap<String, String>| {
            tags.get(TARGET) == Some(&self.target.name)
        };
        gone(&self.disk(name))?;
        let mut kept = Vec::new();
        for image in self.aws.images(cx, &tag(NAME), name)? {
            if is_here(&image.tags) && goes(&image) {
                self.remove_image(cx, &image)?;
            } else {
                kept.extend(image.snapshots);
            }
        }
        for snapshot in self.aws.snapshots(cx, &tag(NAME), name)? {
            if is_here(&snapshot.tags) && !kept.contains(&snapshot.id) {
                self.remove_snapshot(cx, &snapshot.id)?;
                if let Some(operation) = snapshot.tags.get(OPERATION) {
                    forget_upload(&self.folder(), operation)?;
                }
            }
        }
        Ok(())
    }

    /// Takes an image away with its snapshots.
    pub(super) fn remove_image(&self, cx: &Cx, image: &Image) -> Result<(), TargetError> {
        self.not_fast(cx, image)?;
        self.aws.deregister_image(cx, &image.id)?;
        for snapshot in &image.snapshots {
            self.remove_snapshot(cx, snapshot)?;
        }
        Ok(())
    }

    fn remove_snapshot(&self, cx: &Cx, id: &str) -> Result<(), TargetError> {
        self.aws.delete_snapshot(cx, id)?;
        Ok(forget(&self.folder(), id)?)
    }
}
