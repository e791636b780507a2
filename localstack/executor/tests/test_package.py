import os
import stat
import zipfile

import pytest
from runtime import zipped

from teei_process_executor.package import BadPackage, unpack


def test_bootstrap_becomes_executable_and_files_read_only(tmp_path):
    (tmp_path / "a.zip").write_bytes(zipped("#!/bin/sh\n"))
    bootstrap = unpack(tmp_path / "a.zip", tmp_path / "task")
    assert stat.S_IMODE(bootstrap.stat().st_mode) == 0o555


def test_a_version_is_unpacked_once(tmp_path):
    (tmp_path / "a.zip").write_bytes(zipped("#!/bin/sh\n"))
    first = unpack(tmp_path / "a.zip", tmp_path / "task").stat().st_ino
    assert unpack(tmp_path / "a.zip", tmp_path / "task").stat().st_ino == first
    assert sorted(os.listdir(tmp_path)) == ["a.zip", "task"]


def test_a_zip_without_bootstrap_says_so_and_leaves_nothing(tmp_path):
    (tmp_path / "a.zip").write_bytes(zipped("x", name="bin/bootstrap"))
    with pytest.raises(BadPackage, match="no file named bootstrap at its top level"):
        unpack(tmp_path / "a.zip", tmp_path / "task")
    assert os.listdir(tmp_path) == ["a.zip"]


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil", "..\\evil"])
def test_an_entry_that_leads_out_of_the_folder_is_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as package:
        package.writestr("bootstrap", "")
        package.writestr(name, "")
    with pytest.raises(BadPackage, match="outside its folder"):
        unpack(tmp_path / "a.zip", tmp_path / "task")
    assert os.listdir(tmp_path) == ["a.zip"]


def test_what_is_no_zip_is_refused(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 and then nothing")
    with pytest.raises(BadPackage, match="not a zip"):
        unpack(tmp_path / "a.zip", tmp_path / "task")
