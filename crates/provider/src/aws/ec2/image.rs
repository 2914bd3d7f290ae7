//! Images: made of a snapshot, copied, found, shared, deprecated, taken away.

use std::collections::BTreeMap;
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::remote::RemoteError;

use super::super::Aws;
use super::super::api::ec2 as api;
use super::super::call::Request;
use super::super::form::Form;
use super::super::node::Node;
use super::{PAGE, is_seen, until};

/// How long an image may take from a call until it can be used: the copy of a large one from
/// another continent.
const READY: Duration = Duration::from_hours(4);
/// The code of a name that an image has.
const NAME_TAKEN: &str = "InvalidAMIName.Duplicate";
/// Where the root of an image is to be found.
const ROOT: &str = "/dev/xvda";

/// An image of ours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) id: String,
    pub(crate) name: String,
    /// `pending`, `available`, `failed` ...
    pub(crate) state: String,
    /// Why it is in this state, in words.
    pub(crate) reason: Option<String>,
    /// As EC2 writes times.
    pub(crate) created: Option<String>,
    pub(crate) is_deprecated_at: Option<String>,
    /// When a machine was last started from it, as EC2 writes times; a day late.
    pub(crate) launched: Option<String>,
    /// `enabled-with-cooldown`, `disabled` ...
    pub(crate) protection: Option<String>,
    /// `<account>:<name>` each.
    pub(crate) watermarks: Vec<String>,
    /// The snapshots that it is made of.
    pub(crate) snapshots: Vec<String>,
    pub(crate) tags: BTreeMap<String, String>,
}

/// How an image is made of a snapshot.
#[derive(Debug)]
pub(crate) struct Registration<'a> {
    pub(crate) name: &'a str,
    pub(crate) description: &'a str,
    pub(crate) snapshot: &'a str,
    /// In GiB.
    pub(crate) volume_size: u64,
    /// `x86_64`, `arm64`.
    pub(crate) architecture: &'a str,
    /// `legacy-bios`, `uefi`, `uefi-preferred`.
    pub(crate) boot_mode: &'a str,
    pub(crate) tags: &'a BTreeMap<String, String>,
}

/// What became of a wish for a name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// The image has this id.
    Made(String),
    /// An image has the name already.
    Taken,
}

/// How an image is copied into the region that is asked.
#[derive(Debug)]
pub(crate) struct Copying<'a> {
    pub(crate) name: &'a str,
    pub(crate) description: &'a str,
    pub(crate) image: &'a str,
    pub(crate) region: &'a str,
    pub(crate) token: &'a str,
    pub(crate) is_encrypted: bool,
    pub(crate) key: Option<&'a str>,
    pub(crate) tags: &'a BTreeMap<String, String>,
}

/// Whom an image is for, besides its owner.
#[derive(Debug)]
pub(crate) struct Users<'a> {
    /// Numbers of accounts.
    pub(crate) accounts: &'a [String],
    /// ARNs.
    pub(crate) organizations: &'a [String],
    /// ARNs.
    pub(crate) organizational_units: &'a [String],
    /// Everybody.
    pub(crate) is_public: bool,
}

pub(super) fn of_image(id: &str) -> String {
    format!("the image `{id}`")
}

impl Aws {
    /// Our images that fit a filter.
    pub(crate) fn images(
        &self,
        cx: &Cx,
        filter: &str,
        value: &str,
    ) -> Result<Vec<Image>, RemoteError> {
        self.images_of(cx, filter, &[value])
    }

    /// The same with one of some values: 200 at most.
    pub(crate) fn images_of(
        &self,
        cx: &Cx,
        filter: &str,
        values: &[&str],
    ) -> Result<Vec<Image>, RemoteError> {
        let mut images = Vec::new();
        let request = |token: Option<&str>| {
            let form = Form::default()
                .list("Owner", &["self"])
                .filter(filter, values)
                .with("IncludeDeprecated", "true")
                .with("IncludeDisabled", "true")
                .with("MaxResults", PAGE)
                .maybe("NextToken", token);
            let subject = format!("the images with `{filter}` `{}`", values.join("`, `"));
            Request::form(&api::DESCRIBE_IMAGES, subject, &form)
        };
        self.pages(cx, request, |page| {
            page.each("imagesSet/item", |image| images.extend(read(image)));
        })?;
        Ok(images)
    }

    /// An image of ours by its name.
    pub(crate) fn image_named(&self, cx: &Cx, name: &str) -> Result<Option<Image>, RemoteError> {
        let images = self.images(cx, "name", name)?;
        // A filter knows wildcards.
        Ok(images.into_iter().find(|image| image.name == name))
    }

    /// Makes an image of a snapshot that is complete.
    pub(crate) fn register_image(
        &self,
        cx: &Cx,
        wish: &Registration<'_>,
    ) -> Result<Named, RemoteError> {
        let mapping = |field: &str| format!("BlockDeviceMapping.1.{field}");
        let has_uefi = wish.boot_mode != "legacy-bios";
        let form = Form::default()
            .with("Name", wish.name)
            .with("Description", wish.description)
            .with("Architecture", wish.architecture)
            .with("VirtualizationType", "hvm")
            .with("EnaSupport", "true")
            .with("SriovNetSupport", "simple")
            .with("BootMode", wish.boot_mode)
            // There is none without UEFI, and it needs that always.
            .maybe("TpmSupport", has_uefi.then_some("v2.0"))
            .with("ImdsSupport", "v2.0")
            .with("RootDeviceName", ROOT)
            .with(mapping("DeviceName"), ROOT)
            .with(mapping("Ebs.SnapshotId"), wish.snapshot)
            .with(mapping("Ebs.VolumeSize"), wish.volume_size.to_string())
            .with(mapping("Ebs.VolumeType"), "gp3")
            .with(mapping("Ebs.DeleteOnTermination"), "true")
            .tags("image", wish.tags);
        let subject = format!("the image named `{}`", wish.name);
        let request = Request::form(&api::REGISTER_IMAGE, subject, &form);
        self.making(cx, &request)
    }

