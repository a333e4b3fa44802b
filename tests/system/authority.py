# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The gauged authors
"""A certificate authority of the test's own, by openssl(1)."""
import atexit
import os
import shutil
import ssl
import subprocess
import tempfile

CONFIG = """
[ca]
default_ca = own
[own]
dir = {dir}
database = {dir}/index
rand_serial = yes
new_certs_dir = {dir}
certificate = {dir}/ca.pem
private_key = {dir}/ca.key
default_md = sha256
policy = any
x509_extensions = leaf
unique_subject = no
[any]
commonName = supplied
[leaf]
basicConstraints = CA:FALSE
subjectAltName = {names}
[root]
basicConstraints = critical,CA:TRUE
keyUsage = keyCertSign
[req]
distinguished_name = dn
[dn]
"""


class Authority:
    def __init__(self, name="Plant authority"):
        self.dir = tempfile.mkdtemp(prefix="gauged-ca.")
        atexit.register(shutil.rmtree, self.dir, ignore_errors=True)
        open(os.path.join(self.dir, "index"), "w").close()
        self.ca = os.path.join(self.dir, "ca.pem")
        self._config("DNS:localhost")
        # For as long as any test lives, whatever the year.
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
                      "-subj", "/CN=" + name, "-days", "36500", "-extensions", "root", "-config", "config")

    def _config(self, names):
        with open(os.path.join(self.dir, "config"), "w") as f:
            f.write(CONFIG.format(dir=self.dir, names=names))

    def _openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], cwd=self.dir, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def issue(self, name, names="DNS:localhost,IP:127.0.0.1", since="20200101000000Z", until="20991231000000Z"):
        """Paths of a certificate for names, and of its key."""
        self._config(names)
        self._openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", name + ".key", "-out", name + ".csr",
                      "-subj", "/CN=" + name, "-config", "config")
        self._openssl("ca", "-batch", "-notext", "-config", "config", "-in", name + ".csr", "-out", name + ".pem",
                      "-startdate", since, "-enddate", until)
        return os.path.join(self.dir, name + ".pem"), os.path.join(self.dir, name + ".key")

    def context(self, name, ask_clients=False, **kwargs):
        """Of a server with such a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(name, **kwargs))
        if ask_clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.ca)
        return context
