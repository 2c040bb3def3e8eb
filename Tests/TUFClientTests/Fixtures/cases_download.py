"""Targets: where they come from, where they go, what is refused."""
import os
from urllib import parse

from rig import Scene, expect


def requests(scene):
    log, scene.server.log = scene.server.log, []
    return [path for _, path in log if path.startswith("/targets/")]


def ready(path, content=b"content", **keywords):
    scene = Scene(**{k: v for k, v in keywords.items() if k != "algorithms"})
    scene.repository.add_target(path, content, algorithms=keywords.get("algorithms", ("sha256",)))
    scene.repository.publish_all()
    return scene


def case_a_target_is_asked_for_once_under_its_hash():
    with ready("file") as s:
        s.good("download", "file")
        expect(requests(s), ["/targets/" + s.repository.targets.targets["file"].hashes["sha256"] + ".file"])
        expect(s.client.targets(), {"file": b"content"})


def case_a_target_in_a_folder_goes_into_no_folder():
    with ready("path/to/file") as s:
        s.good("download", "path/to/file")
        hash = s.repository.targets.targets["path/to/file"].hashes["sha256"]
        expect(requests(s), [f"/targets/path/to/{hash}.file"])
        expect(s.client.targets(), {"path%2Fto%2Ffile": b"content"})


def case_without_consistent_snapshots_it_lies_under_its_path():
    with ready("path/to/file", consistent=False) as s:
        s.good("download", "path/to/file")
        expect(requests(s), ["/targets/path/to/file"])


def case_any_known_hash_will_do():
    for algorithms in [("sha512",), ("sha512", "sha256"), ("sha256", "sha512")]:
        with ready("file", algorithms=algorithms) as s:
            s.good("download", "file")
            expect(len(requests(s)), 1)


def case_what_is_there_is_not_fetched_again():
    with ready("file") as s:
        s.good("download", "file")
        requests(s)
        s.good("download", "file")
        expect(requests(s), [])
        with open(os.path.join(s.client.target_dir, "file"), "ab") as file:
            file.write(b"!")
        s.good("download", "file")
        expect(len(requests(s)), 1)
        expect(s.client.targets(), {"file": b"content"})


def case_several_targets_in_one_go():
    with Scene() as s:
        for name in "abc":
            s.repository.add_target(name, name.encode())
        s.repository.publish_all()
        s.good("download", "a", "b", "c")
        expect(s.client.targets(), {"a": b"a", "b": b"b", "c": b"c"})
        expect(s.server.metadata(), ["2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"])


def case_another_content_is_refused_and_the_old_file_stays():
    with ready("file") as s:
        s.repository.add_target("other", b"other content")
        s.repository.publish_all()
        s.good("download", "file")
        s.repository.artifacts["file"] = s.repository.artifacts["other"] = b"malware"
        s.client.download("file")
        expect(s.client.targets(), {"file": b"content"})
        s.bad("download", "other", words="'other' has 7 bytes, expected 13")
        s.repository.artifacts["other"] = b"other-content"
        s.bad("download", "other", words="another sha256 than was signed (arbitrary-software)")
        s.repository.artifacts["other"] = b"other content and more of it"
        s.bad("download", "other", words="larger than 13 bytes (endless-data)")
        expect(s.client.targets(), {"file": b"content"})


def case_a_new_content_replaces_the_old():
    with ready("file") as s:
        for number in range(4):
            s.repository.add_target("file", b"content %d" % number)
            s.repository.publish_all()
            s.good("download", "file")
            expect(s.client.targets(), {"file": b"content %d" % number})
            s.repository.artifacts["file"] = b"malware %d" % number
            s.repository.publish_all()
            s.client.download("file")
            expect(s.client.targets(), {"file": b"content %d" % number})


def case_a_target_that_is_missing_is_a_failure():
    with ready("file") as s:
        del s.repository.artifacts["file"]
        s.bad("download", "file", words="answers 404")
        expect(s.client.targets(), {})


def case_an_empty_target_is_one():
    with ready("file", b"") as s:
        s.good("download", "file")
        expect(s.client.targets(), {"file": b""})


def case_no_name_of_a_target_chooses_a_place_on_the_disk():
    # tough CVE-2026-6968: files written outside the folder
    for name in ["../outside", "/absolute", "a/../../b", "%2e%2e/x", "..%2Fx", "a b?c#d", "é", "-x", "a\\b", "~root"]:
        with ready(name) as s:
            s.client.download("--", name) if name.startswith("-") else s.client.download(name)
            for found in s.client.targets():
                expect(found, parse.quote(name, ""))
            assert set(os.listdir(s.client.folder)) <= {"metadata", "targets", "trusted-root"}


def case_names_that_are_no_files_are_failures():
    for name in ["..", ".", "x" * 5000, "y" * 1000]:
        with ready(name) as s:
            s.bad("download", name)
            expect(s.client.targets(), {})


def case_a_partial_target_is_none():
    def half(handler):
        handler.answer(b"conte", length=7)
        handler.close_connection = True
    with ready("file") as s:
        s.server.odd = {"/targets/": half}
        s.bad("download", "file")
        expect(s.client.targets(), {})
        s.server.odd = {}
        s.good("download", "file")
