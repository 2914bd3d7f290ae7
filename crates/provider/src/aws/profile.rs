//! The files `~/.aws/config` and `~/.aws/credentials`.
//!
//! ```text
//! [default]                     config: [profile NAME] but for `default`; credentials: [NAME]
//! region = eu-north-1
//! endpoint_url = http://...
//! services = local
//! [services local]              config only
//! s3 =
//!   endpoint_url = http://...   kept as `s3.endpoint_url`
//! ```

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

/// Names and values of one section.
type Section = BTreeMap<String, String>;

/// A profile as both files have it. What is secret in it stays in this crate.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Profile {
    values: Section,
}

impl Profile {
    /// Reads a profile. `Ok(None)`: no file has it. `Err` says what is wrong, in words.
    pub(super) fn read(
        name: &str,
        config: Option<&Path>,
        credentials: Option<&Path>,
    ) -> Result<Option<Self>, String> {
        let config = sections(config)?;
        let credentials = sections(credentials)?;
        let long = format!("profile {name}");
        let named = (name == "default").then(|| config.get(name)).flatten();
        let found = [config.get(&long).or(named), credentials.get(name)];
        if found.iter().all(Option::is_none) {
            return Ok(None);
        }
        let mut values = Section::new();
        for section in found.into_iter().flatten() {
            values.extend(section.clone());
        }
        if let Some(services) = values.get("services") {
            let section = config.get(&format!("services {services}"));
            let section = section.cloned().unwrap_or_default();
            values.extend(section);
        }
        Ok(Some(Self { values }))
    }

    /// A value that is there and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let value = self.values.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }
}

/// Sections by name; a file that does not exist has none.
fn sections(path: Option<&Path>) -> Result<BTreeMap<String, Section>, String> {
    let Some(path) = path else {
        return Ok(BTreeMap::new());
    };
    match std::fs::read_to_string(path) {
        Ok(text) => {
            parse(&text).map_err(|line| format!("{}:{line}: not `name = value`", path.display()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(format!("cannot read `{}`: {error}", path.display())),
    }
}

/// `Err` is the number of a line that means nothing: its text may be a secret.
fn parse(text: &str) -> Result<BTreeMap<String, Section>, usize> {
    let mut all: BTreeMap<String, Section> = BTreeMap::new();
    let mut section: Option<&mut Section> = None;
    // The name that further, indented lines belong to.
    let mut above = String::new();
    for (number, line) in text.lines().enumerate() {
        let plain = without_comment(line);
        if plain.is_empty() {
            continue;
        }
        if let Some(name) = plain.strip_prefix('[') {
            let name = name.strip_suffix(']').ok_or(number + 1)?;
            let words: Vec<&str> = name.split_whitespace().collect();
            section = Some(all.entry(words.join(" ")).or_default());
            above.clear();
            continue;
        }
        let (name, value) = plain.split_once('=').ok_or(number + 1)?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().to_owned());
        let section = section.as_deref_mut().ok_or(number + 1)?;
        let is_indented = line.starts_with([' ', '\t']);
        if is_indented && !above.is_empty() {
            section.insert(format!("{above}.{name}"), value);
        } else {
            above = if value.is_empty() {
                name.clone()
            } else {
                String::new()
            };
            section.insert(name, value);
        }
    }
    Ok(all)
}

/// A line without what follows `#` or `;`, at its start or after a space.
fn without_comment(line: &str) -> &str {
    let mut end = line.len();
    let mut is_after_space = true;
    for (at, c) in line.char_indices() {
        if is_after_space && matches!(c, '#' | ';') {
            end = at;
            break;
        }
        is_after_space = c.is_whitespace();
    }
    line[..end].trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "# mine\n[default]\nregion = eu-north-1 ; far\n[profile  dev]\nREGION=us-east-1\nservices = local\n\n[services local]\ns3 =\n  endpoint_url = http://127.0.0.1:9000\nssm = \n\tendpoint_url=http://127.0.0.1:9001\n[dev]\nregion = nowhere\n";
    const CREDENTIALS: &str = "[default]\naws_access_key_id = AKID\naws_secret_access_key = a#b;c=d/e+f\n[dev]\naws_session_token = x\n";

    fn read(name: &str) -> Option<Profile> {
        let dir = tempfile::tempdir().unwrap();
        let (config, credentials) = (dir.path().join("config"), dir.path().join("credentials"));
        std::fs::write(&config, CONFIG).unwrap();
        std::fs::write(&credentials, CREDENTIALS).unwrap();
        Profile::read(name, Some(&config), Some(&credentials)).unwrap()
    }

    #[test]
    fn profiles() {
        let default = read("default").unwrap();
        for (name, value) in [
            ("region", Some("eu-north-1")),
            ("aws_secret_access_key", Some("a#b;c=d/e+f")),
            ("aws_session_token", None),
        ] {
            assert_eq!(default.get(name), value, "{name}");
        }
        let dev = read("dev").unwrap();
        for (name, value) in [
            ("region", Some("us-east-1")),
            ("s3.endpoint_url", Some("http://127.0.0.1:9000")),
            ("ssm.endpoint_url", Some("http://127.0.0.1:9001")),
            ("s3", None),
            ("aws_session_token", Some("x")),
        ] {
            assert_eq!(dev.get(name), value, "{name}");
        }
        assert!(read("local").is_none());
    }

    #[test]
    fn no_files_and_bad_files() {
        let missing = Path::new("/nonexistent/config");
        assert!(matches!(
            Profile::read("default", Some(missing), None),
            Ok(None)
        ));
        assert!(matches!(Profile::read("default", None, None), Ok(None)));
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("credentials");
        for (text, line) in [
            ("[default]\nhunter22\n", 2),
            ("a = hunter22\n", 1),
            ("[default\n", 1),
        ] {
            std::fs::write(&file, text).unwrap();
            let Err(error) = Profile::read("default", None, Some(&file)) else {
                panic!("{text:?} is no such file");
            };
            assert!(error.contains(&format!("credentials:{line}: ")), "{error}");
            assert!(!error.contains("hunter22"), "{error}");
        }
    }
}
