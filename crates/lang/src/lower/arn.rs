//! Names of AWS's things as they are written: ARNs, accounts, regions.

/// Whether a text is the ARN of something of a service: `arn:aws:sns:eu-north-1:111122223333:gold`.
/// `is_regional`: it has a region; else it has none. `is_resource` says of what follows the account
/// whether it is right.
pub(super) fn is_arn(
    text: &str,
    service: &str,
    is_regional: bool,
    is_resource: impl Fn(&str) -> bool,
) -> bool {
    let mut parts = text.splitn(6, ':');
    let mut next = || parts.next().unwrap_or_default();
    let (arn, partition, of, region, account, resource) =
        (next(), next(), next(), next(), next(), next());
    let is_place = if is_regional {
        is_region(region)
    } else {
        region.is_empty()
    };
    arn == "arn"
        && is_partition(partition)
        && of == service
        && is_place
        && is_account(account)
        && is_resource(resource)
}

/// Whether a text is the ARN of a role: `arn:aws:iam::111122223333:role/audit`.
pub(super) fn is_role(text: &str) -> bool {
    is_arn(text, "iam", false, |resource| {
        let name = resource.strip_prefix("role/");
        name.is_some_and(|name| !name.is_empty())
    })
}

/// `aws`, `aws-cn`, `aws-us-gov`.
fn is_partition(text: &str) -> bool {
    let rest = text.strip_prefix("aws");
    rest.is_some_and(|rest| {
        rest.is_empty()
            || rest.strip_prefix('-').is_some_and(|rest| {
                !rest.is_empty() && rest.chars().all(|c| c.is_ascii_lowercase() || c == '-')
            })
    })
}

/// Twelve digits.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// `eu-north-1`, `us-gov-west-1`: words, and a number.
pub(super) fn is_region(text: &str) -> bool {
    let Some((words, number)) = text.rsplit_once('-') else {
        return false;
    };
    let is_word = |word: &str| word.len() >= 2 && word.bytes().all(|b| b.is_ascii_lowercase());
    words.contains('-')
        && words.split('-').all(is_word)
        && (1..=2).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions() {
        for region in [
            "eu-north-1",
            "us-gov-west-1",
            "ap-southeast-5",
            "eusc-de-east-1",
            "us-iso-east-1",
        ] {
            assert!(is_region(region), "{region}");
        }
        for wrong in [
            "",
            "eu",
            "eu-north",
            "eu-north-1a",
            "EU-north-1",
            "eu--north-1",
            "north-1",
            "eu-north-123",
        ] {
            assert!(!is_region(wrong), "{wrong}");
        }
    }

    #[test]
    fn arns() {
        let topic = |text: &str| is_arn(text, "sns", true, |topic| topic == "gold");
        assert!(topic("arn:aws:sns:eu-north-1:111122223333:gold"));
        assert!(topic("arn:aws-us-gov:sns:us-gov-west-1:111122223333:gold"));
        for wrong in [
            "gold",
            "arn:aws:sns::111122223333:gold",
            "arn:aws:sqs:eu-north-1:111122223333:gold",
            "arn:aws:sns:eu-north-1:1111:gold",
            "arn:aws:sns:eu-north-1:111122223333:",
            "arn:azure:sns:eu-north-1:111122223333:gold",
            "arn:aws-:sns:eu-north-1:111122223333:gold",
        ] {
            assert!(!topic(wrong), "{wrong}");
        }
        assert!(is_arn(
            "arn:aws:iam::111122223333:role/a",
            "iam",
            false,
            |_| true
        ));
        assert!(!is_arn(
            "arn:aws:iam:eu-north-1:111122223333:role/a",
            "iam",
            false,
            |_| true
        ));
    }
}
