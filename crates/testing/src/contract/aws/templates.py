def template(name, **data):
    made = ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData={'InstanceType': 't3.micro', **data})
    return made['LaunchTemplate']['LaunchTemplateId']

def case_versions_are_counted_and_one_is_the_default():
    id = template('counted', ImageId='ami-0123456789abcdef0')
    made = ec2.create_launch_template_version(LaunchTemplateId=id, VersionDescription='two', LaunchTemplateData={'ImageId': 'ami-0123456789abcdef1'})
    assert made['LaunchTemplateVersion']['VersionNumber'] == 2 and not made['LaunchTemplateVersion']['DefaultVersion'], made
    look = lambda: ec2.describe_launch_templates(LaunchTemplateIds=[id])['LaunchTemplates'][0]
    assert (look()['DefaultVersionNumber'], look()['LatestVersionNumber']) == (1, 2), look()
    ec2.modify_launch_template(LaunchTemplateId=id, DefaultVersion='2')
    assert (look()['DefaultVersionNumber'], look()['LatestVersionNumber']) == (2, 2), look()
    versions = ec2.describe_launch_template_versions(LaunchTemplateId=id)['LaunchTemplateVersions']
    found = sorted((v['VersionNumber'], v['DefaultVersion'], v['LaunchTemplateData']['ImageId']) for v in versions)
    assert found == [(1, False, 'ami-0123456789abcdef0'), (2, True, 'ami-0123456789abcdef1')], found

def case_a_version_of_another_has_the_rest_of_it():
    id = template('merged', ImageId='ami-0123456789abcdef0', KeyName='mine')
    made = ec2.create_launch_template_version(LaunchTemplateId=id, SourceVersion='1', LaunchTemplateData={'ImageId': 'ami-0123456789abcdef1'})
    data = made['LaunchTemplateVersion']['LaunchTemplateData']
    assert (data['ImageId'], data['KeyName'], data['InstanceType']) == ('ami-0123456789abcdef1', 'mine', 't3.micro'), data

def case_a_token_makes_one_version():
    id = template('token')
    input = dict(LaunchTemplateId=id, LaunchTemplateData={'ImageId': 'ami-0123456789abcdef0'}, ClientToken='version-1')
    number = ec2.create_launch_template_version(**input)['LaunchTemplateVersion']['VersionNumber']
    assert ec2.create_launch_template_version(**input)['LaunchTemplateVersion']['VersionNumber'] == number

def case_templates_have_names():
    id = template('named')
    refused('InvalidLaunchTemplateName.AlreadyExistsException', template, name='named')
    found = ec2.describe_launch_templates(LaunchTemplateNames=['named'])['LaunchTemplates']
    assert [t['LaunchTemplateId'] for t in found] == [id], found
    ec2.delete_launch_template(LaunchTemplateId=id)
    refused('InvalidLaunchTemplateName.NotFoundException', ec2.describe_launch_templates, LaunchTemplateNames=['named'])

def case_a_template_that_was_deleted_is_not_found():
    id = template('deleted')
    ec2.delete_launch_template(LaunchTemplateId=id)
    refused('InvalidLaunchTemplateId.NotFound', ec2.describe_launch_templates, LaunchTemplateIds=[id])

def case_the_default_version_is_not_deleted():
    id = template('default')
    made = ec2.delete_launch_template_versions(LaunchTemplateId=id, Versions=['1'])
    assert not made.get('SuccessfullyDeletedLaunchTemplateVersions'), made

