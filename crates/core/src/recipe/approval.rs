//! Who has to agree before an image goes out.

use std::time::Duration;

/// The `approval` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalSpec {
    /// How many of the approvers have to agree, at least one.
    pub required: u32,
    /// Who may: addresses of people, each once, in lower case.
    pub approvers: Vec<String>,
    /// How long an approval counts from when it was given; `None`: for ever.
    pub expires: Option<Duration>,
    /// What needs no person.
    pub auto: Option<AutoApproval>,
}

/// A policy that approves by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AutoApproval {
    /// What has no finding that its approved predecessor had not.
    NoNewFindings,
}

/// Whether a text can be the address of a person: `name@domain`. Upper and lower case are one.
pub fn is_address(text: &str) -> bool {
    let is_word = |text: &str| {
        !text.is_empty()
            && !text.starts_with('.')
            && !text.ends_with('.')
            && !text.contains("..")
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c))
    };
    text.len() <= 254
        && text
            .split_once('@')
            .is_some_and(|(name, domain)| is_word(name) && is_word(domain))
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn addresses() {
        for right in ["a@b", "ann.lee+gold@sec.example.com", "A-1@x.y"] {
            assert!(is_address(right), "{right}");
        }
        for wrong in [
            "", "ann", "@b", "a@", "a@b@c", "a b@c", "a..b@c", ".a@c", "a@c.",
        ] {
            assert!(!is_address(wrong), "{wrong}");
        }
    }
}
