"""A mail server for tests: aiosmtpd with the settings of the JSON object in the first argument.

Prints `{"port": N}` when it listens on 127.0.0.1, then one JSON object for every mail it has taken. Ends when its
standard input does.

Settings, all of them optional:
  tls          "starttls" (offered and required) or "implicit"
  certificate  path of the PEM chain; `key`: path of its PEM key
  newest       "TLSv1_1": the newest version of TLS that it speaks
  users        {"name": "password"}; with it, a login is required
  echo         whether a refused login is answered with the password that was sent, in Base64
  recipients   {"address": "550 answer"}: recipients to refuse
  sender       the answer to MAIL
  data         the answer to the content, or "die": the connection is cut in place of one
"""

import asyncio
import base64
import json
import logging
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

SETTINGS = json.loads(sys.argv[1])

# It warns of a login without TLS and logs every connection that ends early; both are what the tests are about.
warnings.simplefilter("ignore")
logging.disable()


def say(fact):
    print(json.dumps(fact), flush=True)


class Mailbox:
    async def handle_MAIL(self, server, session, envelope, address, options):
        if "sender" in SETTINGS:
            return SETTINGS["sender"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        refusal = SETTINGS.get("recipients", {}).get(address)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        say({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": envelope.original_content.decode("ascii"),
            "tls": session.ssl is not None or SETTINGS.get("tls") == "implicit",
            "login": session.auth_data.login.decode() if session.auth_data else None,
        })
        answer = SETTINGS.get("data", "250 OK")
        if answer == "die":
            server.transport.abort()
        return answer


def authenticate(server, session, envelope, mechanism, data):
    known = isinstance(data, LoginPassword) and SETTINGS["users"].get(data.login.decode()) == data.password.decode()
    if known:
        return AuthResult(success=True, auth_data=data)
    echo = base64.b64encode(data.password).decode()
    said = echo if SETTINGS.get("echo") else "Username and Password not accepted"
    return AuthResult(success=False, handled=False, message="535 5.7.8 " + said)


def context():
    if "certificate" not in SETTINGS:
        return None
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(SETTINGS["certificate"], SETTINGS["key"])
    if "newest" in SETTINGS:
        tls.set_ciphers("ALL:@SECLEVEL=0")
        tls.minimum_version = ssl.TLSVersion.TLSv1
        tls.maximum_version = ssl.TLSVersion[SETTINGS["newest"]]
    return tls


def session():
    starttls = SETTINGS.get("tls") == "starttls"
    login = "users" in SETTINGS
    return SMTP(
        Mailbox(),
        hostname="mail.test",
        ident="test",
        tls_context=context() if starttls else None,
        require_starttls=starttls,
        authenticator=authenticate if login else None,
        auth_required=login,
        auth_require_tls=False,
        auth_exclude_mechanism=[] if login else ["LOGIN", "PLAIN"],
    )


async def main():
    implicit = context() if SETTINGS.get("tls") == "implicit" else None
    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", 0, ssl=implicit)
    say({"port": server.sockets[0].getsockname()[1]})
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
