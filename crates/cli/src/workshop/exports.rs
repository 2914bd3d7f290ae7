//! Images in the forms that targets take.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use goldsmith_build::export;
use goldsmith_core::cloud::CloudImage;
use goldsmith_core::cx::Cx;
use goldsmith_core::digest::{Hasher, Sha256};
use goldsmith_core::image::ImageId;
use goldsmith_core::target::{FormFile, Forms, TargetError};
use goldsmith_disk::fmt::Format;

use super::{find, stage_error};
use crate::app::App;
use crate::report::CmdError;

/// The forms that `build::export` writes.
pub(crate) struct Exports<'a> {
    pub(crate) app: &'a App,
}

impl Forms for Exports<'_> {
    fn ending(&self, form: &str) -> Option<&'static str> {
        Format::named(form).map(|format| format.endings[0])
    }

    fn write(
        &self,
        cx: &Cx,
        image: &ImageId,
        form: &str,
        to: &Path,
    ) -> Result<FormFile, TargetError> {
        let failed = |error: CmdError| -> TargetError { Box::new(stage_error(error)) };
        let image = find(self.app, image).map_err(failed)?;
        image.disk().map_err(|error| failed(error.into()))?;
        let format = Format::named(form)
            .ok_or_else(|| failed(CmdError::config(format!("there is no form `{form}`"))))?;
        let written =
            export::to_file(cx, &image, format, to, false).map_err(|error| failed(error.into()))?;
        let sha256 = match written.sha256 {
            Some(sha256) => sha256,
            None => digest(to)
                .map_err(|error| failed(CmdError::io("cannot read what was written", &error)))?,
        };
        Ok(FormFile {
            sha256,
            size_bytes: written.size_bytes,
        })
    }

    fn cloud(&self, image: &ImageId) -> Result<Option<CloudImage>, TargetError> {
        let image = find(self.app, image);
        let image = image.map_err(|error| -> TargetError { Box::new(stage_error(error)) })?;
        Ok(image.record.cloud)
    }
}

/// What `sha256sum` says of a file.
fn digest(path: &Path) -> std::io::Result<Sha256> {
    let mut file = fs::File::open(path)?;
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finish()),
            length => hasher.update(&buffer[..length]),
        }
    }
}
