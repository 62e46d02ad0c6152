# shellcheck shell=bash
# Shared by the scripts in dev/: messages, the data folder, ports, the lock and the env file. The two services live in
# postgres/cluster.sh and opensearch/node.sh, which are loaded at the end. Source it, then call dev_setup.
#
#   DATA/.flusso-dev   marks a folder as ours: nothing without it is ever wiped
#   DATA/ports         the ports this folder was given, so that a restart keeps them
#   DATA/env           what a program needs to reach the services
#   DATA/pg            cluster, socket, log          DATA/os2, DATA/os3   one OpenSearch node per line
set -euo pipefail

FLUSSO_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly FLUSSO_ROOT
readonly PYTHON=/usr/bin/python3   # Debian's own: the one that has psycopg2

say() { printf '%s\n' "$@"; }   # one line each
warn() { printf '%s: %s\n' "dev/$(basename "$0")" "$*" >&2; }
die() { warn "$@"; exit 1; }

# Settles every FLUSSO_DEV_* variable. DATA may come from --data, then FLUSSO_DEV_DATA, then the default.
dev_setup() {
  FLUSSO_DEV_DATA=$(realpath -ms "${1:-${FLUSSO_DEV_DATA:-${TMPDIR:-/tmp}/flusso-dev-$UID}}")
  DATA=$FLUSSO_DEV_DATA
  if ((EUID == 0)); then
    FLUSSO_DEV_CACHE=${FLUSSO_DEV_CACHE:-/var/cache/flusso-dev}
  else
    FLUSSO_DEV_CACHE=${FLUSSO_DEV_CACHE:-$HOME/.cache/flusso-dev}
  fi
  FLUSSO_DEV_PG_FSYNC=${FLUSSO_DEV_PG_FSYNC:-on}
  FLUSSO_DEV_PG_BIN=${FLUSSO_DEV_PG_BIN:-/usr/lib/postgresql/15/bin}
  FLUSSO_DEV_OS_HEAP=${FLUSSO_DEV_OS_HEAP:-1g}
  FLUSSO_DEV_OS_PROFILE=${FLUSSO_DEV_OS_PROFILE:-test}
  [[ $FLUSSO_DEV_PG_FSYNC == on || $FLUSSO_DEV_PG_FSYNC == off ]] || die "FLUSSO_DEV_PG_FSYNC is '$FLUSSO_DEV_PG_FSYNC'; it must be on or off"
  [[ $FLUSSO_DEV_OS_PROFILE == test || $FLUSSO_DEV_OS_PROFILE == bench ]] ||
    die "FLUSSO_DEV_OS_PROFILE is '$FLUSSO_DEV_OS_PROFILE'; it must be test or bench"
}

# Makes DATA ours; refuses a folder that is somebody else's or full of other things.
dev_claim_data() {
  if [[ -e $DATA && ! -e $DATA/.flusso-dev ]]; then
    [[ -d $DATA && -O $DATA ]] || die "$DATA is not a folder of yours; name another one with --data or FLUSSO_DEV_DATA"
    [[ -z $(ls -A "$DATA") ]] || die "$DATA holds other things; name an empty or new folder with --data or FLUSSO_DEV_DATA"
  fi
  mkdir -p "$DATA"
  [[ -O $DATA ]] || die "$DATA belongs to another user; name another folder with --data or FLUSSO_DEV_DATA"
  chmod u+rwx,go+x "$DATA"
  : >>"$DATA/.flusso-dev"
}

# Removes DATA, only when it is marked as ours.
dev_wipe_data() {
  [[ -e $DATA ]] || return 0
  [[ -e $DATA/.flusso-dev ]] || die "$DATA is not a data folder of dev/up, so it is not wiped"
  # The marker goes last: a wipe that was killed can be run again.
  find "$DATA" -mindepth 1 -maxdepth 1 ! -name .flusso-dev -exec rm -rf {} +
  rm -f "$DATA/.flusso-dev"
  rmdir "$DATA" 2>/dev/null || true
}

# One dev/up, dev/down or dev/reset at a time per folder. Services are started with 9>&- so that they never hold it.
dev_lock() {
  while true; do
    exec 9>"$DATA.lock"
    if ! flock -n 9; then
      say "waiting for another dev/ command on $DATA"
      flock -w 600 9 || die "another dev/ command has held $DATA.lock for 10 minutes; see who with: fuser -v $DATA.lock"
    fi
    # dev/down --wipe removes the file; what we waited for may be such a removed one.
    [[ /dev/fd/9 -ef $DATA.lock ]] && return
  done
}

dev_unlock() {
  rm -f "$DATA.lock"
  exec 9>&-
}

# Runs a command as USER when we are root, as ourselves otherwise.
as_user() {
  local user=$1
  shift
  if ((EUID == 0)); then
    setpriv --reuid "$user" --regid "$(id -gn "$user")" --clear-groups "$@"
  else
    "$@"
  fi
}

