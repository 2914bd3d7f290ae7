//! Rules of AWS Config, as they are put and listed. Nothing is evaluated.

use serde_json::{Value, json};

use super::dispatch::Actions;
use super::input::Input;
use super::refusal::Refusal;
use super::world::Caller;

pub(super) const ACTIONS: Actions = &[
    ("DeleteConfigRule", delete),
    ("DescribeConfigRules", describe),
    ("PutConfigRule", put),
];

/// Managed rules that the fake knows.
const MANAGED: [&str; 2] = ["APPROVED_AMIS_BY_ID", "APPROVED_AMIS_BY_TAG"];

fn missing(name: &str) -> Refusal {
    let message = format!("The ConfigRule '{name}' provided in the request is invalid.");
    Refusal::new("NoSuchConfigRuleException", message)
}

fn wrong(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterValueException", message)
}

fn put(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let rule = input.part("ConfigRule");
    let name = rule
        .text("ConfigRuleName")
        .ok_or_else(|| wrong("A new rule needs a name"))?;
    let source = rule.part("Source");
    let identifier = source.text("SourceIdentifier").unwrap_or_default();
    if source.text("Owner") != Some("AWS") || !MANAGED.contains(&identifier) {
        let message = format!("The sourceIdentifier {identifier} is invalid.");
        return Err(wrong(message));
    }
    if let Some(text) = rule.text("InputParameters")
        && !serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object())
    {
        return Err(wrong("InputParameters is no object of JSON"));
    }
    let (region, account) = (caller.region.clone(), caller.account.clone());
    let rules = &mut caller.place().config_rules;
    let number = rules.len() + 1;
    let id = match rules.get(name) {
        Some(known) => known["ConfigRuleId"].clone(),
        None => format!("config-rule-{number:06}").into(),
    };
    let mut kept = rule.value.clone();
    kept["ConfigRuleArn"] = format!(
        "arn:aws:config:{region}:{account}:config-rule/{}",
        id.as_str().unwrap_or_default()
    )
    .into();
    kept["ConfigRuleId"] = id;
    kept["ConfigRuleState"] = "ACTIVE".into();
    rules.insert(name.to_owned(), kept);
    Ok(json!({}))
}

fn describe(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let names = input.texts("ConfigRuleNames");
    let rules = &caller.place().config_rules;
    if let Some(name) = names.iter().find(|name| !rules.contains_key(**name)) {
        return Err(missing(name));
    }
    let found = rules.iter();
    let found = found.filter(|(name, _)| names.is_empty() || names.contains(&name.as_str()));
    let found: Vec<Value> = found.map(|(_, rule)| rule.clone()).collect();
    Ok(json!({ "ConfigRules": found }))
}

fn delete(caller: &mut Caller<'_>, input: Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("ConfigRuleName");
    let gone = caller.place().config_rules.remove(name);
    gone.map(|_| json!({})).ok_or_else(|| missing(name))
}
