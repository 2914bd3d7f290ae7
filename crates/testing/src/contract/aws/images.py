def case_an_image_is_as_it_was_registered():
    snapshot = written({0: 'a'})
    id = registered('as-registered', snapshot, Description='A web server', BootMode='uefi-preferred', TpmSupport='v2.0', ImdsSupport='v2.0',
                    TagSpecifications=[{'ResourceType': 'image', 'Tags': [{'Key': 'team', 'Value': 'web'}]}])
    found = image(id)
    wanted = dict(Name='as-registered', Description='A web server', OwnerId=ACCOUNT, Architecture='x86_64', BootMode='uefi-preferred', TpmSupport='v2.0',
                  ImdsSupport='v2.0', EnaSupport=True, RootDeviceName='/dev/xvda', RootDeviceType='ebs', VirtualizationType='hvm', Public=False)
    assert {name: found.get(name) for name in wanted} == wanted, found
    assert tags(found) == {'team': 'web'}, found
    [mapping] = found['BlockDeviceMappings']
    assert mapping['DeviceName'] == '/dev/xvda', found
    ebs = mapping['Ebs']
    assert (ebs['SnapshotId'], ebs['VolumeSize'], ebs['VolumeType'], ebs['Encrypted'], ebs['DeleteOnTermination']) == (snapshot, 1, 'gp3', False, True), found

def case_a_name_is_taken_once():
    id = registered('taken')
    error = refused('InvalidAMIName.Duplicate', registered, name='taken')
    ec2.deregister_image(ImageId=id)
    registered('taken')

def case_an_image_needs_a_completed_snapshot():
    refused('InvalidSnapshot.NotFound', registered, name='no-snapshot', snapshot='snap-0123456789abcdef0')
    open = ebs.start_snapshot(VolumeSize=1)['SnapshotId']
    refused('IncorrectState', registered, name='open-snapshot', snapshot=open)

def case_what_does_not_go_together_is_refused():
    refused('InvalidParameterCombination', registered, name='tpm', TpmSupport='v2.0', BootMode='legacy-bios')
    snapshot = written({0: 'a'}, VolumeSize=2)
    small = [{'DeviceName': '/dev/xvda', 'Ebs': {'SnapshotId': snapshot, 'VolumeSize': 1}}]
    refused('InvalidBlockDeviceMapping', registered, name='small', BlockDeviceMappings=small)
    other = [{'DeviceName': '/dev/sda1', 'Ebs': {'SnapshotId': snapshot}}]
    refused('InvalidBlockDeviceMapping', registered, name='rootless', BlockDeviceMappings=other)
    encrypted = [{'DeviceName': '/dev/xvda', 'Ebs': {'SnapshotId': snapshot, 'Encrypted': True}}]
    refused('InvalidBlockDeviceMapping', registered, name='encrypted', BlockDeviceMappings=encrypted)

def case_a_snapshot_of_an_image_stays():
    snapshot = written({0: 'a'})
    id = registered('in-use', snapshot)
    refused('InvalidSnapshot.InUse', ec2.delete_snapshot, SnapshotId=snapshot)
    ec2.deregister_image(ImageId=id)
    ec2.delete_snapshot(SnapshotId=snapshot)

def case_snapshots_may_go_with_the_image():
    snapshot = written({0: 'a'})
    ec2.deregister_image(ImageId=registered('with-snapshots', snapshot), DeleteAssociatedSnapshots=True)
    refused('InvalidSnapshot.NotFound', ec2.describe_snapshots, SnapshotIds=[snapshot])

def case_what_was_deregistered_is_no_longer_available():
    id = registered('gone')
    ec2.deregister_image(ImageId=id)
    refused(('InvalidAMIID.Unavailable', 'InvalidAMIID.NotFound'), ec2.deregister_image, ImageId=id)
    assert not ec2.describe_images(Filters=[{'Name': 'name', 'Values': ['gone']}])['Images']

def case_what_was_deregistered_cannot_be_described():
    id = registered('gone-too')
    ec2.deregister_image(ImageId=id)
    refused('InvalidAMIID.Unavailable', ec2.describe_images, ImageIds=[id])

