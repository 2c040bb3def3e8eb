"""The programs of a reliability run: started, killed and started again; ended with the run."""

import concurrent.futures
import glob
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAMS = pathlib.Path(os.environ["AMPHORA_PROGRAMS"])
BASE_SET = ROOT / "Provisioning" / "ProfileSets" / "base"
# Ends a program with the run that started it, however that ends.
BOUND = ["setpriv", "--pdeathsig", "KILL"]
# The kernel takes the thread that has started a program for its parent, so all are started by one that stays.
STARTER = concurrent.futures.ThreadPoolExecutor(1)


class Trouble(Exception):
    """The run cannot go on, with the reason."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_listening(port):
    with socket.socket() as probe:
        probe.settimeout(0.3)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition, seconds, what):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    raise Trouble(f"{what} did not come up within {seconds} s")


class Part:
    """One program that can be killed and started again under the same name."""

    def __init__(self, name, folder, command, ready=None, environment=None):
        self.name, self.command, self.ready = name, [str(word) for word in command], ready
        self.log_path = folder / f"{name}.log"
        self.log = open(self.log_path, "a")
        self.environment = environment or {}
        self.process = None
        self.kills = 0

    def start(self, **extra):
        environment = {**os.environ, **self.environment, **extra}
        self.process = STARTER.submit(
            subprocess.Popen, [*BOUND, *self.command], stdout=self.log, stderr=self.log, env=environment).result()
        if self.ready:
            wait_for(lambda: self.ready() or self.process.poll() is not None, 20, self.name)
            if self.process.poll() not in (None, -9):
                raise Trouble(f"{self.name} ended with status {self.process.poll()}, see {self.log.name}")
        return self

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """SIGKILL: nothing is said, nothing is written."""
        if self.is_running():
            self.process.kill()
        self.process.wait()
        self.kills += 1

    def freeze(self, seconds):
        """Takes everything and answers nothing for a while."""
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)

    def stop(self, seconds=20):
        """SIGTERM, and its exit status."""
        if self.is_running():
            self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Trouble(f"{self.name} did not end within {seconds} s of SIGTERM") from None


class Postgres:
    """A PostgreSQL of our own; as root it runs as the user postgres, which it insists on."""

    name = "postgres"

    def __init__(self, folder):
        binaries = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        if not binaries:
            raise Trouble("PostgreSQL is missing: apt install postgresql-15")
        self.binaries, self.port, self.kills = pathlib.Path(binaries[-1]), free_port(), 0
        self.folder = folder / "postgres"
        self.folder.mkdir()
        self.user = []
        if os.geteuid() == 0:
            folder.chmod(0o755)
            shutil.chown(self.folder, "postgres")
            self.user = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
        self.run("initdb", "-D", self.folder / "data", "-A", "trust", "-U", "fleet", "--no-sync")
        with open(self.folder / "data" / "postgresql.conf", "a") as file:
            file.write(f"listen_addresses = '127.0.0.1'\nport = {self.port}\nunix_socket_directories = ''\nmax_connections = 40\n")
        self.log = open(folder / "postgres.log", "a")
        self.process = None

    def run(self, program, *words):
        command = [*self.user, str(self.binaries / program), *(str(word) for word in words)]
        result = subprocess.run(command, capture_output=True, text=True, cwd="/")
        if result.returncode:
            raise Trouble(f"{program}: {result.stderr.strip()}")
        return result.stdout

    def query(self, sql):
        text = self.run("psql", "-h", "127.0.0.1", "-p", self.port, "-U", "fleet", "-d", "postgres", "-At", "-F", "\t", "-c", sql)
        return [line.split("\t") for line in text.splitlines()]

    def answers(self):
        try:
            return self.query("SELECT 1") == [["1"]]
        except Trouble:
            return False

    def start(self):
        command = [*BOUND, *self.user, str(self.binaries / "postgres"), "-D", str(self.folder / "data")]
        self.process = STARTER.submit(
            subprocess.Popen, command, stdout=self.log, stderr=self.log, cwd="/", start_new_session=True).result()
        wait_for(lambda: self.answers() or self.process.poll() is not None, 60, "PostgreSQL")
        return self

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """All of its processes at once, as a power cut ends them."""
        for path in glob.glob("/proc/[0-9]*/stat"):
            try:
                fields = open(path).read().rsplit(")", 1)[1].split()
                if int(fields[3]) == self.process.pid:
                    os.kill(int(path.split("/")[2]), signal.SIGKILL)
            except (OSError, IndexError, ValueError):
                continue
        self.process.wait()
        self.kills += 1
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)

    def stop(self):
        if self.is_running():
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)

    @property
    def address(self):
        return f"postgres://fleet@127.0.0.1:{self.port}/postgres"
