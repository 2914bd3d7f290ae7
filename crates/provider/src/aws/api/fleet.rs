//! What runs: machines and templates (Elastic Compute Cloud), groups (Auto Scaling). Forms, XML.

use super::{Member, Operation, Service, field, form, xml};

const fn operation(
    service: Service,
    name: &'static str,
    inputs: &'static [Member],
    outputs: &'static [Member],
) -> Operation {
    Operation {
        service,
        name,
        method: "POST",
        uri: "/",
        inputs,
        outputs,
    }
}

/// Machines.
pub static DESCRIBE_INSTANCES: Operation = operation(
    Service::Ec2,
    "DescribeInstances",
    &[
        form("Filters.Name", "Filter.N.Name"),
        form("Filters.Values", "Filter.N.Value.N"),
        field("MaxResults"),
        field("NextToken"),
    ],
    &[
        xml("NextToken", "nextToken"),
        xml("Reservations.OwnerId", "reservationSet/item/ownerId"),
        xml(
            "Reservations.Instances.InstanceId",
            "reservationSet/item/instancesSet/item/instanceId",
        ),
        xml(
            "Reservations.Instances.ImageId",
            "reservationSet/item/instancesSet/item/imageId",
        ),
        xml(
            "Reservations.Instances.Tags.Key",
            "reservationSet/item/instancesSet/item/tagSet/item/key",
        ),
        xml(
            "Reservations.Instances.Tags.Value",
            "reservationSet/item/instancesSet/item/tagSet/item/value",
        ),
    ],
);

/// Versions of one launch template, or of all.
pub static DESCRIBE_TEMPLATES: Operation = operation(
    Service::Ec2,
    "DescribeLaunchTemplateVersions",
    &[
        field("LaunchTemplateId"),
        form("Versions", "LaunchTemplateVersion.N"),
        field("ResolveAlias"),
        field("MaxResults"),
        field("NextToken"),
    ],
    &[
        xml("NextToken", "nextToken"),
        xml(
            "LaunchTemplateVersions.LaunchTemplateId",
            "launchTemplateVersionSet/item/launchTemplateId",
        ),
        xml(
            "LaunchTemplateVersions.LaunchTemplateName",
            "launchTemplateVersionSet/item/launchTemplateName",
        ),
        xml(
            "LaunchTemplateVersions.VersionDescription",
            "launchTemplateVersionSet/item/versionDescription",
        ),
        xml(
            "LaunchTemplateVersions.DefaultVersion",
            "launchTemplateVersionSet/item/defaultVersion",
        ),
        xml(
            "LaunchTemplateVersions.VersionNumber",
            "launchTemplateVersionSet/item/versionNumber",
        ),
        xml(
            "LaunchTemplateVersions.LaunchTemplateData.ImageId",
            "launchTemplateVersionSet/item/launchTemplateData/imageId",
        ),
    ],
);

/// Groups that start machines.
pub static DESCRIBE_GROUPS: Operation = operation(
    Service::AutoScaling,
    "DescribeAutoScalingGroups",
    &[field("MaxRecords"), field("NextToken")],
    &[
        xml("NextToken", "DescribeAutoScalingGroupsResult/NextToken"),
        xml(
            "AutoScalingGroups.AutoScalingGroupName",
            "DescribeAutoScalingGroupsResult/AutoScalingGroups/member/AutoScalingGroupName",
        ),
        xml(
            "AutoScalingGroups.LaunchConfigurationName",
            "DescribeAutoScalingGroupsResult/AutoScalingGroups/member/LaunchConfigurationName",
        ),
        xml(
            "AutoScalingGroups.LaunchTemplate.LaunchTemplateId",
            "DescribeAutoScalingGroupsResult/AutoScalingGroups/member/LaunchTemplate/LaunchTemplateId",
        ),
        xml(
            "AutoScalingGroups.LaunchTemplate.Version",
            "DescribeAutoScalingGroupsResult/AutoScalingGroups/member/LaunchTemplate/Version",
        ),
        xml(
            "AutoScalingGroups.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateId",
            "DescribeAutoScalingGroupsResult/AutoScalingGroups/member/MixedInstancesPolicy/LaunchTemplate/LaunchTemplateSpecification/LaunchTemplateId",
        ),
        xml(
            "AutoScalingGroups.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.Version",
            "DescribeAutoScalingGroupsResult/AutoScalingGroups/member/MixedInstancesPolicy/LaunchTemplate/LaunchTemplateSpecification/Version",
        ),
    ],
);

/// What groups of old start machines by.
pub static DESCRIBE_CONFIGURATIONS: Operation = operation(
    Service::AutoScaling,
    "DescribeLaunchConfigurations",
    &[field("MaxRecords"), field("NextToken")],
    &[
        xml("NextToken", "DescribeLaunchConfigurationsResult/NextToken"),
        xml(
            "LaunchConfigurations.LaunchConfigurationName",
            "DescribeLaunchConfigurationsResult/LaunchConfigurations/member/LaunchConfigurationName",
        ),
        xml(
            "LaunchConfigurations.ImageId",
            "DescribeLaunchConfigurationsResult/LaunchConfigurations/member/ImageId",
        ),
    ],
);

/// All of them.
pub(super) static OPERATIONS: &[&Operation] = &[
    &DESCRIBE_INSTANCES,
    &DESCRIBE_TEMPLATES,
    &DESCRIBE_GROUPS,
    &DESCRIBE_CONFIGURATIONS,
];
