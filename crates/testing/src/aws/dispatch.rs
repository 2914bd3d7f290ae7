//! From a call to its answer: who calls, whether the model allows it, whether it was made
//! before, what it does.

use serde_json::Value;

use super::decode::Call;
use super::encode::{Answer, encode};
use super::input::Input;
use super::model::{Protocol, Service};
use super::refusal::Refusal;
use super::world::{ACCOUNT, Caller, Logged, World};
use super::{
    auto_scaling, block, check, command, config_rule, encryption, fast_restore, image, instance,
    instance_type, key, key_pair, launch_template, network, parameter, reference, role,
    security_group, session, snapshot, tag, throttle, token, volume,
};

/// What an operation does.
pub(super) type Handler = fn(&mut Caller<'_>, Input<'_>) -> Result<Value, Refusal>;

/// The operations of a resource.
pub(super) type Actions = &'static [(&'static str, Handler)];

/// The operations that the fake has.
const ACTIONS: &[(Service, Actions)] = &[
    (Service::AutoScaling, auto_scaling::ACTIONS),
    (Service::Config, config_rule::ACTIONS),
    (Service::Ebs, block::ACTIONS),
    (Service::Ec2, encryption::ACTIONS),
    (Service::Ec2, fast_restore::ACTIONS),
    (Service::Ec2, image::ACTIONS),
    (Service::Ec2, image::allowed::ACTIONS),
    (Service::Ec2, image::attribute::ACTIONS),
    (Service::Ec2, image::copy::ACTIONS),
    (Service::Ec2, image::life::ACTIONS),
    (Service::Ec2, image::watermark::ACTIONS),
    (Service::Ec2, instance::ACTIONS),
    (Service::Ec2, instance_type::ACTIONS),
    (Service::Ec2, key_pair::ACTIONS),
    (Service::Ec2, launch_template::ACTIONS),
    (Service::Ec2, launch_template::version::ACTIONS),
    (Service::Ec2, network::ACTIONS),
    (Service::Ec2, reference::ACTIONS),
    (Service::Ec2, security_group::ACTIONS),
    (Service::Ec2, snapshot::ACTIONS),
    (Service::Ec2, snapshot::attribute::ACTIONS),
    (Service::Ec2, snapshot::public::ACTIONS),
    (Service::Ec2, tag::ACTIONS),
    (Service::Ec2, volume::ACTIONS),
    (Service::Kms, key::ACTIONS),
    (Service::Ssm, command::ACTIONS),
    (Service::Ssm, parameter::ACTIONS),
    (Service::Ssm, session::ACTIONS),
    (Service::Sts, role::ACTIONS),
];

/// Their names.
pub(super) fn operations() -> impl Iterator<Item = &'static str> {
    let all = ACTIONS.iter().flat_map(|(_, actions)| *actions);
    all.map(|(name, _)| *name)
}

fn handler(service: Service, operation: &str) -> Option<Handler> {
    let of_service = ACTIONS.iter().filter(|(of, _)| *of == service);
    let mut actions = of_service.flat_map(|(_, actions)| *actions);
    let (_, handler) = actions.find(|(name, _)| *name == operation)?;
    Some(*handler)
}

