//! What runs in the regions of an account, and on which images: instances, the versions of launch
//! templates that are used when none is named, launch configurations, Auto Scaling groups.
//!
//! A place that cannot be read is said, and the others are read all the same. Who asks about some
//! images only is told of every version of a template, and of parameters, too.

mod wanted;

use std::collections::{BTreeMap, BTreeSet};

use goldsmith_core::cx::Cx;
use goldsmith_core::fleet::{Fleet, FleetError, Open, Seen, Unread, User, UserKind};
use goldsmith_core::remote::RemoteError;

use super::Aws;
use super::api::fleet as api;
use super::call::Request;
use super::form::Form;
use super::node::Node;

pub(crate) use self::wanted::Wanted;

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
    wanted: Option<Wanted>,
    asks_what_is_open: bool,
}

impl AwsFleet {
    /// What runs in these regions of the account that the keys, or the role (its ARN), are of.
    pub fn new(aws: Aws, regions: Vec<String>, role: Option<String>) -> Self {
        Self {
            aws,
            regions,
            role,
            wanted: None,
            asks_what_is_open: false,
        }
    }

    /// Looks, too, whether images and snapshots may be made public.
    #[must_use]
    pub const fn and_what_is_open(mut self) -> Self {
        self.asks_what_is_open = true;
        self
    }

    /// Looks for what uses some images only, and there at everything that can name one.
    pub(crate) fn of(mut self, wanted: Wanted) -> Self {
        self.wanted = Some(wanted);
        self
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
                wanted: self.wanted.as_ref(),
                seen: &mut seen,
                templates: BTreeMap::new(),
                current: BTreeSet::new(),
            };
            let looked = look.region(cx).and_then(|()| {
                if self.asks_what_is_open {
                    look.open(cx)?;
                }
                Ok(())
            });
            looked.map_err(|error| Box::new(error) as FleetError)?;
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

/// A version of a launch template.
struct Version {
    template: String,
    name: String,
    number: u64,
    description: Option<String>,
    image: Option<String>,
}

/// A look at one region.
struct Look<'a> {
    aws: Aws,
    account: &'a str,
    region: &'a str,
    wanted: Option<&'a Wanted>,
    seen: &'a mut Seen,
    /// Images of versions, by template and version: `$Default`, `$Latest`, `3`.
    templates: BTreeMap<(String, String), Option<String>>,
    /// The versions that are used when none is named: template and number.
    current: BTreeSet<(String, u64)>,
}

impl Look<'_> {
    fn region(&mut self, cx: &Cx) -> Result<(), RemoteError> {
        let instances = self.instances(cx);
        self.unless_unread("DescribeInstances", instances)?;
        for version in ["$Default", "$Latest"] {
            let templates = self.templates(cx, version);
            self.unless_unread("DescribeLaunchTemplateVersions", templates)?;
        }
        if let Some(wanted) = self.wanted {
            let older = self.older_versions(cx, wanted);
            self.unless_unread("DescribeLaunchTemplateVersions", older)?;
            let parameters = self.parameters(cx, wanted);
            self.unless_unread("DescribeImageReferences", parameters)?;
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

    /// Whether images and snapshots may be made public.
    fn open(&mut self, cx: &Cx) -> Result<(), RemoteError> {
        let images = self.aws.blocks_public_images(cx);
        let images = self.unless_unread("GetImageBlockPublicAccessState", images)?;
        let snapshots = self.aws.blocks_public_snapshots(cx);
        let snapshots = self.unless_unread("GetSnapshotBlockPublicAccessState", snapshots)?;
        for (what, is_blocked) in [("images", images), ("snapshots", snapshots)] {
            if is_blocked == Some(false) {
                self.seen.open.push(Open {
                    account: self.account.to_owned(),
                    region: self.region.to_owned(),
                    what,
                });
            }
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
                    what: self.place(what),
                    why: goldsmith_core::failure::with_causes(&error),
                });
                Ok(None)
            }
        }
    }

    /// A place that was looked at, as it is shown.
    fn place(&self, what: &str) -> String {
        format!("{} {what}", self.region)
    }

    fn found(&mut self, kind: UserKind, id: &str, name: &str, image: &str) {
        if let Some(wanted) = self.wanted
            && !wanted.has(self.region, image)
        {
            return;
        }
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
        for found in self.versions(cx, None, Some(version))? {
            let Version {
                template: id,
                number,
                ..
            } = &found;
            let key = (id.clone(), version.to_owned());
            self.templates.insert(key, found.image.clone());
            self.current.insert((id.clone(), *number));
            self.found_version(&found, true);
        }
        Ok(())
    }

    fn found_version(&mut self, found: &Version, is_current: bool) {
        if let Some(image) = &found.image {
            let kind = UserKind::LaunchTemplate {
                version: found.number,
                is_current,
            };
            self.found(kind, &found.template, &found.name, image);
        }
    }

    /// Versions of one template or of all; of one without a version all of it has.
    fn versions(
        &self,
        cx: &Cx,
        template: Option<&str>,
        version: Option<&str>,
    ) -> Result<Vec<Version>, RemoteError> {
        let subject = format!("the launch templates of `{}`", self.region);
        let request = |token: Option<&str>| {
            let form = Form::default()
                .maybe("LaunchTemplateId", template)
                .list("LaunchTemplateVersion", version.as_slice())
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
                if let (Some(template), Some(number)) = (version.text("launchTemplateId"), number) {
                    found.push(Version {
                        template,
                        name: version.text("launchTemplateName").unwrap_or_default(),
                        number,
                        description: version.text("versionDescription"),
                        image: version.text("launchTemplateData/imageId"),
                    });
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
        let versions = self.versions(cx, Some(id), Some(version))?;
        let image = versions.into_iter().find_map(|version| version.image);
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
