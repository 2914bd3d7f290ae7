def case_launch_permissions_are_kept():
    id = registered('permissions')
    organization = 'arn:aws:organizations::111122223333:organization/o-abcdefghij'
    ec2.modify_image_attribute(ImageId=id, LaunchPermission={'Add': [{'UserId': OTHER}, {'OrganizationArn': organization}]})
    ec2.modify_image_attribute(ImageId=id, LaunchPermission={'Add': [{'UserId': OTHER}]})
    look = lambda: ec2.describe_image_attribute(ImageId=id, Attribute='launchPermission')['LaunchPermissions']
    assert sorted(map(str, look())) == sorted(map(str, [{'UserId': OTHER}, {'OrganizationArn': organization}])), look()
    ec2.modify_image_attribute(ImageId=id, LaunchPermission={'Remove': [{'UserId': OTHER}]})
    assert look() == [{'OrganizationArn': organization}], look()
    refused('InvalidAMIAttributeItemValue', ec2.modify_image_attribute, ImageId=id, LaunchPermission={'Add': [{'UserId': '12'}]})

def case_a_snapshot_is_shared():
    id = written({0: 'a'})
    ec2.modify_snapshot_attribute(SnapshotId=id, Attribute='createVolumePermission', OperationType='add', UserIds=[OTHER])
    look = lambda: ec2.describe_snapshot_attribute(SnapshotId=id, Attribute='createVolumePermission')['CreateVolumePermissions']
    assert look() == [{'UserId': OTHER}], look()
    ec2.modify_snapshot_attribute(SnapshotId=id, Attribute='createVolumePermission', OperationType='remove', UserIds=[OTHER])
    assert look() == [], look()

def case_a_snapshot_is_shared_in_the_other_form():
    id = written({0: 'a'})
    look = lambda: ec2.describe_snapshot_attribute(SnapshotId=id, Attribute='createVolumePermission')['CreateVolumePermissions']
    ec2.modify_snapshot_attribute(SnapshotId=id, CreateVolumePermission={'Add': [{'UserId': OTHER}]})
    assert look() == [{'UserId': OTHER}], look()
    ec2.modify_snapshot_attribute(SnapshotId=id, CreateVolumePermission={'Remove': [{'UserId': OTHER}]})
    assert look() == [], look()

def case_others_see_what_is_shared():
    id = registered('seen')
    theirs = as_account(OTHER)[0]
    refused('InvalidAMIID.NotFound', theirs.describe_images, ImageIds=[id])
    ec2.modify_image_attribute(ImageId=id, LaunchPermission={'Add': [{'UserId': OTHER}]})
    assert theirs.describe_images(ImageIds=[id])['Images'][0]['OwnerId'] == ACCOUNT
    assert not theirs.describe_images(Owners=['self'])['Images']
    refused('AuthFailure', theirs.modify_image_attribute, ImageId=id, Description={'Value': 'mine'})

def case_what_is_encrypted_by_the_default_key_is_not_shared():
    snapshot = written({0: 'a'}, Encrypted=True)
    id = registered('default-key', snapshot)
    refused('OperationNotPermitted', ec2.modify_image_attribute, ImageId=id, LaunchPermission={'Add': [{'UserId': OTHER}]})
    refused('OperationNotPermitted', ec2.modify_snapshot_attribute, SnapshotId=snapshot, CreateVolumePermission={'Add': [{'UserId': OTHER}]})