def case_there_is_no_image_of_a_wrong_identifier():
    refused('InvalidAMIID.NotFound', ec2.describe_images, ImageIds=['ami-0123456789abcdef0'])
    refused('InvalidAMIID.Malformed', ec2.describe_images, ImageIds=['image-1'])

def case_images_are_found_by_filters():
    one, two = registered('filter-one'), registered('filter-two')
    ec2.create_tags(Resources=[two], Tags=[{'Key': 'filter', 'Value': 'two'}])
    find = lambda name, *values: sorted(i['ImageId'] for i in ec2.describe_images(Owners=['self'], Filters=[{'Name': name, 'Values': [*values]}])['Images'])
    assert find('name', 'filter-*') == sorted([one, two])
    assert find('name', 'filter-one', 'none') == [one]
    assert find('tag:filter', 'two') == [two]
    assert find('tag-key', 'filter') == [two]
    assert find('image-id', one) == [one]

def case_a_filter_that_does_not_exist_is_refused():
    refused('InvalidParameterValue', ec2.describe_images, Filters=[{'Name': 'colour', 'Values': ['red']}])

def case_images_are_listed_in_pages():
    all = sorted(registered(f'page-{number}') for number in range(5))
    pages, token = [], {}
    while True:
        page = ec2.describe_images(Filters=[{'Name': 'name', 'Values': ['page-*']}], MaxResults=2, **token)
        pages.append([i['ImageId'] for i in page['Images']])
        if not page.get('NextToken'):
            break
        token = {'NextToken': page['NextToken']}
    assert [len(page) for page in pages] == [2, 2, 1] and sorted(sum(pages, [])) == all, pages

def case_deprecation_is_shown():
    id = registered('deprecated')
    ec2.enable_image_deprecation(ImageId=id, DeprecateAt='2027-06-01T00:00:00Z')
    assert image(id)['DeprecationTime'].startswith('2027-06-01T00:00:00'), image(id)
    ec2.disable_image_deprecation(ImageId=id)
    assert not image(id).get('DeprecationTime'), image(id)

def case_a_disabled_image_is_hidden():
    id = registered('disabled')
    ec2.disable_image(ImageId=id)
    found = ec2.describe_images(ImageIds=[id], IncludeDisabled=True)['Images'][0]
    assert found['State'] == 'disabled', found
    ec2.enable_image(ImageId=id)
    assert image(id)['State'] == 'available'

def case_a_disabled_image_is_not_listed_unasked():
    id = registered('disabled-too')
    ec2.disable_image(ImageId=id)
    assert not ec2.describe_images(Filters=[{'Name': 'name', 'Values': ['disabled-too']}])['Images']

def case_a_protected_image_stays():
    id = registered('protected')
    ec2.enable_image_deregistration_protection(ImageId=id)
    refused('OperationNotPermitted', ec2.deregister_image, ImageId=id)
    ec2.disable_image_deregistration_protection(ImageId=id)
    ec2.deregister_image(ImageId=id)

def case_a_description_is_changed():
    id = registered('description')
    ec2.modify_image_attribute(ImageId=id, Description={'Value': 'another'})
    assert ec2.describe_image_attribute(ImageId=id, Attribute='description')['Description']['Value'] == 'another'

def case_tags_are_put_on_images_and_snapshots():
    snapshot = written({0: 'a'})
    id = registered('tagged', snapshot)
    ec2.create_tags(Resources=[id, snapshot], Tags=[{'Key': 'a', 'Value': '1'}, {'Key': 'b', 'Value': '2'}])
    ec2.create_tags(Resources=[id], Tags=[{'Key': 'b', 'Value': '3'}])
    ec2.delete_tags(Resources=[id], Tags=[{'Key': 'a'}])
    assert tags(image(id)) == {'b': '3'}
    assert tags(ec2.describe_snapshots(SnapshotIds=[snapshot])['Snapshots'][0]) == {'a': '1', 'b': '2'}
    refused('InvalidAMIID.NotFound', ec2.create_tags, Resources=['ami-0123456789abcdef0'], Tags=[{'Key': 'a', 'Value': '1'}])

