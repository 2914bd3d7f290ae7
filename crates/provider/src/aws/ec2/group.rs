//! Security groups: who may reach a machine.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use goldsmith_core::cx::Cx;
use goldsmith_core::remote::RemoteError;

use super::super::Aws;
use super::super::api::ec2::machine as api;
use super::super::call::{Answer, Request};
use super::super::form::Form;
use super::{PAGE, until};

/// The code of a name that a group of the network has.
const TAKEN: &str = "InvalidGroup.Duplicate";
/// The code of a rule that is there already.
const OPEN_ALREADY: &str = "InvalidPermission.Duplicate";
/// The code of a group that something has.
const IN_USE: &str = "DependencyViolation";
/// How long the network of a machine that is gone may keep its group.
const RELEASED: Duration = Duration::from_mins(10);

/// A group of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) tags: BTreeMap<String, String>,
}

impl Aws {
    /// The network that a subnet is in.
    pub(crate) fn vpc_of(&self, cx: &Cx, subnet: &str) -> Result<String, RemoteError> {
        let form = Form::default().list("SubnetId", &[subnet]);
        let subject = format!("the subnet `{subnet}`");
        let request = Request::form(&api::DESCRIBE_SUBNETS, subject, &form);
        self.call(cx, &request, |answer| {
            answer.read(cx, &request, |whole| whole.text("subnetSet/item/vpcId"))
        })
    }

    /// Makes a group that lets nobody in, in a network or in that of the account; its id. The name
    /// is one that nobody else uses: then it may be repeated.
    pub(crate) fn create_group(
        &self,
        cx: &Cx,
        name: &str,
        description: &str,
        vpc: Option<&str>,
        tags: &BTreeMap<String, String>,
    ) -> Result<String, RemoteError> {
        let form = Form::default()
            .with("GroupName", name)
            .with("GroupDescription", description)
            .maybe("VpcId", vpc)
            .tags("security-group", tags);
        let subject = format!("the security group named `{name}`");
        let request = Request::form(&api::CREATE_SECURITY_GROUP, subject, &form);
        let made = self.call_or(cx, &request, &[TAKEN], |answer| {
            answer.read(cx, &request, |whole| whole.text("groupId"))
        })?;
        match made {
            Ok(id) => Ok(id),
            // By an earlier try whose answer was lost.
            Err(_) => until(cx, &request.title(), RELEASED, || {
                let found = self.groups(cx, "group-name", name)?;
                Ok(found.into_iter().next().map(|group| group.id))
            }),
        }
    }

    /// Lets one address in, on one port. May be repeated.
    pub(crate) fn open_group(
        &self,
        cx: &Cx,
        id: &str,
        (address, port): (Ipv4Addr, u16),
        description: &str,
    ) -> Result<(), RemoteError> {
        let rule = |field: &str| format!("IpPermissions.1.{field}");
        let form = Form::default()
            .with("GroupId", id)
            .with(rule("IpProtocol"), "tcp")
            .with(rule("FromPort"), port.to_string())
            .with(rule("ToPort"), port.to_string())
            .with(rule("IpRanges.1.CidrIp"), format!("{address}/32"))
            .with(rule("IpRanges.1.Description"), description);
        let operation = &api::AUTHORIZE_SECURITY_GROUP_INGRESS;
        let request = Request::form(operation, of_group(id), &form).of_something_new();
        let read = |answer: Answer| answer.text(cx).map(drop);
        self.call_or(cx, &request, &[OPEN_ALREADY], read).map(drop)
    }

    /// Our groups that fit a filter.
    pub(crate) fn groups(
        &self,
        cx: &Cx,
        filter: &str,
        value: &str,
    ) -> Result<Vec<Group>, RemoteError> {
        let mut groups = Vec::new();
        let request = |token: Option<&str>| {
            let form = Form::default()
                .filter(filter, &[value])
                .with("MaxResults", PAGE)
                .maybe("NextToken", token);
            let subject = format!("the security groups with `{filter}` `{value}`");
            Request::form(&api::DESCRIBE_SECURITY_GROUPS, subject, &form)
        };
        self.pages(cx, request, |page| {
            page.each("securityGroupInfo/item", |group| {
                groups.extend(group.text("groupId").map(|id| Group {
                    id,
                    tags: group.tags(),
                }));
            });
        })?;
        Ok(groups)
    }

    /// Takes a group away; one that is not there is. What a machine had that is gone may be held
    /// against it for a while.
    pub(crate) fn delete_group(&self, cx: &Cx, id: &str) -> Result<(), RemoteError> {
        let form = Form::default().with("GroupId", id);
        let request = Request::form(&api::DELETE_SECURITY_GROUP, of_group(id), &form);
        until(cx, &request.title(), RELEASED, || {
            let read = |answer: Answer| answer.text(cx).map(drop);
            match self.call_or(cx, &request, &[IN_USE], read) {
                Ok(Ok(())) => Ok(Some(())),
                Ok(Err(_)) => Ok(None),
                // One that was made a moment ago may not be known everywhere yet.
                Err(error) if request.is_missing(&error) => {
                    let there = self.groups(cx, "group-id", id)?;
                    Ok(there.is_empty().then_some(()))
                }
                Err(error) => Err(error),
            }
        })
    }
}

fn of_group(id: &str) -> String {
    format!("the security group `{id}`")
}
