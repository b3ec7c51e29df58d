#!/usr/bin/env python3
"""Signing in by a company's provider of OpenID Connect: a box, a browser's part, and a real provider on a free port.

    tests/oidc_test.py COFRE TOOLS     TOOLS: a folder that keeps the provider, the npm package oidc-provider

Skips where the package or openssl cannot be had.
"""
import http.client
import json
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

import npm
from box import SKIPPED
from company import LOCAL, CompanyBox, authority, free_port, missing

COFRE, TOOLS = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
HERE = pathlib.Path(__file__).resolve().parent
SECRET = "canary-client-secret & more"
START = "/admin/v1/oidc/start"


if lacks := missing("openssl"):
    print(f"skipped: there is no {lacks}")
    sys.exit(SKIPPED)
npm.ensure(TOOLS, "oidc-provider", "9")


class Provider:
    """Runs while it is not stopped; each start has a signing key of its own."""

    def __init__(self, claims_in_token):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cofre-provider-"))
        self.ca, certificate, key = authority(self.folder, "provider")
        self.other_ca = authority(self.folder, "other")[0]
        self.port = free_port()
        self.issuer = f"https://127.0.0.1:{self.port}"
        self.people = {}
        (self.folder / "settings.json").write_text(json.dumps({
            "port": self.port, "key": key, "certificate": certificate, "secret": SECRET,
            "redirects": "https://127.0.0.1:", "people": str(self.folder / "people.json"),
            "claims_in_token": claims_in_token}))
        self.start()

    def know(self, subject, name, groups, **more):
        self.people[subject] = {"preferred_username": name, "groups": groups, **more}
        (self.folder / "people.json").write_text(json.dumps(self.people))

    def start(self):
        self.process = subprocess.Popen(
            [npm.NODE, "--node", HERE / "oidc" / "provider.mjs", TOOLS, self.folder / "settings.json"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise AssertionError("the provider does not start")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.process.stdout.close()

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


PROVIDER = None


def setUpModule():
    global PROVIDER
    PROVIDER = Provider(claims_in_token=False)


def tearDownModule():
    PROVIDER.remove()


class Company(CompanyBox):
    """A box that knows the provider; `lines` stand in its section [oidc] in place of what is usual."""

    def __init__(self, provider, more="", **lines):
        settings = {"issuer": provider.issuer, "client_id": "box", "client_secret_file": "DATA/secret",
                    "ca_file": provider.ca, **lines}
        text = more + "\n[oidc]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
        for group, department, role in [("staff", "research", "user"), ("operators", "", "operator")]:
            text += f'[[oidc.group]]\nname = "{group}"\ndepartment = "{department}"\nroles = ["{role}"]\n'
        super().__init__(COFRE, text, {"secret": SECRET + "\n"})
        self.do("department", "create", "research")


class Browser:
    """Follows redirects, keeps cookies by host, and does not send those of SameSite=Strict where another site's answer
    led here."""

    def __init__(self, box, provider):
        self.box, self.provider = box, provider
        self.tls = ssl.create_default_context(cafile=provider.ca)
        self.tls.load_verify_locations(box.ca)
        self.cookies = {}

    def go(self, url, method="GET", body=None, headers=None, stop=None, came_from=None):
        """(status, headers, text, url) of the first answer that leads nowhere else, or would lead to `stop`."""
        for _ in range(10):
            parts = urllib.parse.urlsplit(url)
            jar = self.cookies.setdefault(parts.netloc, {})
            is_strange = came_from is not None and came_from != parts.netloc
            sent = [f"{name}={value}" for name, (value, site) in jar.items() if not (is_strange and site == "strict")]
            given = dict(headers or {})
            if sent:
                given["Cookie"] = "; ".join(sent)
            connection = http.client.HTTPSConnection(parts.netloc, context=self.tls, timeout=60)
            connection.request(method, urllib.parse.urlunsplit(("", "", parts.path, parts.query, "")), body, given)
            answer = connection.getresponse()
            text = answer.read().decode()
            connection.close()
            for line in answer.headers.get_all("Set-Cookie") or []:
                pair, *attributes = [one.strip() for one in line.split(";")]
                name, value = pair.split("=", 1)
                site = next((one[9:].lower() for one in attributes if one.lower().startswith("samesite=")), "lax")
                jar[name] = (value, site)
                if not value or "max-age=0" in [one.lower() for one in attributes]:
                    del jar[name]
            target = answer.headers.get("Location")
            if target is None or (stop is not None and urllib.parse.urljoin(url, target).startswith(stop)):
                return answer.status, answer.headers, text, url if target is None else urllib.parse.urljoin(url, target)
            # Where a chain of redirects began counts, too.
            came_from = came_from or parts.netloc
            url, method, body = urllib.parse.urljoin(url, target), "GET", None
        raise AssertionError("too many redirects")

    def start(self, query=""):
        """Where the box sends the browser."""
        status, _, text, address = self.go(self.box.url + START + query, stop=self.provider.issuer)
        assert status == 302, text
        return address

    def at_provider(self, address, user):
        """Signs in there: the address by which it sends the browser back to the box."""
        status, _, text, page = self.go(address)
        assert (status, text) == (200, "Who are you?"), text
        return self.go(page + "?" + urllib.parse.urlencode({"user": user}), stop=self.box.url)[3]

    def back(self, address):
        return self.go(address, came_from=self.provider.issuer.removeprefix("https://"))[:3]

    def sign_in(self, user, query=""):
        """(status, headers, text) of the box's last page."""
        return self.back(self.at_provider(self.start(query), user))

    def session(self):
        """What a page of the box knows: (status, answer)."""
        status, _, text, _ = self.go(self.box.url + "/admin/v1/session")
        return status, json.loads(text)


class SignIn(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.box = Company(PROVIDER)

    @classmethod
    def tearDownClass(cls):
        cls.box.remove()

    def browser(self):
        return Browser(self.box, PROVIDER)

    def assert_refused(self, browser, answer, *statuses):
        self.assertIn(answer[0], statuses or (400,), answer[2])
        self.assertIn("not signed in", answer[2])
        self.assertEqual(browser.session()[0], 401)

    def test_the_provider_says_who_that_is_and_the_group_what_they_may(self):
        PROVIDER.know("1001", "ana", ["staff"])
        browser = self.browser()
        status, _, text = browser.sign_in("1001", "?return_to=/admin/v1/me")
        self.assertEqual(status, 200, text)
        self.assertIn("signed in as ana", text)
        self.assertIn('content="0;url=/admin/v1/me"', text)
        status, session = browser.session()
        self.assertEqual((status, session["user"]["name"]), (200, "ana"), session)
        user = self.box.user("ana")
        self.assertEqual((user["roles"], user["department"]), (["user"], "research"))
        token = {"X-CSRF-Token": session["csrf_token"], "Content-Type": "application/json"}
        made = browser.go(self.box.url + "/admin/v1/me/keys", "POST", json.dumps({"name": "laptop"}), token)
        self.assertEqual(made[0], 200, made[2])
        self.assertEqual(browser.go(self.box.url + "/admin/v1/users")[0], 403)

    def test_the_way_back_is_good_once(self):
        PROVIDER.know("1002", "ben", ["staff"])
        browser = self.browser()
        address = browser.at_provider(browser.start(), "1002")
        self.assertEqual(browser.back(address)[0], 200)
        self.assert_refused(self.browser(), browser.back(address))

    def test_a_state_of_another_browser_is_refused(self):
        PROVIDER.know("1003", "carla", ["staff"])
        victim, attacker = self.browser(), self.browser()
        address = attacker.at_provider(attacker.start(), "1003")
        self.assert_refused(victim, victim.back(address))
        victim.start()  # has a sign-in of its own under way
        self.assert_refused(victim, victim.back(address))
        self.assertEqual(attacker.back(address)[0], 200)

    def test_a_code_of_another_sign_in_is_refused(self):
        PROVIDER.know("1004", "dora", ["staff"])
        victim, attacker = self.browser(), self.browser()
        code = urllib.parse.parse_qs(urllib.parse.urlsplit(victim.at_provider(victim.start(), "1004")).query)["code"][0]
        own = attacker.at_provider(attacker.start(), "1004")
        stolen = re.sub(r"code=[^&]*", "code=" + code, own)
        self.assertNotEqual(stolen, own)
        self.assert_refused(attacker, attacker.back(stolen))
        self.assertIn("invalid_grant", self.box.log())
        self.assertNotIn(code, self.box.log())

    def test_a_token_with_another_nonce_is_refused(self):
        PROVIDER.know("1005", "emil", ["staff"])
        browser = self.browser()
        address = re.sub(r"nonce=[^&]*", "nonce=of-another-sign-in", browser.start())
        self.assert_refused(browser, browser.back(browser.at_provider(address, "1005")))
        self.assertIn("nonce", self.box.log())
        self.assertEqual(self.box.command("user", "show", "emil")[0], 1)

    def test_an_answer_of_another_issuer_is_refused(self):
        PROVIDER.know("1006", "franz", ["staff"])
        browser = self.browser()
        address = browser.at_provider(browser.start(), "1006")
        self.assertIn("iss=", address)
        self.assert_refused(browser, browser.back(re.sub(r"iss=[^&]*", "iss=https%3A%2F%2Fevil.example", address)))

    def test_who_breaks_off_is_told(self):
        browser = self.browser()
        answer = browser.back(browser.at_provider(browser.start(), ""))
        self.assert_refused(browser, answer)
        self.assertIn("access_denied", answer[2])

    def test_who_is_in_no_group_stays_outside(self):
        PROVIDER.know("1007", "gerda", ["guests"])
        browser = self.browser()
        self.assert_refused(browser, browser.sign_in("1007"), 403)
        self.assertEqual(self.box.command("user", "show", "gerda")[0], 1)

    def test_a_role_comes_and_goes_with_its_group(self):
        PROVIDER.know("1008", "hugo", ["staff", "operators"])
        browser = self.browser()
        self.assertEqual(browser.sign_in("1008")[0], 200)
        self.assertEqual(self.box.user("hugo")["roles"], ["user", "operator"])
        self.assertEqual(browser.go(self.box.url + "/admin/v1/users")[0], 200)
        PROVIDER.know("1008", "hugo.renamed", ["staff"])
        self.assertEqual(self.browser().sign_in("1008")[0], 200)
        self.assertEqual(self.box.user("hugo")["roles"], ["user"])
        self.assertEqual(browser.go(self.box.url + "/admin/v1/users")[0], 403)

    def test_the_boxs_own_users_and_the_names_of_others_are_not_the_providers(self):
        self.box.local_user("boss")
        PROVIDER.know("1009", "boss", ["staff"])
        browser = self.browser()
        self.assert_refused(browser, browser.sign_in("1009"), 403)
        self.assertEqual(self.box.sign_in("boss", LOCAL)[0], 200)
        PROVIDER.know("1010", "ida", ["staff"])
        PROVIDER.know("1011", "ida", ["staff"])
        self.assertEqual(self.browser().sign_in("1010")[0], 200)
        other = self.browser()
        self.assert_refused(other, other.sign_in("1011"), 403)

    def test_the_providers_users_have_no_password_here(self):
        PROVIDER.know("1012", "jan", ["staff"])
        self.assertEqual(self.browser().sign_in("1012")[0], 200)
        self.assertEqual(self.box.sign_in("jan", "anything at all")[0], 401)
        status, _, error = self.box.command("user", "link", "jan")
        self.assertEqual(status, 1)
        self.assertIn("provider", error)

    def test_the_trail_tells_who_signed_in_and_what_groups_changed(self):
        PROVIDER.know("1013", "kim", ["staff"])
        self.browser().sign_in("1013")
        PROVIDER.know("1013", "kim", [])
        browser = self.browser()
        self.assert_refused(browser, browser.sign_in("1013"), 403)
        done = [(record["do"], record["outcome"]) for record in self.box.trail_of("kim")]
        for one in [("login", "ok"), ("login", "refused"), ("oidc.user", "begun"), ("oidc.user", "ok")]:
            self.assertIn(one, done)

    def test_no_secret_is_in_the_log(self):
        PROVIDER.know("1014", "lea", ["staff"])
        browser = self.browser()
        address = browser.at_provider(browser.start(), "1014")
        self.assertEqual(browser.back(address)[0], 200)
        parts = urllib.parse.parse_qs(urllib.parse.urlsplit(address).query)
        log = self.box.log()
        for secret in ("canary-client-secret", parts["code"][0], parts["state"][0]):
            self.assertNotIn(secret, log)

    def test_the_doctor_asks_the_provider(self):
        self.assertEqual(self.box.checks("provider"), (0, [("ok", PROVIDER.issuer + " answers")]))


class Ways(unittest.TestCase):
    """Other providers and settings, right and wrong."""

    def box(self, provider, *arguments, **more):
        box = Company(provider, *arguments, **more)
        self.addCleanup(box.remove)
        return box

    def provider(self, **more):
        provider = Provider(**more)
        self.addCleanup(provider.remove)
        return provider

    def assert_unavailable(self, box, provider, why):
        status, _, text, _ = Browser(box, provider).go(box.url + START)
        self.assertIn(status, (400, 503), text)
        self.assertIn("not signed in", text)
        self.assertIn(why, box.log())
        status, found = box.checks("provider")
        self.assertEqual((status, [state for state, _ in found]), (1, ["bad"]))

    def test_claims_that_stand_in_the_token_and_a_new_key_are_taken(self):
        provider = self.provider(claims_in_token=True)
        provider.know("1", "ana@example.org", ["staff"], email="ana@example.org", email_verified=True)
        box = self.box(provider, name_claim="email")
        self.assertEqual(Browser(box, provider).sign_in("1")[0], 200)
        self.assertEqual(box.user("ana@example.org")["roles"], ["user"])
        provider.stop()
        provider.start()
        self.assertEqual(Browser(box, provider).sign_in("1")[0], 200)

    def test_an_address_that_the_provider_has_not_checked_is_no_name(self):
        PROVIDER.know("2001", "mia", ["staff"], email="mia@example.org", email_verified=False)
        box = self.box(PROVIDER, name_claim="email")
        self.assertEqual(Browser(box, PROVIDER).sign_in("2001")[0], 400)
        self.assertIn("email_verified", box.log())

    def test_where_users_are_not_made_only_those_that_are_there_sign_in(self):
        PROVIDER.know("2002", "nils", ["staff"])
        box = self.box(PROVIDER, create_users=False)
        self.assertEqual(Browser(box, PROVIDER).sign_in("2002")[0], 403)
        box.do("user", "create", "nils")
        self.assertEqual(Browser(box, PROVIDER).sign_in("2002")[0], 200)

    def test_a_provider_that_is_down_is_told_and_the_boxs_own_users_sign_in(self):
        provider = self.provider(claims_in_token=False)
        box = self.box(provider)
        box.local_user("here")
        provider.stop()
        self.addCleanup(provider.start)  # so that it can be stopped
        self.assert_unavailable(box, provider, "onnect")
        self.assertEqual(box.sign_in("here", LOCAL)[0], 200)

    def test_a_certificate_of_another_authority_is_refused(self):
        self.assert_unavailable(self.box(PROVIDER, ca_file=PROVIDER.other_ca), PROVIDER, "certificate")

    def test_a_provider_that_calls_itself_otherwise_is_refused(self):
        self.assert_unavailable(self.box(PROVIDER, issuer=PROVIDER.issuer + "/"), PROVIDER, "calls itself")

    def test_a_wrong_secret_is_told_to_the_administrator(self):
        PROVIDER.know("2003", "olga", ["staff"])
        box = self.box(PROVIDER)
        (pathlib.Path(box.data) / "secret").write_text("another")
        self.assertEqual(Browser(box, PROVIDER).sign_in("2003")[0], 400)
        self.assertIn("invalid_client", box.log())

    def test_settings_that_let_nobody_in_are_refused_at_the_start(self):
        data = pathlib.Path(tempfile.mkdtemp(prefix="cofre-company-"))
        self.addCleanup(shutil.rmtree, data)
        for text, why in [('issuer = "https://a"\nclient_id = "b"\n', "oidc.group"), ('issuer = "https://a"\n', "client_id"),
                          ('issuer = "http://a"\n', "must be an address like https://")]:
            (data / "cofre.toml").write_text("[oidc]\n" + text)
            done = subprocess.run([COFRE, "serve", "--data", str(data), "--listen", "127.0.0.1:0"], text=True,
                                  capture_output=True, timeout=60)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(why, done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
