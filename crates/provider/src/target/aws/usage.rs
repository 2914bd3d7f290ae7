//! What uses the images of a target: in the account that owns them, and in those that others look
//! into for us.

use std::collections::BTreeSet;

use goldsmith_core::catalog::CopyRow;
use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Class, with_causes};
use goldsmith_core::fleet::{Fleet as _, ImageFacts, Unread, Usage};
use goldsmith_core::target::TargetError;

use super::AwsTarget;
use crate::aws::ec2::Image;
use crate::aws::{AwsFleet, Wanted};

/// Values of a filter: the most that EC2 takes.
const VALUES_MAX: usize = 200;
/// How the kinds of protection from being deregistered begin that do protect.
const PROTECTED: [&str; 2] = ["enabled", "disabled-in-cooldown"];

impl AwsTarget {
    /// What is known of the use of copies. What could not be looked at is said in the answer.
    pub(super) fn used(
        &self,
        cx: &Cx,
        copies: &[CopyRow],
        roles: &[String],
    ) -> Result<Usage, TargetError> {
        let templates = self.place.launch_templates.iter();
        let mut wanted = Wanted::new(templates.map(|template| template.id.as_str()));
        for copy in copies {
            if let Some(region) = self.region_of(copy) {
                wanted.add(region, &copy.location, &copy.name);
            }
        }
        let mut usage = Usage::default();
        let mut looked_into = BTreeSet::new();
        let own = self.place.role.as_deref();
        let roles = roles.iter().map(|role| Some(role.as_str()));
        for role in std::iter::once(own).chain(roles.filter(|role| *role != own)) {
            let fleet = AwsFleet::new(self.aws.clone(), wanted.regions(), role.map(str::to_owned));
            let fleet = fleet.of(wanted.clone());
            let looked = fleet.account(cx).map_err(TargetError::from);
            let looked = looked.and_then(|account| Ok((account, fleet.look(cx)?)));
            match looked {
                Ok((account, seen)) => {
                    looked_into.insert(account);
                    usage.seen.users.extend(seen.users);
                    usage.seen.unread.extend(seen.unread);
                }
                Err(error) if error.class() == Class::Cancelled => return Err(error),
                Err(error) => usage.seen.unread.push(Unread {
                    what: match role {
                        Some(role) => format!("what runs in the account of `{role}`"),
                        None => "what runs in the account of the images".to_owned(),
                    },
                    why: with_causes(&*error),
                }),
            }
        }
        for region in wanted.regions() {
            if let Err(error) = self.facts(cx, &region, &wanted, &looked_into, &mut usage) {
                if error.class() == Class::Cancelled {
                    return Err(error);
                }
                usage.seen.unread.push(Unread {
                    what: format!("the images in {region}"),
                    why: with_causes(&*error),
                });
            }
        }
        usage.seen.users.sort();
        usage.seen.users.dedup();
        usage.seen.unread.sort();
        usage.seen.unread.dedup();
        Ok(usage)
    }

    /// What a region knows of the images there.
    fn facts(
        &self,
        cx: &Cx,
        region: &str,
        wanted: &Wanted,
        looked_into: &BTreeSet<String>,
        usage: &mut Usage,
    ) -> Result<(), TargetError> {
        let aws = self.client(region);
        for ids in wanted.ids(region).chunks(VALUES_MAX) {
            for image in aws.images_of(cx, "image-id", ids)? {
                let mut shared_with = aws.image_users(cx, &image.id)?;
                shared_with.retain(|user| !looked_into.contains(user));
                shared_with.sort();
                let facts = ImageFacts {
                    shared_with,
                    launched_unix: image.launched.as_deref().and_then(unix),
                    protection: protection(&image),
                };
                usage.facts.insert(image.id, facts);
            }
        }
        Ok(())
    }
}

fn protection(image: &Image) -> Option<String> {
    let state = image.protection.as_deref()?;
    let is_on = PROTECTED.iter().any(|start| state.starts_with(start));
    is_on.then(|| format!("AWS against being deregistered ({state})"))
}

/// A time as EC2 writes it.
fn unix(text: &str) -> Option<i64> {
    let time: jiff::Timestamp = text.parse().ok()?;
    Some(time.as_second())
}
