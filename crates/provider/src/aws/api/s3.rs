//! Simple Storage Service: REST, XML.

use super::{Member, Operation, Place, Service, member};

const BUCKET: Member = member("Bucket", Place::Path("Bucket"));
const KEY: Member = member("Key", Place::Path("Key"));
const OWNER: Member = member(
    "ExpectedBucketOwner",
    Place::Header("x-amz-expected-bucket-owner"),
);
const UPLOAD: Member = member("UploadId", Place::Query("uploadId"));
const ETAG: Member = member("ETag", Place::Header("ETag"));

/// An object, or the rest of it.
pub static GET_OBJECT: Operation = Operation {
    service: Service::S3,
    name: "GetObject",
    method: "GET",
    uri: "/{Bucket}/{Key+}",
    inputs: &[
        BUCKET,
        KEY,
        OWNER,
        member("ChecksumMode", Place::Header("x-amz-checksum-mode")),
        member("IfMatch", Place::Header("If-Match")),
        member("Range", Place::Header("Range")),
    ],
    outputs: &[
        member("Body", Place::Whole),
        ETAG,
        member("ContentRange", Place::Header("Content-Range")),
        member("ChecksumCRC32", Place::Header("x-amz-checksum-crc32")),
        member("ChecksumCRC32C", Place::Header("x-amz-checksum-crc32c")),
        member(
            "ChecksumCRC64NVME",
            Place::Header("x-amz-checksum-crc64nvme"),
        ),
        member("ChecksumSHA1", Place::Header("x-amz-checksum-sha1")),
        member("ChecksumSHA256", Place::Header("x-amz-checksum-sha256")),
    ],
};

/// What is known of an object.
pub static HEAD_OBJECT: Operation = Operation {
    service: Service::S3,
    name: "HeadObject",
    method: "HEAD",
    uri: "/{Bucket}/{Key+}",
    inputs: &[BUCKET, KEY, OWNER],
    outputs: &[ETAG],
};

/// A small object.
pub static PUT_OBJECT: Operation = Operation {
    service: Service::S3,
    name: "PutObject",
    method: "PUT",
    uri: "/{Bucket}/{Key+}",
    inputs: &[BUCKET, KEY, OWNER, member("Body", Place::Whole)],
    outputs: &[],
};

/// Begins a large object.
pub static CREATE_MULTIPART_UPLOAD: Operation = Operation {
    service: Service::S3,
    name: "CreateMultipartUpload",
    method: "POST",
    uri: "/{Bucket}/{Key+}?uploads",
    inputs: &[BUCKET, KEY, OWNER],
    outputs: &[member("UploadId", Place::Body)],
};

/// A part of a large object.
pub static UPLOAD_PART: Operation = Operation {
    service: Service::S3,
    name: "UploadPart",
    method: "PUT",
    uri: "/{Bucket}/{Key+}",
    inputs: &[
        BUCKET,
        KEY,
        OWNER,
        UPLOAD,
        member("PartNumber", Place::Query("partNumber")),
        member("Body", Place::Whole),
    ],
    outputs: &[ETAG],
};

/// Makes the parts an object.
pub static COMPLETE_MULTIPART_UPLOAD: Operation = Operation {
    service: Service::S3,
    name: "CompleteMultipartUpload",
    method: "POST",
    uri: "/{Bucket}/{Key+}",
    inputs: &[
        BUCKET,
        KEY,
        OWNER,
        UPLOAD,
        member("MultipartUpload", Place::Body),
    ],
    outputs: &[member("ETag", Place::Body)],
};

/// Takes the parts away.
pub static ABORT_MULTIPART_UPLOAD: Operation = Operation {
    service: Service::S3,
    name: "AbortMultipartUpload",
    method: "DELETE",
    uri: "/{Bucket}/{Key+}",
    inputs: &[BUCKET, KEY, OWNER, UPLOAD],
    outputs: &[],
};

/// Takes an object away. Of one that is not there nothing is said.
pub static DELETE_OBJECT: Operation = Operation {
    service: Service::S3,
    name: "DeleteObject",
    method: "DELETE",
    uri: "/{Bucket}/{Key+}",
    inputs: &[BUCKET, KEY, OWNER],
    outputs: &[],
};

/// Large objects that were begun.
pub static LIST_MULTIPART_UPLOADS: Operation = Operation {
    service: Service::S3,
    name: "ListMultipartUploads",
    method: "GET",
    uri: "/{Bucket}?uploads",
    inputs: &[BUCKET, OWNER, member("Prefix", Place::Query("prefix"))],
    outputs: &[
        member("Uploads", Place::Body),
        member("IsTruncated", Place::Body),
    ],
};

/// Keys of a bucket.
pub static LIST_OBJECTS: Operation = Operation {
    service: Service::S3,
    name: "ListObjectsV2",
    method: "GET",
    uri: "/{Bucket}?list-type=2",
    inputs: &[
        BUCKET,
        OWNER,
        member("Prefix", Place::Query("prefix")),
        member("MaxKeys", Place::Query("max-keys")),
        member("ContinuationToken", Place::Query("continuation-token")),
    ],
    outputs: &[
        member("Contents", Place::Body),
        member("IsTruncated", Place::Body),
        member("NextContinuationToken", Place::Body),
    ],
};

/// All of them.
pub(super) static OPERATIONS: &[&Operation] = &[
    &GET_OBJECT,
    &HEAD_OBJECT,
    &PUT_OBJECT,
    &CREATE_MULTIPART_UPLOAD,
    &UPLOAD_PART,
    &COMPLETE_MULTIPART_UPLOAD,
    &ABORT_MULTIPART_UPLOAD,
    &DELETE_OBJECT,
    &LIST_MULTIPART_UPLOADS,
    &LIST_OBJECTS,
];
