//! What a server that speaks like AWS must do, in the words of boto3: it is somebody else's client,
//! and reads answers by the service models. The same cases are run on the fake and on moto; those
//! that moto cannot judge are named with the reason, and must fail there.

use std::collections::BTreeMap;

/// The cases: functions of Python whose names begin with `case_`.
const CASES: &[&str] = &[
    include_str!("aws/blocks.py"),
    include_str!("aws/images.py"),
    include_str!("aws/shares.py"),
    include_str!("aws/templates.py"),
    include_str!("aws/parameters.py"),
    include_str!("aws/instances.py"),
    include_str!("aws/scaling.py"),
    include_str!("aws/surroundings.py"),
];

/// Which of the cases are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// All of them.
    All,
    /// Those that moto can judge.
    Judged,
    /// Those that it cannot.
    Beyond,
}

/// The script that runs cases and prints what became of each, for [`results`].
pub fn script(chosen: Chosen) -> String {
    let beyond: Vec<&str> = BEYOND_MOTO.iter().map(|(name, _)| *name).collect();
    let is_beyond = match chosen {
        Chosen::All => "None",
        Chosen::Judged => "False",
        Chosen::Beyond => "True",
    };
    let choice = format!("BEYOND = {beyond:?}\nIS_BEYOND = {is_beyond}\n");
    let begin = [include_str!("aws/begin.py"), choice.as_str()].into_iter();
    let parts = begin.chain(CASES.iter().copied());
    parts.chain([include_str!("aws/end.py")]).collect()
}

/// What became of each case: nothing, or how it failed.
///
/// # Panics
///
/// When the text is not what the script prints.
pub fn results(printed: &str) -> BTreeMap<String, Option<String>> {
    serde_json::from_str(printed).expect("the script prints JSON")
}

