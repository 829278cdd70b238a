#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mail server that does harm: smtp_evil.py DIR MODE. DIR/port has the port once it listens, DIR/seen the lines
that came. Modes: plain and login refuse AUTH of that kind with the line they were sent; escapes refuses with terminal
codes; endless answers without end; bare offers nothing; lie offers STARTTLS and goes on in clear."""
import os
import socket
import sys

where, mode = sys.argv[1:]


def talk(c, seen):
    c.sendall(b"220 evil\r\n")
    lines = c.makefile("rb")
    asked = 0
    while line := lines.readline():
        line = line.strip()
        seen.write(line + b"\n")
        word = line.split(b" ")[0].upper()
        if word == b"EHLO" and mode == "endless":
            while True:
                c.sendall(b"250-" + b"x" * 500 + b"\r\n")
        elif word == b"EHLO":
            offer = {"login": b"AUTH LOGIN", "bare": b"HELP", "lie": b"STARTTLS"}.get(mode, b"AUTH PLAIN")
            c.sendall(b"250-evil\r\n250 " + offer + b"\r\n")
        elif word == b"QUIT":
            c.sendall(b"221 bye\r\n")
            return
        elif mode == "lie":
            c.sendall(b"220 go on\r\n" + b"250 in clear\r\n" * 4)
        elif mode == "escapes":
            c.sendall(b"550 \x1b]0;owned\x07 \xe2\x80\xae\xff no\r\n")
        elif mode in ("plain", "login") and asked < (1 if mode == "plain" else 2):
            asked += 1
            c.sendall(b"334 " + (b"" if mode == "plain" else b"VXNlcm5hbWU6") + b"\r\n")
        else:
            c.sendall(b"535 5.7.8 unknown command: " + line + b"\r\n")


with socket.create_server(("127.0.0.1", 0)) as s:
    with open(os.path.join(where, "port.new"), "w", encoding="ascii") as f:
        f.write(str(s.getsockname()[1]))
    os.rename(os.path.join(where, "port.new"), os.path.join(where, "port"))
    while True:
        peer, _ = s.accept()
        with peer, open(os.path.join(where, "seen"), "ab", buffering=0) as log:
            try:
                talk(peer, log)
            except OSError:
                pass
