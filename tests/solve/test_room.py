"""What a machine says of its memory, read from files made by hand."""

import os

import pytest

from menaquinone.solve import room


@pytest.fixture
def machine(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "_ROOT", tmp_path)

    def sysconf(name):
        raise ValueError(name)

    monkeypatch.setattr(os, "sysconf", sysconf)

    def write(**files):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return write


MEMINFO = "MemTotal:       16000000 kB\nMemFree:         100 kB\nMemAvailable:    8000 kB\n"


def test_a_machine_that_says_nothing(machine):
    assert room.available() is None


def test_what_is_available_on_linux(machine):
    machine(proc__meminfo=MEMINFO)
    assert room.available() == 8000 * 1024


def test_where_there_is_no_such_file_the_system_is_asked(machine, monkeypatch):
    monkeypatch.setattr(os, "sysconf", {"SC_AVPHYS_PAGES": 1000, "SC_PAGE_SIZE": 4096}.__getitem__)
    assert room.available() == 4_096_000


def test_the_limit_of_a_container_counts_with_what_it_can_give_back(machine):
    machine(proc__meminfo=MEMINFO, proc__self__cgroup="0::/\n")
    machine(
        sys__fs__cgroup__memory_dot_max="5000000\n",
        sys__fs__cgroup__memory_dot_current="3000000\n",
        sys__fs__cgroup__memory_dot_stat="anon 5\ninactive_file 400000\ninactive_anon 7\n",
    )
    assert room.available() == 2_400_000


def test_a_container_without_a_limit_is_bound_by_the_machine(machine):
    machine(proc__meminfo=MEMINFO, proc__self__cgroup="0::/\n")
    machine(sys__fs__cgroup__memory_dot_max="max\n", sys__fs__cgroup__memory_dot_current="3000000\n")
    assert room.available() == 8000 * 1024


def test_a_limit_further_up_counts_too(machine):
    machine(proc__self__cgroup="0::/job/task\n")
    machine(
        sys__fs__cgroup__job__memory_dot_max="1000000",
        sys__fs__cgroup__job__memory_dot_current="900000",
        sys__fs__cgroup__job__task__memory_dot_max="max",
        sys__fs__cgroup__job__task__memory_dot_current="100",
    )
    assert room.available() == 100_000


def test_control_groups_of_the_first_version(machine):
    machine(proc__self__cgroup="12:cpu,cpuacct:/a\n9:memory:/a\n0::/ignored\n")
    machine(
        sys__fs__cgroup__memory__a__memory_dot_limit_in_bytes="700",
        sys__fs__cgroup__memory__a__memory_dot_usage_in_bytes="800",
        sys__fs__cgroup__memory__a__memory_dot_stat="total_inactive_file 20\n",
    )
    assert room.available() == 0
