def launched(id, **other):
    """An instance that is running."""
    made = ec2.run_instances(**{'ImageId': id, 'InstanceType': 't3.micro', 'MinCount': 1, 'MaxCount': 1, **other})
    instance = made['Instances'][0]['InstanceId']
    until('running', lambda: life(instance))
    return instance

def shown(id):
    return ec2.describe_instances(InstanceIds=[id])['Reservations'][0]['Instances'][0]

def life(id):
    return shown(id)['State']['Name']

def end(*ids):
    ec2.terminate_instances(InstanceIds=[*ids])
    for id in ids:
        until('terminated', lambda: life(id))

def case_an_instance_lives_and_ends():
    image = registered('life')
    made = ec2.run_instances(ImageId=image, InstanceType='t3.micro', MinCount=1, MaxCount=1, MetadataOptions={'HttpTokens': 'required'},
                             TagSpecifications=[{'ResourceType': kind, 'Tags': [{'Key': 'of', 'Value': kind}]} for kind in ['instance', 'volume']])
    [instance] = made['Instances']
    assert instance['State']['Name'] == 'pending' and instance['ImageId'] == image, instance
    id = instance['InstanceId']
    until('running', lambda: life(id))
    assert tags(shown(id)) == {'of': 'instance'} and shown(id)['MetadataOptions']['HttpTokens'] == 'required', shown(id)
    [mapping] = shown(id)['BlockDeviceMappings']
    volume = ec2.describe_volumes(VolumeIds=[mapping['Ebs']['VolumeId']])['Volumes'][0]
    assert volume['State'] == 'in-use' and tags(volume) == {'of': 'volume'}, volume
    ec2.stop_instances(InstanceIds=[id])
    until('stopped', lambda: life(id))
    ec2.start_instances(InstanceIds=[id])
    until('running', lambda: life(id))
    end(id)
    refused('InvalidVolume.NotFound', ec2.describe_volumes, VolumeIds=[volume['VolumeId']])
    ec2.terminate_instances(InstanceIds=[id])
    refused('InvalidInstanceID.NotFound', ec2.describe_instances, InstanceIds=['i-0123456789abcdef0'])

def case_a_token_launches_once():
    image = registered('launch-token')
    input = dict(ImageId=image, InstanceType='t3.micro', MinCount=1, MaxCount=1, ClientToken='launch-1')
    first = ec2.run_instances(**input)['Instances'][0]['InstanceId']
    assert ec2.run_instances(**input)['Instances'][0]['InstanceId'] == first
    refused('IdempotentParameterMismatch', ec2.run_instances, **{**input, 'InstanceType': 't3.large'})
    end(first)

def case_what_is_not_there_is_not_launched():
    launch = lambda **other: ec2.run_instances(**{'ImageId': 'ami-0123456789abcdef0', 'InstanceType': 't3.micro', 'MinCount': 1, 'MaxCount': 1, **other})
    refused('InvalidAMIID.NotFound', launch)

def case_what_cannot_be_launched_is_refused():
    image = registered('refused')
    launch = lambda **other: ec2.run_instances(**{'ImageId': image, 'InstanceType': 't3.micro', 'MinCount': 1, 'MaxCount': 1, **other})
    refused('InvalidKeyPair.NotFound', launch, KeyName='none')
    refused('InvalidGroup.NotFound', launch, SecurityGroupIds=['sg-0123456789abcdef0'])
    refused('InvalidSubnetID.NotFound', launch, SubnetId='subnet-0123456789abcdef0')
    refused('InvalidParameterValue', launch, InstanceType='t4g.micro')
    ec2.disable_image(ImageId=image)
    refused('InvalidAMIID.Unavailable', launch)

def case_only_what_runs_is_stopped():
    id = launched(registered('stop'))
    end(id)
    refused('IncorrectInstanceState', ec2.stop_instances, InstanceIds=[id])

def case_a_group_in_use_is_not_deleted():
    group = ec2.create_security_group(GroupName='in-use', Description='d')['GroupId']
    id = launched(registered('group'), SecurityGroupIds=[group])
    refused('DependencyViolation', ec2.delete_security_group, GroupId=group)
    end(id)
    ec2.delete_security_group(GroupId=group)

