//! Blocks of infrastructure as recipes have them.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use goldsmith_core::diagnostic::{SourceFile, Span};
use goldsmith_core::recipe::{AwsInfrastructure, MachineReach};

/// Instances of one type in a region of what is at an URL, let in from 192.0.2.9 as `root`.
pub fn aws(region: &str, url: &str) -> AwsInfrastructure {
    AwsInfrastructure {
        name: "lab".to_owned(),
        span: Span::new(&SourceFile::new("lab.gold.hcl", ""), 0..0),
        region: region.to_owned(),
        role: None,
        endpoint: Some(url.to_owned()),
        types: vec!["m7i.large".to_owned()],
        subnet: None,
        has_public_address: None,
        reach: MachineReach::Ssh {
            is_private: false,
            from: Some(Ipv4Addr::new(192, 0, 2, 9)),
        },
        profile: None,
        is_spot: false,
        user_data: None,
        user: "root".to_owned(),
        volumes: Vec::new(),
        tags: BTreeMap::new(),
    }
}
