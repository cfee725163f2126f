"""Database servers of Debian's packages, on the loopback, as a user without rights, with data in a folder that ends with them."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PASSWORD = "a pass'wörd"
#: Where Debian has programs that are on no PATH.
FOLDERS = ["/usr/sbin", *sorted(map(str, pathlib.Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)]
#: Who runs the servers when root runs this: none of them works as root.
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
#: Seconds for a server to come up, and to end.
PATIENCE = 60
EXTENSIONS = """\
[v3]
basicConstraints = critical, CA:{ca}
subjectAltName = IP:127.0.0.1, DNS:localhost
subjectKeyIdentifier = hash
"""


def program(name):
    """Return the path of a program, or None."""
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(FOLDERS))


def free_port():
    """Return a port at which nobody listens now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def certificates(folder):
    """Make an authority, and a certificate of 127.0.0.1 by it: `ca.pem`, `server.pem` and `server.key`."""

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    for name in ("ca", "other"):
        openssl("req", "-x509", *key, "-days", "2", "-subj", f"/CN={name} of a test", "-keyout", f"{name}.key", "-out", f"{name}.pem")
    (folder / "v3.cnf").write_text(EXTENSIONS.format(ca="FALSE"))
    openssl("req", *key, "-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.csr")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "v3.cnf", "-extensions", "v3", "-out", "server.pem")


def prepare(words, folder, **more):
    """Run what makes a server's data."""
    done = subprocess.run(words, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, **NOBODY, **more)
    if done.returncode:
        raise SystemExit(f"{words[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def mariadb(folder, ports, password):
    """Return how MariaDB is started."""
    data = folder / "data"
    prepare([program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"], folder)
    quoted = password.replace("'", "''")
    (folder / "first.sql").write_text(
        f"CREATE USER 'tester'@'%' IDENTIFIED BY '{quoted}';\nGRANT ALL ON *.* TO 'tester'@'%' WITH GRANT OPTION;\n"
        "CREATE DATABASE things CHARACTER SET utf8mb4;\nCREATE DATABASE test1;\nCREATE DATABASE test2;\n"
    )
    return [program("mariadbd"), "--no-defaults", f"--datadir={data}", f"--port={ports[0]}", "--bind-address=127.0.0.1", "--skip-name-resolve",
            f"--socket={folder}/socket", f"--pid-file={folder}/pid", f"--init-file={folder}/first.sql", f"--ssl-cert={folder}/server.pem",
            f"--ssl-key={folder}/server.key", "--local-infile=1", "--character-set-server=utf8mb4"]


def postgresql(folder, ports, password):
    """Return how PostgreSQL is started."""
    data = folder / "data"
    (folder / "password").write_text(password)
    prepare([program("initdb"), "-D", str(data), "-U", "postgres", "--auth=scram-sha-256", f"--pwfile={folder}/password", "-E", "UTF8",
             "--locale=C.UTF-8"], folder)
    settings = {"listen_addresses": "127.0.0.1", "ssl": "on", "ssl_cert_file": folder / "server.pem", "ssl_key_file": folder / "server.key",
                "unix_socket_directories": folder, "fsync": "off"}
    return [program("postgres"), "-D", str(data), "-p", str(ports[0]), *(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))]


def redis(folder, ports, password):
    """Return how Redis is started: it has another port for TLS."""
    return [program("redis-server"), "--port", str(ports[0]), "--tls-port", str(ports[1]), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "",
            "--tls-cert-file", f"{folder}/server.pem", "--tls-key-file", f"{folder}/server.key", "--tls-ca-cert-file", f"{folder}/ca.pem",
            "--tls-auth-clients", "no", "--enable-debug-command", "yes", *(["--requirepass", password] if password else [])]


#: What is asked for → how it is started, the program without which it is not there, Debian's package, the signal that ends it soon.
SERVERS = {
    "mariadb": (mariadb, "mariadbd", "mariadb-server", signal.SIGTERM),
    "postgresql": (postgresql, "postgres", "postgresql", signal.SIGINT),
    "redis": (redis, "redis-server", "redis-server", signal.SIGTERM),
}


def missing(name):
    """Return Debian's package of a server that is not installed, or None."""
    _, needed, package, _ = SERVERS[name]
    return None if program(needed) else package


def is_up(name, port):
    """Say whether a server answers."""
    if name == "postgresql":
        words = [program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
        return subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as one:
            if name == "redis":
                one.sendall(b"PING\r\n")
            return bool(one.recv(1))
    except OSError:
        return False


@contextlib.contextmanager
def running(name, password=PASSWORD):
    """Run a server meanwhile: the folder with its certificates, its port, and its port for TLS."""
    start, _, _, end = SERVERS[name]
    with tempfile.TemporaryDirectory(prefix=f"{name}-", dir="/tmp") as path:
        folder = pathlib.Path(path)
        certificates(folder)
        ports = free_port(), free_port()
        for one in (folder, *folder.iterdir()):
            if NOBODY:
                os.chown(one, NOBODY["user"], NOBODY["group"])
        words = start(folder, ports, password)
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(words, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **NOBODY)
        try:
            until = time.monotonic() + PATIENCE
            while not is_up(name, ports[0]):
                if process.poll() is not None or time.monotonic() > until:
                    raise SystemExit(f"{name} does not come up:\n{(folder / 'log').read_text()}")
                time.sleep(0.05)
            yield folder, ports[0], ports[1] if name == "redis" else ports[0]
        finally:
            process.send_signal(end)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
