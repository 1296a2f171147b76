"""Crashes of programs in several languages, as they write them, whole."""

from __future__ import annotations

from logging import ERROR, INFO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagedriver.ipc.log_lines import Line
from storagedriver.ipc.log_records import EntryReader

CRASHES = {
    "Python": """\
Traceback (most recent call last):
  File "/srv/driver.py", line 12, in <module>
    main()
    ^^^^^^
  File "/srv/driver.py", line 7, in main
    raise KeyError(path)
KeyError: '/a'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/driver.py", line 9, in main
    stop()
botocore.exceptions.ClientError: An error occurred (404)""",
    "Python, ended by hand": """\
Traceback (most recent call last):
  File "/srv/driver.py", line 12, in <module>
KeyboardInterrupt""",
    "Python, caused": """\
Traceback (most recent call last):
  File "/srv/driver.py", line 12, in <module>
OSError: gone

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/srv/driver.py", line 14, in <module>
RuntimeError: no storage""",
    "Python, a group": """\
  + Exception Group Traceback (most recent call last):
  |   File "/srv/driver.py", line 3, in <module>
  | ExceptionGroup: several (1 sub-exception)
  +-+---------------- 1 ----------------
    | ValueError: one
    +------------------------------------""",
    "Python, a thread": """\
Exception in thread Thread-1 (run):
Traceback (most recent call last):
  File "/usr/lib/python3.11/threading.py", line 1038, in _bootstrap_inner
    self.run()
ZeroDivisionError: division by zero""",
    "Python, no traceback": """\
SyntaxError: invalid syntax""",
    "Python, a fatal error": """\
Fatal Python error: Segmentation fault

Current thread 0x00007f0000000740 (most recent call first):
  File "<string>", line 1 in <module>""",
    "Go": """\
panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.(*Server).Serve(0xc000012345, {0x4b5f40, 0xc00001c0a8})
\t/srv/main.go:16 +0x1d
main.main()
\t/srv/main.go:9 +0x85
exit status 2""",
    "Go, a signal": """\
panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x45e0a9]

goroutine 18 [select, 5 minutes]:
github.com/a/b.Run({0x0, 0x0})
\t/srv/b.go:16 +0x1d
created by github.com/a/b.Start in goroutine 1
\t/srv/b.go:9 +0x85""",
    "Go, a fatal error": """\
fatal error: all goroutines are asleep - deadlock!

goroutine 1 [chan receive]:
main.main()
\t/srv/main.go:9 +0x85""",
    "Go, a dump on request": """\
SIGQUIT: quit
goroutine 0 [idle]:
runtime.futex(0x57a0c8, 0x80, 0x0, 0x0, 0x0, 0x0)
\t/usr/local/go/src/runtime/sys_linux_amd64.s:557 +0x21
rax    0xca
rip    0x46a3a1
rflags 0x286
cs     0x33""",
    "Rust": """\
thread 'main' panicked at src/main.rs:2:5:
index out of bounds: the len is 3 but the index is 5
stack backtrace:
   0: rust_begin_unwind
             at /rustc/0/library/std/src/panicking.rs:597:5
   1: driver::main
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace""",
    "Rust, an assertion": """\
thread 'worker' (4711) panicked at src/lib.rs:20:9:
assertion `left == right` failed
  left: 1
 right: 2
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace""",
    "Rust before 1.73": """\
thread 'main' panicked at 'no storage', src/main.rs:2:5
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace""",
    "Rust, the stack": """\
thread 'main' has overflowed its stack
fatal runtime error: stack overflow""",
    "Java": """\
Exception in thread "main" java.lang.IllegalStateException: no storage
\tat com.example.Driver.main(Driver.java:5)
Caused by: java.io.IOException: gone
\tat com.example.Driver.open(Driver.java:9)
\t... 1 more""",
    "Java, printed": """\
com.example.StorageException
\tat com.example.Driver.main(Driver.java:5)
\tSuppressed: java.lang.Exception: closing
\t\tat com.example.Driver.close(Driver.java:7)""",
    "C++": """\
terminate called after throwing an instance of 'std::runtime_error'
  what():  no storage
Aborted (core dumped)""",
    "C++ of LLVM": """\
libc++abi: terminating due to uncaught exception of type std::runtime_error: no storage""",
    "glibc": """\
double free or corruption (out)
*** stack smashing detected ***: terminated
driver: driver.c:7: main: Assertion `x > 0' failed.""",
    "a sanitizer": """\
==4711==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010
    #0 0x4c3 in main /srv/driver.c:7""",
    "Node": """\
Error: no storage
    at open (/srv/driver.js:3:9)
    at Object.<anonymous> (/srv/driver.js:7:1)""",
    "Node, a type": """\
TypeError [ERR_INVALID_ARG_TYPE]: The "path" argument must be of type string""",
    ".NET": """\
Unhandled exception. System.InvalidOperationException: no storage
   at Driver.Main() in /srv/Driver.cs:line 5""",
}


def levels(*texts: str) -> list[int]:
    """Return the levels of lines, blank ones left out, as they come from a driver."""
    reader = EntryReader()
    lines = (line for text in texts for line in text.splitlines() if line.strip())
    return [reader.read(Line(line.encode(), is_rest=False)).level for line in lines]


@pytest.mark.parametrize("crash", CRASHES)
def test_all_lines_of_a_crash_are_errors_and_none_around_it(crash: str) -> None:
    before, *inside, after = levels("ready", CRASHES[crash], "ready again")
    assert (before, after) == (INFO, INFO)
    assert set(inside) == {ERROR}


def test_another_thread_may_write_in_its_middle() -> None:
    begin, *rest = CRASHES["Python, ended by hand"].splitlines()
    assert levels(begin, '{"level":"info","msg":"meanwhile"}', *rest) == [ERROR, INFO, ERROR, ERROR]


def test_words_of_a_crash_in_the_middle_of_a_line_are_none() -> None:
    assert set(levels("a panic: none", "no Traceback (most recent call last):")) == {INFO}


def test_go_lines_without_a_crash_are_none() -> None:
    assert levels("main.main()") == [INFO]


@pytest.mark.parametrize("line", ["a." * 50_000, "A" * 100_000, "panic: " + "x(" * 50_000])
def test_long_lines_take_no_longer_than_short_ones(line: str) -> None:
    levels("goroutine 1 [running]:", line)


@given(st.lists(st.sampled_from([line for text in CRASHES.values() for line in text.splitlines()])))
def test_no_order_of_lines_is_an_error(lines: list[str]) -> None:
    levels(*lines)
