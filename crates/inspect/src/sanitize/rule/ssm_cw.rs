//! `ssm-cw`: no registration or state of Amazon's agents.

use super::{Action, Family, Found, Rule, Search, Severity, ViewError, delete};

pub(super) static RULE: Rule = Rule {
    id: "ssm-cw",
    summary: "no registration and state of Amazon's agents",
    families: &[Family::All],
    actions: &[Action::Delete, Action::Check],
    references: &["ec2-image-builder", "goldsmith"],
    paths: &[
        delete("/var/lib/amazon/ssm/*"),
        delete("/var/log/amazon/**"),
        delete(
            "/opt/aws/amazon-cloudwatch-agent/{etc/amazon-cloudwatch-agent.toml,logs/**,var/**}",
        ),
        delete("/opt/codedeploy-agent/{deployment-root/*,state/*}"),
        delete("/opt/aws/awsagent/{etc/agent-id,.agent-id}"),
        delete("/var/lib/ecs/data/**"),
    ],
    code: Some(find),
};

fn find(search: &Search<'_>, found: &mut Found) -> Result<(), ViewError> {
    for (node, text) in search.snapshot.foreign_texts("/etc/ecs/ecs.config")? {
        if text.contains("ECS_ENGINE_AUTH_DATA=") {
            found.report(
                Severity::Fail,
                &node.path,
                Some("ECS_ENGINE_AUTH_DATA"),
                "credentials of a container registry",
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::sanitize::testing::{check, check_report};

    #[test]
    fn removes() {
        check(
            &super::RULE,
            &[
                ("/var/lib/amazon/ssm/registration", "x"),
                ("/opt/aws/amazon-cloudwatch-agent/logs/a.log", "x"),
                ("/var/lib/ecs/data/agent.db", "x"),
            ],
            &[("/etc/ecs/ecs.config", "ECS_CLUSTER=a\n")],
        );
    }

    #[test]
    fn names_credentials() {
        check_report(
            &super::RULE,
            &[("/etc/ecs/ecs.config", "ECS_ENGINE_AUTH_DATA={}\n")],
            &[],
        );
    }
}
