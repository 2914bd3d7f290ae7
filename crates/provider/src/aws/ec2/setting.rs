//! What an account has set in a region for all images.

use goldsmith_core::cx::Cx;
use goldsmith_core::remote::RemoteError;

use super::super::Aws;
use super::super::api::ec2::setting as api;
use super::super::call::Request;
use super::super::form::Form;

impl Aws {
    /// Whether the region refuses to make images public.
    pub(crate) fn blocks_public_images(&self, cx: &Cx) -> Result<bool, RemoteError> {
        let subject = "whether images may be public".to_owned();
        let operation = &api::GET_IMAGE_BLOCK_PUBLIC_ACCESS_STATE;
        let request = Request::form(operation, subject, &Form::default());
        let state = self.call(cx, &request, |answer| {
            answer.read(cx, &request, |whole| {
                whole.text("imageBlockPublicAccessState")
            })
        })?;
        Ok(state != "unblocked")
    }

    /// Whether the region refuses to make snapshots public.
    pub(crate) fn blocks_public_snapshots(&self, cx: &Cx) -> Result<bool, RemoteError> {
        let subject = "whether snapshots may be public".to_owned();
        let operation = &api::GET_SNAPSHOT_BLOCK_PUBLIC_ACCESS_STATE;
        let request = Request::form(operation, subject, &Form::default());
        let state = self.call(cx, &request, |answer| {
            answer.read(cx, &request, |whole| whole.text("state"))
        })?;
        Ok(state != "unblocked")
    }
}
