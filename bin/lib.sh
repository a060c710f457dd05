# shellcheck shell=sh
# What the scripts of bin/ share: where the project stands, how to speak, what the system lacks and how to add it.
# Sourced with `. "$(dirname "$0")/lib.sh"`; leaves the working directory at the root of the project.

set -eu

# An empty environment (env -i, cron, a container) must be enough.
PATH="${PATH:-/usr/local/bin:/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin"
LC_ALL=C.UTF-8
export PATH LC_ALL
ROOT=$(cd "$(dirname "$0")/.." && pwd -P)
cd "$ROOT"
HOME="${HOME:-$ROOT/var/home}"
export HOME
PY="$ROOT/.venv/bin/python"
export DJANGO_SETTINGS_MODULE="${DJANGO_SETTINGS_MODULE:-config.settings}"

say() { printf '%s\n' "→ $*"; }
complain() { printf '%s\n' "$*" >&2; }
die() {
    complain "$*"
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }
has_library() { ldconfig -p 2>/dev/null | grep -q "$1"; }
has_font() { have fc-list && fc-list : family 2>/dev/null | grep -qi "$1"; }
find_chromium() {
    for program in "${CHROMIUM_PATH:-chromium}" chromium chromium-browser google-chrome; do
        if have "$program"; then
            command -v "$program"
            return 0
        fi
    done
    return 1
}

# Packages are collected first, then installed in one go.
MISSING=""
want() { case " $MISSING " in *" $1 "*) ;; *) MISSING="$MISSING $1" ;; esac }

look_for_system_pieces() {
    python3 -c 'import ensurepip, venv' 2>/dev/null || [ -x "$PY" ] || want python3-venv
    has_library 'libpango-1\.0\.so\.0' || want libpango-1.0-0
    has_library 'libpangoft2-1\.0\.so\.0' || want libpangoft2-1.0-0
    has_library 'libharfbuzz-subset\.so\.0' || want libharfbuzz-subset0
    have fc-list || want fontconfig
    # The PDFs are set in Inter; DejaVu stays as the face that has every sign.
    has_font '^Inter\b' || want fonts-inter
    has_font '^DejaVu Sans' || want fonts-dejavu-core
}

look_for_test_programs() {
    find_chromium >/dev/null || want chromium
    [ -n "${TEST_DATABASE_URL:-}" ] || { have pg_virtualenv && ls /usr/lib/postgresql/*/bin/initdb; } >/dev/null 2>&1 ||
        want postgresql
    [ -n "${TEST_REDIS_URL:-}" ] || have redis-server || want redis-server
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo ${SUDO_ASK:--n} "$@"; fi
}

can_install() {
    have apt-get || return 1
    [ "$(id -u)" != 0 ] || return 0
    have sudo || return 1
    if [ -t 0 ]; then SUDO_ASK="--"; fi
    [ -t 0 ] || sudo -n true 2>/dev/null
}

# Installs what `want` collected; where that can't be done, says in one sentence what to install, and goes on.
install_missing() {
    [ -n "$MISSING" ] || return 0
    if ! can_install; then
        complain "Il manque au système :$MISSING. À installer par un administrateur : apt-get install$MISSING"
        return 0
    fi
    say "Installation des paquets du système :$MISSING"
    mkdir -p "$ROOT/var"
    log="$ROOT/var/apt.log"
    # shellcheck disable=SC2086
    {
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 update
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 \
            install -y --no-install-recommends $MISSING
    } >"$log" 2>&1 </dev/null ||
        complain "L’installation de$MISSING a échoué (détail : var/apt.log) ; on continue sans."
    MISSING=""
}

# The virtual environment follows one lock file; nothing is done when its fingerprint is the one last installed.
install_python_packages() {
    lock="requirements/$1.txt"
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11, 2))' 2>/dev/null ||
        die "Maillon demande Python 3.11.2 ou plus récent (paquet python3)."
    if ! "$PY" -c 'import pip' 2>/dev/null; then
        say "Création de l’environnement Python (.venv)"
        python3 -m venv --clear .venv ||
            die "L’environnement Python n’a pas pu être créé : installez le paquet python3-venv."
    fi
    print=$(sha256sum "$lock" | cut -d' ' -f1)
    [ "$(cat ".venv/.installed-$1" 2>/dev/null)" != "$print" ] || return 0
    # What tests need contains what the application needs.
    if [ "$1" = base ] && [ "$(cat .venv/.installed-dev 2>/dev/null)" = "$(sha256sum requirements/dev.txt | cut -d' ' -f1)" ]; then
        return 0
    fi
    say "Installation des paquets Python épinglés ($lock)"
    "$PY" -m pip install --quiet --disable-pip-version-check --no-input --require-hashes --only-binary :all: \
        -r "$lock" || die "Les paquets Python n’ont pas pu être installés ; rien d’autre n’a été fait."
    printf '%s\n' "$print" >".venv/.installed-$1"
}
