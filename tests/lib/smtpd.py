#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mail server for tests: smtpd.py DIR [--port N] [--tls CERT KEY] [--user NAME PASSWORD].

Each mail becomes DIR/<n>.eml, with the envelope in X-Test- fields before it. DIR/port has the port once it
listens. What it answers to the next command is in DIR/mode: "rcpt 450 text", "data 550 text", "mail 421 text";
without that file it takes everything."""
import argparse
import asyncio
import os
import ssl

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    def __init__(self, where):
        self.where = where
        self.n = len([f for f in os.listdir(where) if f.endswith(".eml")])

    def mode(self, command):
        try:
            with open(os.path.join(self.where, "mode"), encoding="ascii") as f:
                for line in f:
                    word, _, answer = line.strip().partition(" ")
                    if word == command:
                        return answer
        except FileNotFoundError:
            pass
        return None

    async def handle_MAIL(self, server, session, envelope, address, options):
        answer = self.mode("mail")
        if answer:
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self.mode("rcpt")
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        answer = self.mode("data")
        if answer:
            return answer
        self.n += 1
        name = os.path.join(self.where, "%d.eml" % self.n)
        with open(name + ".new", "wb") as f:
            f.write(b"X-Test-From: %s\r\n" % envelope.mail_from.encode())
            for rcpt in envelope.rcpt_tos:
                f.write(b"X-Test-To: %s\r\n" % rcpt.encode())
            f.write(b"X-Test-TLS: %s\r\n" % str(session.ssl is not None).encode())
            f.write(b"X-Test-Login: %s\r\n" % str(session.auth_data).encode())
            f.write(envelope.original_content)
        os.rename(name + ".new", name)
        return "250 taken"


def authenticator(user, password):
    def check(server, session, envelope, mechanism, data):
        good = data.login == user.encode() and data.password == password.encode()
        return AuthResult(success=good, handled=good, auth_data=user if good else None)
    return check


async def serve(a):
    context, more = None, {}
    if a.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*a.tls)
    if a.user:
        more = {"authenticator": authenticator(*a.user), "auth_required": True,
                "auth_require_tls": context is not None}
    handler = Handler(a.dir)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, tls_context=context, hostname="test.example.org", **more),
        "127.0.0.1", a.port)
    port = os.path.join(a.dir, "port")
    with open(port + ".new", "w", encoding="ascii") as f:
        f.write("%d\n" % server.sockets[0].getsockname()[1])
    os.rename(port + ".new", port)
    await server.serve_forever()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("dir")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--tls", nargs=2)
    p.add_argument("--user", nargs=2)
    asyncio.run(serve(p.parse_args()))


main()
