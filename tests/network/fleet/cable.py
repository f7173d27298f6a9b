"""A cable that takes its time, and loses some of what it carries.

cable.py ONE OTHER: it makes two network devices of these names, and says so; what is sent into one comes out of the other. Each
line of its standard input says how it is from then on, in both directions: the delay in seconds, and the part that is lost. It
ends with its input.
"""

import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000


def device(name):
    end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return end


one, other = (device(name) for name in sys.argv[1:])
print("ready", flush=True)
opposite = {one: other, other: one}
dice = random.Random(1)
delay, loss = 0.0, 0.0
carried = []
sent = 0
while True:
    wait = max(0.0, carried[0][0] - time.monotonic()) if carried else None
    ready, _, _ = select.select([0, one, other], [], [], wait)
    for end in ready:
        if end == 0:
            line = sys.stdin.readline()
            if not line:
                sys.exit()
            delay, loss = (float(word) for word in line.split())
            continue
        try:
            packet = os.read(end, 65536)
        except OSError:
            # The device is not up.
            continue
        if dice.random() >= loss:
            sent += 1
            heapq.heappush(carried, (time.monotonic() + delay, sent, opposite[end], packet))
    while carried and carried[0][0] <= time.monotonic():
        _, _, end, packet = heapq.heappop(carried)
        try:
            os.write(end, packet)
        except OSError:
            pass
