"""A monitor that others have made, from the source document's proto file alone.

It prints where it is; then the address and the name of whoever tells it that he is there, and his load at every heartbeat.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import document_pb2
import document_pb2_grpc
import grpc


class Connections(document_pb2_grpc.ConnectionServiceServicer):
    def onConnect(self, request, context):
        is_accepted = request.instance_name.startswith("web-")
        print(request.instance_name, request.ip_address, is_accepted, flush=True)
        if is_accepted:
            threading.Thread(target=ask, args=[request.ip_address], daemon=True).start()
        return document_pb2.onConnectResponse(is_accepted=is_accepted)


def ask(address):
    with grpc.insecure_channel(address) as channel:
        heartbeat = document_pb2_grpc.HeartbeatServiceStub(channel)
        while True:
            try:
                print(f"{heartbeat.ping(document_pb2.Request(), timeout=5).load:.2f}", flush=True)
            except grpc.RpcError as error:
                print(error.code().name, flush=True)
            time.sleep(0.1)


server = grpc.server(ThreadPoolExecutor(4))
document_pb2_grpc.add_ConnectionServiceServicer_to_server(Connections(), server)
print(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}", flush=True)
server.start()
server.wait_for_termination()
