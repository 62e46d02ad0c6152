# shellcheck shell=bash
# dev/up --docker: the same two services from deploy/compose.yml. DATA/docker holds the name of the compose project.

docker_up() { [[ -e $DATA/docker ]]; }

docker_compose() {
  docker compose -f "$FLUSSO_ROOT/deploy/compose.yml" -p "$(cat "$DATA/docker")" "$@"
}

# The host port of a service, or nothing when it is down.
docker_port() {
  local inner=5432 address
  [[ $1 != opensearch ]] || inner=9200
  address=$(docker_compose port "$1" "$inner" 2>/dev/null) || return 0
  printf '%s\n' "${address##*:}"
}

docker_start() {
  local services=("$@") pg os
  command -v docker >/dev/null || die "docker is missing; install it, or leave out --docker: dev/up then runs both services without it"
  docker compose version >/dev/null 2>&1 || die "docker has no compose plugin; install docker-compose-plugin, or leave out --docker"
  docker info >/dev/null 2>&1 || die "the docker daemon does not answer; start it (or join the docker group), or leave out --docker"
  [[ -z $(pg_pid) && -z $(os_running_line) ]] || die "services already run in $DATA without docker; run dev/down first"
  if ! docker_up; then
    printf 'flusso-dev-%s\n' "$(printf '%s' "$DATA" | cksum | cut -d' ' -f1)" >"$DATA/docker"
  fi
  pg=$(docker_port postgres)
  os=$(docker_port opensearch)
  FLUSSO_DEV_PG_PORT=${pg:-$(choose_port pg FLUSSO_DEV_PG_PORT 5433)}
  FLUSSO_DEV_OS_PORT=${os:-$(choose_port opensearch FLUSSO_DEV_OS_PORT 9200)}
  export FLUSSO_DEV_PG_PORT FLUSSO_DEV_OS_PORT FLUSSO_DEV_OS_HEAP FLUSSO_DEV_PG_FSYNC
  docker_compose up -d --wait "${services[@]}" || die "docker compose failed (above)"
}

docker_stop() {
  docker_up || return 0
  say "stopping the containers"
  docker_compose --profile dashboards down "$@" || die "docker compose down failed (above)"
}
