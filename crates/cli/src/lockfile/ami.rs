//! A recipe on an image of AWS: which one that is, and its pin in the lock.

use goldsmith_build::repo::Update;
use goldsmith_core::failure::Class;
use goldsmith_core::recipe::{AmiSource, AwsInfrastructure, WhichAmi};
use goldsmith_plan::lock::format::Moment;
use goldsmith_plan::lock::{AmiPin, Input, Parent, Request, Section, stale};
use goldsmith_provider::aws::ami::{Ami, AmiError};

use crate::app::App;
use crate::report::CmdError;
use crate::wiring;

/// What such a recipe wants locked.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) source: &'a AmiSource,
    /// Where the image is looked for.
    pub(super) place: &'a AwsInfrastructure,
    /// In the order of their paths.
    pub(super) documents: &'a [Input],
}

/// Locks a recipe to an image. One that is locked stays with it while the recipe asks for the same
/// and nobody asks for an update; it must still be there.
pub(super) fn section(
    app: &App,
    wanted: Wanted<'_>,
    previous: Option<&Section>,
    update: Update<'_>,
    is_offline: bool,
) -> Result<Section, CmdError> {
    let source = wanted.source;
    let request = Request::Ami(stale::ami(source, &wanted.place.region));
    let same = previous.filter(|section| section.request == request);
    let pinned = same.and_then(|section| match &section.parent {
        Some(Parent::Ami(pin)) => Some(pin),
        _ => None,
    });
    let is_update = match update {
        Update::None => false,
        Update::Only(names) => names.contains(&source.name),
        Update::All => true,
    };
    let pin = match pinned {
        // Nobody can be asked for a newer one.
        Some(pin) if is_offline => pin.clone(),
        None if is_offline => return Err(offline(source)),
        Some(pin) if !is_update => {
            check_there(app, wanted, pin)?;
            pin.clone()
        }
        _ => find(app, wanted)?,
    };
    Ok(Section {
        source: source.name.clone(),
        request,
        epoch: pin.created.0,
        parent: Some(Parent::Ami(pin)),
        releases: Vec::new(),
        documents: wanted.documents.to_vec(),
        packages: Vec::new(),
        boot: Vec::new(),
    })
}

fn offline(source: &AmiSource) -> CmdError {
    CmdError::Refused {
        class: Class::Environment,
        message: format!(
            "the image of source `{}` is not locked, and only AWS knows it",
            source.name
        ),
        hints: vec!["leave `--offline` out".to_owned()],
    }
}

/// Asks AWS for the image, and takes it only for the machines that the source is for.
fn find(app: &App, wanted: Wanted<'_>) -> Result<AmiPin, CmdError> {
    let (source, place) = (wanted.source, wanted.place);
    let phase = app.cx.phase("find image", None);
    let mut which = source.which.clone();
    if let WhichAmi::Newest { filters, .. } = &mut which {
        let architecture = ec2_name(&source.arch).to_owned();
        filters.insert("architecture".to_owned(), vec![architecture]);
    }
    let ami = wiring::builders(app, place).ami(&app.cx, &which)?;
    check_arch(source, &ami)?;
    phase.finish(format!("{} ({})", ami.id, ami.name));
    Ok(AmiPin {
        id: ami.id,
        name: ami.name,
        owner: ami.owner,
        region: place.region.clone(),
        arch: source.arch.clone(),
        created: Moment(ami.created_unix),
    })
}

/// What EC2 calls an architecture.
fn ec2_name(arch: &str) -> &str {
    match arch {
        "amd64" => "x86_64",
        other => other,
    }
}

fn check_arch(source: &AmiSource, ami: &Ami) -> Result<(), CmdError> {
    let wanted = ec2_name(&source.arch);
    if ami.architecture == wanted {
        return Ok(());
    }
    let Ami {
        id,
        name,
        architecture,
        ..
    } = ami;
    let message = format!(
        "{id} ({name}) is for `{architecture}`, and source `{}` is for `{wanted}`",
        source.name
    );
    let hint = match architecture.as_str() {
        "x86_64" => {
            "write `arch = \"amd64\"` in the source, and types of instances that go with it"
        }
        "arm64" => "write `arch = \"arm64\"` in the source, and types of instances that go with it",
        _ => "start from another image: recipes are for amd64 and arm64",
    };
    Err(CmdError::config(message).hint(hint))
}

/// Refuses a pin whose image is gone.
fn check_there(app: &App, wanted: Wanted<'_>, pin: &AmiPin) -> Result<(), CmdError> {
    let (source, place) = (wanted.source, wanted.place);
    let which = WhichAmi::Id(pin.id.clone());
    match wiring::builders(app, place).ami(&app.cx, &which) {
        Ok(_) => Ok(()),
        Err(AmiError::None { .. }) => Err(CmdError::Refused {
            class: Class::Remote,
            message: format!(
                "{} ({}) of the lock is gone from {}, or no longer shared",
                pin.id, pin.name, pin.region
            ),
            hints: vec![match &source.which {
                WhichAmi::Id(_) => format!("name another `id` in source `{}`", source.name),
                WhichAmi::Newest { .. } | WhichAmi::Parameter(_) => format!(
                    "`goldsmith lock --update {}` takes the one that fits now",
                    source.name
                ),
            }],
        }),
        Err(error) => Err(error.into()),
    }
}