    /// Begins to copy an image into this region.
    pub(crate) fn copy_image(&self, cx: &Cx, wish: &Copying<'_>) -> Result<Named, RemoteError> {
        let form = Form::default()
            .with("Name", wish.name)
            .with("Description", wish.description)
            .with("SourceImageId", wish.image)
            .with("SourceRegion", wish.region)
            .with("ClientToken", wish.token)
            .maybe("Encrypted", wish.is_encrypted.then_some("true"))
            .maybe("KmsKeyId", wish.key)
            .tags("image", wish.tags)
            .tags("snapshot", wish.tags);
        let request = Request::form(&api::COPY_IMAGE, of_image(wish.image), &form);
        self.making(cx, &request.of_something_new())
    }

    /// A call that makes an image.
    pub(super) fn making(&self, cx: &Cx, request: &Request) -> Result<Named, RemoteError> {
        let made = self.call_or(cx, request, &[NAME_TAKEN], |answer| {
            answer.read(cx, request, |whole| whole.text("imageId"))
        })?;
        Ok(made.map_or(Named::Taken, Named::Made))
    }

    /// Whether an image is there, in whatever state.
    pub(crate) fn is_image_seen(&self, cx: &Cx, id: &str) -> Result<bool, RemoteError> {
        is_seen(cx, || Ok(!self.images(cx, "image-id", id)?.is_empty()))
    }

    /// Waits until an image can be used. One that has failed is an error.
    pub(crate) fn image_ready(&self, cx: &Cx, id: &str) -> Result<Image, RemoteError> {
        let what = of_image(id);
        until(cx, &what, READY, || {
            // It may not be seen yet.
            let found = self.images(cx, "image-id", id)?.into_iter().next();
            let Some(image) = found else { return Ok(None) };
            match image.state.as_str() {
                "available" => Ok(Some(image)),
                "pending" | "transient" => Ok(None),
                state => Err(RemoteError::Failed {
                    what: what.clone(),
                    detail: match &image.reason {
                        Some(reason) => format!("its state is `{state}`: {reason}"),
                        None => format!("its state is `{state}`"),
                    },
                }),
            }
        })
    }

    /// Takes an image away; one that is not there is. Its snapshots stay.
    pub(crate) fn deregister_image(&self, cx: &Cx, id: &str) -> Result<(), RemoteError> {
        let form = Form::default().with("ImageId", id);
        let request = Request::form(&api::DEREGISTER_IMAGE, of_image(id), &form);
        match self.call(cx, &request, |answer| answer.text(cx).map(drop)) {
            Err(error) if request.is_missing(&error) => Ok(()),
            other => other,
        }
    }

    /// Lets others launch an image.
    pub(crate) fn share_image(
        &self,
        cx: &Cx,
        id: &str,
        users: &Users<'_>,
    ) -> Result<(), RemoteError> {
        let accounts = users.accounts.iter().map(|user| ("UserId", user));
        let organizations = users.organizations.iter().map(|o| ("OrganizationArn", o));
        let units = users.organizational_units.iter();
        let units = units.map(|unit| ("OrganizationalUnitArn", unit));
        let everybody = "all".to_owned();
        let everybody = users.is_public.then_some(("Group", &everybody));
        let all = accounts.chain(organizations).chain(units).chain(everybody);
        let form = (1..).zip(all).fold(
            Form::default().with("ImageId", id),
            |form, (number, (kind, who))| {
                form.with(format!("LaunchPermission.Add.{number}.{kind}"), who)
            },
        );
        let request = Request::form(&api::MODIFY_IMAGE_ATTRIBUTE, of_image(id), &form);
        self.call(cx, &request, |answer| answer.text(cx).map(drop))
    }

    /// Says from when on (as EC2 writes times) an image is deprecated.
    pub(crate) fn deprecate_image(&self, cx: &Cx, id: &str, at: &str) -> Result<(), RemoteError> {
        let form = Form::default().with("ImageId", id).with("DeprecateAt", at);
        let request = Request::form(&api::ENABLE_IMAGE_DEPRECATION, of_image(id), &form);
        self.call(cx, &request, |answer| answer.text(cx).map(drop))
    }

    /// Writes tags on things of EC2.
    pub(crate) fn tag(
        &self,
        cx: &Cx,
        ids: &[&str],
        tags: &BTreeMap<String, String>,
    ) -> Result<(), RemoteError> {
        let form = Form::default().list("ResourceId", ids).pairs("Tag", tags);
        let subject = format!("`{}`", ids.join("`, `"));
        let request = Request::form(&api::CREATE_TAGS, subject, &form).of_something_new();
        self.call(cx, &request, |answer| answer.text(cx).map(drop))
    }
}

fn read(image: Node<'_>) -> Option<Image> {
    Some(Image {
        id: image.text("imageId")?,
        name: image.text("name").unwrap_or_default(),
        state: image.text("imageState").unwrap_or_default(),
        reason: image.text("stateReason/message"),
        created: image.text("creationDate"),
        is_deprecated_at: image.text("deprecationTime"),
        launched: image.text("lastLaunchedTime"),
        protection: image.text("deregistrationProtection"),
        watermarks: image.texts("imageWatermarkSet/item/watermarkKey"),
        snapshots: image.texts("blockDeviceMapping/item/ebs/snapshotId"),
        tags: image.tags(),
    })
}
