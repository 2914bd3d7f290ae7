//! What runs in the regions of an account, and on which images: instances, the versions of launch
//! templates that are used when none is named, launch configurations, Auto Scaling groups.
//!
//! A place that cannot be read is said, and the others are read all the same.

use std::collections::BTreeMap;

use goldsmith_core::cx::Cx;
use goldsmith_core::fleet::{Fleet, FleetError, Seen, Unread, User, UserKind};
use goldsmith_core::remote::RemoteError;

use super::Aws;
use super::api::fleet as api;
use super::call::Request;
use super::form::Form;
use super::node::Node;

/// Entries of a page: the most that each service gives.
const INSTANCES: &str = "1000";
const VERSIONS: &str = "200";
const GROUPS: &str = "100";

/// Machines that are there, or can be started again.
const STATES: [&str; 4] = ["pending", "running", "stopping", "stopped"];

/// An account, as far as its regions were given.
#[derive(Debug)]
pub struct AwsFleet {
    aws: Aws,
    regions: Vec<String>,
    role: Option<String>,
}

impl AwsFleet {
    /// What runs in these regions of the account that the keys, or the role (its ARN), are of.
    pub fn new(aws: Aws, regions: Vec<String>, role: Option<String>) -> Self {
        Self { aws, regions, role }
    }

    /// The number of the account.
    pub fn account(&self, cx: &Cx) -> Result<String, RemoteError> {
        let first = self.regions.first().map_or("", String::as_str);
        self.aws.at(first, self.role.as_deref()).account(cx)
    }
}

impl Fleet for AwsFleet {
    fn look(&self, cx: &Cx) -> Result<Seen, FleetError> {
        let role = self.role.as_deref();
        let account = self
            .account(cx)
            .map_err(|error| Box::new(error) as FleetError)?;
        let mut seen = Seen::default();
        for region in &self.regions {
            let mut look = Look {
                aws: self.aws.at(region, role),
                account: &account,
                region,
                seen: &mut seen,
                templates: BTreeMap::new(),
            };
            look.region(cx)
                .map_err(|error| Box::new(error) as FleetError)?;
        }
        seen.users.sort();
        seen.users.dedup();
        Ok(seen)
    }
}

/// A group, and by what it starts machines.
struct Group {
    name: String,
    configuration: Option<String>,
    /// Id and version.
    template: Option<(String, String)>,
}

/// A look at one region.
struct Look<'a> {
    aws: Aws,
    account: &'a str,
    region: &'a str,
    seen: &'a mut Seen,
    /// Images of versions, by template and version: `$Default`, `$Latest`, `3`.
    templates: BTreeMap<(String, String), Option<String>>,
}

