//! Inputs of an action at the moment it is done. They may come out of references, so that
//! they can be wrong as late as this.

use std::collections::BTreeMap;

use super::ActionError;

/// Inputs of one entry, references replaced.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values(pub(crate) BTreeMap<String, Vec<String>>);

impl Values {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(|texts| texts.first().map_or("", String::as_str))
    }

    /// An input that [`crate::load`] has found to be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, ActionError> {
        self.text(name)
            .ok_or_else(|| ActionError::Refused(format!("there is no `{name}`")))
    }

    pub(super) fn list(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// Names with their values, in the order of the document.
    pub(super) fn pairs(&self, name: &str) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.list(name).chunks_exact(2);
        pairs.map(|pair| (pair[0].as_str(), pair[1].as_str()))
    }

    /// A number that may come out of a reference.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, ActionError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        text.trim()
            .parse()
            .map(Some)
            .map_err(|_| ActionError::Refused(format!("`{name}` is `{text}`, not a whole number")))
    }

    /// Flags may come out of references, so they can be wrong at this late moment.
    pub(super) fn flag(&self, name: &str, default: bool) -> Result<bool, ActionError> {
        match self.text(name) {
            None => Ok(default),
            Some(text) => parse_flag(text).ok_or_else(|| {
                ActionError::Refused(format!("`{name}` is `{text}`, not `true` or `false`"))
            }),
        }
    }

    pub(super) fn permissions(&self) -> Result<Option<u32>, ActionError> {
        let Some(text) = self.text("permissions") else {
            return Ok(None);
        };
        parse_permissions(text).map(Some).ok_or_else(|| {
            ActionError::Refused(format!(
                "`permissions` is `{text}`, not octal such as `0644`"
            ))
        })
    }
}

pub(crate) fn parse_flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

pub(crate) fn parse_permissions(text: &str) -> Option<u32> {
    let octal = text.strip_prefix("0o").unwrap_or(text);
    let plain = !octal.is_empty() && octal.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    u32::from_str_radix(octal, 8)
        .ok()
        .filter(|mode| plain && *mode <= 0o7777)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_octal() {
        for (text, mode) in [
            ("0644", 0o644),
            ("755", 0o755),
            ("0o4755", 0o4755),
            ("0", 0),
        ] {
            assert_eq!(parse_permissions(text), Some(mode), "{text}");
        }
        for text in ["", "8", "rwx", "-1", "77777", "+7"] {
            assert_eq!(parse_permissions(text), None, "{text}");
        }
    }
}
