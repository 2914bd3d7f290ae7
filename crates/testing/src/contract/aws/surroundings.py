def case_there_are_networks_and_regions():
    vpcs = ec2.describe_vpcs(Filters=[{'Name': 'is-default', 'Values': ['true']}])['Vpcs']
    assert len(vpcs) == 1 and vpcs[0]['IsDefault'], vpcs
    subnets = ec2.describe_subnets(Filters=[{'Name': 'vpc-id', 'Values': [vpcs[0]['VpcId']]}])['Subnets']
    zones = {z['ZoneName'] for z in ec2.describe_availability_zones(Filters=[{'Name': 'state', 'Values': ['available']}])['AvailabilityZones']}
    assert subnets and {s['AvailabilityZone'] for s in subnets} <= zones, (subnets, zones)
    assert {'eu-north-1', 'us-east-1'} <= {r['RegionName'] for r in ec2.describe_regions()['Regions']}
    refused('InvalidVpcID.NotFound', ec2.describe_vpcs, VpcIds=['vpc-0123456789abcdef0'])
    refused('InvalidSubnetID.NotFound', ec2.describe_subnets, SubnetIds=['subnet-0123456789abcdef0'])

def case_types_have_an_architecture():
    look = lambda kind: ec2.describe_instance_types(InstanceTypes=[kind])['InstanceTypes'][0]['ProcessorInfo']['SupportedArchitectures']
    assert look('t4g.micro') == ['arm64'] and 'x86_64' in look('t3.micro')
    offered = ec2.describe_instance_type_offerings(LocationType='availability-zone', Filters=[{'Name': 'instance-type', 'Values': ['t3.micro']}])
    assert 'us-east-1a' in {o['Location'] for o in offered['InstanceTypeOfferings']}, offered

def case_what_runs_has_a_status():
    id = launched(registered('status'))
    [status] = ec2.describe_instance_status(InstanceIds=[id])['InstanceStatuses']
    assert (status['InstanceState']['Name'], status['InstanceStatus']['Status'], status['SystemStatus']['Status']) == ('running', 'ok', 'ok'), status
    ec2.reboot_instances(InstanceIds=[id])
    ec2.modify_instance_metadata_options(InstanceId=id, HttpTokens='required', HttpPutResponseHopLimit=3)
    found = shown(id)['MetadataOptions']
    assert (found['HttpTokens'], found['HttpPutResponseHopLimit']) == ('required', 3), found
    assert ec2.get_console_output(InstanceId=id)['InstanceId'] == id
    end(id)

def case_tags_are_listed():
    id = registered('listed')
    ec2.create_tags(Resources=[id], Tags=[{'Key': 'listed', 'Value': 'yes'}])
    found = ec2.describe_tags(Filters=[{'Name': 'resource-id', 'Values': [id]}])['Tags']
    assert [(t['ResourceType'], t['Key'], t['Value']) for t in found] == [('image', 'listed', 'yes')], found

def case_parameters_have_tags():
    ssm.put_parameter(Name='/tagged', Value='v', Type='String', Tags=[{'Key': 'a', 'Value': '1'}])
    ssm.add_tags_to_resource(ResourceType='Parameter', ResourceId='/tagged', Tags=[{'Key': 'b', 'Value': '2'}])
    found = ssm.list_tags_for_resource(ResourceType='Parameter', ResourceId='/tagged')['TagList']
    assert {t['Key']: t['Value'] for t in found} == {'a': '1', 'b': '2'}, found

def case_what_was_shared_is_no_longer():
    snapshot = written({0: 'a'})
    id = registered('reset', snapshot)
    ec2.modify_image_attribute(ImageId=id, LaunchPermission={'Add': [{'UserId': OTHER}]})
    ec2.reset_image_attribute(ImageId=id, Attribute='launchPermission')
    assert ec2.describe_image_attribute(ImageId=id, Attribute='launchPermission')['LaunchPermissions'] == []
    ec2.modify_snapshot_attribute(SnapshotId=snapshot, Attribute='createVolumePermission', OperationType='add', UserIds=[OTHER])
    ec2.reset_snapshot_attribute(SnapshotId=snapshot, Attribute='createVolumePermission')
    assert ec2.describe_snapshot_attribute(SnapshotId=snapshot, Attribute='createVolumePermission')['CreateVolumePermissions'] == []

def case_images_are_not_made_public_where_that_is_blocked():
    id = registered('public')
    public = dict(ImageId=id, LaunchPermission={'Add': [{'Group': 'all'}]})
    ec2.enable_image_block_public_access(ImageBlockPublicAccessState='block-new-sharing')
    assert ec2.get_image_block_public_access_state()['ImageBlockPublicAccessState'] == 'block-new-sharing'
    refused('OperationNotPermitted', ec2.modify_image_attribute, **public)
    ec2.disable_image_block_public_access()
    ec2.modify_image_attribute(**public)
    assert image(id)['Public']

def case_the_key_of_volumes_is_known():
    found = client('kms', **ONCE).describe_key(KeyId='alias/aws/ebs')['KeyMetadata']
    assert found['KeyManager'] == 'AWS' and found['Arn'] == ec2.get_ebs_default_kms_key_id()['KmsKeyId'], found

def case_snapshots_are_copied():
    source = written({2: 'c'})
    theirs = client('ec2', region='eu-north-1', **ONCE)
    copy = theirs.copy_snapshot(SourceSnapshotId=source, SourceRegion='us-east-1', Encrypted=True, Description='copied',
                                TagSpecifications=[{'ResourceType': 'snapshot', 'Tags': [{'Key': 'a', 'Value': '1'}]}])['SnapshotId']
    look = lambda: theirs.describe_snapshots(SnapshotIds=[copy])['Snapshots'][0]
    until('completed', lambda: look()['State'])
    assert look()['Encrypted'] and look()['VolumeSize'] == 1 and tags(look()) == {'a': '1'}, look()


def case_a_rule_of_config_is_put_and_changed():
    config = client('config', **ONCE)
    rule = dict(ConfigRuleName='golden-images', Scope={'ComplianceResourceTypes': ['AWS::EC2::Instance']},
                Source={'Owner': 'AWS', 'SourceIdentifier': 'APPROVED_AMIS_BY_ID'})
    look = lambda: config.describe_config_rules(ConfigRuleNames=['golden-images'])['ConfigRules'][0]
    refused('NoSuchConfigRuleException', look)
    for ids in ('ami-0123456789abcdef0', 'ami-0fedcba9876543210'):
        config.put_config_rule(ConfigRule={**rule, 'InputParameters': '{"amiIds": "%s"}' % ids})
        assert ids in look()['InputParameters'] and look()['Source'] == rule['Source'], look()
    wrong = {**rule, 'Source': {'Owner': 'AWS', 'SourceIdentifier': 'NO_SUCH_RULE'}}
    refused('InvalidParameterValueException', config.put_config_rule, ConfigRule=wrong)
    config.delete_config_rule(ConfigRuleName='golden-images')
    refused('NoSuchConfigRuleException', look)
