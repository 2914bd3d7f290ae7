//! `goldsmith audit`: what runs on images that it should not run on.

mod controls;

use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use goldsmith_core::failure::Class;
use goldsmith_core::fleet::{Fleet as _, Seen};
use goldsmith_core::recipe::AwsTarget;
use goldsmith_core::size::parse_duration;
use goldsmith_plan::audit::generate::{Form, Kind};
use goldsmith_plan::audit::{Image, ImageCopy, Limits, Verdict, audit};
use serde_json::{Value, json};

use crate::app::App;
use crate::args::{Outcome, Variables};
use crate::catalog::with_all;
use crate::cloud;
use crate::cmd::assess::NEW_FINDINGS;
use crate::output::table;
use crate::report::CmdError;
use crate::wiring;

/// Show what runs on images that are not approved, and how to mend it
///
/// Looks at instances, launch templates, launch configurations and Auto Scaling groups in the
/// regions of a target, in the account of its images and in those of `--role`. What runs on an
/// image that the catalog does not know, that may not be used, that is too old, or that has
/// findings which it did not have when it was approved is refused, and the command exits with 5;
/// with 8 when there are places that it could not look at.
///
/// With `--generate` it writes, from the images that are approved now, what has AWS refuse others;
/// with `--apply` it sets that, in every region of the target, in the account of each `--role`.
///
/// Example: goldsmith audit --target aws/eu --max-age 90d
#[derive(Debug, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub(crate) struct Args {
    /// The target whose regions are looked at, such as `aws/eu`
    #[arg(long, value_name = "TARGET")]
    target: String,
    /// The most that an image may have been made ago, such as `90d`
    #[arg(long, value_name = "TIME", value_parser = |text: &str| parse_duration(text))]
    max_age: Option<Duration>,
    /// The channel whose images should run
    #[arg(long, value_name = "CHANNEL")]
    channel: Option<String>,
    /// An image of others that may run; may be given several times
    #[arg(long, value_name = "IMAGE")]
    allow: Vec<String>,
    /// Look in the account of this role (its ARN), too; may be given several times
    #[arg(long, value_name = "ARN")]
    role: Vec<String>,
    /// Refuse, too, where images or snapshots may be made public: block public access is off
    #[arg(long)]
    public_access: bool,
    /// Write what has AWS refuse other images: settings of EC2, a rule of AWS Config, a policy
    #[arg(long, value_name = "CONTROL", conflicts_with = "allow", value_parser = kinds())]
    generate: Option<Kind>,
    /// How it is written
    #[arg(long = "as", value_name = "FORM", value_parser = forms(), default_value = "json", requires = "generate")]
    form: Form,
    /// Set it in AWS, where it has an interface for that: in the account of each `--role`, without
    /// one in that of the images; what is different is shown first
    #[arg(long, requires = "generate")]
    apply: bool,
    /// Show what `--apply` would change
    #[arg(long, requires = "apply")]
    dry_run: bool,
    /// Have the allowed images of `--apply` count, instead of being watched only
    #[arg(long, requires = "apply")]
    enforce: bool,
    /// The region it is for
    #[arg(long, value_name = "REGION", requires = "generate")]
    region: Option<String>,
    /// The account that owns the images; else it is asked for
    #[arg(long, value_name = "ACCOUNT", requires = "generate")]
    owner: Option<String>,
    /// A tag that only approved images have, for the rule of AWS Config
    #[arg(long, value_name = "KEY=VALUE", requires = "generate")]
    tag: Option<String>,
    #[command(flatten)]
    variables: Variables,
}

fn kinds() -> impl clap::builder::TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::ALL.map(Kind::word)).map(|word| {
        let found = Kind::ALL.into_iter().find(|kind| kind.word() == word);
        found.expect("one of the possible values")
    })
}

fn forms() -> impl clap::builder::TypedValueParser<Value = Form> {
    PossibleValuesParser::new(["json", "terraform"]).map(|word| match word.as_str() {
        "json" => Form::Json,
        _ => Form::Terraform,
    })
}

pub(crate) fn run(args: &Args, app: &App) -> Result<Outcome, CmdError> {
    let target = cloud::target(app, &args.target, &args.variables)?;
    let images = images(app)?;
    let now = app.cx.clock().unix_seconds();
    let limits = Limits {
        max_age: args.max_age,
        channel: args.channel.clone(),
        allowed: args.allow.iter().cloned().collect(),
    };
    if let Some(kind) = args.generate {
        return controls::run(args, kind, app, &target, (&images, &limits, now));
    }
    let seen = look(app, &target, &args.role, args.public_access)?;
    let verdicts = audit(&seen.users, &images, &limits, now);
    app.output
        .result(&text(&verdicts, &seen), || json_of(&verdicts, &seen));
    Ok(
        if verdicts.iter().any(Verdict::is_refused) || !seen.open.is_empty() {
            Outcome::No(Class::Policy)
        } else if seen.unread.is_empty() {
            Outcome::Done
        } else {
            Outcome::No(Class::Remote)
        },
    )
}

