//! Elastic Block Store, by its blocks: REST, JSON.

use super::{Member, Operation, Place, Service, member};

const SNAPSHOT: Member = member("SnapshotId", Place::Path("snapshotId"));
const BLOCK: Member = member("BlockIndex", Place::Path("blockIndex"));
const CHECKSUM: Member = member("Checksum", Place::Header("x-amz-Checksum"));
const ALGORITHM: Member = member(
    "ChecksumAlgorithm",
    Place::Header("x-amz-Checksum-Algorithm"),
);

/// Begins a snapshot that blocks are put into.
pub static START_SNAPSHOT: Operation = Operation {
    service: Service::Ebs,
    name: "StartSnapshot",
    method: "POST",
    uri: "/snapshots",
    inputs: &[
        member("VolumeSize", Place::Body),
        member("ParentSnapshotId", Place::Body),
        member("Tags", Place::Body),
        member("Tags.Key", Place::Body),
        member("Tags.Value", Place::Body),
        member("Description", Place::Body),
        member("ClientToken", Place::Body),
        member("Encrypted", Place::Body),
        member("KmsKeyArn", Place::Body),
        member("Timeout", Place::Body),
    ],
    outputs: &[
        member("SnapshotId", Place::Body),
        member("BlockSize", Place::Body),
    ],
};

/// Puts a block.
pub static PUT_SNAPSHOT_BLOCK: Operation = Operation {
    service: Service::Ebs,
    name: "PutSnapshotBlock",
    method: "PUT",
    uri: "/snapshots/{snapshotId}/blocks/{blockIndex}",
    inputs: &[
        SNAPSHOT,
        BLOCK,
        member("BlockData", Place::WholeUnsigned),
        member("DataLength", Place::Header("x-amz-Data-Length")),
        CHECKSUM,
        ALGORITHM,
    ],
    outputs: &[CHECKSUM],
};

/// Says that every block is there.
pub static COMPLETE_SNAPSHOT: Operation = Operation {
    service: Service::Ebs,
    name: "CompleteSnapshot",
    method: "POST",
    uri: "/snapshots/completion/{snapshotId}",
    inputs: &[
        SNAPSHOT,
        member(
            "ChangedBlocksCount",
            Place::Header("x-amz-ChangedBlocksCount"),
        ),
        CHECKSUM,
        ALGORITHM,
        member(
            "ChecksumAggregationMethod",
            Place::Header("x-amz-Checksum-Aggregation-Method"),
        ),
    ],
    outputs: &[],
};

/// Which blocks a snapshot has.
pub static LIST_SNAPSHOT_BLOCKS: Operation = Operation {
    service: Service::Ebs,
    name: "ListSnapshotBlocks",
    method: "GET",
    uri: "/snapshots/{snapshotId}/blocks",
    inputs: &[
        SNAPSHOT,
        member("NextToken", Place::Query("pageToken")),
        member("MaxResults", Place::Query("maxResults")),
    ],
    outputs: &[
        member("Blocks.BlockIndex", Place::Body),
        member("Blocks.BlockToken", Place::Body),
        member("NextToken", Place::Body),
    ],
};

/// A block of a snapshot.
pub static GET_SNAPSHOT_BLOCK: Operation = Operation {
    service: Service::Ebs,
    name: "GetSnapshotBlock",
    method: "GET",
    uri: "/snapshots/{snapshotId}/blocks/{blockIndex}",
    inputs: &[
        SNAPSHOT,
        BLOCK,
        member("BlockToken", Place::Query("blockToken")),
    ],
    outputs: &[member("BlockData", Place::Whole)],
};

/// All of them.
pub(super) static OPERATIONS: &[&Operation] = &[
    &START_SNAPSHOT,
    &PUT_SNAPSHOT_BLOCK,
    &COMPLETE_SNAPSHOT,
    &LIST_SNAPSHOT_BLOCKS,
    &GET_SNAPSHOT_BLOCK,
];
