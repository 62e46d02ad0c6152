# shellcheck shell=bash
# The throw-away Postgres 15 cluster of a data folder. It is private: own folder, own port, own socket; the machine's own
# clusters are never looked at. A postmaster is ours when it works in DATA/pg/data, which no stale pid file can fake.

readonly PG_USER=postgres

pg_data() { printf '%s/pg/data' "$DATA"; }
pg_socket() { printf '%s/pg' "$DATA"; }

pg_as() { (cd "$DATA/pg" && as_user "$PG_USER" env HOME="$DATA/pg" LC_ALL=C.UTF-8 "$@"); }

# The postmaster's pid, or nothing.
pg_pid() {
  local pid
  pid=$(head -n 1 "$(pg_data)/postmaster.pid" 2>/dev/null) || return 0
  [[ $(readlink "/proc/$pid/cwd" 2>/dev/null) == "$(pg_data)" ]] && printf '%s\n' "$pid" || true
}

# Every process that works in our cluster, also those that outlived their postmaster.
pg_pids() {
  local proc data
  data=$(pg_data)
  for proc in /proc/[0-9]*; do
    [[ $(readlink "$proc/cwd" 2>/dev/null) == "$data" ]] && printf '%s\n' "${proc#/proc/}"
  done
  return 0
}

pg_gone() { [[ -z $(pg_pids) ]]; }

pg_running_port() {
  if docker_up; then
    docker_port postgres
  elif [[ -n $(pg_pid) ]]; then
    sed -n 4p "$(pg_data)/postmaster.pid"
  fi
}

pg_init() {
  [[ -e $(pg_data)/PG_VERSION ]] && return
  say "creating a Postgres cluster in $(pg_data)"
  rm -rf "$(pg_data)" "$DATA/pg/data.new"
  printf 'postgres\n' >"$DATA/pg/password"
  ((EUID != 0)) || chown "$PG_USER" "$DATA/pg/password"
  pg_as "$FLUSSO_DEV_PG_BIN/initdb" -D "$DATA/pg/data.new" -U postgres --pwfile="$DATA/pg/password" -E UTF8 --locale=C.UTF-8 \
    --auth-local=trust --auth-host=scram-sha-256 --no-sync >"$DATA/pg/initdb.log" 2>&1 ||
    { cat "$DATA/pg/initdb.log" >&2; die "initdb failed (above)"; }
  printf "include_if_exists 'dev.conf'\n" >>"$DATA/pg/data.new/postgresql.conf"
  # In place only when whole: an interrupted dev/up starts over.
  mv "$DATA/pg/data.new" "$(pg_data)"
}

pg_configure() {
  local port=$1
  cat >"$(pg_data)/dev.conf" <<EOF
port = $port
listen_addresses = '127.0.0.1'
unix_socket_directories = '$(pg_socket)'
wal_level = logical
max_wal_senders = 20
max_replication_slots = 20
max_connections = 100
shared_buffers = 128MB
max_wal_size = 2GB
fsync = $FLUSSO_DEV_PG_FSYNC
log_line_prefix = '%m [%p] %q%a '
timezone = 'UTC'
log_timezone = 'UTC'
EOF
  ((EUID != 0)) || chown "$PG_USER" "$(pg_data)/dev.conf"
}

# pg_sql DATABASE SQL...: over the socket, for the launcher itself.
pg_sql() {
  local database=$1
  shift
  pg_as env PGHOST="$(pg_socket)" PGPORT="$(sed -n 4p "$(pg_data)/postmaster.pid")" \
    "$FLUSSO_DEV_PG_BIN/psql" -qXAt -v ON_ERROR_STOP=1 -U postgres -d "$database" -c "$*"
}

pg_start() {
  local port pid stale
  [[ -x $FLUSSO_DEV_PG_BIN/initdb ]] || die "$FLUSSO_DEV_PG_BIN/initdb is missing; run dev/bootstrap, or name another folder with FLUSSO_DEV_PG_BIN"
  ((EUID != 0)) || id "$PG_USER" >/dev/null 2>&1 || die "the system user $PG_USER is missing; run dev/bootstrap"
  # 107 bytes is what a Unix socket's path may have.
  ((${#DATA} <= 80)) || die "the path $DATA is too long for a Unix socket; name a shorter one with --data or FLUSSO_DEV_DATA"

  mkdir -p "$DATA/pg"
  ((EUID != 0)) || chown "$PG_USER" "$DATA/pg"
  chmod 755 "$DATA/pg"
  require_reachable "$PG_USER" "$DATA/pg" FLUSSO_DEV_DATA

  if [[ -z $(pg_pid) ]]; then
    # Backends of a killed postmaster keep the shared memory for a moment.
    wait_for 15 pg_gone || die "processes of a killed cluster still work in $(pg_data): $(pg_pids | tr '\n' ' '); end them, then run dev/up again"
    pg_init
    stale=$(pg_data)/postmaster.pid
    [[ ! -e $stale ]] || rm -f "$stale"   # its pid is not ours (see pg_pid), maybe somebody else's by now
    port=$(choose_port pg FLUSSO_DEV_PG_PORT 5433)
    pg_configure "$port"
    say "starting Postgres on port $port"
    pg_as "$FLUSSO_DEV_PG_BIN/pg_ctl" -D "$(pg_data)" -l "$DATA/pg/log" -w -t 120 start >"$DATA/pg/start.log" 2>&1 </dev/null 9>&- || {
      tail -n 20 "$DATA/pg/start.log" "$DATA/pg/log" >&2
      die "Postgres did not start on port $port (log above: $DATA/pg/log)"
    }
  fi
  if [[ -z $(pg_sql postgres "select 1 from pg_database where datname = 'shop'") ]]; then
    pg_sql postgres 'create database shop'
  fi
}

# pg_stop [fast|immediate]
pg_stop() {
  local mode=${1:-fast} pid
  if [[ -n $(pg_pid) ]]; then
    say "stopping Postgres"
    # A client that holds a replication stream without answering can stall a fast stop for ever.
    pg_as "$FLUSSO_DEV_PG_BIN/pg_ctl" -D "$(pg_data)" -w -t 20 -m "$mode" stop >/dev/null 2>&1 ||
      pg_as "$FLUSSO_DEV_PG_BIN/pg_ctl" -D "$(pg_data)" -w -t 20 -m immediate stop >/dev/null 2>&1 || true
  fi
  if ! wait_for 5 pg_gone; then
    for pid in $(pg_pids); do kill -KILL "$pid" 2>/dev/null || true; done
    wait_for 10 pg_gone || die "these processes of $(pg_data) do not end: $(pg_pids | tr '\n' ' ')"
  fi
}
