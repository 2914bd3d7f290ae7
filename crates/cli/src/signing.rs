//! The keys of a project: its own, which signs what is stated of its images, and those that it
//! trusts.
//!
//! ```text
//! <project>/goldsmith.pub        the public half of the project's key, in Git
//! <project>/keys/*.pub           public keys of others whose statements count: approvers, CI
//! <home>/keys/<identity>.pem     private halves, of which this user alone can read
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use goldsmith_core::failure::Class;
use goldsmith_pipeline::evidence::{PublicKey, SigningKey};

use crate::app::App;
use crate::project;
use crate::report::CmdError;

/// The public half in the project.
pub(crate) const PUBLIC: &str = "goldsmith.pub";
/// Public keys of others.
const OTHERS: &str = "keys";
/// Names another file with the private half.
pub(crate) const VARIABLE: &str = "GOLDSMITH_SIGNING_KEY";

/// The key that signs for the project. One that has none yet gets one.
pub(crate) fn own(app: &App) -> Result<SigningKey, CmdError> {
    let public = read_public(&app.directory.join(PUBLIC))?;
    if let Some(file) = app.env.get(VARIABLE) {
        let path = app.env.working_directory.join(file);
        let key = read_private(&path)?;
        return match &public {
            Some(public) if *public != key.public() => Err(CmdError::config(format!(
                "the key in `{file}` is not the private half of `{PUBLIC}`"
            ))
            .hint(format!(
                "unset `{VARIABLE}`, or put its public half there and commit it"
            ))),
            Some(_) => Ok(key),
            None => write_public(app, &key).map(|()| key),
        };
    }
    let Some(public) = public else {
        let key = make(app)?;
        write_public(app, &key)?;
        app.cx.note(format!("`{PUBLIC}` is new, the key that signs what is stated of this project's images: commit it"));
        return Ok(key);
    };
    let path = private_path(app, &public)?;
    if !path.exists() {
        return Err(CmdError::Refused {
            class: Class::Environment,
            message: format!("the private half of `{PUBLIC}` is not on this machine"),
            hints: vec![format!(
                "`{VARIABLE}=FILE` names it; where it is lost, remove `{PUBLIC}`, and statements that it signed are trusted no more"
            )],
        });
    }
    read_private(&path)
}

/// Every key whose statements count in this project: its own first.
pub(crate) fn trusted(app: &App) -> Result<Vec<PublicKey>, CmdError> {
    Ok(found(app)?.into_iter().map(|(_, key)| key).collect())
}

/// Where in the project each key is, by its identity.
pub(crate) fn files(app: &App) -> Result<BTreeMap<String, String>, CmdError> {
    let found = found(app)?.into_iter().rev();
    Ok(found.map(|(file, key)| (key.id(), file)).collect())
}

/// Whose the keys in the folder of others are: `keys/ann@example.com.pub` is Ann's.
pub(crate) fn owners(app: &App) -> Result<BTreeMap<String, String>, CmdError> {
    let found = found(app)?.into_iter();
    let owned = found.filter_map(|(file, key)| {
        let name = file.strip_prefix(OTHERS)?.strip_prefix('/')?;
        let person = name.strip_suffix(".pub")?.to_lowercase();
        person.contains('@').then(|| (person, key.id()))
    });
    Ok(owned.collect())
}

/// The public keys of the project, each with its file: its own first, then those of others by name.
fn found(app: &App) -> Result<Vec<(String, PublicKey)>, CmdError> {
    let own = read_public(&app.directory.join(PUBLIC))?;
    let mut keys: Vec<(String, PublicKey)> = own
        .into_iter()
        .map(|key| (PUBLIC.to_owned(), key))
        .collect();
    let folder = app.directory.join(OTHERS);
    let mut names: Vec<String> = match fs::read_dir(&folder) {
        Ok(entries) => entries
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| name.ends_with(".pub"))
            .collect(),
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            return Err(CmdError::io(
                format!("cannot read the folder `{OTHERS}`"),
                &error,
            ));
        }
    };
    names.sort();
    for name in names {
        let key = read_public(&folder.join(&name))?;
        keys.extend(key.map(|key| (format!("{OTHERS}/{name}"), key)));
    }
    Ok(keys)
}

/// The key that signs a decision: the one given, else the project's.
pub(crate) fn of_person(app: &App, file: Option<&Path>) -> Result<SigningKey, CmdError> {
    match file {
        Some(file) => read_private(&app.env.working_directory.join(file)),
        None => own(app),
    }
}

fn make(app: &App) -> Result<SigningKey, CmdError> {
    let mut seed = [0; 32];
    fs::File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut seed))
        .map_err(|e| CmdError::io("cannot make a key", &e))?;
    let key = SigningKey::of_seed(seed);
    let path = private_path(app, &key.public())?;
    let folder = path.parent().expect("it lies in a folder of the home");
    let written = fs::create_dir_all(folder).and_then(|()| {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        file.write_all(key.to_pem().expose().as_bytes())?;
        file.sync_all()
    });
    written.map_err(|e| CmdError::io(format!("cannot write `{}`", path.display()), &e))?;
    Ok(key)
}

fn private_path(app: &App, public: &PublicKey) -> Result<PathBuf, CmdError> {
    Ok(app
        .home()?
        .join("keys")
        .join(format!("{}.pem", &public.id()[..16])))
}

fn read_private(path: &Path) -> Result<SigningKey, CmdError> {
    let text = fs::read_to_string(path)
        .map_err(|e| CmdError::io(format!("cannot read the key `{}`", path.display()), &e))?;
    SigningKey::of_pem(&text)
        .map_err(|error| CmdError::config(format!("`{}`: {error}", path.display())))
}

fn read_public(path: &Path) -> Result<Option<PublicKey>, CmdError> {
    match fs::read_to_string(path) {
        Ok(text) => PublicKey::of_pem(&text)
            .map(Some)
            .map_err(|error| CmdError::config(format!("`{}`: {error}", path.display()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CmdError::io(
            format!("cannot read the key `{}`", path.display()),
            &error,
        )),
    }
}

fn write_public(app: &App, key: &SigningKey) -> Result<(), CmdError> {
    project::replace_file(
        &app.directory.join(PUBLIC),
        key.public().to_pem().as_bytes(),
    )
    .map_err(|e| CmdError::io(format!("cannot write `{PUBLIC}`"), &e))
}
