//! What uses the images of a family at their targets, and what holds them for that. Every target is
//! asked once for all its copies; what cannot be found out holds, too.

use std::collections::BTreeMap;

use goldsmith_core::catalog::{CopyRow, ImageRow};
use goldsmith_core::cx::Cx;
use goldsmith_core::failure::{Cancelled, Class, with_causes};
use goldsmith_core::fleet::{Usage, User};
use goldsmith_core::image::{ImageId, ImageState};
use goldsmith_plan::lifecycle::Hold;
use jiff::Timestamp;

use super::{LifecycleError, Retirement, moment};

/// What is known of the use of an image.
#[derive(Debug, Default)]
pub(super) struct Use {
    pub(super) holds: Vec<Hold>,
    /// When a machine was last started from any copy of it.
    pub(super) launched: Option<Timestamp>,
}

/// By image; one that is not there is not used anywhere.
pub(super) type Uses = BTreeMap<ImageId, Use>;

/// Asks every target.
pub(super) fn look(
    cx: &Cx,
    retirement: &Retirement<'_>,
    rows: &[ImageRow],
) -> Result<Uses, LifecycleError> {
    let targets = retirement.targets;
    let mut uses = Uses::new();
    let mut at: Vec<Vec<CopyRow>> = targets.iter().map(|_| Vec::new()).collect();
    for row in rows.iter().filter(|row| row.state != ImageState::Deleted) {
        for copy in retirement.catalog.copies(&row.made.id)? {
            if !copy.is_there {
                continue;
            }
            match targets.iter().position(|target| target.has(&copy)) {
                Some(target) => at[target].push(copy),
                None => hold(
                    &mut uses,
                    &copy,
                    Hold::Unreadable(format!(
                        "no distribution names `{}` any more, where it has a copy",
                        copy.target
                    )),
                ),
            }
        }
    }
    for (target, copies) in targets.iter().zip(at) {
        if copies.is_empty() {
            continue;
        }
        match target.usage(cx, &copies, &retirement.policy.roles) {
            Ok(usage) => {
                for copy in &copies {
                    of_copy(&mut uses, copy, &usage);
                }
            }
            Err(error) if error.class() == Class::Cancelled => return Err(Cancelled.into()),
            Err(error) => {
                let why = format!("{}: {}", target.name(), with_causes(&*error));
                for copy in &copies {
                    hold(&mut uses, copy, Hold::Unreadable(why.clone()));
                }
            }
        }
    }
    Ok(uses)
}

fn hold(uses: &mut Uses, copy: &CopyRow, hold: Hold) {
    let holds = &mut uses.entry(copy.image.clone()).or_default().holds;
    if !holds.contains(&hold) {
        holds.push(hold);
    }
}

fn of_copy(uses: &mut Uses, copy: &CopyRow, usage: &Usage) {
    // A kind of user in one place is named by its first: there may be thousands.
    let mut users: BTreeMap<(&str, &str, &str), Vec<&User>> = BTreeMap::new();
    for user in &usage.seen.users {
        if user.image == copy.location {
            let place = (&*user.region, &*user.account, user.kind.word());
            users.entry(place).or_default().push(user);
        }
    }
    for ((region, account, _), of_a_kind) in users {
        let more = match of_a_kind.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let by = format!("{}{more} in {region} ({account})", of_a_kind[0]);
        hold(uses, copy, Hold::InUse(by));
    }
    for unread in &usage.seen.unread {
        let why = format!("{}: {}", unread.what, unread.why);
        hold(uses, copy, Hold::Unreadable(why));
    }
    let Some(facts) = usage.facts.get(&copy.location) else {
        return;
    };
    for with in &facts.shared_with {
        hold(
            uses,
            copy,
            Hold::Shared(format!("{with}, where nobody looks")),
        );
    }
    if let Some(by) = &facts.protection {
        hold(uses, copy, Hold::Protected(by.clone()));
    }
    if let Some(launched) = facts.launched_unix.map(moment) {
        let known = &mut uses.entry(copy.image.clone()).or_default().launched;
        *known = (*known).max(Some(launched));
    }
}
