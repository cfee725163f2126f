"""Asks for what there is to be had in a folder of warm templates: argv is the folder, and the user to ask as, if not this one."""

import os
import socket
import sys

os.chdir(sys.argv[1])
if len(sys.argv) > 2:
    os.setuid(int(sys.argv[2]))
asker = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
asker.connect("warm.sock")
# A `WarmRequest` of a build that does not exist, which wants to know what there is.
asker.send(bytes(11) + b"\x01")
print(len(asker.recv(65536)))
