"""A proxy in front of moto_server, for tests only, that mends what aws-sdk-go v1 cannot read, or moto cannot do with valid requests or leaves out:

- RunTask, DescribeTasks, StopTask: the model of containers[].cpu, memory and memoryReservation is a string, moto gives numbers. A v1 client refuses the
  answer after the tasks have started, and asks again.
- RunTask of containers without memory, which Fargate allows, is a server fault: they are registered with the task's memory, and shown without it.
- StopTask of a task that is not there is a server fault, where AWS answers InvalidParameterException.
- DescribeTaskDefinition of a family gives its newest revision, be it deregistered; AWS gives the newest active one, or a ClientException.
- ListTasks knows no tasks of a family without an active revision, and lists stopped ones where no status is asked for.
- DescribeParameters gives no ARNs.
- GetResources of the tagging API leaves out the services of Cloud Map.

All else passes as it is. What each operation was sent is kept: moto forgets much of it. An operation can be refused on demand: moto hardly refuses any.
"""
import json
import re
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ECS = "AmazonEC2ContainerServiceV20141113."
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy of the environment is not for loopback
SIZES = ("cpu", "memory", "memoryReservation")
PARAMETERS, TAGGED = "AmazonSSM.DescribeParameters", "ResourceGroupsTaggingAPI_20170126.GetResources"
JSON = {"Content-Type": "application/x-amz-json-1.1"}
CLOUD_MAP = "Route53AutoNaming_v20170314."


class Recorder(ThreadingHTTPServer):
    """Passes every request on and keeps what each operation was sent."""
    daemon_threads, request_queue_size = True, 128

    def __init__(self, upstream, handler=None):
        super().__init__(("127.0.0.1", 0), handler or Passing)
        self.upstream, self.sent = upstream, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def last(self, operation):
        """The newest body that an operation of ECS was sent."""
        return next((body for target, body in reversed(self.sent) if target == ECS + operation), {})


class Passing(BaseHTTPRequestHandler):
    protocol_version, wbufsize = "HTTP/1.1", -1  # head and body in one packet

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        target = self.headers.get("X-Amz-Target", "")
        asked = json.loads(body or b"{}") if target else {}
        if target:
            self.server.sent.append((target, asked))
        status, content, headers = self.answer(target, asked, body)
        self.send_response(status)
        for name in ("Content-Type", "x-amzn-RequestId", "x-amzn-ErrorType"):
            if headers.get(name):
                self.send_header(name, headers[name])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def answer(self, target, asked, body):
        """Gives status, content and headers."""
        return self.call(body)

    def call(self, body, more=()):
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection", "accept-encoding", "content-length")}
        headers.update(more)
        try:
            answer = DIRECT.open(urllib.request.Request(self.server.upstream + self.path, body, headers, method="POST"), timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        return answer.status, answer.read(), answer.headers

    def log_message(self, *_):
        pass


class Mender(Recorder):
    """Mends on the way what it passes on."""

    def __init__(self, upstream):
        self.refused = {}  # the answer to an operation that is not passed on
        self.given, self.families = {}, {}  # containers that got memory, by the ARN of their definition; the family of each task
        super().__init__(upstream, Mending)

    def before(self, operation, body):
        """Mends a request."""
        if operation == "RegisterTaskDefinition":
            for container in body.get("containerDefinitions", []):
                if "memoryReservation" not in container:
                    container.setdefault("memory", int(body.get("memory", 512)))
        if operation == "ListTasks" and "serviceName" not in body:
            body.pop("family", None)
            body.setdefault("desiredStatus", "RUNNING")

    def after(self, operation, asked, status, answer):
        """Mends an answer, and gives its status."""
        if operation == "StopTask" and status == 500:
            answer.update({"__type": "InvalidParameterException", "message": "The referenced task was not found."})
            return 400
        for task in answer.get("tasks", []) + ([answer["task"]] if "task" in answer else []):
            self.families[task["taskArn"]] = task["taskDefinitionArn"].split("/")[-1].split(":")[0]
            for container in task.get("containers", []):
                container.update({size: str(container[size]) for size in SIZES if container.get(size) is not None})
        if operation == "ListTasks" and "taskArns" in answer and "family" in asked:
            answer["taskArns"] = [arn for arn in answer["taskArns"] if self.families.get(arn) == asked["family"]]
        for parameter in answer.get("Parameters", []):
            parameter["ARN"] = f"arn:aws:ssm:us-east-1:123456789012:parameter{parameter['Name']}"
        definition = answer.get("taskDefinition")
        if operation == "RegisterTaskDefinition" and definition:
            self.given[definition["taskDefinitionArn"]] = [c["name"] for c in asked["containerDefinitions"] if "memory" not in c]
        for shown in [definition] * (definition is not None) + answer.get("taskDefinitions", []):
            for container in shown["containerDefinitions"]:
                if container["name"] in self.given.get(shown["taskDefinitionArn"], []):
                    container.pop("memory", None)
        return status


class Mending(Passing):
    def answer(self, target, asked, body):
        operation = target.removeprefix(ECS)
        if operation in self.server.refused:
            return 400, json.dumps(self.server.refused[operation]).encode(), JSON
        if operation == target and target not in (PARAMETERS, TAGGED):
            return self.call(body)
        mended = json.loads(body)
        self.server.before(operation, mended)
        if operation == "DescribeTaskDefinition" and ":" not in asked.get("taskDefinition", ":"):
            mended = self.newest_active(asked)
        status, content, headers = self.call(json.dumps(mended).encode())
        try:
            parsed = json.loads(content)
        except ValueError:  # a fault of moto's own is a page of HTML
            parsed = {}
        if operation == TAGGED and status == 200 and "servicediscovery:service" in asked.get("ResourceTypeFilters", []):
            parsed["ResourceTagMappingList"] += self.registries(asked)
        mended = self.server.after(operation, asked, status, parsed)
        if parsed:
            status, content = mended, json.dumps(parsed).encode()
        del headers["Content-Type"]
        headers["Content-Type"] = JSON["Content-Type"]
        return status, content, headers

    def newest_active(self, asked):
        """What asks for the newest active revision of a family, or for one that is not there."""
        family = asked["taskDefinition"]
        listed = self.ask(ECS + "ListTaskDefinitions", {"familyPrefix": family, "status": "ACTIVE"})
        revisions = [int(arn.split(":")[-1]) for arn in listed["taskDefinitionArns"]]
        return dict(asked, taskDefinition=f"{family}:{max(revisions, default=0)}")

    def registries(self, asked):
        """The services of Cloud Map that have the tags which are asked for, as the tagging API tells them."""
        found = []
        for service in self.ask(CLOUD_MAP + "ListServices", {}, "servicediscovery")["Services"]:
            tags = self.ask(CLOUD_MAP + "ListTagsForResource", {"ResourceARN": service["Arn"]}, "servicediscovery")["Tags"]
            if all(any(t["Key"] == f["Key"] and t["Value"] in f.get("Values", [t["Value"]]) for t in tags) for f in asked.get("TagFilters", [])) and tags:
                found.append({"ResourceARN": service["Arn"], "Tags": tags})
        return found

    def ask(self, target, body, service=None):
        """The answer to an operation of our own, of another service than the one that is asked, if it is named: moto finds it by the signature's scope."""
        headers = {"X-Amz-Target": target}
        if service:
            headers["Authorization"] = re.sub(r"/[a-z]+/aws4_request", f"/{service}/aws4_request", self.headers["Authorization"])
        return json.loads(self.call(json.dumps(body).encode(), headers)[1])
