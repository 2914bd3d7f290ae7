//! AWS Config: JSON.

use super::{Operation, Place, Service, member};

/// Rules by name.
pub static DESCRIBE_CONFIG_RULES: Operation = Operation {
    service: Service::Config,
    name: "DescribeConfigRules",
    method: "POST",
    uri: "/",
    inputs: &[member("ConfigRuleNames", Place::Body)],
    outputs: &[
        member("ConfigRules.ConfigRuleName", Place::Body),
        member("ConfigRules.Description", Place::Body),
        member("ConfigRules.Scope.ComplianceResourceTypes", Place::Body),
        member("ConfigRules.Source.SourceIdentifier", Place::Body),
        member("ConfigRules.InputParameters", Place::Body),
    ],
};

/// Makes a rule, or changes it.
pub static PUT_CONFIG_RULE: Operation = Operation {
    service: Service::Config,
    name: "PutConfigRule",
    method: "POST",
    uri: "/",
    inputs: &[
        member("ConfigRule.ConfigRuleName", Place::Body),
        member("ConfigRule.Description", Place::Body),
        member("ConfigRule.Scope.ComplianceResourceTypes", Place::Body),
        member("ConfigRule.Source.Owner", Place::Body),
        member("ConfigRule.Source.SourceIdentifier", Place::Body),
        member("ConfigRule.InputParameters", Place::Body),
    ],
    outputs: &[],
};

/// All of them.
pub(super) static OPERATIONS: &[&Operation] = &[&DESCRIBE_CONFIG_RULES, &PUT_CONFIG_RULE];
