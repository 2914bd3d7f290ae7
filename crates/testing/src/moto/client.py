import boto3, json, os, sys
from botocore.config import Config
from botocore.exceptions import ClientError

def client(service, region='us-east-1', key='test', secret='test', token=None, **config):
    return boto3.client(service, endpoint_url=os.environ['ENDPOINT'], region_name=region, aws_access_key_id=key,
                        aws_secret_access_key=secret, aws_session_token=token, config=Config(**config))

