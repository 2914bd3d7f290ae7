//! Where documents run: on this machine, in a throw-away tree, or on another machine. One more kind
//! of place is one more variant here.

use std::ffi::OsString;
use std::path::PathBuf;

use goldsmith_build::repo;
use goldsmith_build::trial::{self, Network, Trial};
use goldsmith_component::machine::{Host, Machine};
use goldsmith_component::{Services, library};
use goldsmith_core::diagnostic::nearest;
use goldsmith_exec::ssh::Ssh;

use crate::app::App;
use crate::catalog;
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
    /// On another machine.
    Elsewhere(Ssh),
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
    /// Run on another machine instead, over SSH: `user@host`, `ssh://user@host:port`, or an alias of
    /// ~/.ssh/config. Reboots it where a document asks for that, and leaves nothing of Goldsmith
    #[arg(long, value_name = "MACHINE", conflicts_with = "place")]
    on: Option<String>,
    /// Private key to log in with, besides those of ~/.ssh/config and the agent
    #[arg(long, value_name = "FILE", requires = "on")]
    identity: Option<PathBuf>,
    /// An option as `ssh -o` takes it; may be repeated
    #[arg(long = "ssh-option", value_name = "NAME=VALUE", requires = "on")]
    ssh_options: Vec<String>,
    /// Make the tree of nothing but what the store has, and let no document fetch anything
    #[arg(long)]
    pub(crate) offline: bool,
}

/// A place that documents can run in; it goes when dropped.
pub(crate) enum Open {
    Host(Host),
    Trial(Trial),
}

impl PlaceArgs {
    /// Whether they name a tree.
    pub(crate) fn is_in_tree(&self) -> bool {
        self.place.is_some()
    }
}

impl Place {
    /// The place that options name.
    pub(crate) fn of(args: &PlaceArgs, app: &App) -> Result<Self, CmdError> {
        let place = match (&args.place, &args.on) {
            (None, None) => Self::Host,
            (None, Some(text)) => Self::elsewhere(args, text, app)?,
            (Some(text), _) => Self::parse(text)?,
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

    fn elsewhere(args: &PlaceArgs, text: &str, app: &App) -> Result<Self, CmdError> {
        let ssh = Ssh::parse(text).map_err(|why| {
            CmdError::usage(format!("`--on {text}`: {why}"))
                .hint("`--on admin@web1`, `--on ssh://admin@web1:2222`")
        })?;
        let seen = ["HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", "PATH"];
        let seen = seen
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), app.env.get(name)?.to_owned())));
        Ok(Self::Elsewhere(Ssh {
            identity: args.identity.as_ref().map(|file| app.directory.join(file)),
            options: args.ssh_options.clone(),
            env: seen.collect(),
            ..ssh
        }))
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
            Self::Elsewhere(ssh) => ssh.to_string(),
        }
    }

    /// Makes it; a tree of a suite with what components of these names need. What is elsewhere is
    /// not opened from here.
    pub(crate) fn open(
        &self,
        app: &App,
        args: &PlaceArgs,
        components: &[&str],
    ) -> Result<Open, CmdError> {
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
            Self::Elsewhere(ssh) => {
                Err(CmdError::usage(format!("`{ssh}` is no place of this host")))
            }
            Self::Image { name } => {
                let image = catalog::find(app, name)?;
                let store = wiring::store(app)?;
                let network = network(None);
                let trial = Trial::of_image(&app.cx, &store, &image, network.as_ref())?;
                Ok(Open::Trial(trial))
            }
            Self::Debian { suite } => {
                let needed = library::packages(components.iter().copied());
                let packages: Vec<String> = needed
                    .into_iter()
                    .map(str::to_owned)
                    .chain(args.packages.iter().cloned())
                    .collect();
                let mut source = trial::debian(suite, host::architecture()?, &packages);
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
            // What is asked for is asked for over there.
            Self::Elsewhere(_) => Services::default(),
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
