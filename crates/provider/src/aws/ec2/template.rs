//! Launch templates: a version that names an image.

use goldsmith_core::cx::Cx;
use goldsmith_core::remote::RemoteError;

use super::super::Aws;
use super::super::api::ec2 as api;
use super::super::call::Request;
use super::super::form::Form;

/// Versions of a page of a list: the most that EC2 gives.
const PAGE: &str = "200";

/// A version of a launch template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TemplateVersion {
    pub(crate) number: String,
    pub(crate) image: Option<String>,
    pub(crate) is_default: bool,
}

fn of_template(id: &str) -> String {
    format!("the launch template `{id}`")
}

impl Aws {
    /// Versions of a launch template.
    pub(crate) fn template_versions(
        &self,
        cx: &Cx,
        template: &str,
    ) -> Result<Vec<TemplateVersion>, RemoteError> {
        let mut versions = Vec::new();
        let request = |token: Option<&str>| {
            let form = Form::default()
                .with("LaunchTemplateId", template)
                .with("MaxResults", PAGE)
                .maybe("NextToken", token);
            let operation = &api::DESCRIBE_LAUNCH_TEMPLATE_VERSIONS;
            Request::form(operation, of_template(template), &form)
        };
        self.pages(cx, request, |page| {
            page.each("launchTemplateVersionSet/item", |version| {
                versions.extend(version.text("versionNumber").map(|number| {
                    let is_default = version.text("defaultVersion");
                    TemplateVersion {
                        number,
                        image: version.text("launchTemplateData/imageId"),
                        is_default: is_default.as_deref() == Some("true"),
                    }
                }));
            });
        })?;
        Ok(versions)
    }

    /// Makes a version like the version `source`, with another image; its number.
    pub(crate) fn new_template_version(
        &self,
        cx: &Cx,
        (template, source): (&str, &str),
        image: &str,
        token: &str,
        description: &str,
    ) -> Result<String, RemoteError> {
        let form = Form::default()
            .with("LaunchTemplateId", template)
            .with("ClientToken", token)
            .with("SourceVersion", source)
            .with("VersionDescription", description)
            .with("LaunchTemplateData.ImageId", image);
        let operation = &api::CREATE_LAUNCH_TEMPLATE_VERSION;
        let request = Request::form(operation, of_template(template), &form);
        self.call(cx, &request, |answer| {
            answer.read(cx, &request, |whole| {
                whole.text("launchTemplateVersion/versionNumber")
            })
        })
    }

    /// Says which version of a launch template counts.
    pub(crate) fn set_default_version(
        &self,
        cx: &Cx,
        template: &str,
        number: &str,
        token: &str,
    ) -> Result<(), RemoteError> {
        let form = Form::default()
            .with("LaunchTemplateId", template)
            .with("ClientToken", token)
            .with("SetDefaultVersion", number);
        let operation = &api::MODIFY_LAUNCH_TEMPLATE;
        let request = Request::form(operation, of_template(template), &form);
        self.call(cx, &request, |answer| answer.text(cx).map(drop))
    }
}
