//! `goldsmith.lock` of a project: read, written, held against the recipes.

mod ami;

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use goldsmith_build::document::{Loaded, locked_inputs, with_packages};
use goldsmith_build::parent::{self, ParentError, WantedDisk};
use goldsmith_build::record::Images;
use goldsmith_build::repo::{self, Added, Archive, Mirrors, Update, Wanted};
use goldsmith_core::catalog::{Catalog as _, CatalogError};
use goldsmith_core::digest::Sha256;
use goldsmith_core::failure::Class;
use goldsmith_core::fetch::Fetch;
use goldsmith_core::image::ImageId;
use goldsmith_core::recipe::{
    DebianSource, DiskFrom, DiskSource, DiskSpec, ImageSource, Infrastructure, Recipe, Source,
    Which,
};
use goldsmith_plan::lock::{self, Lock, Section};
use goldsmith_plan::release::Keyring;
use goldsmith_store::Store;

use crate::app::App;
use crate::host;
use crate::project;
use crate::report::CmdError;
use crate::wiring;

pub(crate) const NAME: &str = "goldsmith.lock";

fn path(app: &App) -> PathBuf {
    app.directory.join(NAME)
}

/// The lock of the project; `None` when there is none yet.
pub(crate) fn read(app: &App) -> Result<Option<Lock>, CmdError> {
    match fs::read(path(app)) {
        Ok(bytes) => Ok(Some(Lock::parse(&bytes)?)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(CmdError::io(format!("cannot read `{NAME}`"), &e)),
    }
}

/// Writes the lock and pins its packages in the store.
pub(crate) fn write(app: &App, store: &Store, lock: &Lock) -> Result<(), CmdError> {
    project::replace_file(&path(app), lock.to_text().as_bytes())
        .map_err(|e| CmdError::io(format!("cannot write `{NAME}`"), &e))?;
    pin(app, store, lock)
}

/// Keeps what a lock needs from being collected.
pub(crate) fn pin(app: &App, store: &Store, lock: &Lock) -> Result<(), CmdError> {
    let sections = || lock.recipes.values();
    let packages = sections().flat_map(Section::all_packages);
    let mut digests: BTreeSet<Sha256> = packages.map(|package| package.sha256).collect();
    let images = Images::new(&app.home()?);
    for section in sections() {
        digests.extend(parent::needs(&images, section)?);
    }
    let place = app
        .directory
        .canonicalize()
        .unwrap_or_else(|_| app.directory.clone());
    let owner = Sha256::of(place.to_string_lossy().as_bytes()).short();
    Ok(store.pin_at(&format!("project-{owner}"), &place, &digests)?)
}

/// Brings what a section is made of into a store: its packages, a disk of others.
pub(crate) fn fetch_inputs(
    app: &App,
    store: &Store,
    recipe: &Recipe,
    section: &Section,
    is_offline: bool,
) -> Result<(), CmdError> {
    let of_parent;
    let source = match &recipe.source {
        Source::Debian(source) => source,
        Source::Disk(source) => return fetch_disk(app, store, source, is_offline),
        Source::Image(_) => match parent::archive(section) {
            Some(source) => {
                of_parent = source;
                &of_parent
            }
            // There are none then.
            None => return Ok(()),
        },
        // It stays where it is.
        Source::Ami(_) => return Ok(()),
    };
    let fetch = wiring::fetch(app, is_offline);
    let reach = Reach::of(app, source)?;
    repo::fetch_packages(&app.cx, reach.archive(&*fetch, store), section)?;
    Ok(())
}

/// What a recipe's archive is reached with.
pub(crate) struct Reach {
    mirrors: Mirrors,
    keyring: Keyring,
}

impl Reach {
    pub(crate) fn of(app: &App, source: &DebianSource) -> Result<Self, CmdError> {
        let keyring = match &source.keyring {
            None => Keyring::debian(),
            Some(path) => {
                let bytes = fs::read(app.directory.join(path))
                    .map_err(|e| CmdError::io(format!("cannot read the keyring `{path}`"), &e))?;
                Keyring::parse(&bytes)
                    .map_err(|e| CmdError::config(format!("`{path}` is no keyring: {e}")))?
            }
        };
        Ok(Self {
            mirrors: Mirrors::of(source, &host::apt_entries()),
            keyring,
        })
    }

    pub(crate) fn mirrors(&self) -> &Mirrors {
        &self.mirrors
    }

    pub(crate) fn archive<'a>(&'a self, fetch: &'a dyn Fetch, store: &'a Store) -> Archive<'a> {
        Archive {
            mirrors: &self.mirrors,
            keyring: &self.keyring,
            fetch,
            store,
        }
    }
}

/// Locks one recipe.
pub(crate) fn section(
    app: &App,
    store: &Store,
    recipe: &Recipe,
    documents: &[Loaded],
    previous: Option<&Section>,
    update: Update<'_>,
    is_offline: bool,
) -> Result<Section, CmdError> {
    let fetch = wiring::fetch(app, is_offline);
    let source = with_packages(&recipe.source, documents);
    let documents = locked_inputs(documents);
    let source = match &source {
        Source::Debian(source) => source,
        Source::Image(source) => {
            let named = named(app, source)?;
            let wanted = parent::Wanted {
                source,
                disk: &recipe.disk,
                documents: &documents,
                named: named.as_ref(),
            };
            let images = Images::new(&app.home()?);
            let is_update = match update {
                Update::None => false,
                Update::Only(names) => names.contains(&source.image),
                Update::All => true,
            };
            let section = parent::lock(&images, wanted, previous, is_update)?;
            return add_packages(app, store, &*fetch, source, section, previous, update);
        }
        Source::Disk(source) => {
            fetch_disk(app, store, source, is_offline)?;
            let wanted = WantedDisk {
                source,
                disk: &recipe.disk,
                documents: &documents,
                file: &parent::file(store, &app.directory, source),
            };
            return Ok(parent::lock_disk(&app.cx, store, wanted, previous)?);
        }
        Source::Ami(source) => {
            let Some(Infrastructure::Aws(place)) = &recipe.infrastructure else {
                let message = format!("recipe `{}` has no infrastructure", recipe.name);
                return Err(CmdError::config(message));
            };
            let wanted = ami::Wanted {
                source,
                place,
                documents: &documents,
            };
            return ami::section(app, wanted, previous, update, is_offline);
        }
    };
    let reach = Reach::of(app, source)?;
    let wanted = Wanted {
        source,
        disk: &recipe.disk,
        documents: &documents,
    };
    Ok(repo::lock(
        &app.cx,
        reach.archive(&*fetch, store),
        wanted,
        previous,
        update,
    )?)
}

