//! Launch templates that start the newest image.

use goldsmith_core::cx::Cx;
use goldsmith_core::digest::Hasher;
use goldsmith_core::remote::RemoteError;
use goldsmith_core::target::TargetError;

use super::Region;
use crate::aws::ec2::Image;

impl Region<'_> {
    /// Gives each launch template of this region a version with the image, when it has none.
    pub(super) fn launch_from(
        &self,
        cx: &Cx,
        name: &str,
        image: &Image,
    ) -> Result<(), TargetError> {
        let templates = self.target.place.launch_templates.iter();
        for template in templates.filter(|template| template.region == self.name) {
            let versions = self.aws.template_versions(cx, &template.id)?;
            let with_it = versions
                .iter()
                .find(|version| version.image.as_deref() == Some(image.id.as_str()));
            let token = |what: &str| {
                let mut token = Hasher::new();
                for part in [what, &template.id, &image.id] {
                    token.field(part.as_bytes());
                }
                token.finish().to_string()
            };
            let number = if let Some(version) = with_it {
                version.number.clone()
            } else {
                let default = versions.iter().find(|version| version.is_default);
                let source = default.ok_or_else(|| RemoteError::NotFound {
                    what: format!(
                        "the default version of the launch template `{}`",
                        template.id
                    ),
                })?;
                self.aws.new_template_version(
                    cx,
                    (&template.id, &source.number),
                    &image.id,
                    &token("version"),
                    name,
                )?
            };
            let is_default = with_it.is_some_and(|version| version.is_default);
            if template.is_default && !is_default {
                let token = token("default");
                self.aws
                    .set_default_version(cx, &template.id, &number, &token)?;
            }
        }
        Ok(())
    }
}
