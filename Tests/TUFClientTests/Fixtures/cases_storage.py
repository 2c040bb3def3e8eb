"""The folder of trusted metadata: power cuts, damage, company."""
import fcntl
import os
import signal
import subprocess

from rig import Scene, expect

STEPS = ["metadata-written", "metadata-synced", "metadata-renamed"]


def case_the_program_may_die_at_any_step_of_writing():
    # python-tuf issue 1761, rust-tuf issue 270: half a root.json stopped all updates to come
    for step in STEPS:
        with Scene() as s:
            s.repository.delegate("A")
            s.repository.add_target("file", b"content", "A")
            s.repository.publish("root", "root", "A", "targets", "snapshot", "timestamp")
            deaths = 0
            for count in range(1, 30):
                s.client.environment = {"AMPHORA_CUT": f"{step}:{count}"}
                # each time from what the death before left, with news for it
                status = s.client.download("file")
                if status == 0:
                    break
                expect(status, -signal.SIGKILL)
                deaths += 1
                s.client.environment = {}
                s.good()
                s.good("download", "file")
                os.remove(os.path.join(s.client.target_dir, "file"))
                s.repository.publish("root", "A", "targets", "snapshot", "timestamp")
            assert deaths >= 5, deaths
            s.client.environment = {}
            s.good()
            expect([n for n in os.listdir(s.client.metadata_dir) if n.endswith(".new")], [])


def case_damaged_files_are_fetched_again():
    for damage in [b"", b"{", b"\xff" * 100, None]:
        for role in ["timestamp", "snapshot", "targets"]:
            with Scene() as s:
                s.good()
                path = os.path.join(s.client.metadata_dir, f"{role}.json")
                if damage is None:
                    os.remove(path)
                    os.mkdir(path)
                    os.rmdir(path)
                else:
                    with open(path, "wb") as file:
                        file.write(damage)
                s.good()
                s.trusts(root=1, timestamp=1, snapshot=1, targets=1)


def case_two_processes_do_not_work_in_one_folder():
    with Scene() as s:
        folder = os.open(s.client.metadata_dir, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(folder, fcntl.LOCK_EX)
        s.bad(words="another process is at work")
        os.close(folder)
        s.good()


def case_a_folder_that_is_none_is_a_failure():
    with Scene() as s:
        s.client.metadata_dir = "/dev/null"
        expect(s.client.init(), 1)
        s.bad(words="cannot")
        s.client.metadata_dir = "/proc/nothing/here"
        expect(s.client.init(), 1)


def case_a_link_in_the_folder_is_not_followed():
    with Scene() as s:
        s.good()
        outside = os.path.join(s.client.folder, "outside")
        path = os.path.join(s.client.metadata_dir, "targets.json")
        os.rename(path, outside)
        os.symlink(outside, path)
        s.good()
        assert not os.path.islink(path)


def case_a_full_disk_is_a_failure_and_heals():
    with Scene() as s:
        s.good()
        s.repository.publish_all()
        command = (
            f"ulimit -f 0; exec '{s.client.program}' tuf-client --metadata-url {s.server.url}/metadata "
            f"--metadata-dir '{s.client.metadata_dir}' refresh")
        # writing past the size fails like writing on a full disk, once the signal for it is ignored
        done = subprocess.run(
            ["sh", "-c", "trap '' XFSZ; " + command], capture_output=True, timeout=60)
        expect(done.returncode, 1)
        s.trusts(root=1, timestamp=1, snapshot=1, targets=1)
        s.good()
        s.trusts(root=1, timestamp=2, snapshot=2, targets=2)