/// Cases that moto, also behind the layer that corrects it, cannot judge, and why.
pub const BEYOND_MOTO: &[(&str, &str)] = &[
    (
        "case_a_wrong_count_or_digest_fails_the_snapshot",
        "neither the count nor the digest is looked at",
    ),
    (
        "case_a_child_has_its_parents_blocks_and_its_own",
        "there are no parents",
    ),
    ("case_a_parent_must_be_there", "there are no parents"),
    (
        "case_a_token_is_of_one_block",
        "tokens of blocks are not looked at",
    ),
    (
        "case_what_is_not_complete_cannot_be_read",
        "open snapshots are listed",
    ),
    (
        "case_a_token_begins_one_snapshot",
        "client tokens are not honoured",
    ),
    (
        "case_blocks_are_listed_in_pages",
        "lists of blocks have no pages",
    ),
    (
        "case_an_encrypted_start_is_by_a_key",
        "encryption is not kept",
    ),
    (
        "case_what_does_not_go_together_is_refused",
        "nothing is checked against the rest",
    ),
    (
        "case_what_was_deregistered_cannot_be_described",
        "it is listed as nothing",
    ),
    (
        "case_a_filter_that_does_not_exist_is_refused",
        "it is an error of the server",
    ),
    (
        "case_images_are_listed_in_pages",
        "lists of images have no pages",
    ),
    (
        "case_a_disabled_image_is_not_listed_unasked",
        "disabled images are listed",
    ),
    ("case_a_protected_image_stays", "there is no protection"),
    (
        "case_others_see_what_is_shared",
        "what is shared is not seen",
    ),
    (
        "case_what_is_encrypted_by_the_default_key_is_not_shared",
        "keys are not looked at",
    ),
    ("case_a_copy_has_the_bytes", "copies have no blocks"),
    (
        "case_a_copy_needs_the_snapshot_shared_too",
        "snapshots are not looked at",
    ),
    (
        "case_a_copy_with_a_key_that_is_not_there_fails",
        "keys are not looked at",
    ),
    ("case_a_token_copies_once", "client tokens are not honoured"),
    (
        "case_a_template_that_was_deleted_is_not_found",
        "it is listed as nothing",
    ),
    (
        "case_the_default_version_is_not_deleted",
        "it is an error of the server",
    ),
    (
        "case_a_snapshot_is_shared_in_the_other_form",
        "that form is not read",
    ),
    (
        "case_an_image_is_made_of_all_volumes",
        "volumes of the image are left out where others are asked for",
    ),
    (
        "case_a_version_of_another_has_the_rest_of_it",
        "versions are not made of others",
    ),
    (
        "case_a_token_makes_one_version",
        "client tokens are not honoured",
    ),
    (
        "case_what_cannot_be_launched_is_refused",
        "most of it is launched",
    ),
    (
        "case_only_what_runs_is_stopped",
        "what has ended is stopped too",
    ),
    (
        "case_a_group_in_use_is_not_deleted",
        "groups in use are deleted",
    ),
    ("case_a_launch_is_remembered", "launches are forgotten"),
    (
        "case_an_image_may_be_named_by_a_parameter",
        "parameters are not resolved",
    ),
    (
        "case_who_names_an_image_is_found",
        "it is an error of the server",
    ),
    (
        "case_snapshots_of_a_volume_have_its_blocks",
        "blocks are known of snapshots of EBS direct only",
    ),
    (
        "case_only_allowed_images_are_seen",
        "it is an error of the server",
    ),
    (
        "case_new_snapshots_are_encrypted_by_default_where_asked",
        "encryption of blocks is not kept",
    ),
    (
        "case_instances_are_shown_with_their_images",
        "it is an error of the server",
    ),
    (
        "case_fast_restores_are_listed",
        "it is an error of the server",
    ),
    (
        "case_an_image_parameter_of_no_image_never_comes",
        "values are not looked at",
    ),
    (
        "case_images_are_not_made_public_where_that_is_blocked",
        "it is an error of the server",
    ),
    (
        "case_snapshots_are_not_made_public_where_that_is_blocked",
        "it is an error of the server",
    ),
    ("case_images_are_marked", "it is an error of the server"),
    (
        "case_what_was_shared_is_no_longer",
        "it is an error of the server",
    ),
    (
        "case_the_key_of_volumes_is_known",
        "the key is one of the customer",
    ),
    ("case_snapshots_are_copied", "copies are not encrypted"),
    (
        "case_a_rule_of_config_is_put_and_changed",
        "a rule that is not there is no error",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{Fake, Options};
    use crate::moto::{self, Moto};

    /// What failed, with how it did.
    fn failures(results: BTreeMap<String, Option<String>>) -> Vec<String> {
        let failed = results.into_iter();
        failed
            .filter_map(|(name, error)| Some(format!("{name}: {}", error?)))
            .collect()
    }

    #[test]
    fn the_fake_does_what_aws_does() {
        let fake = Fake::start(Options::default());
        let results = results(&fake.boto(&script(Chosen::All)));
        assert!(results.len() > BEYOND_MOTO.len());
        let failed = failures(results);
        assert!(failed.is_empty(), "{}", failed.join("\n"));
        // What nobody has asked for is held to no model. Commands and sessions have tests of their
        // own.
        let commands = [
            "DescribeInstanceInformation",
            "GetCommandInvocation",
            "ResumeSession",
            "SendCommand",
            "StartSession",
            "TerminateSession",
        ];
        let log = fake.log();
        let unasked = Fake::operations().filter(|name| {
            !commands.contains(name) && log.iter().all(|logged| logged.action != *name)
        });
        assert_eq!(unasked.collect::<Vec<_>>(), Vec::<&str>::new());
    }

    #[test]
    fn moto_says_the_same_where_it_can_judge() {
        let moto = Moto::corrected().forgiven();
        let judged = results(&moto::boto(&moto.url(), &script(Chosen::Judged)));
        let failed = failures(judged);
        assert!(failed.is_empty(), "{}", failed.join("\n"));
        // Answered as an error of the server, which a client takes for one that passes.
        let log = moto.log();
        let traces = log.lines().filter(|line| !line.contains("HTTP/1.1"));
        assert!(
            !log.contains("NotImplementedError"),
            "{}",
            traces.collect::<Vec<_>>().join("\n")
        );

        let mut beyond = results(&moto::boto(&moto.url(), &script(Chosen::Beyond)));
        for (name, why) in BEYOND_MOTO {
            match beyond.remove(*name) {
                Some(Some(_)) => println!("moto cannot judge {name}: {why}"),
                Some(None) => panic!("moto can judge {name} by now"),
                None => panic!("there is no case {name}"),
            }
        }
    }
}
