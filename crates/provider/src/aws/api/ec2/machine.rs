//! Machines, and what one needs: a key pair, a security group.

use super::super::{Operation, field, form, xml};
use super::{FILTER, TAGS, operation};

/// Launches machines.
pub static RUN_INSTANCES: Operation = operation(
    "RunInstances",
    &[
        field("ImageId"),
        field("InstanceType"),
        field("MinCount"),
        field("MaxCount"),
        field("ClientToken"),
        field("KeyName"),
        field("UserData"),
        field("SubnetId"),
        form("SecurityGroupIds", "SecurityGroupId.N"),
        form(
            "NetworkInterfaces.DeviceIndex",
            "NetworkInterface.N.DeviceIndex",
        ),
        form("NetworkInterfaces.SubnetId", "NetworkInterface.N.SubnetId"),
        form(
            "NetworkInterfaces.Groups",
            "NetworkInterface.N.SecurityGroupId.N",
        ),
        form(
            "NetworkInterfaces.AssociatePublicIpAddress",
            "NetworkInterface.N.AssociatePublicIpAddress",
        ),
        form("IamInstanceProfile.Name", "IamInstanceProfile.Name"),
        form("MetadataOptions.HttpTokens", "MetadataOptions.HttpTokens"),
        form(
            "MetadataOptions.HttpEndpoint",
            "MetadataOptions.HttpEndpoint",
        ),
        field("InstanceInitiatedShutdownBehavior"),
        form(
            "InstanceMarketOptions.MarketType",
            "InstanceMarketOptions.MarketType",
        ),
        form(
            "BlockDeviceMappings.DeviceName",
            "BlockDeviceMapping.N.DeviceName",
        ),
        form(
            "BlockDeviceMappings.Ebs.VolumeSize",
            "BlockDeviceMapping.N.Ebs.VolumeSize",
        ),
        form(
            "BlockDeviceMappings.Ebs.VolumeType",
            "BlockDeviceMapping.N.Ebs.VolumeType",
        ),
        form(
            "BlockDeviceMappings.Ebs.Iops",
            "BlockDeviceMapping.N.Ebs.Iops",
        ),
        form(
            "BlockDeviceMappings.Ebs.Throughput",
            "BlockDeviceMapping.N.Ebs.Throughput",
        ),
        form(
            "BlockDeviceMappings.Ebs.Encrypted",
            "BlockDeviceMapping.N.Ebs.Encrypted",
        ),
        form(
            "BlockDeviceMappings.Ebs.KmsKeyId",
            "BlockDeviceMapping.N.Ebs.KmsKeyId",
        ),
        form(
            "BlockDeviceMappings.Ebs.DeleteOnTermination",
            "BlockDeviceMapping.N.Ebs.DeleteOnTermination",
        ),
        TAGS[0],
        TAGS[1],
        TAGS[2],
    ],
    &[xml("Instances.InstanceId", "instancesSet/item/instanceId")],
);

