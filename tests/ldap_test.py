#!/usr/bin/env python3
"""Signing in with the password of a company's directory: a box and a real slapd, which this test starts on free ports.

    tests/ldap_test.py COFRE      skips where slapd, ldap-utils or openssl are not there
"""
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from box import SKIPPED
from company import LOCAL, PATH, CompanyBox, authority, free_port, missing, run

COFRE = sys.argv[1]
if lacks := missing("slapd", "ldapmodify", "openssl"):
    print(f"skipped: there is no {lacks}")
    sys.exit(SKIPPED)

BASE = "dc=example,dc=org"
ROOT, READER = f"cn=root,{BASE}", f"cn=reader,{BASE}"
PASSWORD, READERS = "of the directory", "reads alone"
USERS = ["ana", "ben", "carla", "dora", "emil", "franz", "gerda", "hugo", "ida", "jan", "kim", "boss", "root"]
GROUPS = {"staff": [user for user in USERS if user != "jan"], "operators": ["carla"], "auditors": ["dora", "emil"],
          "security": ["emil"]}


def dn_of(user):
    return f"uid={user},ou=people,{BASE}"


class Slapd:
    """A directory of USERS and GROUPS in a folder of its own; runs while it is not stopped."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="cofre-slapd-"))
        (self.folder / "data").mkdir()
        self.ca, certificate, key = authority(self.folder, "server")
        self.other_ca = authority(self.folder, "other")[0]
        self.plain, self.tls = free_port(), free_port()
        (self.folder / "slapd.conf").write_text(f"""
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile {self.folder}/slapd.pid
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{READER}" read by self read by anonymous auth by * none
database mdb
suffix {BASE}
rootdn {ROOT}
rootpw "{READERS}"
directory {self.folder}/data
overlay memberof
""")
        self.start()
        entries = [f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: x\ndc: example",
                   f"dn: ou=people,{BASE}\nobjectClass: organizationalUnit",
                   f"dn: ou=groups,{BASE}\nobjectClass: organizationalUnit",
                   f"dn: {READER}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n"
                   f"userPassword: {READERS}"]
        for user in USERS:
            entries.append(f"dn: {dn_of(user)}\nobjectClass: inetOrgPerson\ncn: {user}\nsn: {user}\n"
                           f"userPassword: {PASSWORD}")
        for group, members in GROUPS.items():
            lines = "".join(f"\nmember: {dn_of(member)}" for member in members)
            entries.append(f"dn: cn={group},ou=groups,{BASE}\nobjectClass: groupOfNames\nmember: {READER}{lines}")
        self.change("\n\n".join(entries), "-a")

    def start(self):
        self.process = subprocess.Popen(
            ["slapd", "-f", str(self.folder / "slapd.conf"), "-d", "0", "-h",
             f"ldap://127.0.0.1:{self.plain}/ ldaps://127.0.0.1:{self.tls}/"], env={**os.environ, "PATH": PATH},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 30
        while True:
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", self.tls)) == 0:
                    return
            if self.process.poll() is not None or time.monotonic() > until:
                raise AssertionError("slapd does not start")
            time.sleep(0.02)

    def change(self, ldif, *options):
        run("ldapmodify", "-x", "-H", f"ldap://127.0.0.1:{self.plain}", "-D", ROOT, "-w", READERS, *options,
            input=ldif + "\n")

    def leave(self, group, user):
        self.change(f"dn: cn={group},ou=groups,{BASE}\nchangetype: modify\ndelete: member\nmember: {dn_of(user)}")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


SLAPD = None


def setUpModule():
    global SLAPD
    SLAPD = Slapd()


def tearDownModule():
    SLAPD.remove()


class Company(CompanyBox):
    """A box that asks the directory; `lines` stand in its section [ldap] in place of what is usual."""

    def __init__(self, urls, more="", **lines):
        settings = {"urls": urls, "ca_file": SLAPD.ca, "base": BASE, "bind_dn": READER,
                    "password_file": "DATA/reader", "timeout_s": 2, **lines}
        text = more + "\n[ldap]\n"
        text += "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items() if value is not None)
        for group, department, role in [("staff", "research", "user"), ("operators", "", "operator"),
                                        ("auditors", "", "auditor"), ("security", "", "security_administrator")]:
            text += (f'[[ldap.group]]\nname = "CN={group}, OU=groups, {BASE}"\ndepartment = "{department}"\n'
                     f'roles = ["{role}"]\n')
        super().__init__(COFRE, text, {"reader": READERS + "\n"})
        self.do("department", "create", "research")

    def sign_in(self, name, password=PASSWORD, **more):
        return super().sign_in(name, password, **more)


def ldaps():
    return f"ldaps://127.0.0.1:{SLAPD.tls}"


class SignIn(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.box = Company([ldaps()], "[accounts]\nroles_apart = true\n")

    @classmethod
    def tearDownClass(cls):
        cls.box.remove()

    def test_the_directorys_password_opens_and_the_group_says_who_that_is(self):
        status, headers, answer = self.box.sign_in("ana")
        self.assertEqual((status, answer.get("user")), (200, "ana"), answer)
        user = self.box.user("ana")
        self.assertEqual((user["roles"], user["department"]), (["user"], "research"))
        self.assertEqual(self.box.ask("GET", "/admin/v1/users", headers=headers)[0], 403)
        status, _, key = self.box.ask("POST", "/admin/v1/me/keys", {"name": "laptop"}, headers=headers)
        self.assertEqual(status, 200, key)
        self.assertEqual(self.box.sign_in("ANA")[2]["user"], "ana")

    def test_a_wrong_an_empty_and_another_users_password_open_nothing(self):
        for password in ("wrong", "", "of the directory\0"):
            self.assertEqual(self.box.sign_in("ben", password)[0], 401, password)
        self.assertEqual(self.box.command("user", "show", "ben")[0], 1)
        self.box.sign_in("nobody")
        self.assertEqual(self.box.command("user", "show", "nobody")[0], 1)

    def test_an_unknown_name_opens_nothing_and_waits_as_others_do(self):
        seen = [self.box.sign_in("stranger")[0] for _ in range(4)]
        self.assertEqual(seen, [401, 401, 401, 429])

    def test_guessing_is_slowed_down(self):
        self.assertEqual(self.box.sign_in("hugo")[0], 200)
        seen = [self.box.sign_in("hugo", "wrong")[0] for _ in range(4)]
        self.assertEqual(seen, [401, 401, 401, 429])
        self.box.do("user", "unlock", "hugo")
        self.assertEqual(self.box.sign_in("hugo")[0], 200)

    def test_hostile_names_find_nobody(self):
        for name in ("*", "an*", ")(uid=*", "ana)(uid=*", "*)(|(uid=*", "ana\0", "\0", " ana", "ana ", "ana\\2a",
                     "ana,ou=people", dn_of("ana"), "\\", "+", "#", "ána", "x" * 5000):
            status, _, answer = self.box.sign_in(name)
            self.assertIn(status, (400, 401), (name, answer))
        names = {user["name"] for user in self.box.do("user", "list")["users"]}
        self.assertLessEqual(names, set(USERS) | {"admin"})

    def test_a_role_comes_and_goes_with_its_group(self):
        status, headers, _ = self.box.sign_in("carla")
        self.assertEqual((status, self.box.user("carla")["roles"]), (200, ["user", "operator"]))
        self.assertEqual(self.box.ask("GET", "/admin/v1/users", headers=headers)[0], 200)
        SLAPD.leave("operators", "carla")
        self.assertEqual(self.box.sign_in("carla")[0], 200)
        self.assertEqual(self.box.user("carla")["roles"], ["user"])
        self.assertEqual(self.box.ask("GET", "/admin/v1/users", headers=headers)[0], 403)
        SLAPD.leave("staff", "carla")
        self.assertEqual(self.box.sign_in("carla")[0], 401)
        self.assertEqual(self.box.user("carla")["roles"], [])

    def test_who_is_in_no_group_stays_outside(self):
        self.assertEqual(self.box.sign_in("jan")[0], 401)
        self.assertEqual(self.box.command("user", "show", "jan")[0], 1)

    def test_a_role_given_by_hand_stays(self):
        self.box.sign_in("franz")
        self.box.do("role", "set", "franz", "--role", "user", "--role", "operator")
        self.box.sign_in("franz")
        self.assertEqual(self.box.user("franz")["roles"], ["user", "operator"])

    def test_roles_that_are_kept_apart_are_not_given_together(self):
        self.assertEqual(self.box.sign_in("dora")[0], 200)
        self.assertEqual(self.box.user("dora")["roles"], ["user", "auditor"])
        status, _, answer = self.box.sign_in("emil")
        self.assertEqual((status, answer["error"]["param"]), (400, "roles"))
        self.assertEqual(self.box.user("emil")["roles"], [])

    def test_the_boxs_own_passwords_and_administrators_are_not_the_directorys(self):
        self.box.local_user("boss")
        self.assertEqual(self.box.sign_in("boss", PASSWORD)[0], 401)
        self.assertEqual(self.box.sign_in("boss", LOCAL)[0], 200)
        self.box.do("admin", "reset", "root")  # its link is not used yet
        self.assertEqual(self.box.sign_in("root")[0], 401)

    def test_the_directorys_users_set_no_password_here(self):
        _, headers, _ = self.box.sign_in("gerda")
        status, _, error = self.box.command("user", "link", "gerda")
        self.assertEqual(status, 1)
        self.assertIn("directory", error)
        status, _, answer = self.box.ask("POST", "/admin/v1/me/password", {"old": PASSWORD, "password": LOCAL},
                                         headers=headers)
        self.assertEqual((status, answer["error"]["param"]), (400, "user"))

    def test_a_second_factor_is_set_up_with_the_directorys_password(self):
        _, headers, _ = self.box.sign_in("ida")
        begin = lambda password: self.box.ask("POST", "/admin/v1/me/second-factor", {"password": password},
                                              headers=headers)
        self.assertEqual(begin("wrong")[0], 400)
        status, _, answer = begin(PASSWORD)
        self.assertEqual(status, 200, answer)
        self.assertIn("secret", answer)

    def test_the_trail_tells_who_signed_in_and_what_groups_changed(self):
        self.box.sign_in("kim")
        self.box.sign_in("kim", "wrong")
        records = self.box.trail_of("kim")
        done = [(record["do"], record["outcome"]) for record in records]
        for one in [("login", "ok"), ("login", "refused"), ("ldap.user", "begun"), ("ldap.user", "ok")]:
            self.assertIn(one, done)
        given = [record["facts"] for record in records if record["do"] == "ldap.user"][0]
        self.assertEqual((given["roles"], given["department"]), (["user"], "research"))

    def test_the_doctor_asks_the_directory(self):
        self.assertEqual(self.box.checks("directory"), (0, [("ok", ldaps() + " answers")]))


class Ways(unittest.TestCase):
    """Other ways to a directory, right and wrong."""

    def with_box(self, *arguments, **more):
        box = Company(*arguments, **more)
        self.addCleanup(box.remove)
        return box

    def assert_unavailable(self, box, why):
        box.local_user("here")
        for _ in range(5):  # costs no attempt
            status, _, answer = box.sign_in("ana")
            self.assertEqual(status, 503, answer)
            self.assertIn("directory does not answer", answer["error"]["message"])
        self.assertEqual(box.sign_in("here", LOCAL)[0], 200)
        self.assertIn(why, box.log())
        status, found = box.checks("directory")
        self.assertEqual((status, [state for state, _ in found]), (1, ["bad"]))

    def test_starttls_and_a_pattern_need_no_service_account(self):
        box = self.with_box([f"ldap://127.0.0.1:{SLAPD.plain}"], user_dn="uid={user},ou=people," + BASE, bind_dn=None,
                            password_file=None)
        self.assertEqual(box.sign_in("ana")[0], 200)
        self.assertEqual(box.user("ana")["roles"], ["user"])
        self.assertEqual(box.sign_in("ana", "wrong")[0], 401)
        for name in ("ana,ou=people", "*", "ana+cn=ana", "ana\0", ""):
            self.assertIn(box.sign_in(name)[0], (400, 401), name)

    def test_this_machine_itself_is_asked_without_tls_only_where_that_is_set(self):
        urls = [f"ldap://127.0.0.1:{SLAPD.plain}"]
        self.assertEqual(self.with_box(urls, ca_file=SLAPD.other_ca).sign_in("ana")[0], 503)
        self.assertEqual(self.with_box(urls, ca_file=SLAPD.other_ca, plain_loopback=True).sign_in("ana")[0], 200)

    def test_groups_are_searched_where_users_do_not_name_them(self):
        box = self.with_box([ldaps()], group_attribute="description", group_filter="(member={dn})")
        self.assertEqual(box.sign_in("dora")[0], 200)
        self.assertEqual(box.user("dora")["roles"], ["user", "auditor"])

    def test_where_users_are_not_made_only_those_that_are_there_sign_in(self):
        box = self.with_box([ldaps()], create_users=False)
        self.assertEqual(box.sign_in("ana")[0], 401)
        box.do("user", "create", "ana")
        self.assertEqual(box.sign_in("ana")[0], 200)

    def test_the_next_server_is_asked_where_one_does_not_answer(self):
        box = self.with_box([f"ldaps://127.0.0.1:{free_port()}", ldaps()])
        self.assertEqual(box.sign_in("ana")[0], 200)
        self.assertEqual(box.sign_in("ana", "wrong")[0], 401)

    def test_a_directory_that_is_down_is_told_and_the_boxs_own_users_sign_in(self):
        self.assert_unavailable(self.with_box([f"ldaps://127.0.0.1:{free_port()}"]), "Can't contact LDAP server")

    def test_a_certificate_of_another_authority_is_refused(self):
        self.assert_unavailable(self.with_box([ldaps()], ca_file=SLAPD.other_ca), ldaps())
        self.assert_unavailable(self.with_box([f"ldap://127.0.0.1:{SLAPD.plain}"], ca_file=SLAPD.other_ca), "StartTLS")

    def test_a_certificate_for_another_name_is_refused(self):
        self.assert_unavailable(self.with_box([f"ldaps://localhost:{SLAPD.tls}"]), "ldaps://localhost")

    def test_a_wrong_password_of_the_service_account_is_told_to_the_administrator(self):
        wrong = SLAPD.folder / "wrong"
        wrong.write_text("wrong")
        self.assert_unavailable(self.with_box([ldaps()], password_file=str(wrong)), "refuses " + READER)

    def test_a_server_that_says_nothing_holds_up_nobody_else(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            box = self.with_box([f"ldaps://127.0.0.1:{silent.getsockname()[1]}"], timeout_s=60)
            box.local_user("here")
            answers = []
            asked = threading.Thread(target=lambda: answers.append(box.sign_in("ana")))
            asked.start()
            connection, _ = silent.accept()
            with connection:
                self.assertEqual(box.sign_in("here", LOCAL)[0], 200)
                self.assertEqual(answers, [])
            asked.join()
            self.assertEqual(answers[0][0], 503)

    def test_a_server_that_says_nothing_is_given_up(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            box = self.with_box([f"ldaps://127.0.0.1:{port}", f"ldap://127.0.0.1:{port}", ldaps()], timeout_s=1)
            self.assertEqual(box.sign_in("ana")[0], 200)

    def test_settings_that_let_nobody_in_are_refused_at_the_start(self):
        data = pathlib.Path(tempfile.mkdtemp(prefix="cofre-ldap-"))
        self.addCleanup(shutil.rmtree, data)
        for text, why in [('urls = ["ldaps://a"]\nbase = "dc=x"\n', "ldap.group"),
                          ('urls = ["http://a"]\n', "must be ldaps://HOST"),
                          ('urls = ["ldaps://a"]\nbase = "dc=x"\n[[ldap.group]]\nname = "cn=a,,"\n', "ldap.group")]:
            (data / "cofre.toml").write_text("[ldap]\n" + text)
            done = subprocess.run([COFRE, "serve", "--data", str(data), "--listen", "127.0.0.1:0"], text=True,
                                  capture_output=True, timeout=60)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(why, done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
