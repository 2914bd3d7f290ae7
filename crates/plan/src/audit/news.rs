//! What an audit refuses that the one before it did not: what somebody is told of, once.

use std::collections::{BTreeMap, BTreeSet};

use goldsmith_core::fleet::{Open, UserKind};

use super::{Reason, Verdict};

/// What is refused: in words, by what makes it the same refusal as one before. Another machine of the
/// same group, another day of age are the same.
pub type Refusals = BTreeMap<String, String>;

/// What is refused in a look.
pub fn refusals(verdicts: &[Verdict], open: &[Open]) -> Refusals {
    let refused = verdicts.iter().filter(|verdict| verdict.is_refused());
    let of_user = refused.map(|verdict| {
        let user = &verdict.user;
        let who = match &user.kind {
            UserKind::Instance { by: Some(by) } => by.clone(),
            _ => user.to_string(),
        };
        let reasons = verdict.reasons.iter().filter(|reason| reason.is_refusal());
        let gists: Vec<String> = reasons.clone().map(gist).collect();
        let words: Vec<String> = reasons.map(ToString::to_string).collect();
        let place = format!("in {} ({})", user.region, user.account);
        (
            format!("{who} {place} {}: {}", user.image, gists.join("; ")),
            format!("{user} {place} on {}: {}", user.image, words.join("; ")),
        )
    });
    let open = open.iter().map(|open| (open.to_string(), open.to_string()));
    of_user.chain(open).collect()
}

fn gist(reason: &Reason) -> String {
    match reason {
        Reason::TooOld { .. } => "too old".to_owned(),
        other => other.to_string(),
    }
}

/// What is to be told, and what the next look is held against.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    /// In words.
    pub new: Vec<String>,
    /// What is known to be refused.
    pub known: BTreeSet<String>,
}

/// What is new. `is_whole`: everything could be looked at; else what was refused before may be still.
pub fn news(before: &BTreeSet<String>, now: &Refusals, is_whole: bool) -> News {
    let new = now.iter().filter(|(key, _)| !before.contains(*key));
    let mut known: BTreeSet<String> = now.keys().cloned().collect();
    if !is_whole {
        known.extend(before.iter().cloned());
    }
    News {
        new: new.map(|(_, words)| words.clone()).collect(),
        known,
    }
}

#[cfg(test)]
mod tests {
    use goldsmith_core::fleet::User;
    use goldsmith_core::image::ImageState;

    use super::*;

    fn verdict(id: &str, by: Option<&str>, reasons: &[Reason]) -> Verdict {
        Verdict {
            user: User {
                account: "111122223333".to_owned(),
                region: "eu-north-1".to_owned(),
                kind: UserKind::Instance {
                    by: by.map(str::to_owned),
                },
                id: id.to_owned(),
                name: String::new(),
                image: "ami-1".to_owned(),
            },
            image: None,
            reasons: reasons.to_vec(),
            fix: None,
        }
    }

    /// Looks that follow each other, and what is told after each.
    fn told(looks: &[(&[Verdict], bool)]) -> Vec<Vec<String>> {
        let mut before = BTreeSet::new();
        let mut told = Vec::new();
        for (verdicts, is_whole) in looks {
            let news = news(&before, &refusals(verdicts, &[]), *is_whole);
            before = news.known;
            told.push(news.new);
        }
        told
    }

    #[test]
    fn the_same_is_told_once() {
        let old = |days| Reason::TooOld { days, most: 30 };
        let told = told(&[
            (&[verdict("i-1", Some("asg/web"), &[old(31)])], true),
            (&[verdict("i-2", Some("asg/web"), &[old(32)])], true),
            (&[verdict("i-2", Some("asg/web"), &[Reason::Unknown])], true),
            (&[verdict("i-3", None, &[Reason::Deprecated])], true),
            (&[verdict("i-2", Some("asg/web"), &[Reason::Unknown])], true),
        ]);
        assert_eq!(
            told,
            [
                vec![
                    "instance i-1 in eu-north-1 (111122223333) on ami-1: its image is 31 days old, 30 are allowed"
                ],
                vec![],
                vec![
                    "instance i-2 in eu-north-1 (111122223333) on ami-1: its image is none of the catalog's"
                ],
                vec![],
                vec![
                    "instance i-2 in eu-north-1 (111122223333) on ami-1: its image is none of the catalog's"
                ],
            ]
        );
    }

    /// What could not be looked at has not got better.
    #[test]
    fn what_was_not_seen_is_not_forgotten() {
        let revoked = [verdict("i-1", None, &[Reason::State(ImageState::Revoked)])];
        let told = told(&[(&revoked, true), (&[], false), (&revoked, true)]);
        assert_eq!(told.iter().map(Vec::len).collect::<Vec<_>>(), [1, 0, 0]);
    }

    #[test]
    fn what_is_open() {
        let open = Open {
            account: "111122223333".to_owned(),
            region: "eu-north-1".to_owned(),
            what: "images",
        };
        let refused = refusals(&[], &[open]);
        let words = "images of 111122223333 may be made public in eu-north-1";
        assert_eq!(refused[words], words);
    }
}
