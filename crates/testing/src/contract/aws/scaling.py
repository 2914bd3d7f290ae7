def case_groups_and_configurations_name_images():
    scaling = client('autoscaling', **ONCE)
    id = registered('scaling')
    scaling.create_launch_configuration(LaunchConfigurationName='old', ImageId=id, InstanceType='t3.micro')
    found = scaling.describe_launch_configurations(LaunchConfigurationNames=['old'])['LaunchConfigurations']
    assert [c['ImageId'] for c in found] == [id], found
    template = ec2.create_launch_template(LaunchTemplateName='scaling', LaunchTemplateData={'ImageId': id, 'InstanceType': 't3.micro'})
    template = template['LaunchTemplate']['LaunchTemplateId']
    scaling.create_auto_scaling_group(AutoScalingGroupName='web', MinSize=0, MaxSize=1, LaunchTemplate={'LaunchTemplateId': template, 'Version': '$Latest'},
                                      AvailabilityZones=['us-east-1a'])
    [group] = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=['web'])['AutoScalingGroups']
    assert group['LaunchTemplate']['LaunchTemplateId'] == template and group['LaunchTemplate']['Version'] == '$Latest', group
    scaling.delete_auto_scaling_group(AutoScalingGroupName='web')
    scaling.delete_launch_configuration(LaunchConfigurationName='old')
    assert not scaling.describe_auto_scaling_groups(AutoScalingGroupNames=['web'])['AutoScalingGroups']

