//! What to do about something that should not run on its image: which image it should run on, and
//! what has to be changed for that.

use std::fmt;

use goldsmith_core::fleet::{User, UserKind};
use goldsmith_core::image::ImageId;

use super::{Image, Limits, reasons};

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// The image to run on instead, and what it is called there; `None`: there is none.
    pub image: Option<(ImageId, String)>,
    /// In words, the commands among them.
    pub steps: Vec<String>,
}

impl fmt::Display for Fix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.steps.join("; then "))
    }
}

/// `own` is the image it runs on, where it is known.
pub(super) fn fix(
    user: &User,
    own: Option<&Image>,
    images: &[Image],
    limits: &Limits,
    now_unix: i64,
) -> Fix {
    let region = user.region.as_str();
    let Some(family) = own.map(|image| image.id.name.as_str()) else {
        return Fix {
            image: None,
            steps: vec![format!(
                "start it from an image of the catalog: `goldsmith images` lists them, \
                 `goldsmith audit --allow {}` lets this one be",
                user.image
            )],
        };
    };
    let of_family: Vec<&Image> = images.iter().filter(|it| it.id.name == family).collect();
    let there = |image: &&Image| {
        let mut copies = image.copies.iter();
        let copy = copies.find(|copy| copy.is_there && copy.region == region);
        copy.map(|copy| copy.id.clone())
    };
    let is_good = |image: &&Image| reasons(image, limits, now_unix).is_empty();
    let is_named = |image: &&Image| match &limits.channel {
        Some(channel) => image.channels.contains(channel),
        None => !image.channels.is_empty(),
    };
    let mut good: Vec<&Image> = of_family.into_iter().filter(is_good).collect();
    // What a channel names before what is merely newest.
    good.sort_by_key(|image| (is_named(image), image.created_unix, image.id.clone()));
    let best = good
        .iter()
        .rev()
        .find_map(|image| Some((*image, there(image)?)));
    let Some((image, id)) = best else {
        let step = match good.last() {
            Some(newest) => format!(
                "bring {} to `{region}`: add it to the regions of the target, and run the pipeline",
                newest.id
            ),
            None => format!("no image of `{family}` may be used: run its pipeline"),
        };
        return Fix {
            image: None,
            steps: vec![step],
        };
    };
    Fix {
        steps: steps(user, &id),
        image: Some((image.id.clone(), id)),
    }
}

fn steps(user: &User, id: &str) -> Vec<String> {
    let User { region, .. } = user;
    let refresh = |group: &str| {
        format!(
            "`aws autoscaling start-instance-refresh --region {region} --auto-scaling-group-name {group}`"
        )
    };
    match &user.kind {
        UserKind::Instance { by: Some(by) } => match by.strip_prefix("asg/") {
            Some(group) => vec![
                format!("have the group `{group}` start from {id}"),
                refresh(group),
            ],
            None => vec![
                format!("have `{by}` start from {id}"),
                format!("replace {}", user.id),
            ],
        },
        UserKind::Instance { by: None } => vec![format!("replace {} by one from {id}", user.id)],
        UserKind::LaunchTemplate {
            version,
            is_current: true,
        } => vec![
            format!(
                "`aws ec2 create-launch-template-version --region {region} --launch-template-id {} \
                 --source-version {version} --launch-template-data ImageId={id}`",
                user.id
            ),
            format!(
                "`aws ec2 modify-launch-template --region {region} --launch-template-id {} \
                 --default-version <the new one>`",
                user.id
            ),
        ],
        UserKind::LaunchTemplate { version, .. } => vec![format!(
            "`aws ec2 delete-launch-template-versions --region {region} --launch-template-id {} \
             --versions {version}`, if nothing names it",
            user.id
        )],
        UserKind::LaunchConfiguration => {
            vec![format!("make a launch template with {id} in its place")]
        }
        UserKind::AutoScalingGroup { by } => {
            let what = by.as_deref().unwrap_or("what it starts machines by");
            vec![format!("have `{what}` name {id}"), refresh(&user.id)]
        }
        UserKind::Parameter => vec![format!(
            "`aws ssm put-parameter --region {region} --name {} --value {id} --overwrite`",
            user.id
        )],
    }
}
