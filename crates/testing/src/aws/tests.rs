use super::*;

/// Python that makes an image of a snapshot of one block.
const IMAGE: &str = r"
import base64, hashlib
ONCE = {'retries': {'total_max_attempts': 1}}
ec2, ebs, ssm, sts = [Later(name, **ONCE) for name in ['ec2', 'ebs', 'ssm', 'sts']]
def code(call, **input):
    try:
        call(**input)
    except ClientError as error:
        return error.response['Error']['Code']
def patient(call, **input):
    for _ in range(100):
        try:
            return call(**input)
        except ClientError as error:
            last = error
    raise last
def snapshot():
    data = b'a' * 524288
    id = ebs.start_snapshot(VolumeSize=1, Tags=[{'Key': 'made', 'Value': 'by-us'}])['SnapshotId']
    ebs.put_snapshot_block(SnapshotId=id, BlockIndex=0, BlockData=data, DataLength=524288, ChecksumAlgorithm='SHA256',
                           Checksum=base64.b64encode(hashlib.sha256(data).digest()).decode())
    ebs.complete_snapshot(SnapshotId=id, ChangedBlocksCount=1)
    return id
def image(name):
    mapping = [{'DeviceName': '/dev/xvda', 'Ebs': {'SnapshotId': snapshot()}}]
    return patient(ec2.register_image, Name=name, Architecture='x86_64', RootDeviceName='/dev/xvda', BlockDeviceMappings=mapping)['ImageId']
";

fn run(fake: &Fake, script: &str) -> String {
    let printed = fake.boto(&format!("{IMAGE}{script}"));
    printed.trim_end().to_owned()
}

#[test]
fn what_is_not_of_the_model_fails_the_test() {
    let fake = Fake::start(Options::default());
    let script = r"
import urllib.request, urllib.error
def ask(path, body, **headers):
    try:
        urllib.request.urlopen(urllib.request.Request(os.environ['ENDPOINT'] + path, body.encode(), headers))
    except urllib.error.HTTPError as error:
        print(error.code, error.read().decode())
ask('/', 'Action=MakeImage&Version=2016-11-15')
ask('/', 'Action=RegisterImage&Version=2016-11-15&Name=web&Colour=red')
ask('/', 'Action=DeleteSnapshot&Version=2016-11-15')
ask('/snapshots', '{\x22VolumeSize\x22: 1, \x22Colour\x22: 1}')
ask('/', '{}', **{'X-Amz-Target': 'AmazonSSM.PutParameter'})
print(code(client('ec2', parameter_validation=False, **ONCE).register_image, Name='w'))
";
    let printed = run(&fake, script);
    let refused = printed.lines().filter(|line| line.starts_with("400 "));
    assert_eq!(refused.count(), 5, "{printed}");
    assert!(printed.ends_with("\nInvalidParameterValue"), "{printed}");
    let breaches = fake.take_breaches();
    let expected = [
        "MakeImage: InvalidAction",
        "RegisterImage: UnknownParameter: The parameter Colour",
        "DeleteSnapshot: MissingParameter: The request must contain the parameter SnapshotId",
        "StartSnapshot: ValidationException",
        "PutParameter: ValidationException",
        "PutParameter: ValidationException",
        "RegisterImage: InvalidParameterValue: Value (1) for parameter Name",
    ];
    assert_eq!(breaches.len(), expected.len(), "{breaches:#?}");
    for (breach, expected) in breaches.iter().zip(expected) {
        assert!(breach.starts_with(expected), "{breach}");
    }

    run(
        &fake,
        "code(client('ec2', parameter_validation=False, **ONCE).register_image, Name='w')",
    );
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(fake)));
    assert!(dropped.is_err());
}