/// What runs in the account of the images and in those of roles.
pub(crate) fn look(
    app: &App,
    target: &AwsTarget,
    roles: &[String],
    asks_what_is_open: bool,
) -> Result<Seen, CmdError> {
    let mut seen = Seen::default();
    let accounts = std::iter::once(target.role.clone()).chain(roles.iter().cloned().map(Some));
    for role in accounts {
        let mut fleet = wiring::fleet(app, target, role);
        if asks_what_is_open {
            fleet = fleet.and_what_is_open();
        }
        let more = fleet.look(&app.cx).map_err(CmdError::Failed)?;
        seen.users.extend(more.users);
        seen.open.extend(more.open);
        seen.unread.extend(more.unread);
    }
    seen.users.sort();
    seen.users.dedup();
    Ok(seen)
}

/// What the catalog knows.
pub(crate) fn images(app: &App) -> Result<Vec<Image>, CmdError> {
    let Some(catalog) = with_all(app)? else {
        return Ok(Vec::new());
    };
    let image = |(row, copies): (goldsmith_core::catalog::ImageRow, Vec<_>)| {
        let copies = copies.iter().filter_map(|copy| {
            Some(ImageCopy {
                region: cloud::region(copy)?.to_owned(),
                id: copy.location.clone(),
                name: copy.name.clone(),
                is_there: copy.is_there,
            })
        });
        let findings = row.tags.get(NEW_FINDINGS);
        let findings = findings.into_iter().flat_map(|ids| ids.split_whitespace());
        Image {
            state: row.state,
            created_unix: row.made.created_unix,
            findings: findings.map(str::to_owned).collect(),
            copies: copies.collect(),
            channels: row.channels,
            id: row.made.id,
        }
    };
    Ok(cloud::images(&catalog)?.into_iter().map(image).collect())
}

/// What is refused or said of something, in words.
fn why(verdict: &Verdict) -> String {
    let reasons: Vec<String> = verdict.reasons.iter().map(ToString::to_string).collect();
    reasons.join("; ")
}

fn text(verdicts: &[Verdict], seen: &Seen) -> String {
    let noted: Vec<&Verdict> = verdicts
        .iter()
        .filter(|it| !it.reasons.is_empty())
        .collect();
    let rows = noted.iter().map(|verdict| {
        let user = &verdict.user;
        let image = verdict.image.as_ref();
        [
            user.account.clone(),
            user.region.clone(),
            user.to_string(),
            user.image.clone(),
            image.map_or_else(|| "-".to_owned(), ToString::to_string),
            why(verdict),
        ]
    });
    let mut text = String::new();
    if !noted.is_empty() {
        text.push_str(&table(
            ["ACCOUNT", "REGION", "WHAT", "AMI", "IMAGE", "WHY"],
            rows,
        ));
        text.push_str("\nwhat to do:\n");
        for verdict in &noted {
            let fix = verdict
                .fix
                .as_ref()
                .map_or_else(String::new, ToString::to_string);
            text.push_str(&format!("  {}: {fix}\n", verdict.user));
        }
        text.push('\n');
    }
    for open in &seen.open {
        text.push_str(&format!("refused: {open}\n"));
    }
    for unread in &seen.unread {
        text.push_str(&format!(
            "could not look at {}: {}\n",
            unread.what, unread.why
        ));
    }
    let refused = verdicts.iter().filter(|it| it.is_refused()).count();
    text.push_str(&format!(
        "{} looked at, {refused} refused\n",
        verdicts.len()
    ));
    text
}

fn json_of(verdicts: &[Verdict], seen: &Seen) -> Value {
    let user = |verdict: &Verdict| {
        let user = &verdict.user;
        let reasons: Vec<String> = verdict.reasons.iter().map(ToString::to_string).collect();
        let fix = verdict.fix.as_ref().map(|fix| {
            let image = fix.image.as_ref();
            json!({ "image": image.map(|it| it.0.to_string()), "ami": image.map(|it| &it.1), "steps": fix.steps })
        });
        json!({ "account": user.account, "region": user.region, "kind": user.kind.word(), "id": user.id,
            "name": user.name, "ami": user.image, "image": verdict.image.as_ref().map(ToString::to_string),
            "refused": verdict.is_refused(), "reasons": reasons, "fix": fix })
    };
    let unread = seen.unread.iter();
    let unread: Vec<Value> = unread
        .map(|it| json!({ "what": it.what, "why": it.why }))
        .collect();
    let users: Vec<Value> = verdicts.iter().map(user).collect();
    let open = seen.open.iter();
    let open: Vec<Value> = open
        .map(|it| json!({ "account": it.account, "region": it.region, "what": it.what }))
        .collect();
    json!({ "users": users, "open": open, "unread": unread })
}