impl Look<'_> {
    fn region(&mut self, cx: &Cx) -> Result<(), RemoteError> {
        let instances = self.instances(cx);
        self.unless_unread("DescribeInstances", instances)?;
        for version in ["$Default", "$Latest"] {
            let templates = self.templates(cx, version);
            self.unless_unread("DescribeLaunchTemplateVersions", templates)?;
        }
        let configurations = self.configurations(cx);
        let configurations = self.unless_unread("DescribeLaunchConfigurations", configurations)?;
        let groups = self.groups(cx);
        let groups = self.unless_unread("DescribeAutoScalingGroups", groups)?;
        for group in groups.unwrap_or_default() {
            let image = self.image_of(cx, &group, configurations.as_ref());
            let Some(Some(image)) = self.unless_unread("DescribeLaunchTemplateVersions", image)?
            else {
                continue;
            };
            let by = match &group.template {
                Some((template, _)) => Some(template.clone()),
                None => group.configuration.clone(),
            };
            self.found(UserKind::AutoScalingGroup { by }, &group.name, "", &image);
        }
        Ok(())
    }

    /// What was read; `None`: it could not be, and that is said. An interruption is an error.
    fn unless_unread<T>(
        &mut self,
        what: &str,
        read: Result<T, RemoteError>,
    ) -> Result<Option<T>, RemoteError> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(RemoteError::Cancelled(cancelled)) => Err(cancelled.into()),
            Err(error) => {
                self.seen.unread.push(Unread {
                    what: format!("{} {what}", self.region),
                    why: goldsmith_core::failure::with_causes(&error),
                });
                Ok(None)
            }
        }
    }

    fn found(&mut self, kind: UserKind, id: &str, name: &str, image: &str) {
        self.seen.users.push(User {
            account: self.account.to_owned(),
            region: self.region.to_owned(),
            kind,
            id: id.to_owned(),
            name: name.to_owned(),
            image: image.to_owned(),
        });
    }

    fn instances(&mut self, cx: &Cx) -> Result<(), RemoteError> {
        let subject = format!("the instances of `{}`", self.region);
        let request = |token: Option<&str>| {
            let form = Form::default()
                .filter("instance-state-name", &STATES)
                .with("MaxResults", INSTANCES)
                .maybe("NextToken", token);
            Request::form(&api::DESCRIBE_INSTANCES, subject.clone(), &form)
        };
        let mut found = Vec::new();
        self.aws.pages(cx, request, |page| {
            page.each("reservationSet/item", |reservation| {
                reservation.each("instancesSet/item", |instance| {
                    found.extend(read_instance(instance));
                });
            });
        })?;
        for (by, id, name, image) in found {
            self.found(UserKind::Instance { by }, &id, &name, &image);
        }
        Ok(())
    }

    /// A version of every template: `$Default`, `$Latest`.
    fn templates(&mut self, cx: &Cx, version: &str) -> Result<(), RemoteError> {
        for (id, name, number, image) in self.versions(cx, None, version)? {
            let key = (id.clone(), version.to_owned());
            self.templates.insert(key, image.clone());
            let Some(image) = image else {
                continue;
            };
            let kind = UserKind::LaunchTemplate {
                version: number,
                is_current: true,
            };
            self.found(kind, &id, &name, &image);
        }
        Ok(())
    }

    /// Id, name, number and image of versions.
    #[expect(clippy::type_complexity, reason = "a row of an answer, read at once")]
    fn versions(
        &self,
        cx: &Cx,
        template: Option<&str>,
        version: &str,
    ) -> Result<Vec<(String, String, u64, Option<String>)>, RemoteError> {
        let subject = format!("the launch templates of `{}`", self.region);
        let request = |token: Option<&str>| {
            let form = Form::default()
                .maybe("LaunchTemplateId", template)
                .list("LaunchTemplateVersion", &[version])
                .with("ResolveAlias", "true")
                .with("MaxResults", VERSIONS)
                .maybe("NextToken", token);
            Request::form(&api::DESCRIBE_TEMPLATES, subject.clone(), &form)
        };
        let mut found = Vec::new();
        self.aws.pages(cx, request, |page| {
            page.each("launchTemplateVersionSet/item", |version| {
                let number = version.text("versionNumber");
                let number = number.and_then(|number| number.parse().ok());
                if let (Some(id), Some(number)) = (version.text("launchTemplateId"), number) {
                    let name = version.text("launchTemplateName").unwrap_or_default();
                    let image = version.text("launchTemplateData/imageId");
                    found.push((id, name, number, image));
                }
            });
        })?;
        Ok(found)
    }

    fn configurations(&mut self, cx: &Cx) -> Result<BTreeMap<String, String>, RemoteError> {
        let subject = format!("the launch configurations of `{}`", self.region);
        let request = |token: Option<&str>| {
            let form = Form::default()
                .with("MaxRecords", GROUPS)
                .maybe("NextToken", token);
            Request::form(&api::DESCRIBE_CONFIGURATIONS, subject.clone(), &form)
        };
        let mut found = BTreeMap::new();
        let token = "DescribeLaunchConfigurationsResult/NextToken";
        self.aws.pages_at(cx, request, token, |page| {
            let each = "DescribeLaunchConfigurationsResult/LaunchConfigurations/member";
            page.each(each, |configuration| {
                let name = configuration.text("LaunchConfigurationName");
                found.extend(name.zip(configuration.text("ImageId")));
            });
        })?;
        for (name, image) in &found {
            self.found(UserKind::LaunchConfiguration, name, "", image);
        }
        Ok(found)
    }

    fn groups(&self, cx: &Cx) -> Result<Vec<Group>, RemoteError> {
        let subject = format!("the groups of `{}`", self.region);
        let request = |token: Option<&str>| {
            let form = Form::default()
                .with("MaxRecords", GROUPS)
                .maybe("NextToken", token);
            Request::form(&api::DESCRIBE_GROUPS, subject.clone(), &form)
        };
        let mut found = Vec::new();
        let token = "DescribeAutoScalingGroupsResult/NextToken";
        self.aws.pages_at(cx, request, token, |page| {
            let each = "DescribeAutoScalingGroupsResult/AutoScalingGroups/member";
            page.each(each, |group| found.extend(read_group(group)));
        })?;
        Ok(found)
    }

    /// The image that a group starts machines from; `None`: what it names has none.
    fn image_of(
        &mut self,
        cx: &Cx,
        group: &Group,
        configurations: Option<&BTreeMap<String, String>>,
    ) -> Result<Option<String>, RemoteError> {
        let Some(template) = &group.template else {
            let name = group.configuration.as_ref();
            let image = name.and_then(|name| configurations?.get(name));
            return Ok(image.cloned());
        };
        if let Some(image) = self.templates.get(template) {
            return Ok(image.clone());
        }
        let (id, version) = template;
        let versions = self.versions(cx, Some(id), version)?;
        let image = versions.into_iter().find_map(|(.., image)| image);
        self.templates.insert(template.clone(), image.clone());
        Ok(image)
    }
}

/// What started it, its id, its name and its image.
fn read_instance(instance: Node<'_>) -> Option<(Option<String>, String, String, String)> {
    let tags = instance.tags();
    let group = tags
        .get("aws:autoscaling:groupName")
        .map(|group| format!("asg/{group}"));
    let by = group.or_else(|| tags.get("aws:ec2launchtemplate:id").cloned());
    let name = tags.get("Name").cloned().unwrap_or_default();
    let (id, image) = (instance.text("instanceId")?, instance.text("imageId")?);
    Some((by, id, name, image))
}

fn read_group(group: Node<'_>) -> Option<Group> {
    let of = |start: &str| {
        let id = group.text(&format!("{start}/LaunchTemplateId"))?;
        let version = group.text(&format!("{start}/Version"));
        Some((id, version.unwrap_or_else(|| "$Default".to_owned())))
    };
    let mixed = "MixedInstancesPolicy/LaunchTemplate/LaunchTemplateSpecification";
    Some(Group {
        name: group.text("AutoScalingGroupName")?,
        configuration: group.text("LaunchConfigurationName"),
        template: of("LaunchTemplate").or_else(|| of(mixed)),
    })
}