#[test]
fn what_has_become_of_things_is_late_by_the_seed() {
    let look = r"
id = image('late')
seen = [code(ec2.describe_images, ImageIds=[id]) for _ in range(12)]
snapshot = ec2.describe_images(ImageIds=[id])['Images'][0]['BlockDeviceMappings'][0]['Ebs']['SnapshotId']
ec2.deregister_image(ImageId=id)
print(id, [code(ec2.delete_snapshot, SnapshotId=snapshot) for _ in range(12)], seen)
";
    let with = |seed| {
        let fake = Fake::start(Options {
            late: 9,
            seed,
            ..Options::default()
        });
        run(&fake, look)
    };
    let first = with(3);
    assert!(first.contains("InvalidAMIID.NotFound"), "{first}");
    assert!(
        first.contains("'InvalidSnapshot.InUse', None, 'InvalidSnapshot.NotFound'"),
        "{first}"
    );
    assert!(first.ends_with("None]"), "{first}");
    assert_eq!(first, with(3));
}

#[test]
fn pages_are_as_small_as_the_test_says() {
    let fake = Fake::start(Options {
        page: Some(2),
        ..Options::default()
    });
    let printed = run(
        &fake,
        "for n in range(5): snapshot()\nprint([len(p['Snapshots']) for p in ec2.get_paginator('describe_snapshots').paginate()])",
    );
    assert_eq!(printed, "[2, 2, 1]");
}

#[test]
fn too_many_calls_are_refused_as_each_service_does() {
    let fake = Fake::start(Options {
        rate: Some(Rate {
            burst: 2,
            per_second: 1,
        }),
        milliseconds_per_call: 100,
        ..Options::default()
    });
    let script = r"
print([code(ec2.describe_images) for _ in range(4)])
print([code(ssm.get_parameter, Name='/a') for _ in range(3)])
print([code(ebs.list_snapshot_blocks, SnapshotId='snap-0a') for _ in range(3)])
print([code(sts.get_caller_identity) for _ in range(3)])
";
    let expected = "[None, None, 'RequestLimitExceeded', 'RequestLimitExceeded']
['ParameterNotFound', 'ParameterNotFound', 'ThrottlingException']
['ResourceNotFoundException', 'ResourceNotFoundException', 'RequestThrottledException']
[None, None, 'Throttling']";
    assert_eq!(run(&fake, script), expected);
    fake.advance(2);
    assert_eq!(run(&fake, "print(code(ec2.describe_images))"), "None");
}

#[test]
fn sessions_end_and_roles_ask_for_their_word() {
    let fake = Fake::start(Options::default());
    fake.role("arn:aws:iam::444455556666:role/golden", Some("word"));
    let script = r"
role = dict(RoleArn='arn:aws:iam::444455556666:role/golden', RoleSessionName='test')
print(code(sts.assume_role, **role), code(sts.assume_role, **{**role, 'ExternalId': 'other'}))
print(code(sts.assume_role, RoleArn='arn:aws:iam::444455556666:role/none', RoleSessionName='test'))
keys = sts.assume_role(**role, ExternalId='word')['Credentials']
theirs = client('sts', key=keys['AccessKeyId'], secret=keys['SecretAccessKey'], token='other', **ONCE)
print(code(theirs.get_caller_identity))
theirs = client('sts', key=keys['AccessKeyId'], secret=keys['SecretAccessKey'], token=keys['SessionToken'], **ONCE)
print(theirs.get_caller_identity()['Account'])
short = sts.assume_role(**role, ExternalId='word', DurationSeconds=900)['Credentials']
theirs = client('sts', key=short['AccessKeyId'], secret=short['SecretAccessKey'], token=short['SessionToken'], **ONCE)
for _ in range(2000): last = code(theirs.get_caller_identity)
print(last)
";
    let expected =
        "AccessDenied AccessDenied\nAccessDenied\nInvalidClientTokenId\n444455556666\nExpiredToken";
    assert_eq!(run(&fake, script), expected);
}