/// The image that the channel of a source names; `None`: the source asks for none, or it names
/// none. One that must not be used is no parent.
fn named(app: &App, source: &ImageSource) -> Result<Option<ImageId>, CmdError> {
    let Which::Channel(channel) = &source.which else {
        return Ok(None);
    };
    let catalog = wiring::catalog(app)?;
    let Some(image) = catalog.channel(&source.image, channel)? else {
        return Ok(None);
    };
    let state = catalog.image(&image)?.state;
    if state.is_usable() {
        return Ok(Some(image));
    }
    Err(CatalogError::NotUsable {
        image,
        channel: channel.clone(),
        state,
    }
    .into())
}

/// Brings the disk of a source into a store, when it is none of the project.
fn fetch_disk(
    app: &App,
    store: &Store,
    source: &DiskSource,
    is_offline: bool,
) -> Result<(), CmdError> {
    let DiskFrom::Url(url) = &source.from else {
        return Ok(());
    };
    // Whoever else wants it waits for this one.
    let Some(download) = store.download(&app.cx, &source.sha256)? else {
        return Ok(());
    };
    let phase = app.cx.phase("fetch disk", None);
    wiring::save_disk(app, is_offline, url, download.path())?;
    download.finish()?;
    phase.finish("verified");
    Ok(())
}

/// Locks the packages that a source adds to its image.
fn add_packages(
    app: &App,
    store: &Store,
    fetch: &dyn Fetch,
    source: &ImageSource,
    section: Section,
    previous: Option<&Section>,
    update: Update<'_>,
) -> Result<Section, CmdError> {
    if source.packages.is_empty() {
        return Ok(section);
    }
    let archive = parent::archive(&section).ok_or_else(|| ParentError::NoArchive {
        source_name: source.name.clone(),
    })?;
    let archive = DebianSource {
        packages: source.packages.clone(),
        ..archive
    };
    let status = parent::status(&Images::new(&app.home()?), &section)?;
    let added = Added {
        source: &archive,
        status: &status,
    };
    let reach = Reach::of(app, &archive)?;
    let archive = reach.archive(fetch, store);
    Ok(repo::add(
        &app.cx, archive, added, section, previous, update,
    )?)
}

/// Locks the packages of a throw-away tree, at what the archive has today: nobody commits this
/// lock. It is kept in the home, so that the next one can be made offline, and not of older heads.
pub(crate) fn of_tree(
    app: &App,
    archive: Archive<'_>,
    source: &DebianSource,
) -> Result<Section, CmdError> {
    let directory = app.home()?.join("trees");
    let path = directory.join(format!("{}-{}.lock", source.suite, source.arch));
    // One that cannot be read is as good as none.
    let kept = fs::read(&path).ok().and_then(|b| Lock::parse(&b).ok());
    let kept = kept.and_then(|mut lock| lock.recipes.remove(&source.suite));
    let wanted = Wanted {
        source,
        disk: &DiskSpec::NONE,
        documents: &[],
    };
    let section = repo::lock(&app.cx, archive, wanted, kept.as_ref(), Update::All)?;
    let lock = Lock {
        recipes: [(source.suite.clone(), section.clone())].into(),
    };
    fs::create_dir_all(&directory)
        .and_then(|()| project::replace_file(&path, lock.to_text().as_bytes()))
        .map_err(|e| CmdError::io(format!("cannot write `{}`", path.display()), &e))?;
    Ok(section)
}

/// The section of a recipe that still fits it, else why not.
pub(crate) fn fitting(
    lock: Option<&Lock>,
    recipe: &Recipe,
    documents: &[Loaded],
) -> Result<Section, CmdError> {
    let Some(section) = lock.and_then(|lock| lock.recipes.get(&recipe.name)) else {
        return Err(stale(
            format!("recipe `{}` is not locked yet", recipe.name),
            "`goldsmith lock` pins what it is made of",
        ));
    };
    let source = with_packages(&recipe.source, documents);
    let request = lock::stale::request(&source, &recipe.disk, recipe.infrastructure.as_ref());
    match lock::stale::stale(section, &request, &locked_inputs(documents)) {
        None => Ok(section.clone()),
        Some(reason) => {
            let lines: Vec<String> = reason
                .lines()
                .iter()
                .map(|line| format!("\n  {line}"))
                .collect();
            let message = format!(
                "`{NAME}` no longer fits recipe `{}`:{}",
                recipe.name,
                lines.concat()
            );
            Err(stale(message, "`goldsmith lock` brings it up to date"))
        }
    }
}

fn stale(message: String, hint: &str) -> CmdError {
    CmdError::Refused {
        class: Class::Stale,
        message,
        hints: vec![hint.to_owned()],
    }
}
