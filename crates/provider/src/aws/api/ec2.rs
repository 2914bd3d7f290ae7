//! Elastic Compute Cloud: forms, XML. Operations on machines, those of the later life of an image
//! and what an account has set for all images are beside.

pub mod life;
pub mod machine;
pub mod setting;

use super::{Member, Operation, Service, field, form, xml};

const FILTER: [Member; 2] = [
    form("Filters.Name", "Filter.N.Name"),
    form("Filters.Values", "Filter.N.Value.N"),
];
const TAGS: [Member; 3] = [
    form(
        "TagSpecifications.ResourceType",
        "TagSpecification.N.ResourceType",
    ),
    form("TagSpecifications.Tags.Key", "TagSpecification.N.Tag.N.Key"),
    form(
        "TagSpecifications.Tags.Value",
        "TagSpecification.N.Tag.N.Value",
    ),
];

const fn operation(
    name: &'static str,
    inputs: &'static [Member],
    outputs: &'static [Member],
) -> Operation {
    Operation {
        service: Service::Ec2,
        name,
        method: "POST",
        uri: "/",
        inputs,
        outputs,
    }
}

/// Snapshots.
pub static DESCRIBE_SNAPSHOTS: Operation = operation(
    "DescribeSnapshots",
    &[
        form("OwnerIds", "Owner.N"),
        FILTER[0],
        FILTER[1],
        field("MaxResults"),
        field("NextToken"),
    ],
    &[
        xml("NextToken", "nextToken"),
        xml("Snapshots.SnapshotId", "snapshotSet/item/snapshotId"),
        xml("Snapshots.State", "snapshotSet/item/status"),
        xml("Snapshots.StateMessage", "snapshotSet/item/statusMessage"),
        xml("Snapshots.StartTime", "snapshotSet/item/startTime"),
        xml("Snapshots.Tags.Key", "snapshotSet/item/tagSet/item/key"),
        xml("Snapshots.Tags.Value", "snapshotSet/item/tagSet/item/value"),
    ],
);

/// Deletes a snapshot.
pub static DELETE_SNAPSHOT: Operation = operation("DeleteSnapshot", &[field("SnapshotId")], &[]);

/// Lets other accounts make volumes of a snapshot.
pub static MODIFY_SNAPSHOT_ATTRIBUTE: Operation = operation(
    "ModifySnapshotAttribute",
    &[
        field("SnapshotId"),
        field("Attribute"),
        field("OperationType"),
        form("UserIds", "UserId.N"),
    ],
    &[],
);

/// Makes an image of a snapshot.
pub static REGISTER_IMAGE: Operation = operation(
    "RegisterImage",
    &[
        field("Name"),
        field("Description"),
        field("Architecture"),
        field("BootMode"),
        field("TpmSupport"),
        field("ImdsSupport"),
        field("EnaSupport"),
        field("SriovNetSupport"),
        field("VirtualizationType"),
        field("RootDeviceName"),
        form(
            "BlockDeviceMappings.DeviceName",
            "BlockDeviceMapping.N.DeviceName",
        ),
        form(
            "BlockDeviceMappings.Ebs.SnapshotId",
            "BlockDeviceMapping.N.Ebs.SnapshotId",
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
            "BlockDeviceMappings.Ebs.DeleteOnTermination",
            "BlockDeviceMapping.N.Ebs.DeleteOnTermination",
        ),
        TAGS[0],
        TAGS[1],
        TAGS[2],
    ],
    &[xml("ImageId", "imageId")],
);

/// Copies an image from another region.
pub static COPY_IMAGE: Operation = operation(
    "CopyImage",
    &[
        field("Name"),
        field("Description"),
        field("SourceImageId"),
        field("SourceRegion"),
        field("ClientToken"),
        field("Encrypted"),
        field("KmsKeyId"),
        TAGS[0],
        TAGS[1],
        TAGS[2],
    ],
    &[xml("ImageId", "imageId")],
);