#[test]
fn what_is_shared_with_an_organization_is_for_its_accounts() {
    let fake = Fake::start(Options::default());
    let organization = "arn:aws:organizations::111122223333:organization/o-1";
    let unit = "arn:aws:organizations::111122223333:ou/o-1/ou-1-1";
    fake.organization(
        organization,
        &[(unit, &["444455556666"]), ("arn:other", &["777788889999"])],
    );
    fake.login("theirs", "444455556666");
    fake.login("others", "777788889999");
    let script = format!(
        r"
id = image('shared')
theirs, others = client('ec2', key='theirs', **ONCE), client('ec2', key='others', **ONCE)
look = lambda: [code(c.describe_images, ImageIds=[id]) for c in (theirs, others)]
print(look())
ec2.modify_image_attribute(ImageId=id, OperationType='add', OrganizationalUnitArns=['{unit}'])
print(look())
ec2.modify_image_attribute(ImageId=id, OperationType='add', OrganizationArns=['{organization}'])
print(look())
"
    );
    let expected = "['InvalidAMIID.NotFound', 'InvalidAMIID.NotFound']\n[None, 'InvalidAMIID.NotFound']\n[None, None]";
    assert_eq!(run(&fake, &script), expected);
}

#[test]
fn what_is_there_is_counted() {
    let fake = Fake::start(Options::default());
    let image = run(&fake, "print(image('web'))");
    let image = format!("{ACCOUNT}/us-east-1/image/{image}");
    let left = fake.leftovers(std::slice::from_ref(&image));
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(
        left[0].starts_with("111122223333/us-east-1/snapshot/snap-0"),
        "{left:?}"
    );
    assert_eq!(
        fake.calls("RegisterImage"),
        fake.log()
            .iter()
            .filter(|logged| logged.action == "RegisterImage")
            .count()
    );
    assert!(fake.made_twice("made").is_empty());
    run(&fake, "snapshot()");
    let twice = fake.made_twice("made");
    assert_eq!(twice.len(), 1, "{twice:?}");
    assert_eq!(twice[0].0, format!("{ACCOUNT}/us-east-1/snapshot/by-us"));
    assert_eq!(twice[0].1.len(), 2, "{twice:?}");
}

#[test]
fn a_snapshot_that_nobody_goes_on_with_is_given_up() {
    let fake = Fake::start(Options::default());
    let id = run(
        &fake,
        "print(ebs.start_snapshot(VolumeSize=1, Timeout=10)['SnapshotId'])",
    );
    let look =
        format!("print(ec2.describe_snapshots(SnapshotIds=['{id}'])['Snapshots'][0]['State'])");
    assert_eq!(run(&fake, &look), "pending");
    fake.advance(11 * 60);
    assert_eq!(run(&fake, &look), "error");
}

#[test]
fn keys_are_known_by_their_names() {
    let fake = Fake::start(Options::default());
    let arn = fake.key(ACCOUNT, "us-east-1", "alias/golden");
    let script = r"
kms = client('kms', **ONCE)
print(kms.describe_key(KeyId='alias/golden')['KeyMetadata']['Arn'], code(kms.describe_key, KeyId='alias/none'))
id = image('web')
for _ in range(9): ec2.describe_images()
copy = ec2.copy_image(Name='copy', SourceImageId=id, SourceRegion='us-east-1', Encrypted=True, KmsKeyId='alias/golden')['ImageId']
snapshot = ec2.describe_images(ImageIds=[copy])['Images'][0]['BlockDeviceMappings'][0]['Ebs']['SnapshotId']
print(ec2.describe_snapshots(SnapshotIds=[snapshot])['Snapshots'][0]['KmsKeyId'])
print(code(ec2.modify_snapshot_attribute, SnapshotId=snapshot, CreateVolumePermission={'Add': [{'UserId': '444455556666'}]}))
";
    assert_eq!(
        run(&fake, script),
        format!("{arn} NotFoundException\n{arn}\nNone")
    );
}