def case_a_group_lets_in_whom_it_says():
    group = ec2.create_security_group(GroupName='rules', Description='d', TagSpecifications=[{'ResourceType': 'security-group', 'Tags': [{'Key': 'a', 'Value': '1'}]}])['GroupId']
    refused('InvalidGroup.Duplicate', ec2.create_security_group, GroupName='rules', Description='d')
    rule = {'IpProtocol': 'tcp', 'FromPort': 22, 'ToPort': 22, 'IpRanges': [{'CidrIp': '198.51.100.7/32'}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    refused('InvalidPermission.Duplicate', ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[rule])
    found = ec2.describe_security_groups(GroupIds=[group])['SecurityGroups'][0]
    [kept] = found['IpPermissions']
    assert (kept['FromPort'], kept['IpRanges'][0]['CidrIp']) == (22, '198.51.100.7/32') and tags(found) == {'a': '1'}, found
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[rule])
    ec2.delete_security_group(GroupId=group)
    refused('InvalidGroup.NotFound', ec2.describe_security_groups, GroupIds=[group])

def case_a_key_is_brought():
    key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHAnAgF3vS1DJWCnWuNcPB2gM4bCyX1b5p1sM5PIqZqR test'
    ec2.import_key_pair(KeyName='mine', PublicKeyMaterial=key.encode())
    refused('InvalidKeyPair.Duplicate', ec2.import_key_pair, KeyName='mine', PublicKeyMaterial=key.encode())
    id = launched(registered('key'), KeyName='mine')
    assert shown(id)['KeyName'] == 'mine'
    end(id)
    ec2.delete_key_pair(KeyName='mine')
    ec2.delete_key_pair(KeyName='mine')
    refused('InvalidKeyPair.NotFound', ec2.describe_key_pairs, KeyNames=['mine'])

def case_a_key_is_made():
    made = ec2.create_key_pair(KeyName='made')
    assert made['KeyMaterial'].startswith('-----BEGIN RSA PRIVATE KEY-----')
    refused('InvalidKeyPair.Duplicate', ec2.create_key_pair, KeyName='made')
    ec2.delete_key_pair(KeyName='made')

def case_an_image_is_made_of_all_volumes():
    other = {'DeviceName': '/dev/sdf', 'Ebs': {'VolumeSize': 3, 'VolumeType': 'gp3', 'DeleteOnTermination': True}}
    id = launched(registered('of-volumes'), BlockDeviceMappings=[other])
    spec = [{'ResourceType': kind, 'Tags': [{'Key': 'of', 'Value': kind}]} for kind in ['image', 'snapshot']]
    made = ec2.create_image(InstanceId=id, Name='made', Description='d', TagSpecifications=spec)['ImageId']
    refused('InvalidAMIName.Duplicate', ec2.create_image, InstanceId=id, Name='made')
    ready(made)
    mappings = image(made)['BlockDeviceMappings']
    assert sorted((m['DeviceName'], m['Ebs']['VolumeSize']) for m in mappings) == [('/dev/sdf', 3), ('/dev/xvda', 1)], mappings
    assert tags(image(made)) == {'of': 'image'}
    snapshots = ec2.describe_snapshots(SnapshotIds=[m['Ebs']['SnapshotId'] for m in mappings])['Snapshots']
    assert all(tags(snapshot) == {'of': 'snapshot'} for snapshot in snapshots), snapshots
    end(id)
    refused('IncorrectInstanceState', ec2.create_image, InstanceId=id, Name='too-late')
    end(launched(made))

def case_a_launch_is_remembered():
    id = registered('launched')
    assert 'LastLaunchedTime' not in image(id)
    end(launched(id))
    assert image(id)['LastLaunchedTime'], image(id)

def case_an_image_may_be_named_by_a_parameter():
    id = registered('by-parameter')
    ssm.put_parameter(Name='/launch/web', Value=id, Type='String')
    instance = launched('resolve:ssm:/launch/web')
    assert shown(instance)['ImageId'] == id
    end(instance)

def case_who_names_an_image_is_found():
    id = registered('named-by')
    ec2.create_launch_template(LaunchTemplateName='names-it', LaunchTemplateData={'ImageId': id})
    ssm.put_parameter(Name='/names/it', Value=id, Type='String')
    instance = launched(id)
    found = ec2.describe_image_references(ImageIds=[id], IncludeAllResourceTypes=True)['ImageReferences']
    assert sorted(reference['ResourceType'] for reference in found) == ['ec2:Instance', 'ec2:LaunchTemplate', 'ssm:Parameter'], found
    end(instance)

def case_a_volume_is_of_a_snapshot():
    snapshot = written({0: 'a'}, VolumeSize=2)
    volume = ec2.create_volume(SnapshotId=snapshot, AvailabilityZone='us-east-1a', VolumeType='gp3')
    assert volume['Size'] == 2 and volume['SnapshotId'] == snapshot, volume
    again = ec2.create_snapshot(VolumeId=volume['VolumeId'], Description='again')['SnapshotId']
    until('completed', lambda: state(again))
    ec2.delete_volume(VolumeId=volume['VolumeId'])
    refused('InvalidVolume.NotFound', ec2.delete_volume, VolumeId=volume['VolumeId'])

def case_snapshots_of_a_volume_have_its_blocks():
    volume = ec2.create_volume(SnapshotId=written({4: 'd'}), AvailabilityZone='us-east-1a')['VolumeId']
    again = ec2.create_snapshot(VolumeId=volume)['SnapshotId']
    until('completed', lambda: state(again))
    assert [b['BlockIndex'] for b in ebs.list_snapshot_blocks(SnapshotId=again)['Blocks']] == [4]

def case_fast_restores_are_listed():
    snapshot = written({0: 'a'})
    ec2.enable_fast_snapshot_restores(AvailabilityZones=['us-east-1a'], SourceSnapshotIds=[snapshot])
    look = lambda: [r['State'] for r in ec2.describe_fast_snapshot_restores(Filters=[{'Name': 'snapshot-id', 'Values': [snapshot]}])['FastSnapshotRestores']]
    until(['enabled'], look)
    ec2.disable_fast_snapshot_restores(AvailabilityZones=['us-east-1a'], SourceSnapshotIds=[snapshot])
    assert look() == [], look()

def case_dry_runs_do_nothing():
    id = registered('dry')
    refused('DryRunOperation', ec2.run_instances, ImageId=id, MinCount=1, MaxCount=1, InstanceType='t3.micro', DryRun=True)
    assert not ec2.describe_instances(Filters=[{'Name': 'image-id', 'Values': [id]}])['Reservations']

def case_instances_are_shown_with_their_images():
    id = registered('with-image')
    instance = launched(id)
    look = lambda: ec2.describe_instance_image_metadata(InstanceIds=[instance])['InstanceImageMetadata'][0]['ImageMetadata']
    assert (look()['ImageId'], look()['Name'], look()['State'], look()['OwnerId']) == (id, 'with-image', 'available', ACCOUNT), look()
    ec2.deregister_image(ImageId=id)
    assert (look()['ImageId'], look()['State']) == (id, 'deregistered'), look()
    end(instance)

