//! Everything an image is a function of.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use goldsmith_core::recipe::{DebianSource, Infrastructure, Recipe};
use goldsmith_inspect::sanitize::rules;
use goldsmith_plan::key::{Inputs, Salt, image_inputs};
use goldsmith_plan::lock::Section;

/// Raised when the builder makes other bytes of the same inputs: images made before are then
/// built anew.
const BUILDER: u32 = 4;

/// The inputs of an image: what the recipe and the lock say, and the builder itself.
pub fn inputs(recipe: &Recipe, section: &Section, salt: &Salt) -> Inputs {
    let mut inputs = image_inputs(section, &recipe.work, &recipe.disk, salt);
    inputs.add("name", &[&recipe.name]);
    inputs.add("builder", &[&BUILDER.to_string()]);
    let ids: Vec<&str> = rules().iter().map(|rule| rule.id).collect();
    inputs.add("sanitize rules", &ids);
    if let Some(Infrastructure::Aws(place)) = &recipe.infrastructure {
        // Both sides of the runner are of one version. Of the place, what gets into the image.
        inputs.add("runner", &[env!("CARGO_PKG_VERSION")]);
        let user_data = place.user_data.as_deref().unwrap_or_default();
        inputs.add("user data", &[user_data]);
        let volumes: Vec<String> = place.volumes.iter().map(|it| format!("{it:?}")).collect();
        let volumes: Vec<&str> = volumes.iter().map(String::as_str).collect();
        inputs.add("volumes", &volumes);
    }
    inputs
}

/// The salt of a home: made once, kept for its owner alone. Secrets go into keys with it.
pub fn salt(home: &Path) -> io::Result<Salt> {
    let path = home.join("salt");
    let read = |bytes: Vec<u8>| {
        <[u8; 32]>::try_from(bytes)
            .map(Salt)
            .map_err(|_| io::Error::other(format!("`{}` is damaged; remove it", path.display())))
    };
    match fs::read(&path) {
        Ok(bytes) => return read(bytes),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    let mut bytes = [0; 32];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    fs::create_dir_all(home)?;
    let fresh = tempfile_beside(&path, &bytes)?;
    // Of two commands that start at once, the first one's salt counts.
    let linked = fs::hard_link(&fresh, &path);
    fs::remove_file(&fresh)?;
    match linked {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => Err(e),
        _ => read(fs::read(&path)?),
    }
}

fn tempfile_beside(path: &Path, bytes: &[u8]) -> io::Result<std::path::PathBuf> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let fresh = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)?;
    file.write_all(bytes)?;
    Ok(fresh)
}

/// Where the image's own apt gets packages from: what the recipe states. A mirror that was only
/// this host's is none of the image's business, so without one the image knows no repository.
pub(crate) fn apt_sources(source: &DebianSource) -> Option<String> {
    let mirror = source
        .mirror
        .as_deref()
        .filter(|mirror| !mirror.contains('@') && !mirror.starts_with("file:"))?;
    let components = source.components.join(" ");
    let stanza = |uri: &str, suites: &str| {
        format!(
            "Types: deb\nURIs: {uri}\nSuites: {suites}\nComponents: {components}\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
        )
    };
    let mut suites = source.suite.clone();
    if source.updates {
        suites = format!("{suites} {suites}-updates");
    }
    let mut text = stanza(mirror, &suites);
    let security = source
        .security_mirror
        .as_deref()
        .filter(|mirror| !mirror.contains('@'));
    if let Some(security) = security.filter(|_| source.security) {
        text = format!(
            "{text}\n{}",
            stanza(security, &format!("{}-security", source.suite))
        );
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn salt_is_made_once() {
        let home = tempfile::tempdir().unwrap();
        let first = salt(&home.path().join("new")).unwrap();
        assert_eq!(salt(&home.path().join("new")).unwrap().0, first.0);
        fs::write(home.path().join("salt"), b"short").unwrap();
        assert!(salt(home.path()).is_err());
    }
}
