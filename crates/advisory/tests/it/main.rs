//! Tests against real data and real tools: the feeds beside the project, rpm, packaging, semver.

mod almalinux;
mod debian;
mod external;
mod feeds;
mod languages;
mod shared;
mod versions;
