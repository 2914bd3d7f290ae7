//! `goldsmith audit --generate`: what has AWS refuse images that are not approved.

mod apply;

use goldsmith_core::recipe::AwsTarget;
use goldsmith_plan::audit::generate::{Approved, ApprovedImage, Kind, generate};
use goldsmith_plan::audit::{Image, Limits, is_approved};

use super::Args;
use crate::app::App;
use crate::args::Outcome;
use crate::report::CmdError;
use crate::wiring;

pub(super) fn run(
    args: &Args,
    kind: Kind,
    app: &App,
    target: &AwsTarget,
    (images, limits, now_unix): (&[Image], &Limits, i64),
) -> Result<Outcome, CmdError> {
    let approved = images
        .iter()
        .filter(|image| is_approved(image, limits, now_unix));
    let copies = approved.flat_map(|image| image.copies.iter().filter(|copy| copy.is_there));
    let copies = copies.filter(|copy| target.regions.contains(&copy.region));
    let tag = args.tag.as_deref().map(|tag| {
        let pair = tag
            .split_once('=')
            .filter(|(key, value)| !key.is_empty() && !value.is_empty());
        let pair = pair.map(|(key, value)| (key.to_owned(), value.to_owned()));
        pair.ok_or_else(|| {
            CmdError::usage(format!("`{tag}` is no tag")).hint("say `--tag golden=yes`")
        })
    });
    let owner = match (&args.owner, account(target.role.as_deref())) {
        (Some(owner), _) => owner.clone(),
        (None, Some(owner)) => owner.to_owned(),
        (None, None) => wiring::fleet(app, target, None).account(&app.cx)?,
    };
    let approved = Approved {
        owner,
        images: copies
            .map(|copy| ApprovedImage {
                region: copy.region.clone(),
                id: copy.id.clone(),
                name: copy.name.clone(),
            })
            .collect(),
        max_age_days: limits.max_age.map(|age| age.as_secs() / (24 * 60 * 60)),
        tag: tag.transpose()?,
    };
    if args.apply {
        return apply::run(args, kind, app, target, &approved);
    }
    if !args.role.is_empty() {
        return Err(
            CmdError::usage("`--role` says where a control is set").hint("`--apply` sets it")
        );
    }
    // It is a document of another tool in any case.
    app.output.text(&generate(
        kind,
        args.form,
        &approved,
        args.region.as_deref(),
    )?);
    Ok(Outcome::Done)
}

/// The account of the ARN of a role.
fn account(role: Option<&str>) -> Option<&str> {
    role?.split(':').nth(4)
}
