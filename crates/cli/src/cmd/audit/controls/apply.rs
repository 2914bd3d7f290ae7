//! `goldsmith audit --generate CONTROL --apply`: sets a control in accounts and regions. All of them are
//! read first, and what is different is shown; then it is set where it is different.

use goldsmith_core::control::{AllowedImages, ConfigRule, ControlError, Controls};
use goldsmith_core::failure::{Class, with_causes};
use goldsmith_core::recipe::AwsTarget;
use goldsmith_plan::audit::apply::{Change, RULE, allowed_images, config_rule};
use goldsmith_plan::audit::generate::{Approved, Kind};
use serde_json::json;

use crate::app::App;
use crate::args::Outcome;
use crate::cmd::audit::Args;
use crate::report::CmdError;
use crate::wiring;

/// What is to be set.
enum Wanted {
    Allowed(AllowedImages),
    Rule(ConfigRule),
}

/// A control in an account and a region, and what becomes of it.
struct Place {
    controls: Box<dyn Controls>,
    /// Number of the account, or the role where it is not known.
    account: String,
    region: String,
    /// What is to be set and the difference, or why that is not known.
    change: Result<Change<Wanted>, ControlError>,
    /// Why it was not set.
    failure: Option<ControlError>,
}

pub(super) fn run(
    args: &Args,
    kind: Kind,
    app: &App,
    target: &AwsTarget,
    approved: &Approved,
) -> Result<Outcome, CmdError> {
    if let Some(why) = no_interface(kind) {
        let error = format!("`{}` cannot be set from here: {why}", kind.word());
        return Err(CmdError::usage(error)
            .hint("without `--apply` it is written out, to be attached by whoever may"));
    }
    let roles: Vec<Option<&str>> = match args.role.as_slice() {
        [] => vec![target.role.as_deref()],
        roles => roles.iter().map(|role| Some(role.as_str())).collect(),
    };
    let regions = target.regions.iter();
    let regions: Vec<&String> = regions
        .filter(|region| args.region.as_ref().is_none_or(|wanted| wanted == *region))
        .collect();
    if regions.is_empty() {
        let known = format!("there is {}", target.regions.join(", "));
        return Err(CmdError::usage("`--region` is none of the target's regions").hint(known));
    }
    let mut places = Vec::new();
    for role in roles {
        let fleet = wiring::fleet(app, target, role.map(str::to_owned));
        let account = fleet.account(&app.cx);
        for region in &regions {
            app.cx.cancel.check()?;
            let controls = wiring::controls(app, target, region, role);
            let change = look(app, kind, &*controls, region, (approved, args.enforce));
            let account = account.as_ref().ok().map(String::as_str);
            places.push(Place {
                controls,
                account: account.or(role).unwrap_or("-").to_owned(),
                region: (*region).clone(),
                change,
                failure: None,
            });
        }
    }
    for place in &places {
        for line in place.lines() {
            app.cx
                .note(format!("{} {}: {line}", place.account, place.region));
        }
    }
    if !args.dry_run {
        for place in &mut places {
            app.cx.cancel.check()?;
            place.failure = place.set(app).err();
        }
    }
    app.output.result(&text(&places, kind, args.dry_run), || {
        let places: Vec<_> = places
            .iter()
            .map(|place| place.json(args.dry_run))
            .collect();
        json!({ "control": kind.word(), "places": places })
    });
    let failed = places.iter().filter_map(Place::error);
    let failed = failed.map(|error| error.class());
    Ok(match failed.max_by_key(|class| *class == Class::Remote) {
        None => Outcome::Done,
        Some(class) => Outcome::No(class),
    })
}

/// Why a control cannot be set by us, if it cannot.
const fn no_interface(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::AllowedAmis | Kind::ConfigRule => None,
        Kind::Scp => Some("it is of the organization, whose management account attaches it"),
        Kind::Iam => Some("it counts for those to whom somebody attaches it"),
    }
}

/// What is different in one place.
fn look(
    app: &App,
    kind: Kind,
    controls: &dyn Controls,
    region: &str,
    (approved, is_enforced): (&Approved, bool),
) -> Result<Change<Wanted>, ControlError> {
    if kind == Kind::AllowedAmis {
        let current = controls.allowed_images(&app.cx)?;
        let Change { wanted, lines } = allowed_images(approved, region, &current, is_enforced)?;
        let wanted = Wanted::Allowed(wanted);
        return Ok(Change { wanted, lines });
    }
    let current = controls.config_rule(&app.cx, RULE)?;
    let Change { wanted, lines } = config_rule(approved, region, current.as_ref())?;
    let wanted = Wanted::Rule(wanted);
    Ok(Change { wanted, lines })
}

impl Place {
    fn lines(&self) -> &[String] {
        self.change.as_ref().map_or(&[], |change| &change.lines)
    }

    /// Why it is not as it should be.
    fn error(&self) -> Option<&ControlError> {
        self.change.as_ref().err().or(self.failure.as_ref())
    }

    fn set(&self, app: &App) -> Result<(), ControlError> {
        match &self.change {
            Err(_) => Ok(()),
            Ok(change) if change.lines.is_empty() => Ok(()),
            Ok(change) => match &change.wanted {
                Wanted::Allowed(wanted) => self.controls.set_allowed_images(&app.cx, wanted),
                Wanted::Rule(wanted) => self.controls.put_config_rule(&app.cx, wanted),
            },
        }
    }

    fn outcome(&self, is_dry: bool) -> &'static str {
        match (self.error(), self.lines().is_empty(), is_dry) {
            (Some(_), ..) => "failed",
            (None, true, _) => "as it should be",
            (None, false, true) => "would change",
            (None, false, false) => "changed",
        }
    }

    fn json(&self, is_dry: bool) -> serde_json::Value {
        json!({ "account": self.account, "region": self.region, "outcome": self.outcome(is_dry),
            "difference": self.lines(), "why": self.error().map(|error| with_causes(&**error)) })
    }
}

fn text(places: &[Place], kind: Kind, is_dry: bool) -> String {
    let mut text = String::new();
    for place in places {
        let outcome = place.outcome(is_dry);
        text.push_str(&format!(
            "{} {} {}: {outcome}",
            place.account,
            place.region,
            kind.word()
        ));
        if let Some(error) = place.error() {
            text.push_str(&format!(": {}", with_causes(&**error)));
        }
        text.push('\n');
        for line in place.lines() {
            text.push_str(&format!("  {line}\n"));
        }
    }
    text
}
