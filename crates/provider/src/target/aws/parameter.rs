//! Parameters (SSM) by which a channel is found in a region.

use goldsmith_core::cx::Cx;
use goldsmith_core::remote::{ParameterStore as _, ParameterValue};
use goldsmith_core::target::TargetError;

use super::place::is_missing;
use super::{AwsTargetError, Region};

impl Region<'_> {
    /// Has the parameter hold the id that the image of this name has here; `None`: it goes.
    pub(super) fn point(
        &self,
        cx: &Cx,
        parameter: &str,
        name: Option<&str>,
    ) -> Result<(), TargetError> {
        let Some(name) = name else {
            return Ok(self.aws.delete_parameter(cx, parameter)?);
        };
        let Some((image, _)) = self.named(cx, name)? else {
            return Err(AwsTargetError::Missing {
                name: name.to_owned(),
                region: self.name.to_owned(),
            }
            .into());
        };
        // Each writing is a version, of which there are only so many.
        match self.aws.parameter(cx, parameter) {
            Ok(ParameterValue::Text(id)) if id == image.id => return Ok(()),
            Ok(_) => {}
            Err(error) if is_missing(&error) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(self.aws.put_image_parameter(cx, parameter, &image.id)?)
    }
}
