def case_a_parameter_has_versions():
    assert ssm.put_parameter(Name='/golden/web', Value='one', Type='String', Description='d')['Version'] == 1
    refused('ParameterAlreadyExists', ssm.put_parameter, Name='/golden/web', Value='two', Type='String')
    assert ssm.put_parameter(Name='/golden/web', Value='two', Overwrite=True)['Version'] == 2
    look = lambda name: ssm.get_parameter(Name=name)['Parameter']
    assert (look('/golden/web')['Value'], look('/golden/web')['Version'], look('/golden/web:1')['Value']) == ('two', 2, 'one')
    assert look('/golden/web')['Type'] == 'String' and look('/golden/web')['ARN'].endswith(':parameter/golden/web'), look('/golden/web')
    refused('ParameterVersionNotFound', ssm.get_parameter, Name='/golden/web:7')
    refused('ParameterNotFound', ssm.get_parameter, Name='/golden/none')
    found = ssm.describe_parameters(ParameterFilters=[{'Key': 'Name', 'Option': 'BeginsWith', 'Values': ['/golden/']}])['Parameters']
    assert [p['Name'] for p in found] == ['/golden/web'], found
    ssm.delete_parameter(Name='/golden/web')
    refused('ParameterNotFound', ssm.get_parameter, Name='/golden/web')

def case_an_image_parameter_names_an_image():
    id = registered('parameter')
    ssm.put_parameter(Name='/image/web', Value=id, Type='String', DataType='aws:ec2:image')
    def look():
        try:
            return ssm.get_parameter(Name='/image/web')['Parameter']['Value']
        except ssm.exceptions.ParameterNotFound:
            return None
    until(id, look)

def case_an_image_parameter_of_no_image_never_comes():
    ssm.put_parameter(Name='/image/none', Value='ami-0123456789abcdef0', Type='String', DataType='aws:ec2:image')
    for _ in range(20):
        refused('ParameterNotFound', ssm.get_parameter, Name='/image/none')

def case_tags_and_overwrite_do_not_go_together():
    refused('ValidationException', ssm.put_parameter, Name='/t', Value='v', Type='String', Overwrite=True, Tags=[{'Key': 'a', 'Value': 'b'}])

