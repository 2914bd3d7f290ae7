//! Security groups: who may reach an instance. One that an instance has cannot be deleted.

use serde_json::{Value, json};

use super::dispatch::Actions;
use super::input::Input;
use super::list::{self, Filter};
use super::refusal::Refusal;
use super::world::{Caller, Tags, tags_value};

pub(super) const ACTIONS: Actions = &[
    ("AuthorizeSecurityGroupIngress", authorize),
    ("CreateSecurityGroup", create),
    ("DeleteSecurityGroup", delete),
    ("DescribeSecurityGroups", describe),
    ("RevokeSecurityGroupIngress", revoke),
];

/// A security group.
#[derive(Debug, Clone)]
pub(super) struct SecurityGroup {
    pub(super) id: String,
    pub(super) name: String,
    description: String,
    vpc: String,
    pub(super) tags: Tags,
    /// As the model has them.
    rules: Vec<Value>,
}

/// The caller's group.
pub(super) fn own<'c>(
    caller: &'c mut Caller<'_>,
    id: &str,
) -> Result<&'c mut SecurityGroup, Refusal> {
    let missing = || {
        Refusal::new(
            "InvalidGroup.NotFound",
            format!("The security group '{id}' does not exist"),
        )
    };
    if caller.is_late(id) {
        return Err(missing());
    }
    caller
        .place()
        .security_groups
        .get_mut(id)
        .ok_or_else(missing)
}

fn create(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("GroupName");
    let vpc = input.text("VpcId").unwrap_or(super::network::VPC);
    super::network::check_vpc(vpc)?;
    if name.starts_with("sg-") {
        let message = "Group names may not be in the format sg-*";
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    let mut groups = caller.place().security_groups.values();
    if groups.any(|group| group.name == name && group.vpc == vpc) {
        let message = format!("The security group '{name}' already exists for VPC '{vpc}'");
        return Err(Refusal::new("InvalidGroup.Duplicate", message));
    }
    let tags = input.tags_for("security-group", &["security-group"])?;
    let id = caller.new_id("sg");
    let group = SecurityGroup {
        id: id.clone(),
        name: name.to_owned(),
        description: input.required("Description").to_owned(),
        vpc: vpc.to_owned(),
        tags: tags.clone(),
        rules: Vec::new(),
    };
    caller.place().security_groups.insert(id.clone(), group);
    Ok(json!({ "GroupId": id, "Tags": tags_value(&tags) }))
}

/// The group that a request names, and the rules in it, in its two forms.
fn named(input: Input<'_>) -> Result<(&str, Vec<Value>), Refusal> {
    let Some(id) = input.text("GroupId") else {
        let message = "The request must contain the parameter groupId";
        return Err(Refusal::new("MissingParameter", message));
    };
    let mut rules: Vec<Value> = input
        .parts("IpPermissions")
        .map(|rule| rule.value.clone())
        .collect();
    if let Some(range) = input.text("CidrIp") {
        rules.push(json!({
            "IpProtocol": input.text("IpProtocol"),
            "FromPort": input.number("FromPort"),
            "ToPort": input.number("ToPort"),
            "IpRanges": [{ "CidrIp": range }],
        }));
    }
    for rule in &rules {
        for range in rule["IpRanges"].as_array().into_iter().flatten() {
            let range = range["CidrIp"].as_str().unwrap_or_default();
            let is_range = range.split_once('/').is_some_and(|(address, length)| {
                address.parse::<std::net::Ipv4Addr>().is_ok()
                    && length.parse::<u8>().is_ok_and(|length| length <= 32)
            });
            if !is_range {
                let message = format!("CIDR block {range} is malformed");
                return Err(Refusal::new("InvalidParameterValue", message));
            }
        }
    }
    if rules.is_empty() {
        let message = "The request must contain the parameter ipPermissions";
        return Err(Refusal::new("MissingParameter", message));
    }
    Ok((id, rules))
}

fn authorize(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let (id, rules) = named(input)?;
    let group = own(caller, id)?;
    if let Some(rule) = rules.iter().find(|rule| group.rules.contains(rule)) {
        let message = format!("the specified rule \"{rule}\" already exists");
        return Err(Refusal::new("InvalidPermission.Duplicate", message));
    }
    group.rules.extend(rules);
    Ok(json!({ "Return": true }))
}

fn revoke(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let (id, rules) = named(input)?;
    let group = own(caller, id)?;
    if rules.iter().any(|rule| !group.rules.contains(rule)) {
        let message = "The specified rule does not exist in this security group.";
        return Err(Refusal::new("InvalidPermission.NotFound", message));
    }
    group.rules.retain(|rule| !rules.contains(rule));
    Ok(json!({ "Return": true }))
}

fn delete(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let id = input.required("GroupId");
    let now = caller.now();
    own(caller, id)?;
    let mut instances = caller.place().instances.values();
    let user = instances.find(|instance| {
        instance.state(now) != "terminated" && instance.groups.iter().any(|group| group == id)
    });
    if user.is_some() {
        let message = format!("resource {id} has a dependent object");
        return Err(Refusal::new("DependencyViolation", message));
    }
    caller.place().security_groups.remove(id);
    Ok(json!({ "Return": true, "GroupId": id }))
}

const FILTERS: &[Filter] = &[
    ("description", "Description"),
    ("group-id", "GroupId"),
    ("group-name", "GroupName"),
    ("vpc-id", "VpcId"),
];

fn describe(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let ids = list::ids(input, "GroupIds")?;
    let names = list::ids(input, "GroupNames")?;
    for id in &ids {
        own(caller, id)?;
    }
    let account = caller.account.clone();
    let groups = caller.place().security_groups.values().filter(|group| {
        (ids.is_empty() || ids.contains(&group.id.as_str()))
            && (names.is_empty() || names.contains(&group.name.as_str()))
    });
    let items = groups.map(|group| {
        json!({
            "GroupId": group.id,
            "GroupName": group.name,
            "Description": group.description,
            "VpcId": group.vpc,
            "OwnerId": account,
            "Tags": tags_value(&group.tags),
            "IpPermissions": group.rules,
        })
    });
    let items = list::filtered(items.collect(), input, FILTERS)?;
    let (items, next) = list::page(caller, input, items, 5..=1000)?;
    Ok(json!({ "SecurityGroups": items, "NextToken": next }))
}
