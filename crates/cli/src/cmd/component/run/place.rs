//! Where documents run: on this machine, or in a throw-away tree. One more kind of place is one
//! more variant here.

use std::ffi::OsString;

use goldsmith_build::record::Images;
use goldsmith_build::repo;
use goldsmith_build::trial::{self, Network, Trial};
use goldsmith_component::Services;
use goldsmith_component::machine::{Host, Machine};
use goldsmith_core::diagnostic::nearest;

use crate::app::App;
use crate::host;
use crate::lockfile::{self, Reach};
use crate::report::CmdError;
use crate::wiring::{self, Outside};

/// Where documents are to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// On this machine.
    Host,
    /// In a tree of the packages of a Debian suite.
    Debian { suite: String },
    /// In the tree of an image.
    Image { name: String },
}

/// Where to run, on the command line.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct PlaceArgs {
    /// Run in a throw-away tree instead: `debian:SUITE`, or `image:NAME[@VERSION]` as the last
    /// step of its build left it
    #[arg(long = "in", value_name = "TREE")]
    place: Option<String>,
    /// A package that the tree of a suite has besides the smallest set; may be repeated
    #[arg(long = "package", value_name = "NAME", requires = "place")]
    packages: Vec<String>,
    /// Let the tree use the network of this machine, which a build does not, and its apt the mirror
    #[arg(long, requires = "place")]
    network: bool,
    /// Make the tree of nothing but what the store has, and let no document fetch anything
    #[arg(long)]
    pub(crate) offline: bool,
}

/// A place that documents can run in; it goes when dropped.
pub(crate) enum Open {
    Host(Host),
    Trial(Trial),
}

impl Place {
    /// The place that options name.
    pub(crate) fn of(args: &PlaceArgs) -> Result<Self, CmdError> {
        let place = match &args.place {
            None => Self::Host,
            Some(text) => Self::parse(text)?,
        };
        if !args.packages.is_empty() && !matches!(place, Self::Debian { .. }) {
            return Err(
                CmdError::usage("`--package` adds to the tree of a suite only")
                    .hint("`--in debian:bookworm` is such a tree"),
            );
        }
        if args.network && place == Self::Host {
            return Err(CmdError::usage("`--network` is for a tree")
                .hint("this machine has its network anyway"));
        }
        Ok(place)
    }

    fn parse(text: &str) -> Result<Self, CmdError> {
        let is_word = |word: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "-+._".contains(c);
            !word.is_empty() && word.chars().all(plain)
        };
        match text.split_once(':') {
            Some(("debian", suite)) if is_word(suite) => Ok(Self::Debian {
                suite: suite.to_owned(),
            }),
            Some(("image", name)) if !name.is_empty() => Ok(Self::Image {
                name: name.to_owned(),
            }),
            found => {
                let kind = found.map_or(text, |(kind, _)| kind);
                let error = CmdError::usage(format!("`--in {text}` names no tree"));
                let error = match nearest(kind, ["debian", "image"]).filter(|near| *near != kind) {
                    Some(near) => error.hint(format!("did you mean `{near}:`?")),
                    None => error,
                };
                Err(error
                    .hint("`debian:bookworm` is a tree of packages, `image:web` that of an image"))
            }
        }
    }

    /// As it is called in messages.
    pub(crate) fn title(&self) -> String {
        match self {
            Self::Host => "this machine".to_owned(),
            Self::Debian { suite } => format!("a throw-away tree of debian:{suite}"),
            Self::Image { name } => format!("a throw-away tree of image:{name}"),
        }
    }

    /// Makes it.
    pub(crate) fn open(&self, app: &App, args: &PlaceArgs) -> Result<Open, CmdError> {
        let network = |source| {
            args.network.then(|| Network {
                resolv_conf: host::resolv_conf(),
                source,
            })
        };
        match self {
            Self::Host => {
                let os = |text: &String| OsString::from(text);
                let variables = app.env.all().iter();
                let variables = variables.map(|(name, value)| (os(name), os(value)));
                Ok(Open::Host(Host::new(variables.collect())?))
            }
            Self::Image { name } => {
                let image = Images::new(&app.home()?).find(name)?;
                let store = wiring::store(app)?;
                let network = network(None);
                let trial = Trial::of_image(&app.cx, &store, &image, network.as_ref())?;
                Ok(Open::Trial(trial))
            }
            Self::Debian { suite } => {
                let mut source = trial::debian(suite, host::architecture()?, &args.packages);
                // What was valid when it was fetched will do.
                source.check_valid_until = !args.offline;
                let store = wiring::store(app)?;
                let fetch = wiring::fetch(app, args.offline);
                let reach = Reach::of(app, &source)?;
                let archive = reach.archive(&*fetch, &store);
                let section = lockfile::of_tree(app, archive, &source)?;
                repo::fetch_packages(&app.cx, archive, &section)?;
                let mirrors = reach.mirrors();
                source.mirror.clone_from(&mirrors.main);
                source.security_mirror.clone_from(&mirrors.security);
                let network = network(Some(source));
                let trial = Trial::of_packages(&app.cx, &store, &section, network.as_ref())?;
                Ok(Open::Trial(trial))
            }
        }
    }

    /// What documents may reach there. That of an instance only on the instance: its metadata
    /// are none of a tree's business, nor is the environment.
    pub(crate) fn services<'a>(&self, app: &App, outside: Option<&'a Outside>) -> Services<'a> {
        match self {
            Self::Host => Services {
                names: app.env.all().clone(),
                ..wiring::host_services(outside)
            },
            Self::Debian { .. } | Self::Image { .. } => wiring::services(outside),
        }
    }
}

impl Open {
    /// The machine that documents run on.
    pub(crate) fn machine(&self) -> &dyn Machine {
        match self {
            Self::Host(host) => host,
            Self::Trial(trial) => trial,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read() {
        let check = |text: &str| Place::parse(text).map(|place| place.title());
        assert_eq!(Place::of(&PlaceArgs::default()).unwrap(), Place::Host);
        assert_eq!(
            check("debian:trixie").unwrap(),
            "a throw-away tree of debian:trixie"
        );
        assert_eq!(
            check("image:web@1.0.0").unwrap(),
            "a throw-away tree of image:web@1.0.0"
        );
        for (text, hint) in [
            ("debain:bookworm", "did you mean `debian:`?"),
            ("debian:", "`debian:bookworm` is a tree"),
            ("debian:../x", "`debian:bookworm` is a tree"),
            ("bookworm", "`debian:bookworm` is a tree"),
        ] {
            let error = check(text).unwrap_err();
            assert_eq!(error.class().exit_code(), 2, "{text}");
            assert!(error.text().contains(hint), "{text}: {}", error.text());
        }
    }
}
