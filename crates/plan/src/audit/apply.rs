//! How a control of an account in a region differs from what it should be. Shown first, then set; what
//! is as it should be is left alone.

use std::collections::BTreeSet;

use goldsmith_core::control::{AllowedImages, ConfigRule, Criterion, Effect};
use goldsmith_core::failure::{Class, Failure};
use serde_json::Value;

use super::generate::config_rule;
use super::generate::{Approved, GenerateError, allowed_amis, within};

/// What is to be set, and how that differs from what is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<T> {
    /// What is to be set.
    pub wanted: T,
    /// Line by line: `+` comes, `-` goes, `~` becomes another. Nothing: it is so already.
    pub lines: Vec<String>,
}

/// Why a control cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// It cannot be made.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// The organization has set it.
    #[error("the allowed images are set by a declarative policy of the organization")]
    Fixed,
}

impl Failure for ApplyError {
    fn class(&self) -> Class {
        match self {
            Self::Generate(error) => error.class(),
            Self::Fixed => Class::Policy,
        }
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Generate(error) => error.hints(),
            Self::Fixed => {
                vec!["without `--apply` it is written out for that policy".to_owned()]
            }
        }
    }
}

/// The allowed images of an account in a region. What is enforced stays so; else it is only watched,
/// unless `is_enforced`.
pub fn allowed_images(
    approved: &Approved,
    region: &str,
    current: &AllowedImages,
    is_enforced: bool,
) -> Result<Change<AllowedImages>, ApplyError> {
    let least = if is_enforced {
        Effect::Enforced
    } else {
        Effect::Watched
    };
    let wanted = AllowedImages {
        effect: current.effect.max(least),
        criteria: allowed_amis::criteria(&within(approved, Some(region))?)?,
        is_fixed: false,
    };
    let mut lines = difference(&entries(&current.criteria), &entries(&wanted.criteria));
    lines.extend(becomes(
        "state",
        current.effect.word(),
        wanted.effect.word(),
    ));
    if current.is_fixed && !lines.is_empty() {
        return Err(ApplyError::Fixed);
    }
    Ok(Change { wanted, lines })
}

/// The name of the rule that is put.
pub const RULE: &str = config_rule::NAME;

/// The rule of an account in a region.
pub fn config_rule(
    approved: &Approved,
    region: &str,
    current: Option<&ConfigRule>,
) -> Result<Change<ConfigRule>, ApplyError> {
    let wanted = config_rule::wanted(&within(approved, Some(region))?)?;
    let lines = match current {
        None => vec![format!(
            "+ rule {} ({}) {}",
            wanted.name, wanted.identifier, wanted.parameters
        )],
        Some(current) => {
            // As JSON: what says the same in another order is the same.
            let parameters = |rule: &ConfigRule| -> String {
                let value: Option<Value> = serde_json::from_str(&rule.parameters).ok();
                value.map_or_else(|| rule.parameters.clone(), |value| value.to_string())
            };
            let of = |rule: &ConfigRule| rule.resource_types.join(", ");
            let all = [
                becomes("rule", &current.identifier, &wanted.identifier),
                becomes("parameters", &parameters(current), &parameters(&wanted)),
                becomes("scope", &of(current), &of(&wanted)),
                becomes("description", &current.description, &wanted.description),
            ];
            all.into_iter().flatten().collect()
        }
    };
    Ok(Change { wanted, lines })
}

fn becomes(what: &str, from: &str, to: &str) -> Option<String> {
    (from != to).then(|| format!("~ {what}: {from} -> {to}"))
}

fn difference(from: &BTreeSet<String>, to: &BTreeSet<String>) -> Vec<String> {
    let gone = from.difference(to).map(|entry| format!("- {entry}"));
    let new = to.difference(from).map(|entry| format!("+ {entry}"));
    gone.chain(new).collect()
}

