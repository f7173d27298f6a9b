"""An instance that others have made, from the source document's proto file alone.

instance.py MONITOR NAME LOAD: it serves HeartbeatService, tells the monitor that it is there, and says the load that stands in
a file whenever it is asked.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import document_pb2
import document_pb2_grpc
import grpc


class Heartbeats(document_pb2_grpc.HeartbeatServiceServicer):
    def ping(self, request, context):
        with open(load) as file:
            return document_pb2.HeartbeatResponse(load=float(file.read()))


monitor, name, load = sys.argv[1:]
server = grpc.server(ThreadPoolExecutor(4))
document_pb2_grpc.add_HeartbeatServiceServicer_to_server(Heartbeats(), server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()

with grpc.insecure_channel(monitor) as channel:
    connection = document_pb2_grpc.ConnectionServiceStub(channel)
    request = document_pb2.onConnectRequest(ip_address=f"127.0.0.1:{port}", instance_name=name)
    print(connection.onConnect(request, timeout=20, wait_for_ready=True).is_accepted, flush=True)
server.wait_for_termination()