/// Answers a call.
pub(super) fn answer(world: &mut World, call: &Call) -> Answer {
    world.tick();
    let request_id = format!("request-{}", world.log.len() + 1);
    let who = role::who(world, call);
    let (account, arn) = who.clone().unwrap_or_else(|_| (ACCOUNT.to_owned(), None));
    let mut logged = Logged {
        action: call.operation.clone(),
        account: account.clone(),
        region: call.region.clone(),
        error: None,
        input: call.input.to_string(),
    };
    let mut caller = Caller {
        world,
        account,
        region: call.region.clone(),
        arn,
        payload: Vec::new(),
    };
    let result = who.and_then(|_| run(&mut caller, call));
    let payload = std::mem::take(&mut caller.payload);
    let operation = call.service.model().operation(&call.operation);
    let answer = match (result, operation) {
        (Ok(value), Some(operation)) => {
            let encoded = encode(call.service, operation, &value, payload, &request_id);
            encoded.map_err(|error| {
                let breach = format!("{}: the fake's own answer: {error}", call.operation);
                world.breaches.push(breach);
                Refusal::new("InternalError", error)
            })
        }
        (Ok(_), None) => Err(Refusal::new("InvalidAction", "There is no such operation")),
        (Err(refusal), _) => Err(refusal),
    };
    let answer = answer.unwrap_or_else(|refusal| {
        logged.error = Some(refusal.code.clone());
        let mut answer = Answer {
            status: refusal.status(call.service),
            headers: Vec::new(),
            body: refusal.body(call.service, &request_id).into_bytes(),
        };
        answer.header("x-amzn-ErrorType", &refusal.code);
        answer.header("x-amzn-RequestId", &request_id);
        answer
    });
    world.log.push(logged);
    answer
}

/// Does what an account asks for, without the wire.
pub(super) fn ask(
    world: &mut World,
    (account, region): (&str, &str),
    name: &str,
    input: &Value,
) -> Result<Value, Refusal> {
    let known = ACTIONS.iter().find_map(|(service, actions)| {
        let (_, handler) = actions.iter().find(|(known, _)| *known == name)?;
        Some((*service, *handler))
    });
    let missing = || Refusal::new("InvalidAction", format!("there is no {name}"));
    let (service, handler) = known.ok_or_else(missing)?;
    let operation = service.model().operation(name);
    if let Some(shape) = operation.and_then(super::model::Operation::input) {
        let problems = check::check(service.model().protocol, shape, input);
        if let Some(problem) = problems.into_iter().next() {
            return Err(problem);
        }
    }
    let mut caller = Caller {
        world,
        account: account.to_owned(),
        region: region.to_owned(),
        arn: None,
        payload: Vec::new(),
    };
    let input = Input {
        value: input,
        payload: None,
    };
    handler(&mut caller, input)
}

fn run(caller: &mut Caller<'_>, call: &Call) -> Result<Value, Refusal> {
    let name = call.operation.as_str();
    throttle::take(caller.world, &caller.account, &caller.region, call.service)?;
    let who = (caller.account.clone(), name.to_owned());
    if caller.world.denied.contains(&who) {
        let message = format!("{} may not call {name}", caller.account);
        let code = match call.service.model().protocol {
            Protocol::Ec2 => "UnauthorizedOperation",
            Protocol::Query => "AccessDenied",
            Protocol::Json | Protocol::RestJson => "AccessDeniedException",
        };
        return Err(Refusal::new(code, message));
    }

    let mut problems = call.problems.clone();
    let operation = call.service.model().operation(name);
    if let Some(shape) = operation.and_then(super::model::Operation::input) {
        let protocol = call.service.model().protocol;
        problems.append(&mut check::check(protocol, shape, &call.input));
    }
    for problem in &problems {
        let breach = format!("{name}: {}: {}", problem.code, problem.message);
        caller.world.breaches.push(breach);
    }
    if let Some(problem) = problems.into_iter().next() {
        return Err(problem);
    }
    let Some(handler) = handler(call.service, name) else {
        let message = format!("The fake does not have the operation {name}");
        caller.world.breaches.push(message.clone());
        return Err(Refusal::new("InvalidAction", message));
    };
    if call.input["DryRun"] == true {
        let message = "Request would have succeeded, but DryRun flag is set.";
        return Err(Refusal::new("DryRunOperation", message));
    }
    if let Some(answer) = token::earlier(caller, name, &call.input)? {
        return Ok(answer);
    }
    let input = Input {
        value: &call.input,
        payload: call.payload.as_ref(),
    };
    let answer = handler(caller, input)?;
    token::keep(caller, name, &call.input, &answer);
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_one_of_the_model() {
        for (service, actions) in ACTIONS {
            for (name, _) in *actions {
                assert!(service.model().operation(name).is_some(), "{name}");
            }
        }
    }
}
