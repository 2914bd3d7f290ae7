//! What uses some images: every version of a launch template, not only what is used when none is
//! named, and parameters.

use std::collections::{BTreeMap, BTreeSet};

use goldsmith_core::cx::Cx;
use goldsmith_core::fleet::UserKind;
use goldsmith_core::remote::RemoteError;

use super::Look;

/// Images that EC2 takes in one question for what names them.
const AT_ONCE: usize = 10;

/// The images that are asked about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// By region and id: the name that the image has there.
    images: BTreeMap<String, BTreeMap<String, String>>,
    /// Launch templates that get a version with every image.
    templates: BTreeSet<String>,
}

impl Wanted {
    /// Nothing yet. A version that one of these templates got for an image is no use of it by itself
    /// when it is neither the default nor the newest: whoever names it is found as well.
    pub(crate) fn new<'a>(templates: impl Iterator<Item = &'a str>) -> Self {
        Self {
            images: BTreeMap::new(),
            templates: templates.map(str::to_owned).collect(),
        }
    }

    /// Asks about an image, too.
    pub(crate) fn add(&mut self, region: &str, id: &str, name: &str) {
        let images = self.images.entry(region.to_owned()).or_default();
        images.insert(id.to_owned(), name.to_owned());
    }

    /// The regions of the images.
    pub(crate) fn regions(&self) -> Vec<String> {
        self.images.keys().cloned().collect()
    }

    /// The ids of the images of a region.
    pub(crate) fn ids(&self, region: &str) -> Vec<&str> {
        let images = self.images.get(region);
        let ids = images.into_iter().flat_map(BTreeMap::keys);
        ids.map(String::as_str).collect()
    }

    pub(super) fn has(&self, region: &str, id: &str) -> bool {
        let images = self.images.get(region);
        images.is_some_and(|images| images.contains_key(id))
    }

    /// Whether a version was made for its image by us.
    fn is_ours(&self, region: &str, version: &super::Version) -> bool {
        let name = version
            .image
            .as_ref()
            .and_then(|image| self.images.get(region)?.get(image));
        self.templates.contains(&version.template) && name == version.description.as_ref()
    }
}

impl Look<'_> {
    /// The versions of templates that were not looked at yet.
    pub(super) fn older_versions(&mut self, cx: &Cx, wanted: &Wanted) -> Result<(), RemoteError> {
        let ids: BTreeSet<String> = self.templates.keys().map(|(id, _)| id.clone()).collect();
        for id in ids {
            for version in self.versions(cx, Some(&id), None)? {
                let is_current = self.current.contains(&(id.clone(), version.number));
                if !is_current && !wanted.is_ours(self.region, &version) {
                    self.found_version(&version, false);
                }
            }
        }
        Ok(())
    }

    /// The parameters whose value is one of the images.
    pub(super) fn parameters(&mut self, cx: &Cx, wanted: &Wanted) -> Result<(), RemoteError> {
        let mut found = Vec::new();
        for ids in wanted.ids(self.region).chunks(AT_ONCE) {
            match self.aws.image_parameters(cx, ids) {
                Ok(more) => found.extend(more),
                // One that this account does not see: it names the others all the same.
                Err(RemoteError::NotFound { .. }) => {
                    for id in ids {
                        match self.aws.image_parameters(cx, &[*id]) {
                            Ok(more) => found.extend(more),
                            Err(RemoteError::NotFound { .. }) => {}
                            Err(error) => return Err(error),
                        }
                    }
                }
                Err(error) => return Err(error),
            }
        }
        for (image, arn) in found {
            let name = arn.split_once(":parameter").map_or(&*arn, |(_, name)| name);
            self.found(UserKind::Parameter, name, "", &image);
        }
        Ok(())
    }
}