/// Criteria name by name: how names are spread over them does not matter.
fn entries(criteria: &[Criterion]) -> BTreeSet<String> {
    let mut entries = BTreeSet::new();
    for criterion in criteria {
        let mut end = match criterion.providers.as_slice() {
            [] => " of anybody".to_owned(),
            providers => format!(" of {}", providers.join(" or ")),
        };
        if let Some(days) = criterion.max_age_days {
            end.push_str(&format!(", at most {days} days old"));
        }
        for other in &criterion.others {
            end.push_str(&format!(", {other}"));
        }
        if criterion.names.is_empty() {
            entries.insert(format!("any image{end}"));
        }
        entries.extend(criterion.names.iter().map(|name| format!("{name}{end}")));
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::super::generate::ApprovedImage;
    use super::*;

    fn approved(names: &[&str]) -> Approved {
        let image = |name: &&str| ApprovedImage {
            region: "eu-north-1".to_owned(),
            id: format!("ami-{name}"),
            name: (*name).to_owned(),
        };
        Approved {
            owner: "111122223333".to_owned(),
            images: names.iter().map(image).collect(),
            ..Approved::default()
        }
    }

    #[test]
    fn images_come_and_go() {
        let change = |names: &[&str], current: &AllowedImages, is_enforced| {
            allowed_images(&approved(names), "eu-north-1", current, is_enforced)
        };
        let first = change(&["web-1"], &AllowedImages::default(), false).unwrap();
        assert_eq!(
            first.lines,
            ["+ web-1 of 111122223333", "~ state: disabled -> audit-mode"]
        );
        let again = change(&["web-1"], &first.wanted, false).unwrap();
        assert_eq!(again.lines, [""; 0]);
        assert_eq!(again.wanted, first.wanted);
        let next = change(&["web-2"], &first.wanted, true).unwrap();
        assert_eq!(
            next.lines,
            [
                "- web-1 of 111122223333",
                "+ web-2 of 111122223333",
                "~ state: audit-mode -> enabled"
            ]
        );
        // What is enforced is not given up unasked.
        let kept = change(&["web-2"], &next.wanted, false).unwrap();
        assert_eq!(
            (kept.wanted.effect, kept.lines.len()),
            (Effect::Enforced, 0)
        );
        // What others have set is shown before it goes.
        let theirs = AllowedImages {
            effect: Effect::Enforced,
            criteria: vec![Criterion {
                providers: vec!["amazon".to_owned()],
                others: vec!["with the product code x".to_owned()],
                ..Criterion::default()
            }],
            is_fixed: false,
        };
        let lines = change(&["web-1"], &theirs, false).unwrap().lines;
        assert_eq!(lines[0], "- any image of amazon, with the product code x");
    }

    #[test]
    fn what_cannot_be_set() {
        let fixed = AllowedImages {
            is_fixed: true,
            ..AllowedImages::default()
        };
        let set = |region, current| allowed_images(&approved(&["a"]), region, current, false);
        assert_eq!(set("eu-north-1", &fixed).unwrap_err(), ApplyError::Fixed);
        let open = AllowedImages::default();
        let nothing = ApplyError::Generate(GenerateError::Nothing);
        assert_eq!(set("eu-west-1", &open).unwrap_err(), nothing);
        // What is so already need not be set.
        let wanted = set("eu-north-1", &open).unwrap().wanted;
        let fixed = AllowedImages {
            is_fixed: true,
            ..wanted
        };
        assert_eq!(set("eu-north-1", &fixed).unwrap().lines, [""; 0]);
    }

    #[test]
    fn names_are_spread_over_criteria() {
        let names: Vec<String> = (0..60).map(|number| format!("web-{number:02}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let open = AllowedImages::default();
        let change = allowed_images(&approved(&names), "eu-north-1", &open, false).unwrap();
        let sizes: Vec<usize> = change
            .wanted
            .criteria
            .iter()
            .map(|it| it.names.len())
            .collect();
        assert_eq!(sizes, [50, 10]);
        let more = [&["a"], names.as_slice()].concat();
        let change = allowed_images(&approved(&more), "eu-north-1", &change.wanted, false).unwrap();
        assert_eq!(change.lines, ["+ a of 111122223333"]);
    }

    #[test]
    fn a_rule() {
        let set =
            |names: &[&str], current| config_rule(&approved(names), "eu-north-1", current).unwrap();
        let first = set(&["a"], None);
        assert_eq!(
            first.lines,
            [r#"+ rule golden-images (APPROVED_AMIS_BY_ID) {"amiIds":"ami-a"}"#]
        );
        let same = ConfigRule {
            parameters: r#"{ "amiIds": "ami-a" }"#.to_owned(),
            ..first.wanted.clone()
        };
        assert_eq!(set(&["a"], Some(&same)).lines, [""; 0]);
        assert_eq!(
            set(&["b"], Some(&same)).lines,
            [r#"~ parameters: {"amiIds":"ami-a"} -> {"amiIds":"ami-b"}"#]
        );
    }
}