def case_an_image_is_copied_to_a_region():
    id = registered('copied', ImdsSupport='v2.0')
    theirs = client('ec2', region='eu-north-1', **ONCE)
    spec = [{'ResourceType': kind, 'Tags': [{'Key': 'of', 'Value': kind}]} for kind in ['image', 'snapshot']]
    copy = theirs.copy_image(Name='copied', SourceImageId=id, SourceRegion='us-east-1', Encrypted=True, TagSpecifications=spec)['ImageId']
    look = lambda: theirs.describe_images(ImageIds=[copy])['Images'][0]
    until('available', lambda: look()['State'])
    assert look()['ImdsSupport'] == 'v2.0' and tags(look()) == {'of': 'image'}, look()
    mapping = look()['BlockDeviceMappings'][0]['Ebs']
    assert mapping['Encrypted'] and mapping['SnapshotId'] != image(id)['BlockDeviceMappings'][0]['Ebs']['SnapshotId'], mapping
    snapshot = theirs.describe_snapshots(SnapshotIds=[mapping['SnapshotId']])['Snapshots'][0]
    assert snapshot['Encrypted'] and tags(snapshot) == {'of': 'snapshot'}, snapshot
    refused('InvalidAMIName.Duplicate', theirs.copy_image, Name='copied', SourceImageId=id, SourceRegion='us-east-1')
    refused('InvalidAMIID.NotFound', theirs.copy_image, Name='none', SourceImageId='ami-0123456789abcdef0', SourceRegion='us-east-1')

def case_a_copy_has_the_bytes():
    id = registered('bytes', written({3: 'z'}))
    theirs, blocks = [client(name, region='eu-north-1', **ONCE) for name in ['ec2', 'ebs']]
    copy = theirs.copy_image(Name='bytes', SourceImageId=id, SourceRegion='us-east-1')['ImageId']
    look = lambda: theirs.describe_images(ImageIds=[copy])['Images'][0]
    until('available', lambda: look()['State'])
    snapshot = look()['BlockDeviceMappings'][0]['Ebs']['SnapshotId']
    [listed] = blocks.list_snapshot_blocks(SnapshotId=snapshot)['Blocks']
    got = blocks.get_snapshot_block(SnapshotId=snapshot, BlockIndex=3, BlockToken=listed['BlockToken'])
    assert got['BlockData'].read() == block('z')

def case_another_account_copies_what_is_shared():
    snapshot = written({0: 'a'})
    id = registered('for-copy', snapshot)
    theirs = as_account(OTHER)[0]
    refused('InvalidAMIID.NotFound', theirs.copy_image, Name='for-copy', SourceImageId=id, SourceRegion='us-east-1')
    ec2.modify_image_attribute(ImageId=id, LaunchPermission={'Add': [{'UserId': OTHER}]})
    ec2.modify_snapshot_attribute(SnapshotId=snapshot, CreateVolumePermission={'Add': [{'UserId': OTHER}]})
    copy = theirs.copy_image(Name='for-copy', SourceImageId=id, SourceRegion='us-east-1')['ImageId']
    until('available', lambda: theirs.describe_images(ImageIds=[copy])['Images'][0]['State'])

def case_a_copy_needs_the_snapshot_shared_too():
    id = registered('half-shared')
    ec2.modify_image_attribute(ImageId=id, LaunchPermission={'Add': [{'UserId': OTHER}]})
    theirs = as_account(OTHER)[0]
    refused('InvalidRequest', theirs.copy_image, Name='half-shared', SourceImageId=id, SourceRegion='us-east-1')

def case_a_copy_with_a_key_that_is_not_there_fails():
    id = registered('no-key')
    copy = ec2.copy_image(Name='no-key-copy', SourceImageId=id, SourceRegion='us-east-1', Encrypted=True, KmsKeyId='alias/none')['ImageId']
    until('failed', lambda: image(copy)['State'])
    assert 'key' in image(copy)['StateReason']['Message'], image(copy)

def case_a_token_copies_once():
    id = registered('token')
    input = dict(Name='token-copy', SourceImageId=id, SourceRegion='us-east-1', ClientToken='copy-1')
    copy = ec2.copy_image(**input)['ImageId']
    assert ec2.copy_image(**input)['ImageId'] == copy
    refused('IdempotentParameterMismatch', ec2.copy_image, **{**input, 'Description': 'other'})