/// Machines.
pub static DESCRIBE_INSTANCES: Operation = operation(
    "DescribeInstances",
    &[
        FILTER[0],
        FILTER[1],
        field("MaxResults"),
        field("NextToken"),
    ],
    &[
        xml("NextToken", "nextToken"),
        xml(
            "Reservations.Instances.InstanceId",
            "reservationSet/item/instancesSet/item/instanceId",
        ),
        xml(
            "Reservations.Instances.State.Name",
            "reservationSet/item/instancesSet/item/instanceState/name",
        ),
        xml(
            "Reservations.Instances.StateReason.Message",
            "reservationSet/item/instancesSet/item/stateReason/message",
        ),
        xml(
            "Reservations.Instances.PublicIpAddress",
            "reservationSet/item/instancesSet/item/ipAddress",
        ),
        xml(
            "Reservations.Instances.PrivateIpAddress",
            "reservationSet/item/instancesSet/item/privateIpAddress",
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

/// Stops machines.
pub static STOP_INSTANCES: Operation =
    operation("StopInstances", &[form("InstanceIds", "InstanceId.N")], &[]);

/// Ends machines for good.
pub static TERMINATE_INSTANCES: Operation = operation(
    "TerminateInstances",
    &[form("InstanceIds", "InstanceId.N")],
    &[],
);

/// What a machine has printed.
pub static GET_CONSOLE_OUTPUT: Operation = operation(
    "GetConsoleOutput",
    &[field("InstanceId"), field("Latest")],
    &[xml("Output", "output")],
);

/// Makes an image of a machine.
pub static CREATE_IMAGE: Operation = operation(
    "CreateImage",
    &[
        field("InstanceId"),
        field("Name"),
        field("Description"),
        field("NoReboot"),
        TAGS[0],
        TAGS[1],
        TAGS[2],
    ],
    &[xml("ImageId", "imageId")],
);

/// Makes a key known.
pub static IMPORT_KEY_PAIR: Operation = operation(
    "ImportKeyPair",
    &[
        field("KeyName"),
        field("PublicKeyMaterial"),
        TAGS[0],
        TAGS[1],
        TAGS[2],
    ],
    &[xml("KeyPairId", "keyPairId")],
);

/// Keys that are known.
pub static DESCRIBE_KEY_PAIRS: Operation = operation(
    "DescribeKeyPairs",
    &[FILTER[0], FILTER[1]],
    &[
        xml("KeyPairs.KeyName", "keySet/item/keyName"),
        xml("KeyPairs.Tags.Key", "keySet/item/tagSet/item/key"),
        xml("KeyPairs.Tags.Value", "keySet/item/tagSet/item/value"),
    ],
);

/// Forgets a key.
pub static DELETE_KEY_PAIR: Operation = operation("DeleteKeyPair", &[field("KeyName")], &[]);

/// Networks of a zone.
pub static DESCRIBE_SUBNETS: Operation = operation(
    "DescribeSubnets",
    &[form("SubnetIds", "SubnetId.N")],
    &[xml("Subnets.VpcId", "subnetSet/item/vpcId")],
);

/// Makes a group.
pub static CREATE_SECURITY_GROUP: Operation = operation(
    "CreateSecurityGroup",
    &[
        field("GroupName"),
        form("Description", "GroupDescription"),
        field("VpcId"),
        TAGS[0],
        TAGS[1],
        TAGS[2],
    ],
    &[xml("GroupId", "groupId")],
);

/// Groups.
pub static DESCRIBE_SECURITY_GROUPS: Operation = operation(
    "DescribeSecurityGroups",
    &[
        FILTER[0],
        FILTER[1],
        field("MaxResults"),
        field("NextToken"),
    ],
    &[
        xml("NextToken", "nextToken"),
        xml("SecurityGroups.GroupId", "securityGroupInfo/item/groupId"),
        xml(
            "SecurityGroups.Tags.Key",
            "securityGroupInfo/item/tagSet/item/key",
        ),
        xml(
            "SecurityGroups.Tags.Value",
            "securityGroupInfo/item/tagSet/item/value",
        ),
    ],
);

/// Opens a group.
pub static AUTHORIZE_SECURITY_GROUP_INGRESS: Operation = operation(
    "AuthorizeSecurityGroupIngress",
    &[
        field("GroupId"),
        form("IpPermissions.IpProtocol", "IpPermissions.N.IpProtocol"),
        form("IpPermissions.FromPort", "IpPermissions.N.FromPort"),
        form("IpPermissions.ToPort", "IpPermissions.N.ToPort"),
        form(
            "IpPermissions.IpRanges.CidrIp",
            "IpPermissions.N.IpRanges.N.CidrIp",
        ),
        form(
            "IpPermissions.IpRanges.Description",
            "IpPermissions.N.IpRanges.N.Description",
        ),
    ],
    &[],
);

/// Takes a group away.
pub static DELETE_SECURITY_GROUP: Operation =
    operation("DeleteSecurityGroup", &[field("GroupId")], &[]);