# A service that we drop to USER must be able to walk to FOLDER.
require_reachable() {
  local user=$1 folder=$2 variable=$3
  as_user "$user" test -x "$folder" ||
    die "user $user cannot enter $folder (some folder above it is closed); name another folder with $variable, or open them with chmod o+x"
}

port_free() {
  "$PYTHON" -c 'import socket, sys
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(sys.argv[1])))' "$1" 2>/dev/null
}

# A free port below the range the kernel hands to outgoing connections, which would otherwise take it before we listen.
pick_port() {
  local port tries
  for ((tries = 0; tries < 200; tries++)); do
    port=$((15000 + SRANDOM % 17000))
    if port_free "$port"; then
      printf '%s\n' "$port"
      return
    fi
  done
  die "no free port between 15000 and 32000 on 127.0.0.1"
}

saved_port() { sed -n "s/^$1=//p" "$DATA/ports" 2>/dev/null || true; }

# choose_port NAME VARIABLE DEFAULT: the port of a service that is about to start.
# A folder keeps its ports over restarts; the variable wins unless --ports auto was asked for.
choose_port() {
  local name=$1 variable=$2 fallback=$3 port saved
  saved=$(saved_port "$name")
  if [[ ${PORTS:-} == auto ]]; then
    port=${saved:-$(pick_port)}
  else
    port=${!variable:-${saved:-$fallback}}
  fi
  [[ $port =~ ^[0-9]+$ ]] && ((port > 0 && port < 65536)) || die "$variable is '$port'; it must be a port number"
  if ! port_free "$port"; then
    [[ ${PORTS:-} == auto && $port != "$saved" ]] || die "port $port is in use by something else; set $variable to a free one, or use --ports auto"
    port=$(pick_port)
  fi
  { grep -v "^$name=" "$DATA/ports" 2>/dev/null || true; printf '%s=%s\n' "$name" "$port"; } >"$DATA/ports.new"
  mv "$DATA/ports.new" "$DATA/ports"
  printf '%s\n' "$port"
}

# Writes DATA/env from what is really running and prints it for people.
dev_write_env() {
  local pg_port os_port
  pg_port=$(pg_running_port)
  os_port=$(os_running_port)
  {
    printf 'export FLUSSO_DEV_DATA=%q\n' "$DATA"
    if [[ -n $pg_port ]]; then
      printf 'export FLUSSO_DEV_PG_PORT=%s\n' "$pg_port"
      printf 'export DATABASE_URL=postgresql://postgres:postgres@127.0.0.1:%s/shop\n' "$pg_port"
    fi
    if [[ -n $os_port ]]; then
      printf 'export FLUSSO_DEV_OS_PORT=%s\n' "$os_port"
      docker_up || printf 'export FLUSSO_DEV_OS_TRANSPORT_PORT=%s\n' "$(saved_port transport)"
      printf 'export OPENSEARCH_URL=http://127.0.0.1:%s\n' "$os_port"
      printf 'export PRIMARY_OPENSEARCH_URL=http://127.0.0.1:%s\n' "$os_port"
    fi
  } >"$DATA/env.new"
  mv "$DATA/env.new" "$DATA/env"
}

dev_show() {
  [[ -z $(pg_running_port) ]] || say "Postgres    postgresql://postgres:postgres@127.0.0.1:$(pg_running_port)/shop"
  [[ -z $(os_running_port) ]] || say "OpenSearch  http://127.0.0.1:$(os_running_port)"
  say "data        $DATA"
  say "variables   source $DATA/env"
}

# Loads what dev/up left in DATA/env, for scripts that only talk to the services.
dev_load_env() {
  [[ -r $DATA/env ]] || die "nothing was started in $DATA; run dev/up first (or name its folder with FLUSSO_DEV_DATA)"
  # shellcheck disable=SC1091
  source "$DATA/env"
}

# The flusso that dev/demo runs against this folder; its pid counts only while that process really is it.
flusso_pid() {
  local pid
  pid=$(cat "$DATA/flusso.pid" 2>/dev/null) || return 0
  grep -qszxF "FLUSSO_DEV_DATA=$DATA" "/proc/$pid/environ" 2>/dev/null && printf '%s\n' "$pid" || true
}

flusso_gone() { [[ -z $(flusso_pid) ]]; }

flusso_stop() {
  local pid
  pid=$(flusso_pid)
  [[ -n $pid ]] || return 0
  say "stopping flusso"
  kill "$pid" 2>/dev/null || true
  wait_for 40 flusso_gone || { kill -KILL "$pid" 2>/dev/null || true; wait_for 5 flusso_gone || die "flusso (pid $pid) does not end"; }
}

# Waits up to SECONDS for a command to succeed.
wait_for() {
  local seconds=$1 end
  shift
  end=$((SECONDS + seconds))
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.2
  done
}

# shellcheck source=dev/postgres/cluster.sh
source "$FLUSSO_ROOT/dev/postgres/cluster.sh"
# shellcheck source=dev/opensearch/node.sh
source "$FLUSSO_ROOT/dev/opensearch/node.sh"
# shellcheck source=dev/docker.sh
source "$FLUSSO_ROOT/dev/docker.sh"
