"""Fresh processes: what they see of the machine, and that none outlives the bench."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from pixelpriv_fast.bench.subprocesses import ONE_CORE, PROGRAM, MeasuringError, in_subprocesses, run_child


def test_a_process_says_which_case_it_measures() -> None:
    heard: list[str] = []
    names = ["kernel/largest_change", "metric/psnr"]
    records = in_subprocesses(PROGRAM, heard.append)(names)
    assert heard == names == [record.name for record in records]
    assert all(record.measured and len(record.fastest) == 1 for record in records)


@pytest.mark.skipif(not ONE_CORE, reason="no affinities here")
def test_a_process_keeps_to_one_core() -> None:
    import torch

    own = os.sched_getaffinity(0)
    code = "from pixelpriv_fast.bench import subprocesses; import sys; subprocesses.main(sys.argv[1:]); "
    code += "import os, torch; print(len(os.sched_getaffinity(0)), torch.get_num_threads())"
    heard: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        run_child([sys.executable, "-c", code, f"{folder}/records.json"], on_line=heard.append)
    assert heard == ["1 1"]
    assert os.sched_getaffinity(0) == own
    assert torch.get_num_threads() <= len(own)


def test_what_a_process_writes_to_temporary_files_goes_with_it(tmp_path: Path) -> None:
    code = "import sys, tempfile; print(tempfile.mkdtemp()); open(sys.argv[1], 'w').write('[]')"
    heard: list[str] = []
    assert in_subprocesses([sys.executable, "-c", code], heard.append)([]) == []
    assert not Path(heard[0]).exists()


def test_a_process_that_fails_is_quoted_with_its_case() -> None:
    with pytest.raises(MeasuringError, match=r"\(metric/psnr\) ended with 1: out of luck"):
        run_child([sys.executable, "-c", "import sys; print('metric/psnr'); sys.exit('out of luck')"])


@pytest.mark.parametrize(
    ("number", "code", "words"), [(signal.SIGINT, 130, "bench: interrupted"), (signal.SIGTERM, 143, "")]
)
def test_an_interrupted_bench_leaves_nothing_behind(number: int, code: int, words: str, tmp_path: Path) -> None:
    """The signal goes to the bench alone, as it does where no terminal hands it to all: the child is ended by it."""
    child = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
    pid = tmp_path / "pid"
    program = (
        "import signal, sys; from pixelpriv_fast.bench.__main__ import run; "
        # A shell's background jobs, and what they start, ignore the signal.
        "signal.signal(signal.SIGINT, signal.default_int_handler); "
        f"raise SystemExit(run(['--filter', 'metric/psnr'], [sys.executable, '-c', {child!r}, {str(pid)!r}]))"
    )
    settings = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True, env=settings) as bench:
        while bench.poll() is None and not (pid.exists() and pid.read_text()):
            time.sleep(0.05)
        bench.send_signal(number)
        try:
            _, said = bench.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            bench.kill()
            os.kill(int(pid.read_text()), signal.SIGKILL)
            raise
    assert (bench.returncode, said.strip()) == (code, words)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
    assert not list(tmp_path.glob("pixelpriv-bench-*"))