/// Images.
pub static DESCRIBE_IMAGES: Operation = operation(
    "DescribeImages",
    &[
        form("ImageIds", "ImageId.N"),
        form("Owners", "Owner.N"),
        FILTER[0],
        FILTER[1],
        field("IncludeDeprecated"),
        field("IncludeDisabled"),
        field("MaxResults"),
        field("NextToken"),
    ],
    &[
        xml("NextToken", "nextToken"),
        xml("Images.ImageId", "imagesSet/item/imageId"),
        xml("Images.Name", "imagesSet/item/name"),
        xml("Images.State", "imagesSet/item/imageState"),
        xml(
            "Images.StateReason.Message",
            "imagesSet/item/stateReason/message",
        ),
        xml("Images.CreationDate", "imagesSet/item/creationDate"),
        xml("Images.DeprecationTime", "imagesSet/item/deprecationTime"),
        xml("Images.LastLaunchedTime", "imagesSet/item/lastLaunchedTime"),
        xml(
            "Images.DeregistrationProtection",
            "imagesSet/item/deregistrationProtection",
        ),
        xml(
            "Images.ImageWatermarks.WatermarkKey",
            "imagesSet/item/imageWatermarkSet/item/watermarkKey",
        ),
        xml("Images.OwnerId", "imagesSet/item/imageOwnerId"),
        xml("Images.Architecture", "imagesSet/item/architecture"),
        xml("Images.RootDeviceName", "imagesSet/item/rootDeviceName"),
        xml(
            "Images.BlockDeviceMappings.DeviceName",
            "imagesSet/item/blockDeviceMapping/item/deviceName",
        ),
        xml(
            "Images.BlockDeviceMappings.Ebs.DeleteOnTermination",
            "imagesSet/item/blockDeviceMapping/item/ebs/deleteOnTermination",
        ),
        xml(
            "Images.BlockDeviceMappings.Ebs.SnapshotId",
            "imagesSet/item/blockDeviceMapping/item/ebs/snapshotId",
        ),
        xml("Images.Tags.Key", "imagesSet/item/tagSet/item/key"),
        xml("Images.Tags.Value", "imagesSet/item/tagSet/item/value"),
    ],
);

/// Takes an image away; its snapshots stay.
pub static DEREGISTER_IMAGE: Operation = operation("DeregisterImage", &[field("ImageId")], &[]);

/// Lets others launch an image.
pub static MODIFY_IMAGE_ATTRIBUTE: Operation = operation(
    "ModifyImageAttribute",
    &[
        field("ImageId"),
        form(
            "LaunchPermission.Add.UserId",
            "LaunchPermission.Add.N.UserId",
        ),
        form("LaunchPermission.Add.Group", "LaunchPermission.Add.N.Group"),
        form(
            "LaunchPermission.Add.OrganizationArn",
            "LaunchPermission.Add.N.OrganizationArn",
        ),
        form(
            "LaunchPermission.Add.OrganizationalUnitArn",
            "LaunchPermission.Add.N.OrganizationalUnitArn",
        ),
    ],
    &[],
);

/// Says from when on an image is deprecated.
pub static ENABLE_IMAGE_DEPRECATION: Operation = operation(
    "EnableImageDeprecation",
    &[field("ImageId"), field("DeprecateAt")],
    &[],
);

/// Writes tags on things.
pub static CREATE_TAGS: Operation = operation(
    "CreateTags",
    &[
        form("Resources", "ResourceId.N"),
        form("Tags.Key", "Tag.N.Key"),
        form("Tags.Value", "Tag.N.Value"),
    ],
    &[],
);

