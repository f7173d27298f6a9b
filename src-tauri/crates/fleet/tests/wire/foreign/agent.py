"""An agent that others have made, from the proto file of our own agents.

agent.py ENGINE TOKEN AUTHORITY KEY PUBLIC_KEY: it enrols, attends, says a load, renews its certificate when it is asked to, and
drains. What it is told it prints.
"""

import base64
import queue
import sys
import threading
import time

import agent_pb2
import agent_pb2_grpc
import grpc

engine, token, authority, key, public_key = sys.argv[1:]
with open(authority, "rb") as file:
    authority = file.read()
with open(key, "rb") as file:
    key = file.read()
with open(public_key, "rb") as file:
    public_key = file.read()


def channel(*shown):
    credentials = grpc.ssl_channel_credentials(authority, *shown)
    return grpc.secure_channel(engine, credentials, [("grpc.ssl_target_name_override", "estatus-engine")])


def pem(certificate):
    text = base64.encodebytes(certificate).decode()
    return f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n".encode()


with channel() as stranger:
    request = agent_pb2.EnrolRequest(token=token, public_key=public_key, address="192.0.2.1")
    enrolled = agent_pb2_grpc.AgentServiceStub(stranger).Enrol(request, timeout=20, wait_for_ready=True)
print("enrolled", flush=True)

says = queue.Queue()
says.put(agent_pb2.FromAgent(hello=agent_pb2.Hello(address="192.0.2.1")))
load = 0.25


def beat(every):
    while True:
        says.put(agent_pb2.FromAgent(heartbeat=agent_pb2.Heartbeat(load=load)))
        time.sleep(every)


with channel(key, pem(enrolled.certificate)) as known:
    for told in agent_pb2_grpc.AgentServiceStub(known).Attend(iter(says.get, None)):
        what = told.WhichOneof("says")
        print(what, told.terms.heartbeat_milliseconds if what == "terms" else "", flush=True)
        if what == "terms":
            every = told.terms.heartbeat_milliseconds / 1000
            threading.Thread(target=beat, args=[every], daemon=True).start()
        elif what == "renew":
            says.put(agent_pb2.FromAgent(renewal=agent_pb2.Renewal(public_key=public_key)))
        elif what == "set_load":
            load = told.set_load.load
        elif what == "drain":
            says.put(agent_pb2.FromAgent(drained=agent_pb2.Drained()))
