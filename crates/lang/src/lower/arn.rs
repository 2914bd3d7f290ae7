//! Names of AWS's things as they are written: ARNs, accounts, regions, identifiers, keys.

/// What is said of a text that is no key.
pub(super) const NO_KEY: &str = "is not a key such as `alias/golden`, an identifier or an ARN";
/// What is said of a text that is no role.
pub(super) const NO_ROLE: &str = "is not a role such as `arn:aws:iam::111122223333:role/images`";

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

/// The identifier of a thing of EC2, of which `prefix` says what it is: `ami-0123456789abcdef0`.
pub(super) fn is_ec2_id(text: &str, prefix: &str) -> bool {
    let rest = text.strip_prefix(prefix);
    rest.and_then(|rest| rest.strip_prefix('-'))
        .is_some_and(|rest| {
            let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            matches!(rest.len(), 8 | 17) && rest.bytes().all(is_digit)
        })
}

/// An alias, the identifier of a key, or the ARN of one of them.
pub(super) fn is_key(text: &str) -> bool {
    let is_resource =
        |text: &str| is_alias(text) || text.strip_prefix("key/").is_some_and(is_key_id);
    is_alias(text) || is_key_id(text) || is_arn(text, "kms", true, is_resource)
}

fn is_alias(text: &str) -> bool {
    text.strip_prefix("alias/").is_some_and(|name| {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || "/_-".contains(c);
        !name.is_empty() && name.chars().all(is_letter)
    })
}

fn is_key_id(text: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    if let Some(rest) = text.strip_prefix("mrk-") {
        return rest.len() == 32 && is_hex(rest);
    }
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.into_iter().all(is_hex)
}

/// The region of an ARN.
pub(super) fn key_region(key: &str) -> Option<&str> {
    key.strip_prefix("arn:")?.split(':').nth(2)
}

/// Whether a key is in one region only: an alias may be in all, and a multi-region key is.
pub(super) fn is_key_of_one_region(key: &str) -> bool {
    !key.starts_with("alias/") && !key.starts_with("mrk-")
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

    #[test]
    fn keys() {
        let key = "1234abcd-12ab-34cd-56ef-1234567890ab";
        let of_key = format!("arn:aws:kms:eu-north-1:111122223333:key/{key}");
        for right in [
            "alias/golden",
            "alias/aws/ebs",
            key,
            "mrk-1234abcd12ab34cd56ef1234567890ab",
            &of_key,
        ] {
            assert!(is_key(right), "{right}");
        }
        for wrong in [
            "",
            "golden",
            "alias/",
            "mrk-12",
            "1234abcd",
            "arn:aws:kms::111122223333:key/x",
        ] {
            assert!(!is_key(wrong), "{wrong}");
        }
        assert_eq!(key_region(&of_key), Some("eu-north-1"));
        assert!(is_key_of_one_region(&of_key) && is_key_of_one_region(key));
        assert!(!is_key_of_one_region("alias/golden"));
    }

    #[test]
    fn identifiers() {
        for right in ["ami-0123456789abcdef0", "ami-0abcd123"] {
            assert!(is_ec2_id(right, "ami"), "{right}");
        }
        for wrong in [
            "",
            "ami",
            "ami-",
            "ami-0123",
            "ami-0123456789ABCDEF0",
            "lt-0123456789abcdef0",
            "ami0123456789abcdef0",
        ] {
            assert!(!is_ec2_id(wrong, "ami"), "{wrong}");
        }
    }
}
