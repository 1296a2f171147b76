# Makes the checkout's environment, .venv, when it is missing, half-made or out of date.
#
# Sourced, with $checkout (an absolute path without links) and $program (for messages) set. Offers
# ensure_environment, which returns once .venv is ready and says in one line what it does to get there.

venv=$checkout/.venv
lock=$checkout/.venv.lock
# Stands beside the environment while it is being made, so that a killed start is made again.
incomplete=$checkout/.venv.incomplete

say() {
    echo "$program: $*" >&2
}

unavailable() {
    say "$*"
    exit 69
}

# ensure_environment run|docs|test: what the commands need, or besides them the site, or the tests.
ensure_environment() {
    stamp=$venv/storagedriver-$1.stamp
    if is_current; then
        return
    fi
    find_python
    exec 9>"$lock" || unavailable "cannot write to $checkout"
    # The lock belongs to the descriptor, which the shell keeps when this Python has ended.
    "$python" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'
    if ! is_current; then
        make_environment "$1"
    fi
    exec 9>&-
}

is_current() {
    wanted=$(fingerprint)
    [ -x "$venv/bin/python" ] && [ ! -e "$incomplete" ] && [ -f "$stamp" ] || return 1
    read -r made <"$stamp" && [ "$made" = "$wanted" ]
}

# The environment holds a link to each package file, and its own path. So it is made again when the
# list of these files, pyproject.toml or the place of the checkout changes.
fingerprint() (
    cd "$checkout"
    files=$(
        # The example is what `storagedriver new` copies.
        for part in */__init__.py examples/python/pyproject.toml; do
            [ -f "$part" ] || continue
            find "${part%/*}" -type f \
                \( -name '*.py' -o -name '*.typed' -o -name '*.md' -o -name '*.json' \)
        done | LC_ALL=C sort | cksum
    )
    echo "$(cksum <pyproject.toml) $files $checkout"
)

# Sets $python. Runs each candidate, as a version manager's shim may exist and yet fail.
find_python() {
    for python in python3.13 python3.12 python3.11 python3; do
        if "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' \
            >/dev/null 2>&1; then
            return
        fi
    done
    unavailable "needs Python 3.11 or later with the venv module, and finds none on PATH"
}

make_environment() {
    if is_usable; then
        say "bringing the environment in $venv up to date"
        : >"$incomplete"
        rm -f "$venv"/storagedriver-*.stamp
    else
        say "making the environment in $venv, which only the first use does"
        : >"$incomplete"
        rm -rf "$venv"
        "$python" -m venv "$venv" >&2 || unavailable "cannot make an environment with $python"
    fi
    case $1 in
    run) project=$checkout levels=run ;;
    docs) project=$checkout[docs] levels='run docs' ;;
    test) project=$checkout[test,lint,docs] levels='run docs test' ;;
    esac
    # Strict: the type checkers do not find the packages of a lenient editable install.
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --config-settings editable_mode=strict --editable "$project" >&2 ||
        unavailable "cannot install into $venv; pip says above why"
    for level in $levels; do
        echo "$wanted" >"$venv/storagedriver-$level.stamp"
    done
    rm -f "$incomplete"
}

# Whether .venv can be installed into as it stands: complete, and made at this place.
is_usable() {
    [ -x "$venv/bin/python" ] && [ ! -e "$incomplete" ] || return 1
    for made in "$venv"/storagedriver-*.stamp; do
        if [ -f "$made" ]; then
            read -r _ _ _ _ place <"$made" && [ "$place" = "$checkout" ] || return 1
        fi
    done
}