/// Versions of a launch template.
pub static DESCRIBE_LAUNCH_TEMPLATE_VERSIONS: Operation = operation(
    "DescribeLaunchTemplateVersions",
    &[
        field("LaunchTemplateId"),
        field("MaxResults"),
        field("NextToken"),
    ],
    &[
        xml("NextToken", "nextToken"),
        xml(
            "LaunchTemplateVersions.VersionNumber",
            "launchTemplateVersionSet/item/versionNumber",
        ),
        xml(
            "LaunchTemplateVersions.DefaultVersion",
            "launchTemplateVersionSet/item/defaultVersion",
        ),
        xml(
            "LaunchTemplateVersions.LaunchTemplateData.ImageId",
            "launchTemplateVersionSet/item/launchTemplateData/imageId",
        ),
    ],
);

/// Makes a version of a launch template.
pub static CREATE_LAUNCH_TEMPLATE_VERSION: Operation = operation(
    "CreateLaunchTemplateVersion",
    &[
        field("LaunchTemplateId"),
        field("ClientToken"),
        field("SourceVersion"),
        field("VersionDescription"),
        form("LaunchTemplateData.ImageId", "LaunchTemplateData.ImageId"),
    ],
    &[xml(
        "LaunchTemplateVersion.VersionNumber",
        "launchTemplateVersion/versionNumber",
    )],
);

/// Says which version of a launch template counts.
pub static MODIFY_LAUNCH_TEMPLATE: Operation = operation(
    "ModifyLaunchTemplate",
    &[
        field("LaunchTemplateId"),
        field("ClientToken"),
        form("DefaultVersion", "SetDefaultVersion"),
    ],
    &[],
);

/// All of them.
pub(super) static OPERATIONS: &[&Operation] = &[
    &DESCRIBE_SNAPSHOTS,
    &DELETE_SNAPSHOT,
    &MODIFY_SNAPSHOT_ATTRIBUTE,
    &REGISTER_IMAGE,
    &COPY_IMAGE,
    &DESCRIBE_IMAGES,
    &DEREGISTER_IMAGE,
    &MODIFY_IMAGE_ATTRIBUTE,
    &ENABLE_IMAGE_DEPRECATION,
    &CREATE_TAGS,
    &DESCRIBE_LAUNCH_TEMPLATE_VERSIONS,
    &CREATE_LAUNCH_TEMPLATE_VERSION,
    &MODIFY_LAUNCH_TEMPLATE,
    &life::DESCRIBE_IMAGE_ATTRIBUTE,
    &life::DESCRIBE_IMAGE_REFERENCES,
    &life::DISABLE_IMAGE,
    &life::ENABLE_IMAGE,
    &life::DISABLE_IMAGE_DEPRECATION,
    &life::RESET_SNAPSHOT_ATTRIBUTE,
    &life::ENABLE_FAST_SNAPSHOT_RESTORES,
    &life::DISABLE_FAST_SNAPSHOT_RESTORES,
    &life::ATTACH_IMAGE_WATERMARK,
    &setting::GET_IMAGE_BLOCK_PUBLIC_ACCESS_STATE,
    &setting::GET_SNAPSHOT_BLOCK_PUBLIC_ACCESS_STATE,
    &setting::GET_ALLOWED_IMAGES_SETTINGS,
    &setting::REPLACE_ALLOWED_IMAGES_CRITERIA,
    &setting::ENABLE_ALLOWED_IMAGES_SETTINGS,
    &machine::RUN_INSTANCES,
    &machine::DESCRIBE_INSTANCES,
    &machine::STOP_INSTANCES,
    &machine::TERMINATE_INSTANCES,
    &machine::GET_CONSOLE_OUTPUT,
    &machine::CREATE_IMAGE,
    &machine::IMPORT_KEY_PAIR,
    &machine::DESCRIBE_KEY_PAIRS,
    &machine::DELETE_KEY_PAIR,
    &machine::DESCRIBE_SUBNETS,
    &machine::CREATE_SECURITY_GROUP,
    &machine::DESCRIBE_SECURITY_GROUPS,
    &machine::AUTHORIZE_SECURITY_GROUP_INGRESS,
    &machine::DELETE_SECURITY_GROUP,
];
