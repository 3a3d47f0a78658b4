"""The binary at work on an AWS, what stands in that AWS, and checks of both: what the scripts beside this one share."""
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.error
import urllib.request

import boto3
from botocore.config import Config

sys.dont_write_bytecode = True  # its neighbours are no packages
from mend_moto import DIRECT, Mender

HERE = os.path.dirname(os.path.abspath(__file__))
ORG, TOKEN, KEY = "localdev", "the-token-of-this-run", "5e2b3f60-0d6c-4a3e-9a51-6f0c8a1d7b42"
ROLE = "myclu-ecsTaskExecution"


def example(name):
    with open(os.path.join(HERE, f"seed-{name}.json")) as f:
        return f.read()


def tag_map(tags):
    return {tag.get("Key", tag.get("key")): tag.get("Value", tag.get("value")) for tag in tags}


class API:
    """The binary at work, and its client."""

    def __init__(self, binary, directory, arguments=(), **config):
        path = os.path.join(directory, "config.json")
        with open(path, "w") as f:
            json.dump({"listenAddress": "127.0.0.1:0", "org": ORG, "token": TOKEN, **config}, f)
        self.log = open(os.path.join(directory, "log"), "w+")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and k.lower() not in ("http_proxy", "https_proxy", "all_proxy")}
        self.process = subprocess.Popen([binary, *arguments, "-config", path], stdout=subprocess.PIPE, stderr=self.log, env=environment, cwd=directory,
                                        text=True)
        self.url = self.listening()

    def lines(self):
        with open(self.log.name) as f:
            return [json.loads(line) for line in f if line.startswith("{")]

    def listening(self):
        for _ in range(100):
            for line in self.lines():
                if line.get("msg") == "listening":
                    return line["url"]
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        with open(self.log.name) as f:
            sys.exit("the binary does not serve: " + f.read())

    def ask(self, method, path, body=None, token=TOKEN, headers=()):
        """Gives status, answer (parsed where it is JSON) and headers."""
        headers = {**({"Authorization": "Bearer " + token} if token else {}), **dict(headers)}
        request = urllib.request.Request(self.url + "/v1/ecs" + path, body, headers, method=method)
        try:
            answer = DIRECT.open(request, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        content = answer.read()
        if content and "json" in (answer.headers.get("Content-Type") or ""):
            content = json.loads(content)
        return answer.status, content, answer.headers

    def stop(self):
        self.process.terminate()
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return None


class AWS:
    """moto, looked at behind the API's back."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.ec2, self.ecs, self.iam, self.logs, self.secrets, self.discovery, self.sts, self.ssm, self.elb = (
            self.client(s) for s in ("ec2", "ecs", "iam", "logs", "secretsmanager", "servicediscovery", "sts", "ssm", "elbv2"))
        self.account = self.sts.get_caller_identity()["Account"]

    def client(self, service):
        return boto3.client(service, endpoint_url=self.endpoint, region_name="us-east-1", aws_access_key_id="AKID", aws_secret_access_key="SECRET",
                            config=Config(inject_host_prefix=False, proxies={}))

    def prepare(self):
        """What an operator has: a network, and a private DNS namespace. Gives the account's configuration without its endpoint, and the namespace's id."""
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [self.ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24")["Subnet"]["SubnetId"] for i in (1, 2)]
        group = self.ec2.create_security_group(GroupName="tasks", Description="tasks", VpcId=vpc)["GroupId"]
        operation = self.discovery.create_private_dns_namespace(Name="moto.local", Vpc=vpc)["OperationId"]
        namespace = self.discovery.get_operation(OperationId=operation)["Operation"]["Targets"]["NAMESPACE"]
        return dict(region="us-east-1", akid="AKID", secret="SECRET", defaultSubnets=subnets, defaultSgs=[group], defaultKmsKeyId=KEY), namespace

    def cluster(self):
        return self.ecs.describe_clusters(clusters=["myclu"], include=["TAGS"])["clusters"][0]

    def service(self, name):
        return self.ecs.describe_services(cluster="myclu", services=[name], include=["TAGS"])["services"][0]

    def registries(self):
        return self.discovery.list_services()["Services"]

    def arn(self, service, resource, region="us-east-1"):
        return f"arn:aws:{service}:{region}:{self.account}:{resource}"


class OnSandbox(API):
    """The binary with the sandbox in it."""
    account, moto, namespace = "sandbox", False, "ns-y3uaw6neshhbev3f"

    def __init__(self, binary, directory, speed, **config):
        super().__init__(binary, directory, ["-sandbox"], sandbox={"listenAddress": "127.0.0.1:0", "speed": speed}, **config)
        self.aws = next(AWS(line.split()[1]) for line in self.process.stdout if line.startswith("aws "))


class OnMoto(API):
    """The binary on moto_server, with the mending proxy between them."""
    account, moto = "moto", True

    def __init__(self, binary, directory, endpoint, **config):
        self.aws, self.mender = AWS(endpoint), Mender(endpoint)
        account, self.namespace = self.aws.prepare()
        vpc = self.aws.ec2.describe_subnets(SubnetIds=account["defaultSubnets"])["Subnets"][0]["VpcId"]
        self.aws.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})  # without it moto's RunTask fails
        super().__init__(binary, directory, accounts={"moto": dict(account, endpoint=self.mender.url())}, stateDir=os.path.join(directory, "state"), **config)


class Run:
    """All checks on one AWS, which a subclass has. Its lines are kept, to be printed together."""
    secrets_of_requests = ()  # words that no log may have

    def __init__(self, api):
        self.api, self.aws, self.moto, self.lines, self.passed, self.failed = api, api.aws, api.moto, [], 0, 0

    def check(self, what, holds, seen=None):
        where = "moto" if self.moto else "sandbox"
        self.passed, self.failed = self.passed + bool(holds), self.failed + (not holds)
        told = "" if holds or seen is None else f"\n      seen: {json.dumps(seen, default=str)[:2000]}"
        self.lines.append(f"{'ok   ' if holds else 'FAIL '} {where}: {what}{told}")

    def same(self, what, got, want):
        self.check(what, got == want, {"got": got, "wanted": want})

    def comes_true(self, what, look, want, patience=20):
        deadline = time.monotonic() + patience
        while (got := look()) != want and time.monotonic() < deadline:
            time.sleep(0.2)
        self.same(what, got, want)

    def ask(self, method, path, body=None):
        status, answer, _ = self.api.ask(method, f"/{self.api.account}{path}", None if body is None else body.encode())
        return status, answer

    def must(self, what, want, method, path, body=None):
        status, answer = self.ask(method, path, body)
        self.check(f"{what}: {want}", status == want, {"status": status, "answer": answer})
        return answer

    def all(self):
        try:
            self.checks()
        except Exception as error:  # what follows could not be checked
            here = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == sys.modules[type(self).__module__].__file__]
            self.check(f"checked to the end: line {here[-1].lineno}: {type(error).__name__}: {error}", False)
        self.same("SIGTERM: exit status 0", self.api.stop(), 0)
        with open(self.api.log.name) as f:
            log = f.read()
        self.check("the log has neither the token nor a secret", not [word for word in (TOKEN, *self.secrets_of_requests) if word in log])
        self.check("the log has no panic and no internal error", "panic" not in log and "internal error" not in log,
                   [l for l in log.splitlines() if "panic" in l or "internal" in l])
        if self.failed:
            self.lines.append("the binary's log:\n" + log[-6000:])


def on_both(kind, binary, endpoint, speed, **config):
    """Runs the checks of a kind of Run on the sandbox and on moto_server at once, and gives the exit status."""
    binary = os.path.abspath(binary)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        runs = [kind(OnSandbox(binary, one, speed, **config)), kind(OnMoto(binary, other, endpoint, **config))]
        threads = [threading.Thread(target=run.all) for run in runs]
        for thread in threads:
            thread.start()
        for thread, run in zip(threads, runs):
            thread.join()
            print("\n".join(run.lines), flush=True)
    failed = sum(run.failed for run in runs)
    print(f"{sum(run.passed for run in runs)} passed, {failed} failed")
    return 1 if failed else 0
