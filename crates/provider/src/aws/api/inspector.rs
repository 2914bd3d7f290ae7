//! Amazon Inspector: JSON, by its paths.

use super::{Operation, Place, Service, member};

/// What was found wrong with a machine, an image of a container, a function.
pub static LIST_FINDINGS: Operation = Operation {
    service: Service::Inspector,
    name: "ListFindings",
    method: "POST",
    uri: "/findings/list",
    inputs: &[
        member("filterCriteria.resourceId.comparison", Place::Body),
        member("filterCriteria.resourceId.value", Place::Body),
        member("maxResults", Place::Body),
        member("nextToken", Place::Body),
    ],
    // The findings are read by `advisory::external`, as files of them are.
    outputs: &[
        member("findings", Place::Body),
        member("nextToken", Place::Body),
    ],
};

/// All of them.
pub(super) static OPERATIONS: &[&Operation] = &[&LIST_FINDINGS];