def case_accounts_are_apart():
    id = registered('apart')
    theirs = as_account(OTHER)
    assert theirs[3].get_caller_identity()['Account'] == OTHER
    assert 'assumed-role/golden/test' in theirs[3].get_caller_identity()['Arn']
    assert not theirs[0].describe_images(Owners=['self'], Filters=[{'Name': 'name', 'Values': ['apart']}])['Images']

def case_only_allowed_images_are_seen():
    id, other = registered('allowed-1'), registered('unwanted-1')
    theirs = as_account(OTHER, region='us-east-1')[0]
    for shared in (id, other):
        ec2.modify_image_attribute(ImageId=shared, LaunchPermission={'Add': [{'UserId': OTHER}]})
    theirs.replace_image_criteria_in_allowed_images_settings(ImageCriteria=[{'ImageProviders': [ACCOUNT], 'ImageNames': ['allowed-*']}])
    look = lambda: {i['ImageId']: i['ImageAllowed'] for i in theirs.describe_images(Filters=[{'Name': 'owner-id', 'Values': [ACCOUNT]}])['Images'] if i['ImageId'] in (id, other)}
    try:
        assert look() == {id: True, other: True}, look()
        theirs.enable_allowed_images_settings(AllowedImagesSettingsState='audit-mode')
        assert look() == {id: True, other: False}, look()
        theirs.enable_allowed_images_settings(AllowedImagesSettingsState='enabled')
        assert look() == {id: True}, look()
        refused('InvalidAMIID.NotFound', theirs.describe_images, ImageIds=[other])
        assert theirs.get_allowed_images_settings()['ImageCriteria'][0]['ImageNames'] == ['allowed-*']
    finally:
        theirs.disable_allowed_images_settings()

def case_new_snapshots_are_encrypted_by_default_where_asked():
    region = dict(region='us-west-2')
    theirs, blocks = client('ec2', **region, **ONCE), client('ebs', **region, **ONCE)
    theirs.enable_ebs_encryption_by_default()
    assert theirs.get_ebs_encryption_by_default()['EbsEncryptionByDefault']
    snapshot = blocks.start_snapshot(VolumeSize=1)['SnapshotId']
    assert theirs.describe_snapshots(SnapshotIds=[snapshot])['Snapshots'][0]['Encrypted']
    theirs.disable_ebs_encryption_by_default()
    assert not theirs.get_ebs_encryption_by_default()['EbsEncryptionByDefault']


def case_images_are_marked():
    id = registered('marked')
    key = ec2.attach_image_watermark(ImageId=id, WatermarkName='golden')['WatermarkKey']
    assert key == f'{ACCOUNT}:golden', key
    marks = lambda client, id: [w['WatermarkKey'] for w in client.describe_images(ImageIds=[id])['Images'][0].get('ImageWatermarks', [])]
    assert marks(ec2, id) == [key]
    there = client('ec2', region='eu-north-1', **ONCE)
    copy = there.copy_image(Name='marked', SourceImageId=id, SourceRegion='us-east-1')['ImageId']
    assert marks(there, copy) == [key]
    ec2.detach_image_watermark(ImageId=id, WatermarkKey=key)
    assert marks(ec2, id) == []
    ec2.modify_image_attribute(ImageId=id, LaunchPermission={'Add': [{'Group': 'all'}]})
    refused('OperationNotPermitted', ec2.attach_image_watermark, ImageId=id, WatermarkName='golden')

def case_snapshots_are_not_made_public_where_that_is_blocked():
    snapshot = written({0: 'a'})
    public = dict(SnapshotId=snapshot, Attribute='createVolumePermission', OperationType='add', GroupNames=['all'])
    state = lambda: ec2.get_snapshot_block_public_access_state()['State']
    assert state() == 'unblocked'
    ec2.enable_snapshot_block_public_access(State='block-all-sharing')
    assert state() == 'block-all-sharing'
    refused('OperationNotPermitted', ec2.modify_snapshot_attribute, **public)
    ec2.disable_snapshot_block_public_access()
    ec2.modify_snapshot_attribute(**public)