#[test]
fn commands_do_what_the_test_says() {
    let fake = Fake::start(Options::default());
    let launch = r"
id = image('agent')
for _ in range(9): ec2.describe_images()
profile = {'Name': 'golden'}
launch = lambda **other: ec2.run_instances(ImageId=id, InstanceType='t3.micro', MinCount=1, MaxCount=1, **other)['Instances'][0]['InstanceId']
with_agent, without = launch(IamInstanceProfile=profile), launch()
for _ in range(9): ec2.describe_images()
send = lambda id: ssm.send_command(InstanceIds=[id], DocumentName='AWS-RunShellScript', Parameters={'commands': ['echo', 'exit 3']})
";
    let script = format!("{launch}print(code(send, id=with_agent))");
    assert_eq!(run(&fake, &script), "InvalidInstanceId");
    fake.agent(|_, lines| Ran {
        code: 3,
        output: lines.join(";"),
        error: String::new(),
    });
    let script = format!(
        r"{}
print(code(send, id=without), len(ssm.describe_instance_information()['InstanceInformationList']))
command = send(with_agent)['Command']['CommandId']
look = lambda: ssm.get_command_invocation(CommandId=command, InstanceId=with_agent)
print(look()['Status'])
for _ in range(9): last = look()
print(last['Status'], last['ResponseCode'], last['StandardOutputContent'])
",
        launch.replace("'agent'", "'again'")
    );
    let expected = "InvalidInstanceId 2\nInProgress\nFailed 3 echo;exit 3";
    assert_eq!(run(&fake, &script), expected);
}

#[test]
fn sessions_are_with_machines_that_are_there() {
    let fake = Fake::start(Options::default());
    fake.hosts(|_| Host {
        // Where nobody listens on port 22.
        address: "127.99.99.99".to_owned(),
        console: String::new(),
    });
    let script = r"
id = image('session')
for _ in range(9): ec2.describe_images()
launch = lambda **other: ec2.run_instances(ImageId=id, InstanceType='t3.micro', MinCount=1, MaxCount=1, **other)['Instances'][0]['InstanceId']
with_agent, without = launch(IamInstanceProfile={'Name': 'golden'}), launch()
for _ in range(9): ec2.describe_images()
print([code(ssm.start_session, Target=target, DocumentName=document) for target, document in [(without, 'AWS-StartSSHSession'), (with_agent, 'AWS-RunShellScript')]])
print(code(ssm.resume_session, SessionId='golden-0'), code(ssm.terminate_session, SessionId='golden-0'))
ask = lambda: ssm.start_session(Target=with_agent, DocumentName='AWS-StartSSHSession', Parameters={'portNumber': ['22']})
def begun():
    while True:
        try:
            return ask()
        except ssm.exceptions.TargetNotConnected:
            pass
one = begun()
print(one['StreamUrl'].startswith('ws://127.0.0.1:'), one['SessionId'] in one['StreamUrl'])
again = ssm.resume_session(SessionId=one['SessionId'])
print(again['SessionId'] == one['SessionId'], again['TokenValue'] == one['TokenValue'])
ssm.terminate_session(SessionId=one['SessionId'])
print(code(ssm.resume_session, SessionId=one['SessionId']))
begun()
";
    let expected = "['TargetNotConnected', 'InvalidDocument']\n\
        DoesNotExistException DoesNotExistException\nTrue True\nTrue False\nDoesNotExistException";
    assert_eq!(run(&fake, script), expected);
    assert_eq!(fake.open_sessions(), 1);
}

#[test]
fn what_an_instance_says_and_where_there_is_none_left() {
    let fake = Fake::start(Options::default());
    let script = r"
id = image('console')
for _ in range(9): ec2.describe_images()
launch = lambda **other: ec2.run_instances(**{'ImageId': id, 'InstanceType': 't3.micro', 'MinCount': 1, 'MaxCount': 1, **other})
instance = launch()['Instances'][0]['InstanceId']
print(instance)
";
    let instance = run(&fake, script);
    fake.advance(60);
    fake.console("us-east-1", &instance, "ssh-ed25519 AAAA host");
    let look =
        format!("print(ec2.get_console_output(InstanceId='{instance}', Latest=True)['Output'])");
    assert_eq!(run(&fake, &look), "ssh-ed25519 AAAA host");
    fake.set_capacity(ACCOUNT, "us-east-1", "t3.micro", false);
    let again = script
        .replace("'console'", "'full'")
        .replace("print(instance)", "");
    let printed = run(
        &fake,
        &again.replace(
            "instance = launch()['Instances'][0]['InstanceId']",
            "print(code(launch), code(launch, InstanceType='t3.large'))",
        ),
    );
    assert_eq!(printed, "InsufficientInstanceCapacity None");
}
