//! The life of an image after it was made: who may use it and names it, how it retires, what makes it
//! start fast, what marks it.

use goldsmith_core::cx::Cx;
use goldsmith_core::remote::RemoteError;

use super::super::Aws;
use super::super::api::Operation;
use super::super::api::ec2::life as api;
use super::super::call::Request;
use super::super::form::Form;
use super::PAGE;
use super::image::of_image;

impl Aws {
    /// Whom an image is for, besides its owner: numbers of accounts, ARNs of organizations and
    /// their units, `everybody`. An image that is not there is for nobody.
    pub(crate) fn image_users(&self, cx: &Cx, id: &str) -> Result<Vec<String>, RemoteError> {
        let form = Form::default()
            .with("ImageId", id)
            .with("Attribute", "launchPermission");
        let request = Request::form(&api::DESCRIBE_IMAGE_ATTRIBUTE, of_image(id), &form);
        let read = self.call(cx, &request, |answer| {
            answer.read(cx, &request, |whole| {
                let mut users = Vec::new();
                whole.each("launchPermission/item", |permission| {
                    users.extend(permission.text("userId"));
                    users.extend(permission.text("organizationArn"));
                    users.extend(permission.text("organizationalUnitArn"));
                    users.extend(permission.text("group").map(|_| "everybody".to_owned()));
                });
                Some(users)
            })
        });
        match read {
            Err(error) if request.is_missing(&error) => Ok(Vec::new()),
            other => other,
        }
    }

    /// The parameters (their ARNs) whose value is one of these images (10 at most), with it. An
    /// image that this account does not see is an error.
    pub(crate) fn image_parameters(
        &self,
        cx: &Cx,
        images: &[&str],
    ) -> Result<Vec<(String, String)>, RemoteError> {
        let mut found = Vec::new();
        let request = |token: Option<&str>| {
            let form = Form::default()
                .list("ImageId", images)
                .with("ResourceType.1.ResourceType", "ssm:Parameter")
                .with("MaxResults", PAGE)
                .maybe("NextToken", token);
            let subject = format!("what names `{}`", images.join("`, `"));
            Request::form(&api::DESCRIBE_IMAGE_REFERENCES, subject, &form)
        };
        self.pages(cx, request, |page| {
            page.each("imageReferenceSet/item", |reference| {
                found.extend(reference.text("imageId").zip(reference.text("arn")));
            });
        })?;
        Ok(found)
    }

    /// Has nobody launch an image, and takes back that others may.
    pub(crate) fn disable_image(&self, cx: &Cx, id: &str) -> Result<(), RemoteError> {
        self.change(cx, &api::DISABLE_IMAGE, id)
    }

    /// Takes that back; who might launch it before is not known any more.
    pub(crate) fn enable_image(&self, cx: &Cx, id: &str) -> Result<(), RemoteError> {
        self.change(cx, &api::ENABLE_IMAGE, id)
    }

    /// Takes back that an image is deprecated.
    pub(crate) fn undeprecate_image(&self, cx: &Cx, id: &str) -> Result<(), RemoteError> {
        self.change(cx, &api::DISABLE_IMAGE_DEPRECATION, id)
    }

    fn change(&self, cx: &Cx, operation: &'static Operation, id: &str) -> Result<(), RemoteError> {
        let form = Form::default().with("ImageId", id);
        let request = Request::form(operation, of_image(id), &form);
        self.call(cx, &request, |answer| answer.text(cx).map(drop))
    }

    /// Takes back that others may make volumes of a snapshot; one that is not there is for nobody.
    pub(crate) fn unshare_snapshot(&self, cx: &Cx, id: &str) -> Result<(), RemoteError> {
        let form = Form::default()
            .with("SnapshotId", id)
            .with("Attribute", "createVolumePermission");
        let subject = format!("the snapshot `{id}`");
        let request = Request::form(&api::RESET_SNAPSHOT_ATTRIBUTE, subject, &form);
        match self.call(cx, &request, |answer| answer.text(cx).map(drop)) {
            Err(error) if request.is_missing(&error) => Ok(()),
            other => other,
        }
    }

    /// Has volumes of snapshots be fast from their start in these zones, in a while. Snapshots and
    /// zones are refused one by one, with a status of success.
    pub(crate) fn fast_restore(
        &self,
        cx: &Cx,
        snapshots: &[&str],
        zones: &[&str],
    ) -> Result<(), RemoteError> {
        let request = of_zones(&api::ENABLE_FAST_SNAPSHOT_RESTORES, snapshots, zones);
        let refused = self.call(cx, &request, |answer| {
            answer.read(cx, &request, |whole| {
                let mut refused = Vec::new();
                whole.each("unsuccessful/item", |one| {
                    let errors = "fastSnapshotRestoreStateErrorSet/item";
                    one.each(errors, |error| {
                        let [zone, code, message] =
                            ["availabilityZone", "error/code", "error/message"]
                                .map(|name| error.text(name).unwrap_or_default());
                        refused.push(format!("{zone}: {code}: {message}"));
                    });
                });
                Some(refused)
            })
        })?;
        if refused.is_empty() {
            return Ok(());
        }
        Err(RemoteError::Failed {
            what: request.title(),
            detail: cx.redactor.redact(&refused.join("; ")),
        })
    }

    /// Takes that back; what was not fast is not, and is no error.
    pub(crate) fn no_fast_restore(
        &self,
        cx: &Cx,
        snapshots: &[&str],
        zones: &[&str],
    ) -> Result<(), RemoteError> {
        let request = of_zones(&api::DISABLE_FAST_SNAPSHOT_RESTORES, snapshots, zones);
        self.call(cx, &request, |answer| answer.text(cx).map(drop))
    }

    /// Marks an image, and whatever is made of it.
    pub(crate) fn watermark(&self, cx: &Cx, id: &str, name: &str) -> Result<(), RemoteError> {
        let form = Form::default()
            .with("ImageId", id)
            .with("WatermarkName", name);
        let request = Request::form(&api::ATTACH_IMAGE_WATERMARK, of_image(id), &form);
        self.call(cx, &request, |answer| answer.text(cx).map(drop))
    }
}

/// A request that is of snapshots in zones.
fn of_zones(operation: &'static Operation, snapshots: &[&str], zones: &[&str]) -> Request {
    let form = Form::default()
        .list("AvailabilityZone", zones)
        .list("SourceSnapshotId", snapshots);
    let subject = format!("`{}`", snapshots.join("`, `"));
    Request::form(operation, subject, &form)
}
