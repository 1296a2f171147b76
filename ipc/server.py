"""serve: all that the `main` of a driver in Python needs.

The main thread answers the control channel, each worker channel has a thread of its own, and one
more holds the lifeline: a driver whose host is gone exits in the middle of any call.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Final, NoReturn, cast

from storagedriver.contract import CURRENT_VERSION, StorageDriverFactory
from storagedriver.ipc.channel import ChannelLostError
from storagedriver.ipc.launch import ENDPOINT_VARIABLE
from storagedriver.ipc.leftovers import remove_sockets_of
from storagedriver.ipc.lifeline import Lifeline, parse_object
from storagedriver.ipc.serving import Serving, told_features

if TYPE_CHECKING:
    import io

_EXIT_USAGE: Final = 64


def serve(
    factory: StorageDriverFactory,
    *,
    name: str = "",
    features: frozenset[str] = frozenset(),
    serving_class: type[Serving] = Serving,
) -> None:
    """Run this process as the driver that `factory` makes; return when the host has ended it.

    `factory` is called once, with the parameters that the host sends. InvalidParametersError that
    it raises reaches the host's caller. `name` and `features` are told by `--version`; the driver
    that is made tells its own features. The name is that of the program unless given.
    `serving_class` is for drivers that misbehave on purpose.

    To be called by the main thread, once, and by nothing but a program's `main`: it takes over
    standard input and exits the process when the host is gone, without unwinding. Exits with 64
    when a person has started the program.
    """
    name = name or os.path.basename(sys.argv[0]).removeprefix("registry-storage-")
    if sys.argv[1:] == ["--version"]:
        _print_version(name, features)
        return
    endpoint = os.environ.pop(ENDPOINT_VARIABLE, "")
    if not endpoint or len(sys.argv) != 2:
        _explain(name)
    lifeline = Lifeline()
    try:
        first = lifeline.read_first_line()
        parameters = first.parameters
        if parameters is None:
            parameters = parse_object(sys.argv[1], "the first argument")
    except ValueError as error:
        print(f"{os.path.basename(sys.argv[0])}: {error}", file=sys.stderr)
        sys.exit(_EXIT_USAGE)
    # What a driver prints is its log, and a log is read while the program runs.
    cast("io.TextIOWrapper", sys.stdout).reconfigure(line_buffering=True)
    serving = serving_class(factory, name, parameters, first.token, endpoint, lifeline.wait)

    def on_host_gone() -> None:
        if not serving.is_ending:
            _exit_without_host(endpoint)

    lifeline.watch(on_host_gone)
    try:
        serving.run()
    except ChannelLostError:
        _exit_without_host(endpoint)
    # A thread may be still in a call: it does not hold up the end.
    if serving.threads:
        os._exit(0)


def _print_version(name: str, features: frozenset[str]) -> None:
    about = {
        "name": name,
        "version": str(CURRENT_VERSION),
        "features": sorted(told_features(features)),
        "transports": ["ipc", "tcp"],
    }
    print(json.dumps(about))


def _explain(name: str) -> NoReturn:
    program = os.path.basename(sys.argv[0])
    print(
        f"{program} is the storage driver {name!r}; a host program starts it and talks to it.\n"
        f"To use it from a terminal: storagedriver check {name}, or storagedriver --help.",
        file=sys.stderr,
    )
    sys.exit(_EXIT_USAGE)


def _exit_without_host(endpoint: str) -> NoReturn:
    """End the process in the middle of whatever its threads do: the host is gone."""
    remove_sockets_of(endpoint)
    os._exit(0)
