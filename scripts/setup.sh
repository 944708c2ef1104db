# Sourced by demo, test, benchmark and package: installs what the build and the tests need.

# shellcheck disable=SC2034 # the lists are for those who source this

set -eu

to_build_and_run='g++ meson ninja-build pkg-config
    libboost1.81-dev libboost-filesystem1.81-dev libboost-json1.81-dev libdw-dev'
to_test='libgtest-dev libbenchmark-dev clang libclang-rt-14-dev lld mold python3
    vim neovim emacs-nox nano rsync git clang-format perl patch ccache distcc gdb nodejs npm'
to_browse=chromium-headless-shell # the smallest of the browsers
to_measure='libgtest-dev libbenchmark-dev mold python3'
to_compare=entr # what people rebuild with who have no hotrun
to_package='debhelper dpkg-dev git lintian'

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
install_log=$root/build/install.log
jobs=$(nproc 2>/dev/null || echo 2)

# On a terminal somebody can be asked.
interactive=false
if [ -t 0 ] && [ -t 1 ]; then
    interactive=true
fi

say() { printf '%s: %s\n' "${0##*/}" "$*"; }

fail() {
    printf '%s: error: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# A program counts wherever it comes from, a library by the name of its package.
is_there() {
    case $1 in
    g++ | meson | pkg-config | mold | python3) command -v "$1" ;;
    npm | vim | nano | rsync | git | clang-format | perl) command -v "$1" ;;
    patch | ccache | gdb | entr) command -v "$1" ;;
    ninja-build) command -v ninja ;;
    clang) command -v clang++ ;;
    lld) command -v ld.lld ;;
    neovim) command -v nvim ;;
    emacs-nox) command -v emacs ;;
    distcc) command -v distccd ;;
    nodejs) command -v node ;;
    chromium-headless-shell) command -v chromium-headless-shell || command -v chromium ;;
    *) dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>&1 | grep -qx installed ;;
    esac >/dev/null
}

missing_of() {
    for package; do
        is_there "$package" || printf '%s ' "$package"
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif $interactive; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

apt() {
    as_root env LC_ALL=C DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=300 "$@" </dev/null >>"$install_log" 2>&1
}

# Yes where nobody can be asked.
agreed() {
    $interactive || return 0
    printf '%s: install them? [Y/n] ' "${0##*/}"
    read -r answer || return 1
    case $answer in
    '' | [Yy]*) return 0 ;;
    *) return 1 ;;
    esac
}

last_words() {
    words=$(sed -n 's/^E: //p' "$install_log" | tail -n 1)
    [ -n "$words" ] || words=$(tail -n 1 "$install_log")
    printf '%s' "$words"
}

# Two Boost versions can't be installed side by side: nothing of the user's is taken away for ours.
refuse_removals() {
    plan=$(LC_ALL=C apt-get -s install --no-install-recommends "$@" 2>&1) ||
        fail "apt-get can't install $*: $(printf '%s\n' "$plan" | sed -n 's/^E: //p' | head -n 1)"
    removed=$(printf '%s\n' "$plan" | sed -n 's/^Remv \([^ ]*\).*/\1/p' | tr '\n' ' ')
    [ -z "$removed" ] ||
        fail "to install $* apt-get would remove ${removed% }: nothing was changed;" \
            "remove it yourself, or use another machine or a container"
}

# install_missing WHY PACKAGE...
install_missing() {
    why=$1
    shift
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        say "this is no Debian system, so nothing is installed; needed $why: $*"
        return
    fi
    # shellcheck disable=SC2046 # package names have no spaces
    set -- $(missing_of "$@")
    [ $# -gt 0 ] || return 0
    say "missing $why: $*"
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        fail "only root can install packages and there is no sudo; as root:" \
            "apt-get install --no-install-recommends $*"
    fi
    agreed || fail "without them this can't go on:" \
        "apt-get install --no-install-recommends $*"
    mkdir -p "$root/build"
    : >"$install_log"
    say "installing them with apt-get (what it says: $install_log)"
    apt update || true # an old list may do; what is not to be had is told below
    refuse_removals "$@"
    apt install -y --no-install-recommends "$@" ||
        fail "apt-get could not install $*: $(last_words)"
}

# set_up_build_folder FOLDER [OPTION...]: keeps the folder if it is one of this source tree.
set_up_build_folder() {
    folder=$1
    shift
    if [ -f "$folder/build.ninja" ] &&
        grep -qF "\"source\": \"$root\"" "$folder/meson-info/meson-info.json"; then
        return 0
    fi
    rm -rf "$folder"
    mkdir -p "$folder"
    if ! meson setup "$folder" "$root" "$@" >"$folder.log" 2>&1; then
        tail -n 20 "$folder.log" >&2
        return 1
    fi
}

# build FOLDER [TARGET...]: on a terminal with ninja's status line, else only what goes wrong.
build() {
    if $interactive; then
        ninja -C "$@" -j "$jobs"
    else
        ninja -C "$@" -j "$jobs" --quiet
    fi
}
